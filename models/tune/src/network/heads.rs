//! What sits on an encoder's trunk: one head for each question that is asked of it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{TuneError, file};

/// One vector for a whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean over all tokens.
    #[default]
    Mean,
    /// The first token's vector.
    Cls,
}

/// A head by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The name of its weights and of its output in ONNX.
    pub name: String,
    /// What it computes.
    #[serde(flatten)]
    pub kind: HeadKind,
}

/// What a head computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HeadKind {
    /// A text's vector, of unit length.
    Embedding {
        /// How tokens become one vector.
        #[serde(default)]
        pooling: Pooling,
    },
    /// How well two texts go together: one number, above 0 for yes.
    Pair {
        /// How tokens become one vector.
        #[serde(default)]
        pooling: Pooling,
    },
    /// One of several labels for a text or a pair of texts.
    Classes {
        /// The labels, in the order of the outputs.
        labels: Vec<String>,
        /// How tokens become one vector.
        #[serde(default)]
        pooling: Pooling,
    },
    /// Where an answer starts and ends; both at the first token mean that there is none.
    Span,
    /// A label for every token.
    Tags {
        /// The labels, in the order of the outputs: `O`, `B-zone`, `I-zone`...
        labels: Vec<String>,
    },
    /// Hidden words.
    Words,
}

impl Head {
    /// How many numbers it gives for a text, or for a token.
    pub fn outputs(&self) -> usize {
        match &self.kind {
            HeadKind::Embedding { .. } | HeadKind::Words => 0,
            HeadKind::Pair { .. } => 1,
            HeadKind::Span => 2,
            HeadKind::Classes { labels, .. } | HeadKind::Tags { labels } => labels.len(),
        }
    }
}

/// `heads.toml` of a checkpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Heads {
    /// The heads.
    #[serde(default)]
    pub head: Vec<Head>,
}

impl Heads {
    /// The heads of a folder; none if it has no `heads.toml`.
    pub fn read(folder: &Path) -> Result<Self, TuneError> {
        let path = folder.join("heads.toml");
        if path.is_file() { file::read_toml(&path) } else { Ok(Self::default()) }
    }

    /// The head of that name.
    pub fn named(&self, name: &str) -> Option<&Head> {
        self.head.iter().find(|head| head.name == name)
    }
}
