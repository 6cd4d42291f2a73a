//! ONNX graphs: written from weights, quantized, read for their weights.

mod decoder;
mod encoder;
mod graph;
pub(crate) mod proto;
mod quantize;

pub use decoder::decoder;
pub use encoder::{HIDDEN, INPUTS, encoder};
pub use proto::Model;
pub use quantize::{Precision, quantized};

#[cfg(test)]
pub(crate) mod parity;
