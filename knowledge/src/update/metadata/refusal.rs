//! What `tough` complains about, told apart as far as the bundle's own metadata allows: it is looked at once more for that, and what
//! is found there only chooses the words of a refusal.

use std::collections::BTreeSet;
use std::error::Error as _;

use serde_json::Value;
use tough::TransportErrorKind;
use tough::error::Error;
use tough::schema;

use crate::update::carrier::Metadata;
use crate::update::error::UpdateError;

/// What a refusal is about.
pub(super) struct Look<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) trusted: &'a [u8],
}

impl Look<'_> {
    /// Says what is wrong.
    pub(super) fn refusal(&self, error: &Error) -> UpdateError {
        match error {
            Error::Transport { url, source, .. } => {
                let name = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
                match source.source().and_then(|inner| inner.downcast_ref::<Error>()) {
                    Some(Error::MaxSizeExceeded { max_size, .. }) => self.longer(name, *max_size),
                    Some(Error::HashMismatch { .. }) => self.altered_or_mixed(name),
                    _ if source.kind() == TransportErrorKind::FileNotFound => UpdateError::Partial { name: name.to_owned() },
                    _ => UpdateError::malformed(name, source),
                }
            }
            Error::VerifyMetadata { role, source, .. } => self.unsigned(&role.to_string(), source),
            Error::OlderMetadata { role, current_version, new_version, .. } => older(&role.to_string(), *new_version, *current_version),
            Error::OlderSnapshotInTimestamp { snapshot_new, snapshot_old, .. } => older("snapshot", *snapshot_new, *snapshot_old),
            Error::SnapshotRoleRollback { role, old_role_version, new_role_version, .. } => {
                older(role.trim_end_matches(".json"), *new_role_version, *old_role_version)
            }
            Error::SnapshotRoleMissing { role, .. } => older(role.trim_end_matches(".json"), 0, 1),
            Error::VersionMismatch { role, fetched, expected, .. } => {
                UpdateError::Mixed { name: format!("{role}.json"), found: *fetched, wanted: *expected }
            }
            Error::ParseMetadata { role, source, .. } if source.is_eof() => UpdateError::Partial { name: format!("{role}.json") },
            Error::ParseMetadata { role, source, .. } => UpdateError::malformed(&format!("{role}.json"), source),
            other => UpdateError::malformed("the metadata", other),
        }
    }

    /// A file that is longer than what was signed: another edition's, or grown.
    fn longer(&self, name: &str, limit: u64) -> UpdateError {
        match self.altered_or_mixed(name) {
            UpdateError::Altered { .. } => UpdateError::TooLarge {
                name: name.to_owned(),
                size: self.metadata.get(name).map_or(limit, |bytes| bytes.len() as u64),
                limit,
            },
            mixed => mixed,
        }
    }

    /// A file with other bytes than those that were signed: whole, and of another version, or changed.
    fn altered_or_mixed(&self, name: &str) -> UpdateError {
        let by = if name == "snapshot.json" { "timestamp.json" } else { "snapshot.json" };
        let listed = name.replace("%2F", "/");
        let wanted = self.json(by).and_then(|by| by["signed"]["meta"][listed.as_str()]["version"].as_u64());
        let found = self.json(name).and_then(|own| own["signed"]["version"].as_u64());
        match (found, wanted) {
            (Some(found), Some(wanted)) if found != wanted => UpdateError::Mixed { name: name.to_owned(), found, wanted },
            _ if self.is_cut(name) => UpdateError::Partial { name: name.to_owned() },
            _ => UpdateError::Altered { name: name.to_owned() },
        }
    }

    fn is_cut(&self, name: &str) -> bool {
        let bytes = self.metadata.get(name).map_or(&[][..], Vec::as_slice);
        serde_json::from_slice::<Value>(bytes).is_err_and(|error| error.is_eof())
    }

    /// Not enough good signatures: why.
    fn unsigned(&self, role: &str, error: &schema::Error) -> UpdateError {
        let schema::Error::SignatureThreshold { threshold, valid, .. } = error else {
            return UpdateError::malformed(role, error);
        };
        let role = role.to_owned();
        if *valid > 0 {
            return UpdateError::TooFewSignatures { role, valid: *valid, needed: *threshold };
        }
        if self.names_known_key(&role) { UpdateError::Forged { role } } else { UpdateError::UnknownKey { role } }
    }

    /// Whether one of the role's signatures claims to be by a key that the car, or what it trusts, knows.
    fn names_known_key(&self, role: &str) -> bool {
        let trusted = serde_json::from_slice::<Value>(self.trusted).ok();
        let mut known = BTreeSet::new();
        for keys in trusted.iter().map(|root| &root["signed"]["keys"]) {
            known.extend(keys.as_object().into_iter().flat_map(|keys| keys.keys().cloned()));
        }
        if let Some(targets) = self.json("targets.json") {
            known.extend(targets["signed"]["delegations"]["keys"].as_object().into_iter().flat_map(|keys| keys.keys().cloned()));
        }
        let of_role = |name: &str| match role {
            "root" => name.ends_with(".root.json"),
            "targets" => name == "targets.json" || name.contains("%2F"),
            _ => name == format!("{role}.json"),
        };
        let files = self.metadata.keys().filter(|name| of_role(name)).filter_map(|name| self.json(name));
        let signers: Vec<String> =
            files.flat_map(|file| file["signatures"].as_array().cloned().unwrap_or_default()).map(|one| text(&one["keyid"])).collect();
        signers.iter().any(|signer| known.contains(signer))
    }

    fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(self.metadata.get(name)?).ok()
    }
}

fn older(role: &str, found: u64, floor: u64) -> UpdateError {
    UpdateError::Rollback { role: role.to_owned(), found, floor }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Checks what `tough` leaves open: that a file says of itself what its name says, and that signatures are written in one way only. So no
/// bit of a file can change unseen, because all the rest is signed or hashed.
pub(super) fn check_written(name: &str, bytes: &[u8]) -> Result<(), UpdateError> {
    let lower = |value: &Value| value.as_str().is_some_and(|text| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    let Ok(file) = serde_json::from_slice::<Value>(bytes) else {
        // Whoever reads it says what is wrong with it.
        return Ok(());
    };
    let kind = match name {
        "timestamp.json" => "timestamp",
        "snapshot.json" => "snapshot",
        _ if name.ends_with(".root.json") => "root",
        _ => "targets",
    };
    let signatures = file["signatures"].as_array().map_or(&[][..], Vec::as_slice);
    let is_written = signatures.iter().all(|signature| lower(&signature["keyid"]) && lower(&signature["sig"]));
    if file["signed"]["_type"] != kind || !is_written {
        return Err(UpdateError::Altered { name: name.to_owned() });
    }
    Ok(())
}
