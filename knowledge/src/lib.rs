//! What the car knows: curated question and answer pairs and the passages of its documents.
//!
//! This crate reads source folders, builds immutable *generations* out of them and searches those. It does not know
//! what a command, a plugin or a vehicle signal is, it never decides what is said to the driver, and it runs no model
//! itself: vectors come in from `models`. What it returns is data, never an instruction.
//!
//! *Invariant:* a [`Generation`] that could be opened is exactly the one that was built: every file has the hash its
//! manifest names, and nothing in it changes while it is open.

mod build;
mod confidence;
mod database;
mod error;
mod generation;
mod manifest;
mod query;
mod search;
mod shelf;
mod source;
mod terms;
pub mod update;
mod vectors;

pub use confidence::{Scale, Threshold, Thresholds};
pub use database::DatabaseError;
pub use error::KnowledgeError;
pub use generation::Generation;
pub use manifest::{Counts, EmbedderRecord, Manifest};
pub use query::{Hit, Kind, Query};
pub use shelf::Shelf;
pub use source::{Bundle, Entry, Source};

/// How far a build has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The source folder was read: how many pairs and passages it holds.
    Read {
        /// Question and answer pairs.
        pairs: usize,
        /// Passages of documents.
        passages: usize,
    },
    /// This many of `total` wordings and passages have a vector.
    Embedded {
        /// Done so far.
        done: usize,
        /// All there are to do.
        total: usize,
    },
    /// The database is written.
    Stored,
    /// The folder carries its final name.
    Published,
}
