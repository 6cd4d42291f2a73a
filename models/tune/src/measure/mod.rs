//! How good, how fast and how large a model is.

pub mod metrics;
pub mod runtime;
