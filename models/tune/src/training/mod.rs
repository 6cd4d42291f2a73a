//! Training: settings, the loop, and what a run leaves in its folder.

pub mod checkpoint;
mod display;
mod metrics;
mod optimizer;
pub mod plot;
mod sampler;
mod settings;
mod train;

pub use optimizer::{Gradients, Optimizer};
pub use sampler::Sampler;
pub use settings::{Decay, Settings};
pub use train::{Score, Task, Trained, train};

#[cfg(test)]
mod runs;
