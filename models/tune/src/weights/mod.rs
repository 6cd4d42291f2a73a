//! Weights by name, in the main memory: what files hold, what ONNX graphs are written from.

mod import;
mod names;
mod stored;

pub use import::{from_folder, from_onnx, heads_in_onnx};
pub use names::standard_names;
pub use stored::{Stored, Weights, read, write};
