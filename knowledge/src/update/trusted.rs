//! What is remembered of signed metadata: one folder per line with the last metadata that was good, and the newest root of trust.
//! `tough` writes into it in place and without flushing, so it only ever gets a copy, which takes the place of the original when the
//! bundle has proven good.

use std::path::{Path, PathBuf};

use super::disk;
use super::error::UpdateError;
use super::metadata::root_version;

const TRUSTED: &str = "trusted";
/// The newest root of trust, in the folder.
const ROOT: &str = "root.json";

/// What is trusted now.
pub(super) struct Trusted {
    folder: PathBuf,
    root: Vec<u8>,
}

impl Trusted {
    /// The folder of all of them.
    pub(super) fn home(home: &Path) -> PathBuf {
        home.join(TRUSTED)
    }

    /// Loads the newest root: the car's own one, or one that came with a bundle and was vouched for by the one before. One that is
    /// damaged is left aside; the floor remembers which version was reached.
    pub(super) fn load(home: &Path, number: u64, anchor: &Path) -> Result<Trusted, UpdateError> {
        let no_trust = |error: std::io::Error| UpdateError::NoTrust { path: anchor.to_owned(), reason: error.to_string() };
        let own = std::fs::read(anchor).map_err(no_trust)?;
        let version = root_version(anchor, &own)?;
        let folder = Self::home(home).join(number.to_string());
        let path = folder.join(ROOT);
        let later = std::fs::read(&path).ok().filter(|bytes| root_version(&path, bytes).is_ok_and(|found| found > version));
        Ok(Trusted { folder, root: later.unwrap_or(own) })
    }

    /// The newest root.
    pub(super) fn root(&self) -> &[u8] {
        &self.root
    }

    /// A folder for `tough` to write into: an empty one without a line, else a copy of what is remembered of it, in `shadow`.
    pub(super) fn shadow(&self, line: Option<&str>, incoming: &Path, shadow: &Path) -> Result<PathBuf, UpdateError> {
        let Some(line) = line else {
            let empty = incoming.join("unknown");
            disk::make_folder(&empty)?;
            return Ok(empty);
        };
        disk::make_folder(shadow)?;
        for name in disk::list(&self.folder)? {
            copy(&self.folder.join(&name), &shadow.join(&name))?;
        }
        let own = shadow.join(line);
        disk::make_folder(&own)?;
        // `tough` keeps the time here and fails for ever once a clock went back; time is the floor's business.
        disk::remove(&own.join("latest_known_time.json"))?;
        Ok(own)
    }

    /// Flushes the copy and gives it its number.
    pub(super) fn publish(home: &Path, shadow: &Path, number: u64) -> Result<(), UpdateError> {
        for line in disk::list(shadow)? {
            let folder = shadow.join(&line);
            if !folder.is_dir() {
                continue;
            }
            disk::remove(&folder.join("latest_known_time.json"))?;
            let root = folder.join(ROOT);
            if root.exists() {
                Self::keep_newest_root(shadow, &root)?;
            }
            for name in disk::list(&folder)? {
                disk::sync_file(&folder.join(name))?;
            }
            disk::sync_folder(&folder)?;
        }
        disk::sync_folder(shadow)?;
        disk::make_folder(&Self::home(home))?;
        disk::rename(shadow, &Self::home(home).join(number.to_string()))
    }

    /// One root for all lines: the newest.
    fn keep_newest_root(shadow: &Path, found: &Path) -> Result<(), UpdateError> {
        let kept = shadow.join(ROOT);
        let version = |path: &Path| std::fs::read(path).ok().and_then(|bytes| root_version(path, &bytes).ok()).unwrap_or(0);
        if version(found) > version(&kept) {
            let bytes = std::fs::read(found).map_err(UpdateError::io(found))?;
            disk::replace(&kept, &bytes)?;
        }
        disk::remove(found)
    }
}

/// Copies a file, or a folder of files.
fn copy(from: &Path, to: &Path) -> Result<(), UpdateError> {
    if from.is_dir() {
        disk::make_folder(to)?;
        for name in disk::list(from)? {
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    let bytes = std::fs::read(from).map_err(UpdateError::io(from))?;
    disk::write(to, &bytes)
}
