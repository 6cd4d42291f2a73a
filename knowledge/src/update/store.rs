//! The store of installed bundles, in the state folder. It alone decides what is in use.
//!
//! ```text
//! current            which generation is in use, and the one before
//! floor.0 floor.1    the lowest versions that are still taken
//! store/ADDRESS/     the files of a bundle, under the hash of all of them
//! trusted/NUMBER/    what is remembered of signed metadata, with the newest root of trust
//! incoming/          what is being installed; whatever is found here at the start is deleted
//! lock               held by whoever installs
//! ```

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::carrier::Carrier;
use super::clock;
use super::disk;
use super::error::UpdateError;
use super::floor::Floor;
use super::golden::GOLDEN;
use super::metadata::Edition;
use super::record::{Installed, Record};
use super::sealed::Found;
use super::trial::{self, Car};
use super::trusted::Trusted;
use super::verified::{self, Trust, Verified};
use crate::generation::Generation;
use crate::manifest::{MANIFEST, Manifest, sha256};

const INCOMING: &str = "incoming";
const STORE: &str = "store";

/// The store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) home: PathBuf,
    pub(super) anchor: PathBuf,
    pub(super) clock: clock::Read,
}

/// What an install or a rollback came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The generation now in use; 0: the car's own knowledge only.
    pub generation: u64,
    /// The line that was installed; empty after a rollback.
    pub line: String,
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// Golden questions that were answered as they should be.
    pub golden: usize,
    /// Whether another generation is in use than before.
    pub changed: bool,
}

/// What is installed and in use.
#[derive(Default)]
pub struct InUse {
    /// The generation's number; 0: nothing is installed.
    pub number: u64,
    /// The bundles with their lines.
    pub bundles: Vec<(String, Generation)>,
    /// Whether there is a generation to go back to.
    pub can_go_back: bool,
    /// What could not be used, and why.
    pub trouble: Vec<UpdateError>,
}

/// The store while nobody else may change it.
pub(super) struct Locked<'a> {
    store: &'a Store,
    _lock: File,
    pub(super) record: Record,
    pub(super) floor: Floor,
}

impl Store {
    /// A store in `home`, which trusts what the root of trust `anchor` (a file) vouches for.
    pub fn new(home: &Path, anchor: &Path) -> Store {
        Store { home: home.to_owned(), anchor: anchor.to_owned(), clock: clock::system }
    }

    /// Opens what is installed. A bundle that is damaged is left out and named; the car's own knowledge is there without it.
    pub fn in_use(&self) -> InUse {
        let mut in_use = InUse::default();
        // Tidies up after an install that was cut off; if another is at work right now there is nothing to tidy.
        let tidied = self.lock().and_then(|locked| locked.floor.write(&self.home).and_then(|()| locked.tidy()));
        in_use.trouble.extend(tidied.err().filter(|error| !matches!(error, UpdateError::Busy) && self.home.exists()));
        let record = match Record::read(&self.home) {
            Found::Whole(record) => record,
            Found::Nothing => return in_use,
            Found::Broken => {
                in_use.trouble.push(UpdateError::Damaged { path: self.home.join("current") });
                return in_use;
            }
        };
        in_use.can_go_back = record.previous.is_some();
        in_use.number = record.active.number;
        for (line, installed) in &record.active.lines {
            match self.open(installed) {
                Ok(generation) => in_use.bundles.push((line.clone(), generation)),
                Err(error) => in_use.trouble.push(error),
            }
        }
        in_use
    }

    /// Installs a bundle (the descriptor of its folder or file) and switches to it, at once or not at all.
    ///
    /// # Errors
    /// See [`UpdateError`]; whatever it is, everything in use stays as it was.
    pub fn install(&self, bundle: OwnedFd, car: &Car) -> Result<Report, UpdateError> {
        disk::make_folder(&self.home)?;
        disk::sync_folder(self.home.parent().unwrap_or(Path::new(".")))?;
        let locked = self.lock()?;
        locked.floor.write(&self.home)?;
        locked.tidy()?;
        let installed = locked.install(bundle, car);
        // Also after a failure nothing is left lying about. That this may fail as well changes nothing.
        let _ = self.lock_held_tidy(&locked);
        installed
    }

    /// Goes back to the generation before.
    ///
    /// # Errors
    /// There is none.
    pub fn rollback(&self) -> Result<Report, UpdateError> {
        let locked = if self.home.exists() { self.lock()? } else { return Err(UpdateError::NoPrevious) };
        let record = locked.record.back().ok_or(UpdateError::NoPrevious)?;
        // Never back to something that is no longer whole.
        for installed in record.active.lines.values() {
            self.open(installed)?;
        }
        // The floor first: what is rolled back must not be forgotten with its record.
        locked.floor.write(&self.home)?;
        record.publish(&self.home)?;
        let _ = tidy(&self.home, &record);
        let generation = record.active.number;
        Ok(Report { generation, line: String::new(), name: String::new(), version: String::new(), golden: 0, changed: true })
    }

    fn lock(&self) -> Result<Locked<'_>, UpdateError> {
        let path = self.home.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(UpdateError::io(&path))?;
        take(&lock, &path)?;
        let found = Record::read(&self.home);
        let fresh = found == Found::Nothing && !self.home.join(STORE).exists();
        let mut floor = Floor::read(&self.home, fresh)?;
        let record = found.whole().unwrap_or_default();
        // A power cut between switching and lifting the floor leaves the record ahead of it.
        for active in std::iter::once(&record.active).chain(&record.previous) {
            for (line, installed) in &active.lines {
                floor.raise_line(line, &installed.versions);
                floor.root = floor.root.max(installed.root);
            }
        }
        Ok(Locked { store: self, _lock: lock, record, floor })
    }

    fn lock_held_tidy(&self, locked: &Locked) -> Result<(), UpdateError> {
        let record = Record::read(&self.home).whole().unwrap_or_else(|| locked.record.clone());
        tidy(&self.home, &record)
    }

    /// Opens an installed bundle, if it is exactly what was installed.
    fn open(&self, installed: &Installed) -> Result<Generation, UpdateError> {
        let folder = self.home.join(STORE).join(&installed.address);
        if address_of(&folder)? != installed.address {
            return Err(UpdateError::Damaged { path: folder });
        }
        Ok(Generation::open(&folder)?)
    }
}

impl Locked<'_> {
    fn home(&self) -> &Path {
        &self.store.home
    }

    fn install(&self, bundle: OwnedFd, car: &Car) -> Result<Report, UpdateError> {
        let incoming = self.home().join(INCOMING);
        disk::make_folder(&incoming)?;
        let trusted = Trusted::load(self.home(), self.record.trusted, &self.store.anchor)?;
        let now = clock::now(self.store.clock, [self.floor.time, car.not_before]);
        let trust = Trust { root: trusted.root(), floor: &self.floor, now };
        let shadow = incoming.join("trusted");
        let verified = verified::verify(Carrier::open(bundle)?, &trust, &|line| trusted.shadow(line, &incoming, &shadow))?;
        let address = verified.address();
        let (edition, generation, golden) = self.take(verified, &address, car, &incoming)?;
        let installed = Installed { address, root: edition.root, versions: edition.versions.clone() };
        let manifest = generation.manifest().clone();
        let (number, changed) = self.switch(&edition, installed, car, &shadow)?;
        if let Err(error) = self.lift_floor(&edition, now) {
            // It has happened, and the record has the versions as well: the next one to lock the store lifts the floor to them.
            tracing::warn!(%error, "the floor of versions could not be lifted yet");
        }
        Ok(Report { generation: number, line: edition.line, name: manifest.name, version: manifest.version, golden, changed })
    }

    /// Copies the files into the store and tries what they are.
    fn take(
        &self,
        verified: Verified<verified::Bundle>,
        address: &str,
        car: &Car,
        incoming: &Path,
    ) -> Result<(Edition, Generation, usize), UpdateError> {
        let draft = incoming.join("bundle");
        disk::make_folder(&draft)?;
        let edition = verified.take(&draft)?;
        // On trial before it gets its name: what has a name in the store was good.
        let (generation, golden) = trial::run(&draft, car)?;
        let folder = self.home().join(STORE).join(address);
        disk::make_folder(&self.home().join(STORE))?;
        // The very same bundle may be in use; it is only replaced when it is no longer whole.
        let is_whole = address_of(&folder).is_ok_and(|found| found == address) && Manifest::open(&folder).is_ok();
        if !is_whole {
            disk::remove_tree(&folder)?;
            disk::rename(&draft, &folder)?;
        }
        Ok((edition, generation, golden))
    }

    /// Makes the new generation the one in use: one rename. The same bundle again changes nothing.
    fn switch(&self, edition: &Edition, installed: Installed, car: &Car, shadow: &Path) -> Result<(u64, bool), UpdateError> {
        let active = &self.record.active;
        if active.lines.get(&edition.line) == Some(&installed) {
            return Ok((active.number, false));
        }
        let number = self.record.last.max(car.not_before) + 1;
        Trusted::publish(self.home(), shadow, number)?;
        self.record.with(&edition.line, installed, number).publish(self.home())?;
        Ok((number, true))
    }

    fn lift_floor(&self, edition: &Edition, now: u64) -> Result<(), UpdateError> {
        let mut floor = self.floor.clone();
        floor.time = floor.time.max(now);
        floor.root = floor.root.max(edition.root);
        floor.raise_line(&edition.line, &edition.versions);
        floor.write(self.home())
    }

    fn tidy(&self) -> Result<(), UpdateError> {
        tidy(self.home(), &self.record)
    }
}

/// Locks the file, or says after a moment that somebody else has it. The moment is for a program that is just being started: until
/// it is, it holds a copy of all that this process has open.
fn take(lock: &File, path: &Path) -> Result<(), UpdateError> {
    const TRIES: u32 = 50;
    for tried in 1..=TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(UpdateError::io(path)(error)),
            Err(TryLockError::WouldBlock) if tried < TRIES => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Err(UpdateError::Busy)
}

/// Deletes what no record names.
fn tidy(home: &Path, record: &Record) -> Result<(), UpdateError> {
    disk::remove_tree(&home.join(INCOMING))?;
    let needed: BTreeSet<&str> = record.addresses().collect();
    keep_only(&home.join(STORE), &|name| needed.contains(name))?;
    let trusted = record.trusted.to_string();
    keep_only(&Trusted::home(home), &|name| name == trusted)
}

fn keep_only(folder: &Path, needed: &dyn Fn(&str) -> bool) -> Result<(), UpdateError> {
    for name in disk::list(folder)? {
        if !name.to_str().is_some_and(needed) {
            disk::remove_tree(&folder.join(name))?;
        }
    }
    Ok(())
}

/// The address that a folder's files have together, if those that the manifest names are as it says, which is for others to check.
fn address_of(folder: &Path) -> Result<String, UpdateError> {
    let manifest = Manifest::read(folder)?;
    let mut files: Vec<(String, String)> = manifest.files.into_iter().collect();
    for name in [MANIFEST, GOLDEN] {
        files.push((name.to_owned(), sha256(&folder.join(name))?));
    }
    files.sort();
    Ok(verified::address(files.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str()))))
}
