//! All plugins of a folder, read and checked. A folder that is wrong is left out and named; the rest goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::lint::{self, Finding};
use crate::locale::Locale;
use crate::manifest::{Action, Manifest};
use crate::phrase::WordLists;
use crate::vss::Vss;

/// The languages that a plugin's locale files may be in.
pub const LANGUAGES: [&str; 2] = ["en", "zh"];

/// One plugin's folder as read.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// Where it was read from.
    pub folder: PathBuf,
    /// `plugin.toml`.
    pub manifest: Manifest,
    /// `locale/*.toml` by language.
    pub locales: BTreeMap<String, Locale>,
}

/// A plugin's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PluginFolderError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A file is not what `plugins/FORMAT.md` describes; the message names line and key.
    #[error("{0}: {1}")]
    Invalid(PathBuf, String),
    /// The files can be read, and contradict themselves, the catalogue of signals or each other.
    #[error("{}: {}", .0.display(), .1.iter().map(Finding::to_string).collect::<Vec<_>>().join("; "))]
    Findings(PathBuf, Vec<Finding>),
}

impl Plugin {
    /// Reads a folder without checking it against the car.
    ///
    /// # Errors
    /// Files that are missing, not TOML, or have unknown keys.
    pub fn read(folder: &Path) -> Result<Self, PluginFolderError> {
        let manifest: Manifest = read_toml(&folder.join("plugin.toml"))?;
        let mut locales = BTreeMap::new();
        for language in LANGUAGES {
            let file = folder.join("locale").join(format!("{language}.toml"));
            if file.exists() {
                locales.insert(language.to_owned(), read_toml(&file)?);
            }
        }
        Ok(Plugin { folder: folder.to_owned(), manifest, locales })
    }

    /// Reads a folder and checks it against the signals of the car.
    ///
    /// # Errors
    /// As [`Plugin::read`], and every error that [`lint::usable`] finds.
    pub fn load(folder: &Path, vss: &Vss) -> Result<Self, PluginFolderError> {
        let plugin = Self::read(folder)?;
        let errors: Vec<Finding> = lint::usable(&plugin, vss).into_iter().filter(|finding| finding.is_error).collect();
        if errors.is_empty() { Ok(plugin) } else { Err(PluginFolderError::Findings(plugin.folder, errors)) }
    }

    /// The plugin's id.
    pub fn id(&self) -> &str {
        &self.manifest.plugin.id
    }

    /// One action by its id.
    pub fn action(&self, id: &str) -> Option<&Action> {
        self.manifest.actions.iter().find(|action| action.id == id)
    }

    /// The bus name: `org.steward1.plugin.` and the id, with `_` for `-`, which bus names do not allow at every place.
    pub fn bus_name(&self) -> String {
        bus_name(self.id())
    }
}

/// See [`Plugin::bus_name`].
pub fn bus_name(id: &str) -> String {
    format!("org.steward1.plugin.{}", id.replace('-', "_"))
}

/// Every usable plugin, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// By id, in order.
    pub plugins: BTreeMap<String, Plugin>,
    /// Folders left out, with the reason.
    pub rejected: Vec<PluginFolderError>,
}

impl Catalogue {
    /// Reads every sub-folder with a `plugin.toml`, from several places; a later place replaces a plugin of the same id.
    pub fn load(folders: &[PathBuf], vss: &Vss) -> Self {
        let mut catalogue = Catalogue::default();
        for folder in folders.iter().flat_map(|folder| plugin_folders(folder)) {
            match Plugin::load(&folder, vss) {
                Ok(plugin) => {
                    catalogue.plugins.insert(plugin.id().to_owned(), plugin);
                }
                Err(error) => catalogue.rejected.push(error),
            }
        }
        catalogue
    }

    /// An action by plugin and action id.
    pub fn action(&self, plugin: &str, action: &str) -> Option<&Action> {
        self.plugins.get(plugin)?.action(action)
    }
}

fn plugin_folders(folder: &Path) -> Vec<PathBuf> {
    if folder.join("plugin.toml").exists() {
        return vec![folder.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.join("plugin.toml").exists()).collect();
    folders.sort();
    folders
}

/// Reads a TOML file; the error names file, line and key.
///
/// # Errors
/// An unreadable file, a syntax error, an unknown key.
pub fn read_toml<T: DeserializeOwned>(file: &Path) -> Result<T, PluginFolderError> {
    let text = std::fs::read_to_string(file).map_err(|error| PluginFolderError::Unreadable(file.to_owned(), error))?;
    toml::from_str(&text).map_err(|error| PluginFolderError::Invalid(file.to_owned(), error.to_string()))
}

/// The word lists that every plugin's phrases in a language may use.
pub fn shared_words(language: &str) -> WordLists {
    let text = match language {
        "zh" => include_str!("../words/zh.toml"),
        _ => include_str!("../words/en.toml"),
    };
    toml::from_str(text).expect("the shared word lists are checked by a test")
}

/// The shared word lists of a language with a locale file's own on top.
pub fn words(language: &str, locale: &Locale) -> WordLists {
    let mut words = shared_words(language);
    words.extend(locale.words.clone());
    words
}
