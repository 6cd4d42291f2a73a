//! Text and tensors: model folders, the sentence encoder, vector search and the cache of vectors.
//!
//! This crate does not know what a car is, what a command is, or what an answer is. It turns text into vectors and
//! finds the nearest ones; what the vectors mean is its callers' business.
//!
//! *Invariant:* no model file reaches ONNX Runtime before its hash was compared with the one in `model.toml`, and no
//! vector is compared with one that another model made: [`Embedder::identity`] names the model behind every stored vector.

mod embedder;
mod encoder;
mod error;
mod export;
mod file;
mod folder;
mod index;
mod library;
mod pooling;
mod queue;
mod runtime;
mod tokenizer;
mod vectors;

pub use embedder::Embedder;
pub use error::ModelError;
pub use folder::{EncoderSection, ModelFolder, ModelManifest, ModelSection, Role, Thresholds};
pub use index::VectorIndex;
pub use pooling::Pooling;
pub use runtime::{Runtime, RuntimeOptions};
pub use tokenizer::Tokenizer;
pub use vectors::VectorCache;
