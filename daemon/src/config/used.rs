//! The configuration as used: every default filled in, every value checked.

use std::path::{Path, PathBuf};

use plugins::zone::Steering;

use super::{Bus, ConfigError, Written};

/// Where the configuration is, unless the command line says otherwise.
const FILE: &str = "/etc/steward/steward.toml";
/// Its drop-ins, laid over it in the order of their names.
const DROP_INS: &str = "/etc/steward/steward.d";

/// Names of the log levels, quietest first.
pub const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Which message bus to serve on.
    pub bus: Bus,
    /// Which side the driver sits on.
    pub steering: Steering,
    /// Folder of model folders.
    pub models: PathBuf,
    /// Folders of plugin folders.
    pub plugins: Vec<PathBuf>,
    /// One generation of knowledge.
    pub knowledge: PathBuf,
    /// The catalogue of vehicle signals.
    pub vss: PathBuf,
    /// The only place that is written to.
    pub state: PathBuf,
    /// ONNX Runtime's shared library; `None`: look for it.
    pub onnxruntime: Option<PathBuf>,
    /// Name of the sentence encoder's folder; `None`: run without one.
    pub encoder: Option<String>,
    /// Execution providers in the order they are tried.
    pub providers: Vec<String>,
    /// Inference threads; 0: one per processor.
    pub threads: usize,
    /// Policy files and folders of them.
    pub policy: Vec<PathBuf>,
    /// Whether a missing policy file is an error: it is when somebody named it.
    pub policy_required: bool,
    /// The root of trust for bundles of knowledge.
    pub trust: PathBuf,
    /// This car's vehicle line; empty: not known, so that bundles for named lines do not fit.
    pub vehicle: String,
    /// One of [`LEVELS`].
    pub level: String,
}

impl Config {
    /// Reads one file alone, or `/etc/steward/steward.toml` with its drop-ins, which may all be missing.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        match file {
            Some(file) => Written::read(file)?.try_into(),
            None => Self::load_from(Path::new(FILE), Path::new(DROP_INS)),
        }
    }

    /// Reads a file and its drop-ins, wherever they are.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load_from(file: &Path, drop_ins: &Path) -> Result<Config, ConfigError> {
        let mut written = if file.exists() { Written::read(file)? } else { Written::default() };
        for file in toml_files(drop_ins) {
            written = written.overlaid(Written::read(&file)?);
        }
        written.try_into()
    }

    /// The policy files there are, folders opened, in the order they apply.
    ///
    /// # Errors
    /// A file that was named in the configuration and is not there.
    pub fn policy_files(&self) -> Result<Vec<PathBuf>, ConfigError> {
        let mut files = Vec::new();
        for path in &self.policy {
            if path.is_dir() {
                files.extend(toml_files(path));
            } else if path.exists() {
                files.push(path.clone());
            } else if self.policy_required {
                return Err(ConfigError::Value { key: "policy.files", problem: format!("{} is not there", path.display()) });
            }
        }
        Ok(files)
    }
}

impl TryFrom<Written> for Config {
    type Error = ConfigError;

    fn try_from(written: Written) -> Result<Config, ConfigError> {
        let Written { bus, steering, paths, models, policy, update, log } = written;
        let in_share = |name: &str| Path::new("/usr/share/steward").join(name);
        let policy_required = policy.files.is_some();
        let config = Config {
            bus: bus.unwrap_or_default(),
            steering: steering.unwrap_or_default(),
            models: paths.models.unwrap_or_else(|| in_share("models")),
            plugins: paths.plugins.unwrap_or_else(|| vec![in_share("plugins")]),
            knowledge: paths.knowledge.unwrap_or_else(|| in_share("knowledge")),
            vss: paths.vss.unwrap_or_else(|| in_share("plugins/vss")),
            state: paths.state.unwrap_or_else(|| PathBuf::from("/var/lib/steward")),
            onnxruntime: paths.onnxruntime.filter(|path| !path.as_os_str().is_empty()),
            encoder: Some(models.encoder.unwrap_or_else(|| "encoder".to_owned())).filter(|name| !name.is_empty()),
            providers: models.providers.unwrap_or_else(|| vec!["cpu".to_owned()]),
            threads: models.threads.unwrap_or(1),
            policy: policy.files.unwrap_or_else(|| {
                ["/usr/share/steward/policy.toml", "/etc/steward/policy.toml", "/etc/steward/policy.d"].map(PathBuf::from).to_vec()
            }),
            policy_required,
            trust: update.trust.unwrap_or_else(|| in_share("trust/root.json")),
            vehicle: update.vehicle.unwrap_or_default(),
            level: log.level.unwrap_or_else(|| "info".to_owned()),
        };
        config.check()
    }
}

impl Config {
    fn check(self) -> Result<Config, ConfigError> {
        if !LEVELS.contains(&self.level.as_str()) {
            let problem = format!("'{}' is not one of {}", self.level, LEVELS.join(", "));
            return Err(ConfigError::Value { key: "log.level", problem });
        }
        if self.threads > 64 {
            return Err(ConfigError::Value { key: "models.threads", problem: format!("{} is above 64", self.threads) });
        }
        Ok(self)
    }
}

/// The `*.toml` of a folder by name; none when there is no such folder.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    files
}
