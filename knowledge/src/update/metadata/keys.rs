//! The keys of those who sign bundles: made once, kept away from cars. A car has the public halves, in its root of trust.

use std::collections::{BTreeMap, HashMap};
use std::fs::OpenOptions;
use std::io::Write;
use std::num::NonZeroU64;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::Value;
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;
use tough::schema::{Role, RoleKeys, RoleType, Root, Signature, Signed};
use tough::sign::Sign;

use super::sign::{SPECIFICATION, expiry};
use crate::update::error::UpdateError;

/// The root of trust as it is given to cars.
const TRUST: &str = "root.json";
/// Names of the root's keys; two of them sign.
const ROOT_KEYS: [&str; 3] = ["root-1", "root-2", "root-3"];

/// All private keys of a maker of bundles.
pub struct Keys {
    pub(super) root: Vec<Ed25519KeyPair>,
    pub(super) timestamp: Ed25519KeyPair,
    pub(super) snapshot: Ed25519KeyPair,
    pub(super) targets: Ed25519KeyPair,
    pub(super) knowledge: Ed25519KeyPair,
    /// Every version of the root of trust, which a car needs to get from its own to the newest.
    pub(super) roots: BTreeMap<u64, Vec<u8>>,
}

impl Keys {
    /// Makes new keys and a root of trust in a folder, which must not be there. In earnest the three root keys are then given to
    /// three people; signing bundles takes the other four and the root of trust.
    ///
    /// # Errors
    /// The folder exists or cannot be written.
    pub fn generate(folder: &Path, expires: u64) -> Result<Keys, UpdateError> {
        std::fs::create_dir(folder).map_err(UpdateError::io(folder))?;
        for name in ROOT_KEYS.into_iter().chain(["timestamp", "snapshot", "targets", "knowledge"]) {
            let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
            let key = key.map_err(|_| UpdateError::malformed(name, "the system has no randomness for a key"))?;
            write_private(&folder.join(format!("{name}.key")), key.as_ref())?;
        }
        Keys::renew(folder, expires)
    }

    /// Makes the next version of the root of trust with the same keys, which takes two of the three root keys. Bundles bring it along, so
    /// that cars follow.
    ///
    /// # Errors
    /// A key is missing, or the folder cannot be written.
    pub fn renew(folder: &Path, expires: u64) -> Result<Keys, UpdateError> {
        let keys = Keys::read(folder)?;
        let missing = || UpdateError::malformed("root.json", "two of the three root keys have to be in the folder to sign it");
        let signers: Vec<&Ed25519KeyPair> = keys.root.iter().take(2).collect();
        let version = keys.roots.last_key_value().map_or(1, |(version, _)| version + 1);
        let root = match keys.roots.last_key_value() {
            _ if signers.len() < 2 => return Err(missing()),
            None if keys.root.len() < 3 => return Err(missing()),
            None => root_of_trust(version, &keys.root, &[&keys.timestamp, &keys.snapshot, &keys.targets], expires),
            Some((_, bytes)) => {
                let last: Signed<Root> = serde_json::from_slice(bytes).map_err(|error| UpdateError::malformed(TRUST, error))?;
                Root { version: number(version), expires: expiry(expires), ..last.signed }
            }
        };
        let bytes = signed(&root, &signers);
        for name in [format!("{version}.{TRUST}"), TRUST.to_owned()] {
            let path = folder.join(name);
            std::fs::write(&path, &bytes).map_err(UpdateError::io(&path))?;
        }
        Keys::read(folder)
    }

    /// Reads the keys of a folder, with every version of the root of trust. The root's keys may be missing.
    ///
    /// # Errors
    /// Another one is missing or is no key.
    pub fn read(folder: &Path) -> Result<Keys, UpdateError> {
        let key = |name: &str| folder.join(format!("{name}.key"));
        let there = ROOT_KEYS.into_iter().map(key).filter(|path| path.exists());
        let mut roots = BTreeMap::new();
        for version in 1.. {
            match std::fs::read(folder.join(format!("{version}.{TRUST}"))) {
                Ok(bytes) => drop(roots.insert(version, bytes)),
                Err(_) => break,
            }
        }
        Ok(Keys {
            root: there.map(|path| read_key(&path)).collect::<Result<_, _>>()?,
            timestamp: read_key(&key("timestamp"))?,
            snapshot: read_key(&key("snapshot"))?,
            targets: read_key(&key("targets"))?,
            knowledge: read_key(&key("knowledge"))?,
            roots,
        })
    }
}

/// A root that takes two of its keys, and for each of timestamp, snapshot and targets one key, in this order.
pub(super) fn root_of_trust(version: u64, root: &[Ed25519KeyPair], others: &[&Ed25519KeyPair], expires: u64) -> Root {
    let mut keys = HashMap::new();
    let mut role = |pairs: &[&Ed25519KeyPair], threshold: u64| {
        let keyids = pairs.iter().map(|pair| {
            keys.insert(key_id(pair), pair.tuf_key());
            key_id(pair)
        });
        RoleKeys { keyids: keyids.collect(), threshold: number(threshold), _extra: HashMap::new() }
    };
    let roles = HashMap::from([
        (RoleType::Root, role(&root.iter().collect::<Vec<_>>(), 2)),
        (RoleType::Timestamp, role(&others[..1], 1)),
        (RoleType::Snapshot, role(&others[1..2], 1)),
        (RoleType::Targets, role(&others[2..3], 1)),
    ]);
    Root {
        spec_version: SPECIFICATION.to_owned(),
        consistent_snapshot: false,
        version: number(version),
        expires: expiry(expires),
        keys,
        roles,
        _extra: HashMap::new(),
    }
}

/// The file of a role with the signatures of these keys.
pub(super) fn signed<T: Role + Clone>(role: &T, keys: &[&Ed25519KeyPair]) -> Vec<u8> {
    let content = role.canonical_form().expect("a role is plain strings and numbers");
    let signatures =
        keys.iter().map(|key| Signature { keyid: key_id(key), sig: Ed25519KeyPair::sign(key, &content).as_ref().to_vec().into() });
    let signed = Signed { signed: role.clone(), signatures: signatures.collect() };
    let value = serde_json::to_value(signed).expect("a role is plain strings and numbers");
    serde_json::to_vec(&sorted(value)).expect("it was just made")
}

/// The same with every object's keys in order, so that the same content has the same bytes.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(String, Value)> = object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(members) => Value::Array(members.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

/// The key's name: the hash of its public half.
pub(super) fn key_id(pair: &Ed25519KeyPair) -> Decoded<Hex> {
    let key: Key = pair.tuf_key();
    key.key_id().expect("a key is plain strings")
}

pub(super) fn number(version: u64) -> NonZeroU64 {
    NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN)
}

fn read_key(path: &Path) -> Result<Ed25519KeyPair, UpdateError> {
    let bytes = std::fs::read(path).map_err(UpdateError::io(path))?;
    Ed25519KeyPair::from_pkcs8(&bytes).map_err(|error| UpdateError::malformed(&path.display().to_string(), error))
}

/// A file that only its owner reads.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), UpdateError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(UpdateError::io(path))
}
