//! `Verified<Bundle>`: a bundle whose metadata was signed by those this car trusts, is not below the floor and not expired. Only
//! [`verify`] makes one, and only from one can files be taken.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::carrier::{Carrier, Wanted, read_error};
use super::disk;
use super::error::UpdateError;
use super::floor::Floor;
use super::golden::{self, GOLDEN};
use super::metadata::{self, Edition};
use crate::manifest::{DATABASE, MANIFEST, VECTORS};

/// Bytes of one file. Above, offsets of 32 bits anywhere would wrap.
pub(super) const FILE_LIMIT: u64 = (4 << 30) - 1;
/// Bytes of the manifest.
const MANIFEST_LIMIT: u64 = 1 << 20;

/// Something that was checked by the function that made it.
pub(super) struct Verified<T>(T);

/// A bundle: what its metadata says, and where its files come from.
pub(super) struct Bundle {
    edition: Edition,
    carrier: Carrier,
}

/// What a bundle has to be measured by.
pub(super) struct Trust<'a> {
    /// The newest root of trust.
    pub(super) root: &'a [u8],
    /// The lowest versions.
    pub(super) floor: &'a Floor,
    /// The time.
    pub(super) now: u64,
}

/// Verifies metadata. `record_of` gives, for a line, a folder with a copy of what is remembered of it; it is written to.
pub(super) fn verify(
    carrier: Carrier,
    trust: &Trust,
    record_of: &dyn Fn(Option<&str>) -> Result<std::path::PathBuf, UpdateError>,
) -> Result<Verified<Bundle>, UpdateError> {
    // Which line's record counts is only known once somebody trusted has said so: first without any record, then with the right one.
    let first = metadata::verify(&carrier.metadata, trust.root, &record_of(None)?)?;
    let edition = metadata::verify(&carrier.metadata, trust.root, &record_of(Some(&first.line))?)?;
    trust.floor.check(&edition, trust.now)?;
    check_files(&edition)?;
    Ok(Verified(Bundle { edition, carrier }))
}

/// Fails unless the files are those of a generation, within their limits.
fn check_files(edition: &Edition) -> Result<(), UpdateError> {
    for (name, wanted) in &edition.files {
        let limit = match name.as_str() {
            MANIFEST => MANIFEST_LIMIT,
            GOLDEN => golden::SIZE_LIMIT,
            DATABASE | VECTORS => FILE_LIMIT,
            _ => return Err(UpdateError::Unsupported(format!("{name} is nothing that this version installs"))),
        };
        if wanted.length > limit {
            return Err(UpdateError::TooLarge { name: name.clone(), size: wanted.length, limit });
        }
    }
    match [MANIFEST, DATABASE, GOLDEN].into_iter().find(|name| !edition.files.contains_key(*name)) {
        Some(missing) => Err(UpdateError::Partial { name: missing.to_owned() }),
        None => Ok(()),
    }
}

impl Verified<Bundle> {
    /// The hash of all files together: the name of their folder in the store.
    pub(super) fn address(&self) -> String {
        address(self.0.edition.files.iter().map(|(name, wanted)| (name.as_str(), wanted.sha256.as_str())))
    }

    /// Copies the files into a folder, comparing every byte's hash, and flushes them. Nothing parses them before.
    pub(super) fn take(self, folder: &Path) -> Result<Edition, UpdateError> {
        let Bundle { edition, carrier } = self.0;
        disk::check_room(folder, edition.files.values().map(|wanted| wanted.length).sum())?;
        let below = format!("knowledge/{}/", edition.line);
        let wanted = edition.files.iter().map(|(name, wanted)| (format!("{below}{name}"), wanted.clone())).collect();
        carrier.targets(&wanted, &mut |name, wanted, content| {
            let own = name.strip_prefix(&below).unwrap_or(name);
            copy(name, wanted, content, &folder.join(own))
        })?;
        disk::sync_folder(folder)?;
        Ok(edition)
    }
}

/// The hash over names and hashes.
pub(super) fn address<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = Sha256::new();
    for (name, sha256) in files {
        hash.update(format!("{name} {sha256}\n"));
    }
    format!("{:x}", hash.finalize())
}

fn copy(name: &str, wanted: &Wanted, content: &mut dyn Read, path: &Path) -> Result<(), UpdateError> {
    let mut draft = disk::Draft::create(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut left = wanted.length;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let length = content.read(&mut buffer[..most]).map_err(read_error(name))?;
        if length == 0 {
            return Err(UpdateError::Partial { name: name.to_owned() });
        }
        hash.update(&buffer[..length]);
        draft.write(&buffer[..length])?;
        left -= length as u64;
    }
    if format!("{:x}", hash.finalize()) != wanted.sha256 {
        return Err(UpdateError::Altered { name: name.to_owned() });
    }
    draft.finish()
}
