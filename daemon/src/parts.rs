//! Loads what an assistant is made of, as far as it is there. What is missing is written down and done without; only rules that
//! cannot be read are a reason not to start, because without them more would be allowed than somebody meant.

use std::path::Path;
use std::sync::Arc;

use assistant::policy::{Policy, PolicyError};
use assistant::{Assistant, Parts};
use knowledge::Generation;
use models::{Embedder, Judge, ModelError, ModelFolder, Runtime, RuntimeOptions};
use plugins::catalogue::Catalogue;
use plugins::invoke::Invoke;
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;

use crate::bus::rejected_folder;
use crate::config::{Config, ConfigError};
use crate::status::{ModelRow, Status};

/// The phrases' vectors, in the state folder.
const VECTORS: &str = "phrases.vectors";

/// The rules cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file that was named is not there.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file is there and wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Reads the rules.
///
/// # Errors
/// See [`RulesError`].
pub fn rules(config: &Config) -> Result<Policy, RulesError> {
    Ok(Policy::load(&config.policy_files()?)?)
}

/// The ways out of the assistant: to the car and to the plugins.
pub struct Doors {
    /// The car.
    pub vehicle: Arc<dyn Vehicle>,
    /// The plugins.
    pub plugins: Arc<dyn Invoke>,
}

/// Opens the doors once it is known which plugins and signals there are; the sentence says why it cannot.
pub type OpenDoors = Box<dyn FnOnce(&Catalogue, &Arc<Vss>) -> Result<Doors, String> + Send>;

/// What is to be loaded.
pub struct Order {
    /// Where everything is.
    pub config: Config,
    /// What is allowed.
    pub rules: Policy,
    /// The ways out.
    pub doors: OpenDoors,
}

/// What came of it.
pub struct Loaded {
    /// The assistant, unless there cannot be one.
    pub assistant: Option<Arc<Assistant>>,
    /// What is missing, and what runs.
    pub status: Status,
}

impl Loaded {
    /// What is left when loading itself broke.
    pub fn broken() -> Self {
        let mut status = Status::default();
        status.lacks("assistant", "loading failed inside; the log says where");
        Loaded { assistant: None, status }
    }
}

/// Loads everything. Takes seconds when the plugins' phrases have no vectors yet; `progress` hears how many have, of how many.
pub fn load(order: Order, mut progress: impl FnMut(usize, usize)) -> Loaded {
    let Order { config, rules, doors } = order;
    let mut status = Status::default();
    let vss = Arc::new(vss(&config, &mut status));
    let catalogue = catalogue(&config, &vss, &mut status);
    let runtime = runtime(&config, &mut status);
    let embedder = runtime.as_ref().and_then(|runtime| embedder(&config, runtime, &mut status));
    let judge = runtime.as_ref().and_then(|runtime| judge(&config, runtime, &mut status));
    let knowledge = knowledge(&config, embedder.as_deref(), &mut status);
    let cache = state(&config, &mut status).map(|folder| folder.join(VECTORS));
    let assistant = doors(&catalogue, &vss).and_then(|Doors { vehicle, plugins }| {
        let steering = config.steering;
        let parts = Parts { catalogue, vss, steering, vehicle, plugins, embedder, judge, knowledge, policy: rules, cache };
        Assistant::new(parts, &mut progress).map_err(|error| error.to_string())
    });
    match assistant {
        Ok(assistant) => {
            status.conflicts = assistant.conflicts();
            Loaded { assistant: Some(Arc::new(assistant)), status }
        }
        Err(reason) => {
            tracing::error!(reason, "there is no assistant");
            status.lacks("assistant", reason);
            Loaded { assistant: None, status }
        }
    }
}

fn vss(config: &Config, status: &mut Status) -> Vss {
    Vss::load(&config.vss).unwrap_or_else(|error| {
        status.lacks("vss", format!("{error}; set paths.vss"));
        Vss::default()
    })
}

fn catalogue(config: &Config, vss: &Vss, status: &mut Status) -> Catalogue {
    let catalogue = Catalogue::load(&config.plugins, vss);
    for error in &catalogue.rejected {
        tracing::warn!(%error, "a plugin is left out");
        status.rejected.insert(rejected_folder(error).display().to_string(), error.to_string());
    }
    if catalogue.plugins.is_empty() {
        let folders: Vec<String> = config.plugins.iter().map(|folder| folder.display().to_string()).collect();
        status.lacks("plugins", format!("no usable plugin is in {}; set paths.plugins", folders.join(", ")));
    }
    catalogue
}

/// ONNX Runtime, if any model is wanted.
fn runtime(config: &Config, status: &mut Status) -> Option<Runtime> {
    if config.encoder.is_none() && config.judge.is_none() {
        status.lacks("model", "no encoder is configured; set models.encoder");
        return None;
    }
    let options = RuntimeOptions { library: config.onnxruntime.clone(), providers: config.providers.clone(), threads: config.threads };
    let runtime = Runtime::load(options).map_err(|error| status.lacks("onnxruntime", error)).ok()?;
    runtime.provider().clone_into(&mut status.provider);
    status.skipped = runtime.skipped().iter().cloned().collect();
    Some(runtime)
}

fn embedder(config: &Config, runtime: &Runtime, status: &mut Status) -> Option<Arc<Embedder>> {
    let Some(name) = &config.encoder else {
        status.lacks("model", "no encoder is configured; set models.encoder");
        return None;
    };
    let (embedder, row) = model(config, name, runtime, Embedder::load).map_err(|error| status.lacks("model", error)).ok()?;
    status.models.push(ModelRow { dimension: embedder.dimension(), ..row });
    Some(Arc::new(embedder))
}

/// Without a judge guesses must be nearer to count, and answers are taken by their nearness alone.
fn judge(config: &Config, runtime: &Runtime, status: &mut Status) -> Option<Arc<Judge>> {
    let name = config.judge.as_ref()?;
    let (judge, row) = model(config, name, runtime, Judge::load).map_err(|error| status.lacks("judge", error)).ok()?;
    status.models.push(row);
    Some(Arc::new(judge))
}

/// A model from its folder, and what the status says about it.
fn model<M>(
    config: &Config,
    name: &str,
    runtime: &Runtime,
    load: impl FnOnce(&Runtime, &ModelFolder) -> Result<M, ModelError>,
) -> Result<(M, ModelRow), ModelError> {
    let folder = ModelFolder::open(&config.models.join(name))?;
    let model = load(runtime, &folder)?;
    let section = &folder.manifest().model;
    let row = ModelRow {
        name: section.name.clone(),
        version: section.version.clone(),
        role: section.role.name().to_owned(),
        languages: section.languages.clone(),
        dimension: 0,
        identity: folder.identity().to_owned(),
        provider: runtime.provider().to_owned(),
    };
    Ok((model, row))
}

/// Knowledge whose vectors another model made is still used, by its words; the status says that it is half of what it could be.
fn knowledge(config: &Config, embedder: Option<&Embedder>, status: &mut Status) -> Option<Arc<Generation>> {
    let generation = Generation::open(&config.knowledge);
    let generation = generation.map_err(|error| status.lacks("knowledge", format!("{error}; build it or set paths.knowledge"))).ok()?;
    if let Some(Err(error)) = embedder.map(|embedder| generation.check_embedder(embedder.identity())) {
        tracing::warn!(%error, "the knowledge is searched by words alone");
        status.lacks("knowledge-vectors", error);
    }
    Some(Arc::new(generation))
}

fn state<'a>(config: &'a Config, status: &mut Status) -> Option<&'a Path> {
    std::fs::create_dir_all(&config.state)
        .map_err(|error| status.lacks("state", format!("{} cannot be made: {error}; set paths.state", config.state.display())))
        .ok()?;
    Some(&config.state)
}
