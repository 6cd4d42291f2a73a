//! Loads what an assistant is made of, as far as it is there. What is missing is written down and done without; only rules that
//! cannot be read are a reason not to start, because without them more would be allowed than somebody meant.

use std::path::Path;
use std::sync::Arc;

use assistant::policy::{Policy, PolicyError};
use assistant::{Assistant, Parts};
use knowledge::{Generation, Shelf};
use models::{Embedder, ModelFolder, Runtime, RuntimeOptions};
use plugins::catalogue::Catalogue;
use plugins::invoke::Invoke;
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;

use crate::bus::rejected_folder;
use crate::config::{Config, ConfigError};
use crate::status::{ModelRow, Status};
use crate::stock::{Stock, Stocked};

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
    /// Where its knowledge comes from, and where more can be put.
    pub stock: Option<Arc<Stock>>,
    /// What is missing, and what runs.
    pub status: Status,
}

impl Loaded {
    /// What is left when loading itself broke.
    pub fn broken() -> Self {
        let mut status = Status::default();
        status.lacks("assistant", "loading failed inside; the log says where");
        Loaded { assistant: None, stock: None, status }
    }
}

/// Loads everything. Takes seconds when the plugins' phrases have no vectors yet; `progress` hears how many have, of how many.
pub fn load(order: Order, mut progress: impl FnMut(usize, usize)) -> Loaded {
    let Order { config, rules, doors } = order;
    let mut status = Status::default();
    let vss = Arc::new(vss(&config, &mut status));
    let catalogue = catalogue(&config, &vss, &mut status);
    let embedder = embedder(&config, &mut status);
    let (stock, knowledge) = knowledge(&config, embedder.clone(), &mut status);
    let cache = state(&config, &mut status).map(|folder| folder.join(VECTORS));
    let assistant = doors(&catalogue, &vss).and_then(|Doors { vehicle, plugins }| {
        let steering = config.steering;
        let parts = Parts { catalogue, vss, steering, vehicle, plugins, embedder, knowledge, policy: rules, cache };
        Assistant::new(parts, &mut progress).map_err(|error| error.to_string())
    });
    match assistant {
        Ok(assistant) => {
            status.conflicts = assistant.conflicts();
            Loaded { assistant: Some(Arc::new(assistant)), stock: Some(Arc::new(stock)), status }
        }
        Err(reason) => {
            tracing::error!(reason, "there is no assistant");
            status.lacks("assistant", reason);
            Loaded { assistant: None, stock: None, status }
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

fn embedder(config: &Config, status: &mut Status) -> Option<Arc<Embedder>> {
    let Some(name) = &config.encoder else {
        status.lacks("model", "no encoder is configured; set models.encoder");
        return None;
    };
    let options = RuntimeOptions { library: config.onnxruntime.clone(), providers: config.providers.clone(), threads: config.threads };
    let runtime = Runtime::load(options).map_err(|error| status.lacks("onnxruntime", error)).ok()?;
    runtime.provider().clone_into(&mut status.provider);
    status.skipped = runtime.skipped().iter().cloned().collect();
    let folder = config.models.join(name);
    let opened = ModelFolder::open(&folder).and_then(|folder| Ok((Embedder::load(&runtime, &folder)?, folder)));
    let (embedder, folder) = opened.map_err(|error| status.lacks("model", error)).ok()?;
    status.models.push(row(&embedder, &folder, runtime.provider()));
    Some(Arc::new(embedder))
}

fn row(embedder: &Embedder, folder: &ModelFolder, provider: &str) -> ModelRow {
    let model = &folder.manifest().model;
    ModelRow {
        name: model.name.clone(),
        version: model.version.clone(),
        role: "encoder".to_owned(),
        languages: embedder.languages().to_vec(),
        dimension: embedder.dimension(),
        identity: embedder.identity().to_owned(),
        provider: provider.to_owned(),
    }
}

/// The car's own knowledge, and the bundles that were installed. That the former is missing only matters when there are none.
fn knowledge(config: &Config, embedder: Option<Arc<Embedder>>, status: &mut Status) -> (Stock, Option<Arc<Shelf>>) {
    let own = Generation::open(&config.knowledge);
    let missing = own.as_ref().err().map(|error| format!("{error}; build it or set paths.knowledge"));
    let stock = Stock::new(config, own.ok(), embedder.clone());
    let Stocked { shelf, trouble } = stock.stocked();
    if let Some(missing) = missing.filter(|_| shelf.is_empty()) {
        status.lacks("knowledge", missing);
    }
    note_knowledge(&shelf, &trouble, embedder.as_deref(), status);
    (stock, Some(shelf).filter(|shelf| !shelf.is_empty()))
}

/// Writes down what is the matter with the knowledge in use. Where another model made the vectors it is still used, by its words;
/// the status says that it is half of what it could be.
pub(crate) fn note_knowledge(shelf: &Shelf, trouble: &[String], embedder: Option<&Embedder>, status: &mut Status) {
    for what in ["knowledge-vectors", "knowledge-bundles"] {
        status.missing.remove(what);
    }
    if let Some(Err(error)) = embedder.map(|embedder| shelf.check_embedder(embedder.identity())) {
        tracing::warn!(%error, "the knowledge is searched by words alone");
        status.lacks("knowledge-vectors", error);
    }
    if !trouble.is_empty() {
        tracing::error!(?trouble, "installed knowledge cannot be used");
        status.lacks("knowledge-bundles", trouble.join("; "));
    }
    if !shelf.is_empty() {
        status.missing.remove("knowledge");
    }
}

fn state<'a>(config: &'a Config, status: &mut Status) -> Option<&'a Path> {
    std::fs::create_dir_all(&config.state)
        .map_err(|error| status.lacks("state", format!("{} cannot be made: {error}; set paths.state", config.state.display())))
        .ok()?;
    Some(&config.state)
}
