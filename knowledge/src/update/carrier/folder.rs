//! A bundle as a folder. Every name is opened from its folder's descriptor, so nobody can swap a folder for a link meanwhile, and
//! everything in it is looked at, also what is not needed: a bundle with a link in it was not made by those who sign.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use super::{Collected, FILES_LIMIT, FromStart, Metadata, Take, Wanted, carrier, check_plain, open_plain};
use crate::update::error::UpdateError;
use crate::update::names;

/// The folder of targets.
pub(super) struct Folder {
    targets: OwnedFd,
}

impl Folder {
    /// Reads the metadata, and looks at every name.
    pub(super) fn open(bundle: OwnedFd) -> Result<(Folder, Metadata), UpdateError> {
        let metadata = open_folder(&bundle, "metadata", "metadata")?;
        let targets = open_folder(&bundle, "targets", "targets")?;
        let mut seen = 0;
        let mut collected = Collected::default();
        for name in files(&metadata, "metadata", &mut seen)? {
            let (file, size) = open_plain(&metadata, &name, &name)?;
            collected.add(&name, size, &mut FromStart { file, at: 0 })?;
        }
        Self::inspect(&targets, "", &mut seen)?;
        Ok((Folder { targets }, collected.files))
    }

    /// Looks at every name below, without opening files.
    fn inspect(folder: &OwnedFd, above: &str, seen: &mut usize) -> Result<(), UpdateError> {
        for (part, kind, names_of_file) in entries(folder, above, seen)? {
            let name = join(above, &part);
            if kind == FileType::Directory {
                Self::inspect(&open_folder(folder, &part, &name)?, &name, seen)?;
            } else {
                check_plain(&name, kind, names_of_file)?;
            }
        }
        Ok(())
    }

    /// Hands over the targets, in the order of their names.
    pub(super) fn targets(self, wanted: &BTreeMap<String, Wanted>, take: Take) -> Result<(), UpdateError> {
        for (name, target) in wanted {
            let mut folder = self.targets.try_clone().map_err(|source| UpdateError::Carrier { name: name.clone(), source })?;
            let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
            for part in above.split('/').filter(|part| !part.is_empty()) {
                folder = open_folder(&folder, part, name)?;
            }
            let (file, size) = open_plain(&folder, last, name)?;
            match size.cmp(&target.length) {
                std::cmp::Ordering::Less => return Err(UpdateError::Partial { name: name.clone() }),
                std::cmp::Ordering::Greater => {
                    return Err(UpdateError::TooLarge { name: name.clone(), size, limit: target.length });
                }
                std::cmp::Ordering::Equal => take(name, target, &mut FromStart { file, at: 0 })?,
            }
        }
        Ok(())
    }
}

fn open_folder(folder: impl AsFd, part: &str, name: &str) -> Result<OwnedFd, UpdateError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let stat = rustix::fs::statat(&folder, part, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| match error {
        rustix::io::Errno::NOENT => UpdateError::Partial { name: name.to_owned() },
        other => carrier(name)(other),
    })?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => rustix::fs::openat(folder, part, flags, Mode::empty()).map_err(carrier(name)),
        FileType::Symlink => Err(UpdateError::Link { name: name.to_owned() }),
        _ => Err(UpdateError::Special { name: name.to_owned(), what: "no folder" }),
    }
}

/// The plain files of a folder without folders in it, by name.
fn files(folder: &OwnedFd, above: &str, seen: &mut usize) -> Result<Vec<String>, UpdateError> {
    let mut found = Vec::new();
    for (part, kind, names_of_file) in entries(folder, above, seen)? {
        check_plain(&join(above, &part), kind, names_of_file)?;
        found.push(part);
    }
    found.sort();
    Ok(found)
}

/// Every entry with what it is and how many names it has; fails at an odd name, and when there are too many.
fn entries(folder: &OwnedFd, above: &str, seen: &mut usize) -> Result<Vec<(String, FileType, u64)>, UpdateError> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder).map_err(carrier(above))? {
        let entry = entry.map_err(carrier(above))?;
        if [c".", c".."].contains(&entry.file_name()) {
            continue;
        }
        *seen += 1;
        if *seen > FILES_LIMIT {
            return Err(UpdateError::TooMany { limit: FILES_LIMIT });
        }
        let part = plain_name(entry.file_name(), above)?;
        let stat = rustix::fs::statat(folder, &part, AtFlags::SYMLINK_NOFOLLOW).map_err(carrier(&part))?;
        found.push((part, FileType::from_raw_mode(stat.st_mode), u64::from(stat.st_nlink as u32)));
    }
    Ok(found)
}

fn plain_name(name: &CStr, above: &str) -> Result<String, UpdateError> {
    let part = name.to_string_lossy().into_owned();
    // What is no UTF-8 has become a character that no name may have.
    names::check(&join(above, &part))?;
    Ok(part)
}

fn join(above: &str, part: &str) -> String {
    if above.is_empty() { part.to_owned() } else { format!("{above}/{part}") }
}
