//! What a bundle comes in: a folder, such as on a USB stick, or one file. Either way the metadata is read into memory first, and the
//! targets are handed over one by one as streams, so nothing is written before it is known who signed it.

mod archive;
mod folder;
mod pack;
mod tar;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{FileType, Mode, OFlags};

use super::error::UpdateError;
use archive::Archive;
use folder::Folder;
pub(super) use pack::pack;
#[cfg(test)]
pub(super) use pack::{compress_for_tests, unpack_for_tests};

/// Bytes of one metadata file.
pub(super) const METADATA_LIMIT: u64 = 1 << 20;
/// Bytes of all of them.
const ALL_METADATA_LIMIT: u64 = 8 << 20;
/// Files in a bundle, folders included.
const FILES_LIMIT: usize = 256;

/// Metadata files by name.
pub(super) type Metadata = BTreeMap<String, Vec<u8>>;

/// What the signed metadata says of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Bytes.
    pub(super) length: u64,
    /// SHA-256 in hexadecimal.
    pub(super) sha256: String,
}

/// Takes one target: its name, what it should be, its bytes.
pub(super) type Take<'a> = &'a mut dyn FnMut(&str, &Wanted, &mut dyn Read) -> Result<(), UpdateError>;

/// A bundle that was opened, and of which nothing is trusted.
pub(super) struct Carrier {
    /// Every metadata file, as it is.
    pub(super) metadata: Metadata,
    targets: Source,
}

enum Source {
    Folder(Folder),
    Archive(Box<Archive>),
}

impl Carrier {
    /// Opens the descriptor of a folder or of a file, and reads the metadata.
    pub(super) fn open(bundle: OwnedFd) -> Result<Carrier, UpdateError> {
        let stat = rustix::fs::fstat(&bundle).map_err(carrier("the bundle"))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let (folder, metadata) = Folder::open(bundle)?;
                Ok(Carrier { metadata, targets: Source::Folder(folder) })
            }
            FileType::RegularFile => {
                let (archive, metadata) = Archive::open(File::from(bundle))?;
                Ok(Carrier { metadata, targets: Source::Archive(Box::new(archive)) })
            }
            _ => Err(UpdateError::NotABundle),
        }
    }

    /// Hands over every wanted target once, in whatever order they come. One that is there and not wanted is refused.
    pub(super) fn targets(self, wanted: &BTreeMap<String, Wanted>, take: Take) -> Result<(), UpdateError> {
        match self.targets {
            Source::Folder(folder) => folder.targets(wanted, take),
            Source::Archive(archive) => archive.targets(wanted, take),
        }
    }
}

/// Collects metadata within its limits.
#[derive(Default)]
struct Collected {
    files: Metadata,
    bytes: u64,
}

impl Collected {
    /// Adds a file whose size is said to be `size`. What is read may be more or less than that.
    fn add(&mut self, name: &str, size: u64, content: &mut dyn Read) -> Result<(), UpdateError> {
        if size > METADATA_LIMIT {
            return Err(UpdateError::TooLarge { name: name.to_owned(), size, limit: METADATA_LIMIT });
        }
        let mut bytes = Vec::new();
        content.take(METADATA_LIMIT + 1).read_to_end(&mut bytes).map_err(read_error(name))?;
        let read = bytes.len() as u64;
        self.bytes += read;
        if read > METADATA_LIMIT || self.bytes > ALL_METADATA_LIMIT {
            let limit = if read > METADATA_LIMIT { METADATA_LIMIT } else { ALL_METADATA_LIMIT };
            return Err(UpdateError::TooLarge { name: name.to_owned(), size: read.max(self.bytes), limit });
        }
        if self.files.insert(name.to_owned(), bytes).is_some() {
            return Err(UpdateError::malformed(name, "it comes twice"));
        }
        Ok(())
    }
}

/// Opens a plain file in a folder, without following links, and without waiting for whoever holds the other end of a pipe.
fn open_plain(folder: impl AsFd, part: &str, name: &str) -> Result<(File, u64), UpdateError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, part, flags, Mode::empty()).map_err(|error| match error {
        rustix::io::Errno::LOOP => UpdateError::Link { name: name.to_owned() },
        rustix::io::Errno::NOENT => UpdateError::Partial { name: name.to_owned() },
        // A socket.
        rustix::io::Errno::NXIO => UpdateError::Special { name: name.to_owned(), what: "a socket" },
        other => carrier(name)(other),
    })?;
    let stat = rustix::fs::fstat(&file).map_err(carrier(name))?;
    check_plain(name, FileType::from_raw_mode(stat.st_mode), u64::from(stat.st_nlink as u32))?;
    Ok((File::from(file), stat.st_size.max(0) as u64))
}

/// Fails unless it is a plain file with one name only: of a second name nobody knows who writes through it.
fn check_plain(name: &str, kind: FileType, names: u64) -> Result<(), UpdateError> {
    let what = match kind {
        FileType::RegularFile if names <= 1 => return Ok(()),
        FileType::RegularFile | FileType::Symlink => return Err(UpdateError::Link { name: name.to_owned() }),
        FileType::Directory => "a folder",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    };
    Err(UpdateError::Special { name: name.to_owned(), what })
}

fn carrier(name: &str) -> impl FnOnce(rustix::io::Errno) -> UpdateError + '_ {
    move |error| UpdateError::Carrier { name: name.to_owned(), source: error.into() }
}

/// What a read error of a stream means: the stream's own verdict if it has one, else what the system said.
pub(super) fn read_error(name: &str) -> impl FnOnce(io::Error) -> UpdateError + '_ {
    move |error| match error.downcast::<UpdateError>() {
        Ok(verdict) => verdict,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => UpdateError::Partial { name: name.to_owned() },
        Err(source) => UpdateError::Carrier { name: name.to_owned(), source },
    }
}

/// Reads a file from its start, whatever its descriptor's position is: the caller shares that and may move it.
struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}
