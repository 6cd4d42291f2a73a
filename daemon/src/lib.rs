//! The daemon and the command line: the D-Bus edge of Steward, its configuration, and the tool that talks to it.
//!
//! This crate does not know what a sentence means or what may be done: it knows who calls, how much may be under way, what is
//! installed where, and how things are shown. The assistant behind it is the same for D-Bus and for `steward ask --local`.
//!
//! *Invariant:* what one caller asks and is answered goes to that caller alone, and only the bus says who a caller is.

pub mod bus;
pub mod client;
pub mod command;
pub mod config;
pub mod desk;
pub mod parts;
pub mod status;
pub mod stock;
pub mod turns;
