//! Why a bundle is not installed: one variant per reason, each with a sentence, and the kind that tells callers what to do.

use std::path::{Path, PathBuf};

use crate::error::KnowledgeError;

/// A bundle was refused, or the store cannot be used. Whatever it is, the knowledge in use stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The signatures are by keys that this car does not know.
    #[error("{role} is signed by keys that this car does not know")]
    UnknownKey {
        /// `timestamp`, `snapshot`, `targets`, `root` or the delegated role's name.
        role: String,
    },
    /// A known key is named, and the signature is not its own.
    #[error("the signature of {role} is forged: it is not by the key it names")]
    Forged {
        /// As above.
        role: String,
    },
    /// Some signatures are good, but too few.
    #[error("{role} has {valid} valid signatures and needs {needed}")]
    TooFewSignatures {
        /// As above.
        role: String,
        /// Good ones.
        valid: u64,
        /// How many it takes.
        needed: u64,
    },
    /// Bytes are not those that were signed.
    #[error("{name} is not the file that was signed: it was altered or damaged")]
    Altered {
        /// The file, as named in the bundle.
        name: String,
    },
    /// Files of two editions in one bundle.
    #[error("{name} belongs to another edition of the bundle (it is version {found}, wanted is {wanted})")]
    Mixed {
        /// The file.
        name: String,
        /// Its version.
        found: u64,
        /// The version the signed metadata names.
        wanted: u64,
    },
    /// A file is missing or ends early.
    #[error("the bundle is incomplete: {name} is missing or cut short")]
    Partial {
        /// The file.
        name: String,
    },
    /// Metadata that is no TUF metadata, or not of the kind this car takes.
    #[error("{name} cannot be used: {reason}")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The root of trust takes fewer than two signatures of three keys.
    #[error("the root of trust takes {threshold} of {keys} signatures; at least 2 of 3 are required")]
    WeakRoot {
        /// Signatures it takes.
        threshold: u64,
        /// Keys it names.
        keys: usize,
    },
    /// The car has no root of trust, so nothing can be verified.
    #[error("{path} is no root of trust ({reason}); set update.trust", path = path.display())]
    NoTrust {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },

    /// A link, hard or symbolic.
    #[error("{name} is a link; a bundle holds plain files only")]
    Link {
        /// The file.
        name: String,
    },
    /// A device, a socket, a pipe, or a folder where a file should be.
    #[error("{name} is {what}; a bundle holds plain files only")]
    Special {
        /// The file.
        name: String,
        /// What it is.
        what: &'static str,
    },
    /// A name that leads outside.
    #[error("the name {name:?} leads outside of the bundle")]
    Outside {
        /// The name as written.
        name: String,
    },
    /// A name with other characters than those that look the same everywhere.
    #[error("the name {name:?} is not allowed: letters, digits, '.', '-', '_' and '%' of ASCII are")]
    Name {
        /// The name as written.
        name: String,
    },
    /// A file that no signed metadata names.
    #[error("{name} is in the bundle and was not signed")]
    Unsigned {
        /// The file.
        name: String,
    },

    /// Its time is over.
    #[error("{role} has expired; ask for a newer bundle")]
    Expired {
        /// The role that has.
        role: String,
    },
    /// Older than what was installed before.
    #[error("{role} is version {found}, and this car has seen {floor} already")]
    Rollback {
        /// The role.
        role: String,
        /// The version offered.
        found: u64,
        /// The lowest that is taken.
        floor: u64,
    },

    /// Written for other vehicles.
    #[error("the bundle is for {}, and this car is {}", lines.join(", "), if car.is_empty() { "of no known line; set update.vehicle" } else { car })]
    Vehicle {
        /// The lines it is for.
        lines: Vec<String>,
        /// This car's.
        car: String,
    },
    /// Its vectors were made by another model than the one of this car.
    #[error("the bundle's vectors are of the model {built_with}, and this car has {asked}")]
    Embedder {
        /// The model they are from.
        built_with: String,
        /// This car's.
        asked: String,
    },
    /// Nothing in it that this version installs.
    #[error("{0}")]
    Unsupported(String),

    /// A file above its limit, by what is declared or what is there.
    #[error("{name} has {size} bytes or more; {limit} are allowed")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size, as far as it was looked at.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Too many files.
    #[error("the bundle has more than {limit} files")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// What is unpacked does not end.
    #[error("the file unpacks to more than {limit} bytes")]
    Bomb {
        /// The limit.
        limit: u64,
    },

    /// The database holds something else than knowledge.
    #[error("the database's schema is not the one of this version: {0}")]
    Schema(String),
    /// The database is damaged inside.
    #[error("the database is damaged inside: {0}")]
    Integrity(String),
    /// The vectors do not find what they were made from.
    #[error("the vectors fail their self-test: {0:?} does not find itself")]
    SelfTest(String),
    /// One of the bundle's own questions is not answered as it says.
    #[error("the golden question {question:?} finds {found:?} instead of {wanted:?}")]
    Golden {
        /// The question.
        question: String,
        /// What is found.
        found: String,
        /// What should be.
        wanted: String,
    },

    /// Both copies of the floor of versions are unreadable; without them old bundles could come in.
    #[error("the record of installed versions is lost, so nothing more is installed; {path} needs service", path = path.display())]
    FloorLost {
        /// The store.
        path: PathBuf,
    },
    /// The store's own files are damaged.
    #[error("{path} is damaged", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// There is no generation before.
    #[error("there is no generation to go back to")]
    NoPrevious,
    /// Another install is at work.
    #[error("another install is under way")]
    Busy,
    /// The disk is full.
    #[error("there is no room: {needed} bytes are needed in {path}", path = path.display())]
    NoSpace {
        /// The folder.
        path: PathBuf,
        /// Bytes; 0: not known.
        needed: u64,
    },
    /// What was handed over is neither a folder nor a file.
    #[error("a bundle is a folder or one file, and this is neither")]
    NotABundle,
    /// A file or folder of the store could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The carrier, such as a USB stick, could not be read.
    #[error("{name} cannot be read: {source}")]
    Carrier {
        /// The file in the bundle.
        name: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The generation inside cannot be used.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
}

/// What a caller can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Not from whom it should be, or changed on the way.
    Untrusted,
    /// Older than it may be.
    Outdated,
    /// Fine, and not for this car.
    Incompatible,
    /// Above a limit.
    TooLarge,
    /// The call itself makes no sense.
    BadRequest,
    /// Later it may work.
    Busy,
    /// There is no such thing.
    NotFound,
    /// The car cannot install at all as it is.
    NotReady,
    /// It broke.
    Failed,
}

impl UpdateError {
    /// Which of the contract's errors it is.
    pub fn kind(&self) -> RefusalKind {
        use UpdateError as E;
        match self {
            E::UnknownKey { .. } | E::Forged { .. } | E::TooFewSignatures { .. } | E::Altered { .. } | E::Mixed { .. } => {
                RefusalKind::Untrusted
            }
            E::Partial { .. } | E::Malformed { .. } | E::WeakRoot { .. } | E::Link { .. } | E::Special { .. } => RefusalKind::Untrusted,
            E::Outside { .. } | E::Name { .. } | E::Unsigned { .. } | E::Schema(_) | E::Integrity(_) => RefusalKind::Untrusted,
            E::Expired { .. } | E::Rollback { .. } => RefusalKind::Outdated,
            E::Vehicle { .. } | E::Embedder { .. } | E::Unsupported(_) => RefusalKind::Incompatible,
            E::SelfTest(_) | E::Golden { .. } => RefusalKind::Incompatible,
            E::TooLarge { .. } | E::TooMany { .. } | E::Bomb { .. } => RefusalKind::TooLarge,
            E::NotABundle => RefusalKind::BadRequest,
            E::Busy => RefusalKind::Busy,
            E::NoPrevious => RefusalKind::NotFound,
            E::NoTrust { .. } | E::FloorLost { .. } => RefusalKind::NotReady,
            E::Damaged { .. } | E::NoSpace { .. } | E::Io { .. } | E::Carrier { .. } => RefusalKind::Failed,
            E::Knowledge(KnowledgeError::Manifest { .. }) => RefusalKind::Incompatible,
            E::Knowledge(KnowledgeError::Tampered { .. }) => RefusalKind::Untrusted,
            E::Knowledge(_) => RefusalKind::Failed,
        }
    }

    /// For `map_err` on file operations; a full disk has a variant of its own.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> UpdateError + '_ {
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                UpdateError::NoSpace { path: path.to_owned(), needed: 0 }
            }
            _ => UpdateError::Io { path: path.to_owned(), source },
        }
    }

    pub(super) fn malformed(name: &str, reason: impl ToString) -> UpdateError {
        UpdateError::Malformed { name: name.to_owned(), reason: reason.to_string() }
    }
}
