//! Small records of the store: TOML under a line with its hash, so that a changed or torn one is known for what it is.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// What was found under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// There is no such file.
    Nothing,
    /// There is one, and it cannot be believed.
    Broken,
    /// It is whole.
    Whole(T),
}

impl<T> Found<T> {
    /// The record, if it is whole.
    pub(super) fn whole(self) -> Option<T> {
        match self {
            Found::Whole(record) => Some(record),
            Found::Nothing | Found::Broken => None,
        }
    }
}

/// The bytes of a record.
pub(super) fn seal(record: &impl Serialize) -> Vec<u8> {
    let text = toml::to_string(record).expect("a record is plain strings and numbers");
    format!("sha256 {:x}\n{text}", Sha256::digest(&text)).into_bytes()
}

/// Reads a record.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Found<T> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Nothing,
        Err(_) => return Found::Broken,
    };
    open(&bytes).map_or(Found::Broken, Found::Whole)
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (first, text) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
    let hash = first.strip_prefix("sha256 ")?;
    (hash == format!("{:x}", Sha256::digest(text))).then(|| toml::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_changed_byte_is_seen() {
        let record = BTreeMap::from([("a".to_owned(), 1u64), ("b".to_owned(), 2)]);
        let bytes = seal(&record);
        assert_eq!(open(&bytes), Some(record));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(open::<BTreeMap<String, u64>>(&changed), None, "byte {at}, bit {bit}");
            }
            assert_eq!(open::<BTreeMap<String, u64>>(&bytes[..at]), None, "cut at {at}");
        }
    }
}
