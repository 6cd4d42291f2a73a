//! Vectors of texts that were encoded before, kept in a file, so that starting up does not encode every phrase again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{ModelError, file};

/// The first bytes of the file; the number is the version of its layout. After them: the identity's length (u32) and
/// text, the dimension (u32), the number of entries (u64), the entries (sha256 of the text, then the components as f32),
/// and the sha256 of all that. Numbers are in little-endian order.
const MAGIC: &[u8; 8] = b"STWVCA01";
const HASH: usize = 32;

/// A file of vectors by text, for one encoder.
pub struct VectorCache {
    path: PathBuf,
    identity: String,
    dimension: usize,
    vectors: BTreeMap<[u8; HASH], Vec<f32>>,
    changed: bool,
}

impl VectorCache {
    /// Reads the file. One that is missing, damaged, or of another encoder is the same as an empty one: everything in it
    /// can be computed again. `identity` is [`crate::Embedder::identity`], `dimension` the components of a vector.
    pub fn open(path: &Path, identity: &str, dimension: usize) -> Self {
        let vectors = match file::read(path) {
            Ok(bytes) => parse(&bytes, identity, dimension).unwrap_or_else(|reason| {
                tracing::info!(path = %path.display(), reason, "vectors are computed again");
                BTreeMap::new()
            }),
            Err(error) => {
                tracing::debug!(%error, "no stored vectors");
                BTreeMap::new()
            }
        };
        Self { path: path.to_owned(), identity: identity.to_owned(), dimension, vectors, changed: false }
    }

    /// The text's vector, if it is known.
    pub fn get(&self, text: &str) -> Option<&[f32]> {
        self.vectors.get(&key(text)).map(Vec::as_slice)
    }

    /// Remembers a text's vector; [`ModelError::Vector`] if it has the wrong number of components.
    pub fn insert(&mut self, text: &str, vector: Vec<f32>) -> Result<(), ModelError> {
        if vector.len() != self.dimension {
            return Err(ModelError::vector(format!("it has {} components instead of {}", vector.len(), self.dimension)));
        }
        self.vectors.insert(key(text), vector);
        self.changed = true;
        Ok(())
    }

    /// Forgets every text that is not in the list, so that a file does not grow with phrases of the past.
    pub fn retain<'text>(&mut self, texts: impl Iterator<Item = &'text str>) {
        let kept: std::collections::BTreeSet<[u8; HASH]> = texts.map(key).collect();
        let before = self.vectors.len();
        self.vectors.retain(|key, _| kept.contains(key));
        self.changed |= self.vectors.len() != before;
    }

    /// How many texts are known.
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Whether no text is known.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// Writes the file if anything changed; the old one is replaced in one step. Its folder must exist.
    pub fn save(&mut self) -> Result<(), ModelError> {
        if !self.changed {
            return Ok(());
        }
        let mut bytes = header(&self.identity, self.dimension, self.vectors.len());
        for (key, vector) in &self.vectors {
            bytes.extend_from_slice(key);
            bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        file::replace(&self.path, |writer| writer.write_all(&bytes))?;
        self.changed = false;
        Ok(())
    }
}

fn key(text: &str) -> [u8; HASH] {
    Sha256::digest(text).into()
}

fn header(identity: &str, dimension: usize, count: usize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(identity.len() as u32).to_le_bytes());
    bytes.extend_from_slice(identity.as_bytes());
    bytes.extend_from_slice(&(dimension as u32).to_le_bytes());
    bytes.extend_from_slice(&(count as u64).to_le_bytes());
    bytes
}

/// The entries, or why the file is not used.
fn parse(bytes: &[u8], identity: &str, dimension: usize) -> Result<BTreeMap<[u8; HASH], Vec<f32>>, &'static str> {
    const DAMAGED: &str = "the file is damaged";
    let (content, hash) = bytes.split_at_checked(bytes.len().saturating_sub(HASH)).ok_or(DAMAGED)?;
    if Sha256::digest(content).as_slice() != hash {
        return Err(DAMAGED);
    }
    let width = HASH + 4 * dimension;
    // The header of a file for this encoder is known up to the number of entries, which follows from the length.
    let start = header(identity, dimension, 0).len();
    let entries = content.get(start..).ok_or("the file is of another encoder")?;
    if content[..start] != header(identity, dimension, entries.len() / width) || !entries.len().is_multiple_of(width) {
        return Err("the file is of another encoder");
    }
    Ok(entries.chunks_exact(width).map(entry).collect())
}

fn entry(bytes: &[u8]) -> ([u8; HASH], Vec<f32>) {
    let (key, components) = bytes.split_at(HASH);
    let component = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("chunks of 4"));
    (key.try_into().expect("split at the hash"), components.chunks_exact(4).map(component).collect())
}
