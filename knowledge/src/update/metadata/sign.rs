//! Writing signed metadata for one line of knowledge.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::signature::Ed25519KeyPair;
use jiff::Timestamp as Moment;
use sha2::{Digest, Sha256};
use tough::TargetName;
use tough::schema::{DelegatedRole, Delegations, Hashes, Metafile, PathPattern, PathSet, Snapshot, Target, Targets, Timestamp};
use tough::sign::Sign;

use super::keys::{Keys, key_id, number, signed};
use crate::update::carrier::{Metadata, Wanted};
use crate::update::error::UpdateError;

/// The version of The Update Framework's specification.
pub(super) const SPECIFICATION: &str = "1.0.0";

/// Version and end of the four roles that sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::update) struct Validity {
    /// Version of the metadata.
    pub(in crate::update) version: u64,
    /// When it ends, in seconds since 1970.
    pub(in crate::update) expires: u64,
}

/// A bundle's metadata before it is signed.
#[derive(Debug, Clone)]
pub(in crate::update) struct Draft {
    /// The line.
    pub(in crate::update) line: String,
    /// The files, by their whole names.
    pub(in crate::update) files: BTreeMap<String, Wanted>,
    /// Of the timestamp role.
    pub(in crate::update) timestamp: Validity,
    /// Of the snapshot role.
    pub(in crate::update) snapshot: Validity,
    /// Of the targets role.
    pub(in crate::update) targets: Validity,
    /// Of the role `knowledge/LINE`.
    pub(in crate::update) knowledge: Validity,
}

impl Draft {
    /// The same version and end for all roles.
    pub(in crate::update) fn new(line: &str, files: BTreeMap<String, Wanted>, validity: Validity) -> Draft {
        Draft { line: line.to_owned(), files, timestamp: validity, snapshot: validity, targets: validity, knowledge: validity }
    }

    /// Signs it: the metadata files by name.
    pub(in crate::update) fn signed(&self, keys: &Keys) -> Result<Metadata, UpdateError> {
        let role = format!("knowledge/{}", self.line);
        let mut metadata = Metadata::new();
        let knowledge = signed(&self.knowledge()?, &[&keys.knowledge]);
        let targets = signed(&self.targets(&role, &keys.knowledge)?, &[&keys.targets]);
        let snapshot = self.snapshot(&[(&role, &knowledge, self.knowledge), ("targets", &targets, self.targets)]);
        let snapshot = signed(&snapshot, &[&keys.snapshot]);
        let mut timestamp = Timestamp::new(SPECIFICATION.to_owned(), number(self.timestamp.version), expiry(self.timestamp.expires));
        timestamp.meta = HashMap::from([("snapshot.json".to_owned(), metafile(&snapshot, self.snapshot))]);
        metadata.insert(format!("{}.json", role.replace('/', "%2F")), knowledge);
        metadata.insert("targets.json".to_owned(), targets);
        metadata.insert("snapshot.json".to_owned(), snapshot);
        metadata.insert("timestamp.json".to_owned(), signed(&timestamp, &[&keys.timestamp]));
        for (version, bytes) in &keys.roots {
            metadata.insert(format!("{version}.root.json"), bytes.clone());
        }
        Ok(metadata)
    }

    fn knowledge(&self) -> Result<Targets, UpdateError> {
        let mut role = Targets::new(SPECIFICATION.to_owned(), number(self.knowledge.version), expiry(self.knowledge.expires));
        role.delegations = None;
        for (name, wanted) in &self.files {
            let target_name = TargetName::new(name.clone()).map_err(|error| UpdateError::malformed(name, error))?;
            let hash: Vec<u8> =
                (0..wanted.sha256.len() / 2).filter_map(|at| u8::from_str_radix(&wanted.sha256[2 * at..2 * at + 2], 16).ok()).collect();
            let hashes = Hashes { sha256: hash.into(), _extra: HashMap::new() };
            role.add_target(target_name, Target { length: wanted.length, hashes, custom: HashMap::new(), _extra: HashMap::new() });
        }
        Ok(role)
    }

    fn targets(&self, role: &str, key: &Ed25519KeyPair) -> Result<Targets, UpdateError> {
        let path = PathPattern::new(format!("{role}/*")).map_err(|error| UpdateError::malformed(role, error))?;
        let delegated = DelegatedRole {
            name: role.to_owned(),
            keyids: vec![key_id(key)],
            threshold: number(1),
            paths: PathSet::Paths(vec![path]),
            terminating: true,
            targets: None,
        };
        let mut targets = Targets::new(SPECIFICATION.to_owned(), number(self.targets.version), expiry(self.targets.expires));
        targets.delegations = Some(Delegations { keys: HashMap::from([(key_id(key), key.tuf_key())]), roles: vec![delegated] });
        Ok(targets)
    }

    fn snapshot(&self, roles: &[(&str, &Vec<u8>, Validity)]) -> Snapshot {
        let mut snapshot = Snapshot::new(SPECIFICATION.to_owned(), number(self.snapshot.version), expiry(self.snapshot.expires));
        snapshot.meta = roles.iter().map(|(name, bytes, validity)| (format!("{name}.json"), metafile(bytes, *validity))).collect();
        snapshot
    }
}

fn metafile(bytes: &[u8], validity: Validity) -> Metafile {
    let hashes = Hashes { sha256: Sha256::digest(bytes).to_vec().into(), _extra: HashMap::new() };
    Metafile { length: Some(bytes.len() as u64), hashes: Some(hashes), version: number(validity.version), _extra: HashMap::new() }
}

/// Seconds since 1970 as a moment; the last one there is when they are too many.
pub(super) fn expiry(seconds: u64) -> Moment {
    i64::try_from(seconds).ok().and_then(|seconds| Moment::from_second(seconds).ok()).unwrap_or(Moment::MAX)
}
