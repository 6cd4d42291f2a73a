//! ONNX graphs: written from weights, quantized, read for their weights.

mod encoder;
mod graph;
pub(crate) mod proto;

pub use encoder::{HIDDEN, INPUTS, encoder};
pub use proto::Model;

#[cfg(test)]
pub(crate) mod parity;
