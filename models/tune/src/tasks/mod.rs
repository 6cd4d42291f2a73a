//! What can be learnt: each task's data, loss and score.

pub mod causal;
pub mod chat;
pub mod classes;
pub mod embedding;
pub mod lines;
pub mod objective;
pub mod pair;
pub mod preference;
pub mod reading;
pub mod tags;
pub mod tokens;
pub mod words;

pub use objective::{EncoderTask, Objective, Pass};
pub use tokens::Tokens;

#[cfg(test)]
mod school;
