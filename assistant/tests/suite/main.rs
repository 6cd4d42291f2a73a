//! The mind with the shipped plugins and the simulated car, in one process: what policy lets through, and what a turn makes of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod car;
mod companions;
mod driving;
mod moments;
mod oracle;
mod plans;
mod road;
mod talk;
