//! How good, how fast and how large a model is.

pub mod examination;
pub mod metrics;
pub mod plan;
pub mod runtime;
