//! How the simulated car begins: which signals it has, what they read, and what follows what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::catalogue::{PluginFolderError, read_toml};
use crate::simulator::coupling::{Couplings, CouplingsFile};
use crate::simulator::pattern;
use crate::value::{Value, Values};
use crate::vss::Vss;

const COUPLINGS: &str = "couplings.toml";
const GENERAL: &str = "car.toml";

/// The car cannot be built from its files.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be read.
    #[error("the folder of start values {0} cannot be read: {1}")]
    Folder(PathBuf, #[source] std::io::Error),
    /// A file is not TOML, or not of the right shape.
    #[error(transparent)]
    File(#[from] PluginFolderError),
    /// A key is not a signal, or its value does not fit.
    #[error("{file}: {key}: {problem}")]
    Key {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What is wrong.
        problem: String,
    },
}

/// Everything a car begins with.
pub(crate) struct Start {
    pub(crate) vss: Vss,
    pub(crate) values: Values,
    pub(crate) couplings: Couplings,
}

/// Reads a folder of start values.
pub(crate) fn read(catalogue: &Vss, folder: &Path) -> Result<Start, StartError> {
    let mut given: BTreeMap<String, (PathBuf, Value)> = BTreeMap::new();
    let mut absent: Vec<(PathBuf, String)> = Vec::new();
    for file in files(folder)? {
        let mut table: toml::Table = read_toml(&file)?;
        if let Some(list) = table.remove("absent") {
            absent.extend(
                Vec::<String>::deserialize(list).map_err(|e| key(&file, "absent", e))?.into_iter().map(|path| (file.clone(), path)),
            );
        }
        for (path, value) in flat(table) {
            let value = Value::deserialize(value)
                .map_err(|_| key(&file, &path, "the value is neither a switch, number, text nor list of texts"))?;
            let signal = catalogue.signal(&path).ok_or_else(|| key(&file, &path, "there is no such signal"))?;
            signal.accepts(&value).map_err(|reason| key(&file, &path, reason))?;
            match given.get(&path) {
                // car.toml holds the general values; a plugin's own file may know better.
                Some((other, before)) if *before != value && !other.ends_with(GENERAL) => {
                    return Err(key(&file, &path, format!("{} has set it to {before} already", other.display())));
                }
                _ => given.insert(path, (file.clone(), value)),
            };
        }
    }
    let mut vss = catalogue.clone();
    for (file, pattern) in &absent {
        let before = vss.iter().count();
        vss.retain(|path| !pattern::covers(pattern, path));
        if vss.iter().count() == before {
            return Err(key(file, pattern, "no signal is left out by this"));
        }
    }
    if let Some((path, (file, _))) = given.iter().find(|(path, _)| vss.signal(path).is_none()) {
        return Err(key(file, path, "the car does not have this signal (`absent`)"));
    }
    let values = vss.iter().map(|(path, signal)| (path.to_owned(), signal.neutral()));
    let values = values.chain(given.into_iter().map(|(path, (_, value))| (path, value))).collect();
    let couplings = couplings(catalogue, &vss, folder)?;
    Ok(Start { vss, values, couplings })
}

fn couplings(catalogue: &Vss, vss: &Vss, folder: &Path) -> Result<Couplings, StartError> {
    let file = folder.join(COUPLINGS);
    if !file.exists() {
        return Ok(Couplings::default());
    }
    let rules: CouplingsFile = read_toml(&file)?;
    let mut couplings = Couplings::new(&rules.coupling, catalogue).map_err(|(path, problem)| key(&file, &path, problem))?;
    couplings.retain(|path| vss.signal(path).is_some());
    Ok(couplings)
}

fn key(file: &Path, key: &str, problem: impl ToString) -> StartError {
    StartError::Key { file: file.to_owned(), key: key.to_owned(), problem: problem.to_string() }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, StartError> {
    let entries = std::fs::read_dir(folder).map_err(|error| StartError::Folder(folder.to_owned(), error))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "toml") && path.file_name().is_some_and(|name| name != COUPLINGS)
        })
        .collect();
    files.sort_by_key(|file| (!file.ends_with(GENERAL), file.clone()));
    Ok(files)
}

/// Keys may be written with or without quotation marks; without, TOML reads the dots as tables.
fn flat(table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut pairs = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => pairs.extend(flat(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value))),
            value => pairs.push((key, value)),
        }
    }
    pairs
}
