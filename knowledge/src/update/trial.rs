//! A new generation on trial: it has to fit this car and to work in it, before it takes the place of one that does.

use std::path::Path;

use models::Embedder;

use super::error::UpdateError;
use super::golden::{GOLDEN, Golden};
use crate::database::DatabaseError;
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::manifest::Manifest;
use crate::query::Kind;
use crate::vectors::embedded_text;

/// Wordings that have to find themselves by their vectors.
const SELF_TESTS: usize = 8;
/// How near a wording has to be to itself. The same model on another processor rounds a little differently.
const ITSELF: f32 = 0.98;

/// The car that a bundle has to fit.
#[derive(Clone, Copy)]
pub struct Car<'a> {
    /// Its vehicle line; empty: not known, and then bundles for named lines do not fit. `None`: any will do.
    pub vehicle: Option<&'a str>,
    /// Its sentence encoder.
    pub model: Model<'a>,
    /// A time that is sure to be past, in seconds since 1970, such as when the car's own knowledge was built.
    pub not_before: u64,
}

/// A car's sentence encoder.
#[derive(Clone, Copy)]
pub enum Model<'a> {
    /// Not to be looked at: whoever checks a bundle elsewhere.
    Any,
    /// There is none, so only bundles without vectors fit.
    Missing,
    /// The one it has.
    Loaded(&'a Embedder),
}

/// Opens what was taken, and tries it. Returns it with the number of golden questions it answered.
pub(super) fn run(folder: &Path, car: &Car) -> Result<(Generation, usize), UpdateError> {
    let manifest = Manifest::open(folder)?;
    check_fit(&manifest, car)?;
    let generation = Generation::open(folder).map_err(|error| match error {
        KnowledgeError::Database(DatabaseError::Schema(what)) => UpdateError::Schema(what),
        other => other.into(),
    })?;
    generation.reader().check_integrity().map_err(KnowledgeError::from)?.map_or(Ok(()), |fault| Err(UpdateError::Integrity(fault)))?;
    let embedder = match car.model {
        Model::Loaded(embedder) if manifest.embedder.is_some() => Some(embedder),
        _ => None,
    };
    if let Some(embedder) = embedder {
        check_vectors(&generation, embedder)?;
    }
    let vector = |text: &str| embedder?.embed_all(&[text.to_owned()], &mut |_| {}).ok()?.pop();
    let answered = Golden::read(&folder.join(GOLDEN))?.ask(&generation, &vector)?;
    Ok((generation, answered))
}

fn check_fit(manifest: &Manifest, car: &Car) -> Result<(), UpdateError> {
    if let Some(vehicle) = car.vehicle
        && !manifest.vehicles.is_empty()
        && !manifest.vehicles.iter().any(|line| line == vehicle)
    {
        return Err(UpdateError::Vehicle { lines: manifest.vehicles.clone(), car: vehicle.to_owned() });
    }
    let asked = match (&manifest.embedder, car.model) {
        (None, _) | (_, Model::Any) => return Ok(()),
        (Some(record), Model::Loaded(embedder)) if record.identity == embedder.identity() => return Ok(()),
        (_, Model::Loaded(embedder)) => embedder.identity(),
        (_, Model::Missing) => "none",
    };
    let built_with = manifest.embedder.as_ref().map_or(String::new(), |record| record.identity.clone());
    Err(UpdateError::Embedder { built_with, asked: asked.to_owned() })
}

/// Some wordings, embedded anew, have to be nearest to themselves.
fn check_vectors(generation: &Generation, embedder: &Embedder) -> Result<(), UpdateError> {
    let (Some(index), Some(record)) = (&generation.index, &generation.manifest.embedder) else { return Ok(()) };
    let mut samples = Vec::new();
    for kind in [Kind::Curated, Kind::Document] {
        let of_kind = generation.reader().samples(kind).map_err(KnowledgeError::from)?;
        samples.extend(of_kind.into_iter().filter(|sample| record.languages.contains(&sample.language)));
    }
    let step = (samples.len() / SELF_TESTS).max(1);
    for sample in samples.iter().step_by(step) {
        let text = embedded_text(sample.kind, &sample.question, &sample.text);
        let vector = embedder.embed_all(&[text], &mut |_| {}).map_err(KnowledgeError::from)?.pop().unwrap_or_default();
        let found = index.search(&vector, 8).map_err(KnowledgeError::from)?;
        // The same words may stand in two places.
        if !found.iter().any(|(number, cosine)| *number == sample.wording && *cosine >= ITSELF)
            && !found.iter().all(|(_, cosine)| *cosine >= ITSELF)
        {
            return Err(UpdateError::SelfTest(sample.question.clone()));
        }
    }
    Ok(())
}
