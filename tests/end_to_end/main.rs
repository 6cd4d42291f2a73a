//! The product as its users meet it: real processes on a real bus, with a simulated car. Each test starts a stand of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod boundary;
mod command_line;
mod contract;
mod conversation;
mod degraded;
mod faults;
mod plugin_folders;
mod plugin_processes;
mod processes;
mod python;
mod sessions;
mod setting;
mod updates;
