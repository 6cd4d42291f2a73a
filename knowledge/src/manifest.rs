//! `manifest.toml`: what a generation holds and the hashes that make it immutable.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::KnowledgeError;

/// The manifest's file name.
pub(crate) const MANIFEST: &str = "manifest.toml";
/// The database's file name.
pub(crate) const DATABASE: &str = "knowledge.sqlite";
/// The vector index's file name; absent without an embedder.
pub(crate) const VECTORS: &str = "vectors.usearch";
/// Layout of the folder and meaning of the words in it; another number is refused.
const FORMAT: u32 = 1;

/// Everything about a generation but its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout of the folder.
    pub format: u32,
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// Licence of the content.
    pub license: String,
    /// Vehicle lines it is written for.
    pub vehicles: Vec<String>,
    /// Languages of its entries.
    pub languages: Vec<String>,
    /// When it was built, seconds since 1970; `SOURCE_DATE_EPOCH` if that was set.
    pub created: u64,
    /// How much there is.
    pub counts: Counts,
    /// Who made the vectors; `None`: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedder: Option<EmbedderRecord>,
    /// File name to SHA-256 in hexadecimal.
    pub files: BTreeMap<String, String>,
}

/// Number of things in a generation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Question and answer pairs.
    pub pairs: usize,
    /// Wordings of their questions.
    pub wordings: usize,
    /// Documents.
    pub documents: usize,
    /// Passages of them.
    pub passages: usize,
    /// Vectors, at most one per wording and passage.
    pub vectors: usize,
}

/// The model that made the vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedderRecord {
    /// The model's identity, which covers its bytes.
    pub identity: String,
    /// Width of its vectors.
    pub dimension: usize,
    /// Languages it understands; only their entries have vectors.
    pub languages: Vec<String>,
}

impl Manifest {
    pub(crate) fn format() -> u32 {
        FORMAT
    }

    /// Reads the manifest of `folder` and checks every file it names.
    pub(crate) fn open(folder: &Path) -> Result<Manifest, KnowledgeError> {
        let manifest = Self::read(folder)?;
        for (name, hash) in &manifest.files {
            let path = folder.join(name);
            if sha256(&path)? != *hash {
                return Err(KnowledgeError::Tampered { path });
            }
        }
        Ok(manifest)
    }

    /// Reads the manifest of `folder` alone.
    pub(crate) fn read(folder: &Path) -> Result<Manifest, KnowledgeError> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(KnowledgeError::io(&path))?;
        let wrong = |message: String| KnowledgeError::Manifest { path: path.clone(), message };
        let manifest: Manifest = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(wrong(format!("format {} is not {FORMAT}, the one this version reads", manifest.format)));
        }
        // Only known names: a manifest can never make this crate open a file elsewhere.
        let expected: &[&str] = if manifest.embedder.is_some() { &[DATABASE, VECTORS] } else { &[DATABASE] };
        if !manifest.files.keys().map(String::as_str).eq(expected.iter().copied()) {
            return Err(wrong(format!("[files] must name exactly {}", expected.join(" and "))));
        }
        Ok(manifest)
    }

    /// The manifest as written to disk.
    pub(crate) fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a manifest is plain strings and numbers")
    }
}

/// SHA-256 of a file in hexadecimal; a missing file counts as tampered with.
pub(crate) fn sha256(path: &Path) -> Result<String, KnowledgeError> {
    let mut file = File::open(path).map_err(|_| KnowledgeError::Tampered { path: path.to_owned() })?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut buffer).map_err(KnowledgeError::io(path))?;
        if length == 0 {
            return Ok(format!("{:x}", hash.finalize()));
        }
        hash.update(&buffer[..length]);
    }
}
