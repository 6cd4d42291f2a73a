//! What lies on the disk: rules, library, models with their hashes, plugins, knowledge, state.

use std::path::PathBuf;

use knowledge::Generation;
use models::{ModelFolder, Runtime, RuntimeOptions};
use plugins::catalogue::Catalogue;
use plugins::vss::Vss;

use super::Finding;
use crate::config::Config;
use crate::parts;

/// Opens everything as the daemon would.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![rules(config)];
    findings.extend(library(config));
    let encoder = models(config, &mut findings);
    findings.extend(plugins(config));
    findings.extend(knowledge(config, encoder.as_ref()));
    findings.push(state(config));
    findings
}

fn rules(config: &Config) -> Finding {
    match (parts::rules(config), config.policy_files()) {
        (Ok(_), Ok(files)) if files.is_empty() => Finding::careful(
            "rules",
            "there is no policy file, so nothing but the plugins' own risk classes holds anything back",
            "install /usr/share/steward/policy.toml, or name files in policy.files",
        ),
        (Ok(_), Ok(files)) => Finding::fine("rules", format!("{} policy files can be read", files.len())),
        (Err(error), _) => Finding::bad("rules", error, "correct the file; without its rules the daemon does not start"),
        (_, Err(error)) => Finding::bad("rules", error, "correct policy.files"),
    }
}

fn library(config: &Config) -> Vec<Finding> {
    let options = RuntimeOptions { library: config.onnxruntime.clone(), providers: config.providers.clone(), threads: config.threads };
    let runtime = match Runtime::load(options) {
        Ok(runtime) => runtime,
        Err(error) => return vec![Finding::bad("library", error, "install ONNX Runtime, or set paths.onnxruntime to its full path")],
    };
    let loaded = Finding::fine("library", format!("ONNX Runtime {}, on {}", runtime.version(), runtime.provider()));
    let skipped = runtime.skipped().iter().map(|(provider, reason)| {
        let text = format!("{provider} does not work here: {reason}");
        Finding::careful("providers", text, "install what it needs, or take it out of models.providers")
    });
    std::iter::once(loaded).chain(skipped).collect()
}

/// Every model there is; gives the configured encoder.
fn models(config: &Config, findings: &mut Vec<Finding>) -> Option<ModelFolder> {
    let entries = std::fs::read_dir(&config.models).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.join("model.toml").exists()).collect();
    folders.sort();
    let mut found = None;
    let wanted = config.encoder.as_ref().map(|name| config.models.join(name));
    for folder in &folders {
        match ModelFolder::open(folder) {
            Ok(model) => {
                let about = &model.manifest().model;
                findings.push(Finding::fine("models", format!("{} {}: every file has its hash", about.name, about.version)));
                if wanted.as_ref() == Some(folder) {
                    found = Some(model);
                }
            }
            Err(error) => findings.push(Finding::bad("models", error, "install the model anew; it is never loaded as it is")),
        }
    }
    match wanted {
        None => findings.push(Finding::careful(
            "models",
            "no encoder is configured, so only known wordings are understood",
            "set models.encoder",
        )),
        Some(folder) if !folders.contains(&folder) => {
            let text = format!("the encoder is not there: {}", folder.display());
            findings.push(Finding::bad("models", text, "install it, or set paths.models and models.encoder"));
        }
        Some(_) => {}
    }
    found
}

fn plugins(config: &Config) -> Vec<Finding> {
    let vss = match Vss::load(&config.vss) {
        Ok(vss) => vss,
        Err(error) => return vec![Finding::bad("plugins", error, "install the catalogue of signals, or set paths.vss")],
    };
    let catalogue = Catalogue::load(&config.plugins, &vss);
    let usable = catalogue.plugins.len();
    let all = if usable == 0 {
        Finding::bad("plugins", "there is none", "install plugins, or set paths.plugins")
    } else {
        Finding::fine("plugins", format!("{usable} can be used"))
    };
    let rejected = catalogue.rejected.iter().map(|error| Finding::bad("plugins", error, "correct it; `steward plugin lint` says more"));
    std::iter::once(all).chain(rejected).collect()
}

fn knowledge(config: &Config, encoder: Option<&ModelFolder>) -> Vec<Finding> {
    let generation = match Generation::open(&config.knowledge) {
        Ok(generation) => generation,
        Err(error) => {
            return vec![Finding::careful("knowledge", error, "build it with `steward knowledge build`, or set paths.knowledge")];
        }
    };
    let about = generation.manifest();
    let opened = Finding::fine("knowledge", format!("{} {}: every file has its hash", about.name, about.version));
    let other = encoder.and_then(|encoder| generation.check_embedder(encoder.identity()).err());
    let other = other.map(|error| Finding::careful("knowledge", error, "build it anew with the installed encoder"));
    std::iter::once(opened).chain(other).collect()
}

fn state(config: &Config) -> Finding {
    let folder = config.state.display();
    match std::fs::metadata(&config.state) {
        Ok(found) if found.is_dir() => Finding::fine("state", format!("{folder} is there")),
        Ok(_) => Finding::bad("state", format!("{folder} is no folder"), "move it away, or set paths.state"),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Finding::careful("state", format!("{folder} cannot be looked at by this user"), "run this as root to see")
        }
        Err(_) => Finding::careful("state", format!("{folder} is not there yet"), "start the daemon once; its unit makes it"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use crate::config::Config;

    fn config(text: &str) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("steward.toml");
        std::fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file)).unwrap();
        (folder, config)
    }

    #[test]
    fn a_missing_model_is_found_and_advice_given() {
        let (_folder, config) = config("[paths]\nmodels = \"none\"\n");
        let mut findings = Vec::new();
        assert!(models(&config, &mut findings).is_none());
        assert_eq!((findings.len(), findings[0].level), (1, Level::Bad));
        assert!(findings[0].advice.contains("paths.models"));
    }

    #[test]
    fn a_model_whose_bytes_changed_is_found() {
        let (folder, config) = config("[paths]\nmodels = \"m\"\n[models]\nencoder = \"tiny\"\n");
        let model = folder.path().join("m/tiny");
        std::fs::create_dir_all(&model).unwrap();
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/tests/data/tiny-mean");
        for file in std::fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path()) {
            std::fs::copy(&file, model.join(file.file_name().unwrap())).unwrap();
        }
        let mut findings = Vec::new();
        assert!(models(&config, &mut findings).is_some(), "{findings:?}");
        std::fs::write(model.join("tokenizer.json"), "{}").unwrap();
        findings.clear();
        assert!(models(&config, &mut findings).is_none());
        assert_eq!(findings[0].level, Level::Bad, "{findings:?}");
    }

    #[test]
    fn no_rules_at_all_are_pointed_out() {
        let (_folder, config) = config("[policy]\nfiles = []\n");
        assert_eq!(rules(&config).level, Level::Careful);
    }
}
