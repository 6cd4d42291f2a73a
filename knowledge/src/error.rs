//! What can go wrong while knowledge is built, opened or searched.

use std::path::{Path, PathBuf};

use crate::database::DatabaseError;

/// The crate's only error type; each variant keeps what caused it.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A source file is wrong; says where.
    #[error("{path}:{line}: {message}", path = path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A generation's manifest cannot be used by this version.
    #[error("{path}: {message}", path = path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file's bytes are not those the manifest names.
    #[error("{path} is not the file the manifest names: install this knowledge again", path = path.display())]
    Tampered {
        /// The file that differs or is missing.
        path: PathBuf,
    },
    /// The generation's vectors were made by another model.
    #[error("this knowledge was built with the embedder {built_with}, not {asked}: build it again")]
    OtherEmbedder {
        /// The embedder the vectors are from; `none` when there are no vectors.
        built_with: String,
        /// The embedder that was offered.
        asked: String,
    },
    /// The output folder already exists.
    #[error("{path} exists already: a generation is never changed, choose a new folder", path = path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A model or the vector index failed.
    #[error(transparent)]
    Model(#[from] models::ModelError),
}

impl KnowledgeError {
    /// For `map_err` on file operations.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> KnowledgeError + '_ {
        move |source| KnowledgeError::Io { path: path.to_owned(), source }
    }

    pub(crate) fn at(path: &Path, line: usize, message: impl ToString) -> KnowledgeError {
        KnowledgeError::Source { path: path.to_owned(), line, message: message.to_string() }
    }
}
