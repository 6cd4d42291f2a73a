//! The signed metadata: who may say what about which file, by The Update Framework. The only folder that knows `tough`.
//!
//! `tough` checks signatures, the chain from the root of trust to every target, and versions against its own record. Time is left to
//! [`Clock`](super::clock), because `tough` refuses to work once a clock went back, and the floor of versions to
//! [`Floor`](super::floor), because `tough` believes a record that a power cut has torn.

mod delegation;
mod keys;
mod refusal;
mod sign;
#[cfg(test)]
pub(super) mod test_keys;
mod transport;

use std::collections::BTreeMap;
use std::path::Path;

use tough::schema::{Role, Root, Signed, Targets};
use tough::{ExpirationEnforcement, Limits, Repository, RepositoryLoader};
use url::Url;

use super::carrier::{METADATA_LIMIT, Metadata, Wanted};
use super::error::UpdateError;
use super::names;
use delegation::line_of_bundle;
pub use keys::Keys;
use refusal::{Look, check_written};
pub(super) use sign::{Draft, Validity};

/// Version of each role's metadata, by the role's name.
pub(super) type Versions = BTreeMap<String, u64>;

/// What is called the version of the root in [`Versions`].
pub(super) const ROOT: &str = "root";

/// Verified metadata: one edition of one bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edition {
    /// The bundle's line, `kestrel-5` for the role `knowledge/kestrel-5`.
    pub(super) line: String,
    /// Versions of all its roles but the root's.
    pub(super) versions: Versions,
    /// Version of the root of trust that vouches for it.
    pub(super) root: u64,
    /// When each role expires, in seconds since 1970.
    pub(super) expires: BTreeMap<String, u64>,
    /// Its files, by their names without `knowledge/LINE/`.
    pub(super) files: BTreeMap<String, Wanted>,
}

/// Verifies metadata against a root of trust, and against what `record` (a folder) remembers of earlier metadata. `record` is
/// written to, also when the metadata is refused: hand in a copy.
pub(super) fn verify(metadata: &Metadata, trusted: &[u8], record: &Path) -> Result<Edition, UpdateError> {
    for (name, bytes) in metadata {
        names::check(name)?;
        check_written(name, bytes)?;
    }
    let look = Look { metadata, trusted };
    let repository = load(metadata, trusted, record).map_err(|error| look.refusal(&error))?;
    check_root(&repository.root().signed)?;
    let line = line_of_bundle(&repository)?;
    Ok(Edition {
        versions: versions(&repository),
        root: repository.root().signed.version.get(),
        expires: expires(&repository),
        files: delegation::files(&repository, &line)?,
        line,
    })
}

/// The version of a root of trust, which vouches for itself; fails if it is none, or too weak.
pub(super) fn root_version(path: &Path, bytes: &[u8]) -> Result<u64, UpdateError> {
    let wrong = |reason: String| UpdateError::NoTrust { path: path.to_owned(), reason };
    let root: Signed<Root> = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    root.signed.verify_role(&root).map_err(|error| wrong(error.to_string()))?;
    check_root(&root.signed)?;
    Ok(root.signed.version.get())
}

fn load(metadata: &Metadata, trusted: &[u8], record: &Path) -> Result<Repository, Box<tough::error::Error>> {
    // Never opened: every file comes out of memory.
    let base = |folder: &str| Url::parse(&format!("bundle:///{folder}/")).expect("the address is well-formed");
    let limits = Limits {
        max_root_size: METADATA_LIMIT,
        max_targets_size: METADATA_LIMIT,
        max_timestamp_size: METADATA_LIMIT,
        max_snapshot_size: METADATA_LIMIT,
        max_root_updates: 128,
    };
    let loader = RepositoryLoader::new(&trusted, base("metadata"), base("targets"))
        .transport(transport::Memory::new(metadata))
        .limits(limits)
        .datastore(record)
        .expiration_enforcement(ExpirationEnforcement::Unsafe);
    // A runtime without timers and sockets asks nothing of the system that it could refuse.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread runs its own tasks");
    runtime.block_on(loader.load()).map_err(Box::new)
}

/// Two of three people have to agree on who is trusted; a root that gives that up is not followed.
fn check_root(root: &Root) -> Result<(), UpdateError> {
    let keys = root.roles.get(&tough::schema::RoleType::Root).map_or((0, 0), |role| (role.threshold.get(), role.keyids.len()));
    if keys.0 < 2 || keys.1 < 3 {
        return Err(UpdateError::WeakRoot { threshold: keys.0, keys: keys.1 });
    }
    Ok(())
}

fn versions(repository: &Repository) -> Versions {
    let mut versions = Versions::from([
        ("timestamp".to_owned(), repository.timestamp().signed.version.get()),
        ("snapshot".to_owned(), repository.snapshot().signed.version.get()),
        ("targets".to_owned(), repository.targets().signed.version.get()),
    ]);
    for (name, role) in delegated(&repository.targets().signed) {
        versions.insert(name.to_owned(), role.version.get());
    }
    versions
}

fn expires(repository: &Repository) -> BTreeMap<String, u64> {
    let mut expires = BTreeMap::from([
        (ROOT.to_owned(), seconds(&repository.root().signed)),
        ("timestamp".to_owned(), seconds(&repository.timestamp().signed)),
        ("snapshot".to_owned(), seconds(&repository.snapshot().signed)),
        ("targets".to_owned(), seconds(&repository.targets().signed)),
    ]);
    for (name, role) in delegated(&repository.targets().signed) {
        expires.insert(name.to_owned(), seconds(role));
    }
    expires
}

fn seconds(role: &impl Role) -> u64 {
    role.expires().as_second().max(0) as u64
}

/// The roles that the targets role hands parts of its work to, as far as they are there.
fn delegated(targets: &Targets) -> impl Iterator<Item = (&str, &Targets)> {
    let roles = targets.delegations.iter().flat_map(|delegations| &delegations.roles);
    roles.filter_map(|role| Some((role.name.as_str(), &role.targets.as_ref()?.signed)))
}
