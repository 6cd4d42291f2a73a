//! Settings of `tokenizer` as they are written.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::recipe::TokenizerKind;
use crate::text::error::TextError;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenizerSettings {
    /// How text is cut into tokens.
    pub kind: TokenizerKind,
    /// Tokens at most, special ones and placeholders included.
    pub vocabulary: usize,
    /// Characters that get a token of their own, the most frequent ones; half of `vocabulary` if left out. Bytes all have one.
    pub alphabet: Option<usize>,
    /// How often a pair must occur to be merged.
    pub min_frequency: u64,
    /// Whether case is lost; for WordPiece accents go with it.
    pub lowercase: bool,
    /// Special tokens beside those that the kind has.
    pub special: Vec<String>,
}

impl Default for TokenizerSettings {
    fn default() -> Self {
        Self { kind: TokenizerKind::Wordpiece, vocabulary: 16_000, alphabet: None, min_frequency: 2, lowercase: true, special: Vec::new() }
    }
}

impl TokenizerSettings {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or has a key or value that is not legal; the message names file and line.
    pub fn load(path: &Path) -> Result<Self, TextError> {
        crate::text::settings::parse(path)
    }
}
