//! `locale/LANGUAGE.toml` as written: how people ask for a plugin's actions, and what is replied.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::phrase::WordLists;

/// One locale file of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locale {
    /// The file's own `<name>` lists.
    #[serde(default)]
    pub words: WordLists,
    /// Spoken words of choices, by argument name and value name; the first is used in replies.
    #[serde(default)]
    pub values: BTreeMap<String, Spoken>,
    /// Sentences by action.
    #[serde(default)]
    pub action: BTreeMap<String, Sentences>,
}

/// Spoken words by the value's name.
pub type Spoken = BTreeMap<String, Vec<String>>;

/// What is said about one action.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Sentences {
    /// Short name for help pages and choices.
    #[serde(default)]
    pub title: String,
    /// Phrases of the absolute wish.
    #[serde(default)]
    pub say: Vec<String>,
    /// Sentences that must not become this action.
    #[serde(default)]
    pub not: Vec<String>,
    /// The reply once it is done.
    #[serde(default)]
    pub done: String,
    /// Questions for missing arguments, by argument.
    #[serde(default)]
    pub ask: BTreeMap<String, String>,
    /// Like [`Locale::values`], for this action alone.
    #[serde(default)]
    pub values: BTreeMap<String, Spoken>,
    /// Relative phrases by direction.
    #[serde(flatten)]
    pub relative: BTreeMap<String, Vec<String>>,
}

impl Locale {
    /// The spoken words for `value` of `argument` in `action`: the action's own list before the file's. Empty when there are none.
    pub fn spoken(&self, action: &str, argument: &str, value: &str) -> &[String] {
        let own = self.action.get(action).and_then(|sentences| sentences.values.get(argument)).and_then(|spoken| spoken.get(value));
        own.or_else(|| self.values.get(argument).and_then(|spoken| spoken.get(value))).map_or(&[], Vec::as_slice)
    }
}
