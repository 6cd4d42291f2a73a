//! The offline tuning tool: text in, models for the daemon out.
//!
//! This crate does not know the daemon, D-Bus or a car. It reads files, trains, and writes model folders.
//!
//! *Invariant:* nothing is published half-written: every file that a later run may read appears by one rename after its
//! bytes are on the disk.

pub mod dice;
mod error;
pub mod file;
pub mod measure;
pub mod network;
pub mod onnx;
pub mod tasks;
pub mod text;
pub mod training;
pub mod weights;

pub use error::TuneError;
