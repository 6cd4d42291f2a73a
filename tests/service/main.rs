//! What a car maker ships around the programs: units, users, rights on the system bus, the watchdog, the package.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod capabilities;
mod package;
mod policy;
mod seeing;
mod table;
mod units;
mod watchdog;
