//! Roots and keys as a maker would not make them, for tests.

use std::path::Path;

use super::keys::{Keys, root_of_trust, signed};

/// The next root with the same keys, signed by some of the three.
pub(in crate::update) fn next_root(keys: &Keys, version: u64, expires: u64, signers: usize) -> Vec<u8> {
    let root = root_of_trust(version, &keys.root, &[&keys.timestamp, &keys.snapshot, &keys.targets], expires);
    signed(&root, &keys.root.iter().take(signers).collect::<Vec<_>>())
}

/// A root that one person alone could change.
pub(in crate::update) fn weak_root(keys: &Keys, expires: u64) -> Vec<u8> {
    let mut root = root_of_trust(1, &keys.root, &[&keys.timestamp, &keys.snapshot, &keys.targets], expires);
    root.roles.get_mut(&tough::schema::RoleType::Root).unwrap().threshold = super::keys::number(1);
    signed(&root, &[&keys.root[0]])
}

/// One maker's keys, with another's for the role that names the files.
pub(in crate::update) fn with_knowledge_of(own: &Path, other: &Path) -> Keys {
    Keys { knowledge: Keys::read(other).unwrap().knowledge, ..Keys::read(own).unwrap() }
}
