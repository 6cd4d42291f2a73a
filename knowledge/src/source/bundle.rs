//! `bundle.toml`: what the bundle is called, whom it is for and under which licence.

use std::path::Path;

use serde::Deserialize;

use super::{parse_toml, text};
use crate::error::KnowledgeError;

/// The bundle's description as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Its name, shown as the source of curated answers.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Vehicle lines it is written for.
    #[serde(default)]
    pub vehicles: Vec<String>,
    /// Languages of its entries: `zh`, `en`.
    pub languages: Vec<String>,
    /// Licence of the content, as an SPDX expression.
    #[serde(alias = "licence")]
    pub license: String,
}

impl Bundle {
    pub(super) fn read(path: &Path) -> Result<Bundle, KnowledgeError> {
        let bundle: Bundle = parse_toml(path, &text(path)?)?;
        for (key, value) in [("name", &bundle.name), ("version", &bundle.version), ("license", &bundle.license)] {
            if value.trim().is_empty() {
                return Err(KnowledgeError::at(path, 1, format!("{key} is empty")));
            }
        }
        if bundle.languages.is_empty() {
            return Err(KnowledgeError::at(path, 1, "languages is empty: name at least one, such as \"en\""));
        }
        Ok(bundle)
    }

    /// Fails unless the language is one the bundle names.
    pub(super) fn check_language(&self, language: &str) -> Result<(), String> {
        if self.languages.iter().any(|known| known == language) {
            return Ok(());
        }
        Err(format!("language {language:?} is not one of the bundle's: {}", self.languages.join(", ")))
    }
}
