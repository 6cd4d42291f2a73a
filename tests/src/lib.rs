//! The stand: everything that a car would run, on a private bus in a folder of its own, started and stopped by one value.
//! `steward-stand` uses it for the demo, the chat and the benchmark; the workspace's end-to-end tests use it for everything else.
//! It talks to the product as any other program would: processes, files and D-Bus.
//!
//! *Invariant:* when a [`Stand`] is dropped, no process that it started, directly or by activation, is left.

pub mod accounts;
pub mod bench;
pub mod bus;
pub mod car;
pub mod checkout;
pub mod client;
pub mod conversation;
pub mod heldout;
pub mod json;
pub mod parent;
pub mod prepared;
pub mod process;
pub mod script;
pub mod stand;
pub mod utterances;

pub use car::Car;
pub use checkout::Checkout;
pub use client::Client;
pub use stand::{Options, Stand};
