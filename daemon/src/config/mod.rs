//! What can be set in `/etc/steward/steward.toml` and its drop-ins: as written, then as used.

use std::path::PathBuf;

use serde::Deserialize;

mod used;
mod written;

pub use used::{Config, LEVELS};
pub use written::{Written, WrittenLog, WrittenModels, WrittenPaths, WrittenPolicy, WrittenUpdate};

/// A message bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    /// The user's own, in development.
    #[default]
    Session,
    /// The machine's, in a car.
    System,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A key is unknown, or its value is not what it takes.
    #[error("{}, line {line}: {problem}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, naming the key.
        problem: String,
    },
    /// A value is of the right type and makes no sense.
    #[error("{key}: {problem}")]
    Value {
        /// The key with its table.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

#[cfg(test)]
mod tests;
