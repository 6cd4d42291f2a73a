//! The floor of versions: below it nothing comes in any more. Kept twice, each copy with its hash. A torn or rotten copy is replaced
//! from the other; when both are lost nothing is installed, because then the floor could be anywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk;
use super::error::UpdateError;
use super::metadata::{Edition, ROOT, Versions};
use super::sealed::{self, Found};

/// The two copies.
const SLOTS: [&str; 2] = ["floor.0", "floor.1"];

/// The lowest versions that are still taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Floor {
    /// The latest time that was sure, in seconds since 1970.
    pub(super) time: u64,
    /// Of the root of trust.
    pub(super) root: u64,
    /// Of each line's roles.
    #[serde(default)]
    pub(super) lines: BTreeMap<String, Versions>,
}

impl Floor {
    /// Reads the floor of a store. `fresh`: nothing was ever installed in it, so that there may be none.
    pub(super) fn read(home: &Path, fresh: bool) -> Result<Floor, UpdateError> {
        let found = SLOTS.map(|slot| sealed::read::<Floor>(&home.join(slot)));
        let absent = found.iter().all(|slot| *slot == Found::Nothing);
        let whole: Vec<Floor> = found.into_iter().filter_map(Found::whole).collect();
        match whole.into_iter().reduce(Floor::raised) {
            Some(floor) => Ok(floor),
            None if absent && fresh => Ok(Floor::default()),
            None => Err(UpdateError::FloorLost { path: home.to_owned() }),
        }
    }

    /// Writes both copies, one after the other, so that one of them is whole at any moment.
    pub(super) fn write(&self, home: &Path) -> Result<(), UpdateError> {
        let bytes = sealed::seal(self);
        for path in slots(home) {
            if std::fs::read(&path).ok().as_deref() != Some(&bytes) {
                disk::replace(&path, &bytes)?;
            }
        }
        Ok(())
    }

    /// The higher of both, role by role.
    #[must_use]
    pub(super) fn raised(mut self, other: Floor) -> Floor {
        self.time = self.time.max(other.time);
        self.root = self.root.max(other.root);
        for (line, versions) in other.lines {
            self.raise_line(&line, &versions);
        }
        self
    }

    /// Lifts one line to these versions, where they are higher.
    pub(super) fn raise_line(&mut self, line: &str, versions: &Versions) {
        let own = self.lines.entry(line.to_owned()).or_default();
        for (role, version) in versions {
            let floor = own.entry(role.clone()).or_default();
            *floor = (*floor).max(*version);
        }
    }

    /// Fails when an edition is below the floor, or when its time is over at `now`.
    pub(super) fn check(&self, edition: &Edition, now: u64) -> Result<(), UpdateError> {
        let older = |role: &str, found, floor| Err(UpdateError::Rollback { role: role.to_owned(), found, floor });
        if edition.root < self.root {
            return older(ROOT, edition.root, self.root);
        }
        for (role, floor) in self.lines.get(&edition.line).into_iter().flatten() {
            match edition.versions.get(role).copied().unwrap_or(0) {
                found if found < *floor => return older(role, found, *floor),
                _ => {}
            }
        }
        match edition.expires.iter().find(|(_, expires)| **expires <= now) {
            Some((role, _)) => Err(UpdateError::Expired { role: role.clone() }),
            None => Ok(()),
        }
    }
}

fn slots(home: &Path) -> [PathBuf; 2] {
    SLOTS.map(|slot| home.join(slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(version: u64) -> Floor {
        let versions = Versions::from([("timestamp".to_owned(), version)]);
        Floor { time: version, root: 1, lines: BTreeMap::from([("a".to_owned(), versions)]) }
    }

    #[test]
    fn one_rotten_copy_is_replaced_by_the_other() {
        let home = tempfile::tempdir().unwrap();
        floor(7).write(home.path()).unwrap();
        for slot in SLOTS {
            std::fs::write(home.path().join(slot), "rotten").unwrap();
            let found = Floor::read(home.path(), false).unwrap();
            assert_eq!(found, floor(7));
            found.write(home.path()).unwrap();
            assert_eq!(Floor::read(home.path(), false).unwrap(), floor(7));
        }
    }

    #[test]
    fn two_rotten_copies_close_the_store() {
        let home = tempfile::tempdir().unwrap();
        floor(7).write(home.path()).unwrap();
        for slot in SLOTS {
            std::fs::write(home.path().join(slot), "rotten").unwrap();
        }
        assert!(matches!(Floor::read(home.path(), false), Err(UpdateError::FloorLost { .. })));
        assert!(matches!(Floor::read(home.path(), true), Err(UpdateError::FloorLost { .. })), "rotten is not fresh");
    }

    #[test]
    fn no_copies_are_fine_only_in_a_fresh_store() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Floor::read(home.path(), true).unwrap(), Floor::default());
        assert!(matches!(Floor::read(home.path(), false), Err(UpdateError::FloorLost { .. })));
    }

    #[test]
    fn of_two_copies_the_higher_counts_role_by_role() {
        let home = tempfile::tempdir().unwrap();
        floor(7).write(home.path()).unwrap();
        std::fs::write(home.path().join(SLOTS[1]), sealed::seal(&floor(9))).unwrap();
        assert_eq!(Floor::read(home.path(), false).unwrap(), floor(9));
        assert_eq!(floor(9).raised(floor(7)), floor(9));
        assert_eq!(floor(7).raised(floor(9)), floor(9));
    }
}
