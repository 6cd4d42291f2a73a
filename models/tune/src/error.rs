//! Everything that can stop a command, each as one sentence that says what to do about it.

use std::path::{Path, PathBuf};

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// One line of a data file is not what the task expects.
    #[error("{}:{line}: {reason}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with the line.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}: {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file was read, and its content is not what it should be.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings do not go together.
    #[error("{0}")]
    Settings(String),
    /// Training left the range of numbers.
    #[error("the loss is {loss} at step {step}, so training stopped; {kept}; try a lower learning rate or a smaller --clip")]
    Diverged {
        /// The step, counted from 1.
        step: u64,
        /// The loss that was found.
        loss: f32,
        /// Which checkpoint is left, in words.
        kept: String,
    },
    /// ONNX Runtime is missing or refused something.
    #[error("ONNX Runtime: {0}")]
    Runtime(String),
}

impl TuneError {
    /// The content of `path` is wrong.
    pub fn format(path: &Path, reason: impl ToString) -> Self {
        Self::Format { path: path.to_owned(), reason: reason.to_string() }
    }

    /// Reading `path` failed.
    pub fn reading(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), action: "cannot be read", source }
    }

    /// Writing `path` failed.
    pub fn writing(path: &Path, source: std::io::Error) -> Self {
        let full = source.kind() == std::io::ErrorKind::StorageFull;
        let action = if full { "the disk is full; what was there before is unchanged" } else { "cannot be written" };
        Self::File { path: path.to_owned(), action, source }
    }

    /// Line `line` (from 1) of `path` is wrong.
    pub fn data(path: &Path, line: usize, reason: impl ToString) -> Self {
        Self::Data { path: path.to_owned(), line, reason: reason.to_string() }
    }
}
