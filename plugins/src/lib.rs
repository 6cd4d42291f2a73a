//! Plugins and the vehicle: manifests, phrases, arguments, signals, and what serves them. This crate does not know models, sentences
//! or conversations; it never decides what somebody meant.
//!
//! *Invariant:* what an action sets is computed in one place, [`writes::expand`], from the manifest, the arguments and the catalogue
//! of signals; whatever checks, sets, reads back or undoes uses that set.

pub mod arguments;
pub mod bus;
pub mod catalogue;
pub mod command;
pub mod host;
pub mod invoke;
pub mod lint;
pub mod local;
pub mod locale;
pub mod manifest;
pub mod navigation;
pub mod new;
pub mod phrase;
pub mod process;
pub mod simulator;
pub mod value;
pub mod vehicle;
pub mod vss;
pub mod writes;
pub mod zone;
