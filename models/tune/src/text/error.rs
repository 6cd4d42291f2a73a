//! What can go wrong while text is prepared. Each message is one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of the text side.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A file cannot be read or written.
    #[error("{} cannot be {what}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// "read" or "written".
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },

    /// The settings are not legal.
    #[error("{}: {reason}", place)]
    Settings {
        /// The file, or the flag.
        place: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },

    /// Something in a source cannot be read as an example, and the run is strict.
    #[error("{file}:{line}: {reason} (without --strict it would be left out)")]
    BadData {
        /// The source's file.
        file: String,
        /// The line, from 1.
        line: u32,
        /// What is wrong with it.
        reason: String,
    },

    /// The output folder holds something else.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is in it, and what to do.
        reason: String,
    },

    /// A shard is not what was written.
    #[error("{} is damaged: {reason}; prepare the data again", path.display())]
    Shard {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },

    /// Nothing is left to write.
    #[error("no example is left: {reason}")]
    Nothing {
        /// Where they went.
        reason: String,
    },

    /// A tokenizer cannot be loaded, trained or used.
    #[error("the tokenizer: {reason}")]
    Tokenizer {
        /// What the library says.
        reason: String,
    },
}

impl TextError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), what: "read", source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), what: "written", source }
    }
}
