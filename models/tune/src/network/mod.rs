//! Networks: their sizes, their weights on a device, what they compute from a batch.

pub mod config;
pub mod decoder;
pub mod device;
pub mod encoder;
pub mod folder;
pub mod heads;
pub mod layers;
pub mod operations;
pub mod parameters;
mod processor;
pub mod shapes;

pub use config::{DecoderConfig, EncoderConfig};
pub use device::{Learning, Processor};
pub use encoder::{Batch, Encoder};
pub use folder::{DecoderFolder, EncoderFolder};
pub use heads::{Head, HeadKind, Heads, Pooling};
pub use parameters::Parameters;
