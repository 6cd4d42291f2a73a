//! What can go wrong with models, vectors and the runtime beneath them.

use std::error::Error;
use std::path::{Path, PathBuf};

/// Errors of this crate. Each message is one sentence for the log that says which file and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file that is needed is not there.
    #[error("{} is missing; {hint}", path.display())]
    Missing {
        /// The file or folder that was looked for.
        path: PathBuf,
        /// What to do about it.
        hint: String,
    },

    /// A file is there and its content is not what it must be: a wrong hash, a cut file, broken JSON or TOML.
    #[error("{} is damaged or was changed: {reason}", path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },

    /// A file is sound and asks for something that this crate does not do.
    #[error("{} is not supported: {reason}", path.display())]
    Unsupported {
        /// The file that asks for it.
        path: PathBuf,
        /// What it asks for.
        reason: String,
    },

    /// ONNX Runtime's shared library, or an execution provider, could not be used.
    #[error("ONNX Runtime cannot be used: {reason}")]
    Library {
        /// Why, and what to do.
        reason: String,
    },

    /// All threads are at work and the queue is full. The caller should give up or come back later.
    #[error("the encoder is busy: its queue is full")]
    Busy,

    /// The text has no tokens at all, so there is nothing to encode.
    #[error("the text has no tokens")]
    NoTokens,

    /// The model failed while it ran.
    #[error("the model failed: {reason}")]
    Run {
        /// What failed.
        reason: String,
        /// The runtime's own error.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },

    /// Vectors do not fit: a wrong number of components, not a number, or a key that is there already.
    #[error("the vector does not fit: {reason}")]
    Vector {
        /// What does not fit.
        reason: String,
    },

    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        /// `read`, `write` or the like.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own error.
        #[source]
        source: std::io::Error,
    },
}

impl ModelError {
    /// A failed run, with what the runtime says about it.
    pub(crate) fn run(reason: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Run { reason: reason.into(), source: Some(Box::new(source)) }
    }

    /// A run that failed without an error of the runtime.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Run { reason: reason.into(), source: None }
    }

    pub(crate) fn corrupt(path: &Path, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn unsupported(path: &Path, reason: impl ToString) -> Self {
        Self::Unsupported { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn library(reason: impl ToString) -> Self {
        Self::Library { reason: reason.to_string() }
    }

    pub(crate) fn vector(reason: impl ToString) -> Self {
        Self::Vector { reason: reason.to_string() }
    }

    /// A file that could not be read: [`ModelError::Missing`] when it is not there, otherwise [`ModelError::File`].
    pub(crate) fn reading(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Self::Missing { path: path.to_owned(), hint: "check the path, or install the model again".to_owned() };
        }
        Self::File { action: "read", path: path.to_owned(), source }
    }

    pub(crate) fn writing(path: &Path, source: std::io::Error) -> Self {
        Self::File { action: "write", path: path.to_owned(), source }
    }
}
