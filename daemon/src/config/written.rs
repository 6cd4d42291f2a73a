//! The configuration as written: every key optional, unknown keys refused.

use std::path::{Path, PathBuf};

use plugins::zone::Steering;
use serde::Deserialize;

use super::{Bus, ConfigError};

/// One file, or several laid over each other. `None` means: not written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Written {
    /// Which message bus to serve on.
    pub bus: Option<Bus>,
    /// Which side the driver sits on.
    pub steering: Option<Steering>,
    /// `[paths]`
    pub paths: WrittenPaths,
    /// `[models]`
    pub models: WrittenModels,
    /// `[policy]`
    pub policy: WrittenPolicy,
    /// `[update]`
    pub update: WrittenUpdate,
    /// `[log]`
    pub log: WrittenLog,
}

/// `[paths]`: where things are. Relative ones start at the folder of the file that names them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenPaths {
    /// Folder of model folders.
    pub models: Option<PathBuf>,
    /// Folders of plugin folders, later ones replacing plugins of earlier ones.
    pub plugins: Option<Vec<PathBuf>>,
    /// One generation of knowledge.
    pub knowledge: Option<PathBuf>,
    /// The catalogue of vehicle signals.
    pub vss: Option<PathBuf>,
    /// The only place that is written to.
    pub state: Option<PathBuf>,
    /// ONNX Runtime's shared library; empty: look for it.
    pub onnxruntime: Option<PathBuf>,
}

/// `[models]`: which run, and on what.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenModels {
    /// Name of the sentence encoder's folder; empty: none.
    pub encoder: Option<String>,
    /// Execution providers in the order they are tried.
    pub providers: Option<Vec<String>>,
    /// Inference threads; 0: one per processor.
    pub threads: Option<usize>,
}

/// `[policy]`: what is allowed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenPolicy {
    /// Rule files, and folders of them.
    pub files: Option<Vec<PathBuf>>,
}

/// `[update]`: which bundles of knowledge may be installed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenUpdate {
    /// The root of trust: whose bundles are installed.
    pub trust: Option<PathBuf>,
    /// This car's vehicle line; empty: not known.
    pub vehicle: Option<String>,
}

/// `[log]`: what is written down.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenLog {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: Option<String>,
}

impl Written {
    /// Reads one file.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, or has an unknown key or a wrong value, with file and line.
    pub fn read(file: &Path) -> Result<Written, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        let mut written: Written = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            ConfigError::Wrong { file: file.to_owned(), line, problem: error.message().to_owned() }
        })?;
        written.anchor(file.parent().unwrap_or(Path::new("")));
        Ok(written)
    }

    /// Lays a later file over this one: what it names replaces what was named before.
    #[must_use]
    pub fn overlaid(self, later: Written) -> Written {
        Written {
            bus: later.bus.or(self.bus),
            steering: later.steering.or(self.steering),
            paths: WrittenPaths {
                models: later.paths.models.or(self.paths.models),
                plugins: later.paths.plugins.or(self.paths.plugins),
                knowledge: later.paths.knowledge.or(self.paths.knowledge),
                vss: later.paths.vss.or(self.paths.vss),
                state: later.paths.state.or(self.paths.state),
                onnxruntime: later.paths.onnxruntime.or(self.paths.onnxruntime),
            },
            models: WrittenModels {
                encoder: later.models.encoder.or(self.models.encoder),
                providers: later.models.providers.or(self.models.providers),
                threads: later.models.threads.or(self.models.threads),
            },
            policy: WrittenPolicy { files: later.policy.files.or(self.policy.files) },
            update: WrittenUpdate {
                trust: later.update.trust.or(self.update.trust),
                vehicle: later.update.vehicle.or(self.update.vehicle),
            },
            log: WrittenLog { level: later.log.level.or(self.log.level) },
        }
    }

    /// Makes relative paths start at `folder`; an empty path stays empty.
    fn anchor(&mut self, folder: &Path) {
        let paths = &mut self.paths;
        let single =
            [&mut paths.models, &mut paths.knowledge, &mut paths.vss, &mut paths.state, &mut paths.onnxruntime, &mut self.update.trust];
        let several = [&mut paths.plugins, &mut self.policy.files];
        let all = single.into_iter().flatten().chain(several.into_iter().flatten().flatten());
        for path in all.filter(|path| !path.as_os_str().is_empty()) {
            *path = folder.join(&*path);
        }
    }
}
