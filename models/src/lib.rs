//! Text and tensors: model folders, the sentence encoder, the judge of pairs, vector search and the cache of vectors.
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
mod flat;
mod folder;
mod graph;
mod index;
mod inputs;
mod judge;
mod library;
mod pooling;
mod queue;
mod runtime;
mod span;
mod tokenizer;
mod vectors;
mod workers;

pub use embedder::Embedder;
pub use error::ModelError;
pub use folder::{EncoderSection, JudgeSection, ModelFolder, ModelManifest, ModelSection, Role, Thresholds};
pub use index::VectorIndex;
pub use judge::{Judge, Judgment};
pub use pooling::Pooling;
pub use runtime::{Runtime, RuntimeOptions};
pub use span::Span;
pub use tokenizer::Tokenizer;
pub use vectors::VectorCache;
