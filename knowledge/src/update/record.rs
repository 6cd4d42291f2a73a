//! `current`: which generation is in use. It is replaced by one rename, and that is the moment at which an install or a rollback
//! happens; everything before is preparation that nobody looks at, everything after is tidying up.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;
use super::error::UpdateError;
use super::metadata::Versions;
use super::sealed::{self, Found};

/// The file's name.
const CURRENT: &str = "current";

/// What is in use, and what was before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The highest number that a generation ever had here; none is used twice.
    pub(super) last: u64,
    /// The folder of `trusted/` that goes with it; 0: none.
    pub(super) trusted: u64,
    /// In use.
    pub(super) active: Active,
    /// To go back to; there is none after going back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<Active>,
}

/// One generation of installed bundles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Active {
    /// Its number; 0: nothing is installed, the car has its own knowledge only.
    pub(super) number: u64,
    /// The bundles by their lines.
    #[serde(default)]
    pub(super) lines: BTreeMap<String, Installed>,
}

/// One installed bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Installed {
    /// Its folder in the store: the hash of all that is in it.
    pub(super) address: String,
    /// The version of the root that vouched for it.
    pub(super) root: u64,
    /// Versions of its roles.
    pub(super) versions: Versions,
}

impl Record {
    /// Reads it. A broken one is like none: the car's own knowledge is used, and the floor stays where it is.
    pub(super) fn read(home: &Path) -> Found<Record> {
        sealed::read(&home.join(CURRENT))
    }

    /// Switches to it.
    pub(super) fn publish(&self, home: &Path) -> Result<(), UpdateError> {
        disk::replace(&home.join(CURRENT), &sealed::seal(self))
    }

    /// The record after another bundle came in.
    pub(super) fn with(&self, line: &str, installed: Installed, number: u64) -> Record {
        let mut active = Active { number, lines: self.active.lines.clone() };
        active.lines.insert(line.to_owned(), installed);
        Record { last: number, trusted: number, active, previous: Some(self.active.clone()) }
    }

    /// The record after going back, if there is somewhere to go. What is trusted stays as new as it is.
    pub(super) fn back(&self) -> Option<Record> {
        Some(Record { active: self.previous.clone()?, previous: None, ..self.clone() })
    }

    /// Addresses in the store that are still needed.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let lines = std::iter::once(&self.active).chain(&self.previous).flat_map(|active| active.lines.values());
        lines.map(|installed| installed.address.as_str())
    }
}
