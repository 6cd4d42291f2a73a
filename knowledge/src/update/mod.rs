//! Updates without a network: signed bundles, from whatever carrier, verified and installed so that a car is never without knowledge.
//!
//! The road of an install: [`Carrier`](carrier) opens a folder or a file, [`metadata`] and [`verified`] say who signed it and that it
//! is not older than what was seen before, the files are copied and hashed, [`trial`] tries them in this car, and [`store`] switches
//! by one rename. `knowledge/FORMAT.md` describes bundles, the store, and what counts as time.

mod bundle;
mod carrier;
mod clock;
mod disk;
mod error;
mod floor;
mod golden;
mod metadata;
mod names;
mod record;
mod sealed;
mod store;
mod trial;
mod trusted;
mod verified;

use std::os::fd::OwnedFd;
use std::path::Path;

pub use bundle::{SignedBundle, Signing, sign};
pub use error::{RefusalKind, UpdateError};
pub use metadata::Keys;
pub use names::line_of;
pub use store::{InUse, Report, Store};
pub use trial::{Car, Model};

/// Verifies and tries a bundle away from any car, in a temporary folder that is gone afterwards.
///
/// # Errors
/// As for an install, but for what only a car can know: the versions that it has seen.
pub fn verify(bundle: OwnedFd, anchor: &Path, car: &Car) -> Result<Report, UpdateError> {
    let place = std::env::temp_dir();
    let folder = tempfile::Builder::new().prefix("steward-verify-").tempdir_in(&place).map_err(UpdateError::io(&place))?;
    Store::new(folder.path(), anchor).install(bundle, car)
}

#[cfg(test)]
mod tests;
