//! The vectors of a generation: made at build time, looked up at search time.

use std::path::Path;

use models::{Embedder, VectorIndex};

use crate::Progress;
use crate::error::KnowledgeError;
use crate::manifest::EmbedderRecord;
use crate::query::Kind;
use crate::source::Entry;

/// Embeds every wording and passage in a language the embedder knows and saves the index at `path`.
/// `numbers` are the wordings' numbers per entry. Returns how many vectors there are.
pub(crate) fn build(
    entries: &[Entry],
    numbers: &[Vec<u64>],
    embedder: &Embedder,
    path: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<usize, KnowledgeError> {
    let mut keys = Vec::new();
    let mut texts = Vec::new();
    for (entry, numbers) in entries.iter().zip(numbers) {
        if languages(embedder).contains(&entry.language) {
            keys.extend(numbers.iter().copied());
            texts.extend(entry.wordings.iter().map(|wording| embedded_text(entry.kind, wording, &entry.text)));
        }
    }
    let total = texts.len();
    let vectors = embedder.embed_all(&texts, &mut |done| progress(Progress::Embedded { done, total }))?;
    VectorIndex::build(embedder.dimension(), keys.into_iter().zip(vectors))?.save(path)?;
    Ok(total)
}

/// What stands for a wording in vector space; a passage keeps its heading, which often names its subject.
pub(crate) fn embedded_text(kind: Kind, wording: &str, text: &str) -> String {
    match kind {
        Kind::Curated => wording.to_owned(),
        Kind::Document => format!("{wording}. {text}"),
    }
}

/// The embedder as the manifest records it.
pub(crate) fn record(embedder: &Embedder) -> EmbedderRecord {
    EmbedderRecord { identity: embedder.identity().to_owned(), dimension: embedder.dimension(), languages: languages(embedder) }
}

/// Languages whose entries get vectors. A model that names none is taken for an English one: vectors of a language it
/// never saw would look like knowledge.
fn languages(embedder: &Embedder) -> Vec<String> {
    let known = embedder.languages().to_vec();
    if known.is_empty() { vec!["en".to_owned()] } else { known }
}
