//! Text from files to shards and tokenizers, through the door that a user has.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod door;
mod formats;
mod lines;
mod runs;
mod settings;
mod splits;
mod tokenizers;
