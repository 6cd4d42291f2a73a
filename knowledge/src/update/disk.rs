//! Writing so that a power cut leaves the old or the new: everything is flushed before it gets its name, and the folder after.
//! Nothing else of the importer writes, renames or deletes, so a test can stop it before and within each of these steps.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::UpdateError;

#[cfg(test)]
use super::tests::interrupt::step;

/// Where a test may cut the power. Costs nothing outside of tests.
#[cfg(not(test))]
#[inline]
fn step(_what: &str, _path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A file being written. It has a name, but nobody looks at it before the folder is given its own.
pub(super) struct Draft {
    file: File,
    path: PathBuf,
}

impl Draft {
    /// Creates a file that is not there yet.
    pub(super) fn create(path: &Path) -> Result<Draft, UpdateError> {
        let file = step("create", path).and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o644).open(path));
        Ok(Draft { file: file.map_err(UpdateError::io(path))?, path: path.to_owned() })
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), UpdateError> {
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let written = step("write", &self.path)
            .and_then(|()| self.file.write_all(first))
            // Half of it written is a state of its own.
            .and_then(|()| step("write on", &self.path))
            .and_then(|()| self.file.write_all(rest));
        written.map_err(UpdateError::io(&self.path))
    }

    /// Flushes it to the disk; only now is it sure to be there.
    pub(super) fn finish(self) -> Result<(), UpdateError> {
        step("fsync", &self.path).and_then(|()| self.file.sync_all()).map_err(UpdateError::io(&self.path))
    }
}

/// Writes a whole file into a folder that nobody looks at yet.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), UpdateError> {
    let mut draft = Draft::create(path)?;
    draft.write(bytes)?;
    draft.finish()
}

/// Puts a file in the place of one that is in use: the old bytes or the new ones, never a mixture.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), UpdateError> {
    let draft = path.with_extension("draft");
    remove(&draft)?;
    write(&draft, bytes)?;
    rename(&draft, path)
}

/// Gives a finished file or folder its name, and makes that last.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), UpdateError> {
    step("rename", to).and_then(|()| std::fs::rename(from, to)).map_err(UpdateError::io(to))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Makes what happened in a folder last.
pub(super) fn sync_folder(path: &Path) -> Result<(), UpdateError> {
    step("fsync", path).and_then(|()| File::open(path)?.sync_all()).map_err(UpdateError::io(path))
}

/// Flushes a file that somebody else wrote.
pub(super) fn sync_file(path: &Path) -> Result<(), UpdateError> {
    sync_folder(path)
}

/// Makes a folder with those above it; one that is there is fine.
pub(super) fn make_folder(path: &Path) -> Result<(), UpdateError> {
    let made = step("mkdir", path).and_then(|()| std::fs::create_dir_all(path));
    made.and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(0o755))).map_err(UpdateError::io(path))
}

/// Deletes a file; none is fine.
pub(super) fn remove(path: &Path) -> Result<(), UpdateError> {
    match step("unlink", path).and_then(|()| std::fs::remove_file(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(UpdateError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Deletes a folder with everything in it, file by file; none is fine. Links are deleted, not followed.
pub(super) fn remove_tree(path: &Path) -> Result<(), UpdateError> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if !found.is_dir() {
        return remove(path);
    }
    for name in list(path)? {
        remove_tree(&path.join(name))?;
    }
    step("rmdir", path).and_then(|()| std::fs::remove_dir(path)).map_err(UpdateError::io(path))
}

/// The names in a folder, in order; none when it is not there.
pub(super) fn list(path: &Path) -> Result<Vec<std::ffi::OsString>, UpdateError> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(UpdateError::io(path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(UpdateError::io(path))?.file_name());
    }
    names.sort();
    Ok(names)
}

/// Fails when fewer than `needed` bytes and a margin are free.
pub(super) fn check_room(path: &Path, needed: u64) -> Result<(), UpdateError> {
    const MARGIN: u64 = 8 << 20;
    let stat = rustix::fs::statvfs(path).map_err(|error| UpdateError::io(path)(error.into()))?;
    if stat.f_bavail.saturating_mul(stat.f_frsize) < needed.saturating_add(MARGIN) {
        return Err(UpdateError::NoSpace { path: path.to_owned(), needed });
    }
    Ok(())
}
