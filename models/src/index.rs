//! Nearest vectors by cosine. The only file that knows the search library, and where its traps are kept away from:
//! room is reserved once, before anybody searches; no more callers search at a time than room was reserved for; files are
//! never mapped, and are read only after their hash was found right.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use usearch::{Index, IndexOptions, MetricKind, ScalarKind};

use crate::{ModelError, file};

/// The first bytes of a saved index; the number is the version of its layout.
const MAGIC: &[u8; 8] = b"STWVEC01";
/// Magic, dimension (u32), rows (u64), sha256 of the rest; numbers in little-endian order.
const HEADER: usize = 8 + 4 + 8 + 32;
/// Callers that may search at the same time; more wait for their turn.
const SEARCHERS: usize = 8;
/// Up to this many rows all of them are compared, which is exact and takes less time than encoding the question; above,
/// the graph is searched.
const EXACT: usize = 16384;

/// Vectors with a number each. It is made once and then only searched, from any number of threads.
pub struct VectorIndex {
    index: Index,
    dimension: usize,
    searchers: Mutex<usize>,
    searcher_left: Condvar,
}

impl VectorIndex {
    /// Makes an index of `(number, vector)` rows; every vector has `dimension` components and every number comes once.
    /// The same rows in the same order make the same index, byte by byte.
    pub fn build(dimension: usize, rows: impl Iterator<Item = (u64, Vec<f32>)>) -> Result<Self, ModelError> {
        let rows: Vec<(u64, Vec<f32>)> = rows.collect();
        let made = Self::with_room(dimension, rows.len())?;
        for (key, vector) in &rows {
            check(vector, dimension).map_err(|reason| ModelError::vector(format!("row {key}: {reason}")))?;
            made.index.add(*key, vector).map_err(|error| ModelError::vector(format!("row {key}: {error}")))?;
        }
        Ok(made)
    }

    fn with_room(dimension: usize, rows: usize) -> Result<Self, ModelError> {
        // The library always makes a graph; where none is searched, it gets as little of one as it can make.
        let (connectivity, expansion_add) = if rows <= EXACT { (2, 1) } else { (16, 128) };
        let options = IndexOptions {
            dimensions: dimension,
            metric: MetricKind::Cos,
            quantization: ScalarKind::BF16,
            connectivity,
            expansion_add,
            expansion_search: 128,
            multi: false,
        };
        let index = Index::new(&options).map_err(|error| ModelError::vector(error.to_string()))?;
        index.reserve_capacity_and_threads(rows, SEARCHERS).map_err(|error| ModelError::vector(error.to_string()))?;
        Ok(Self { index, dimension, searchers: Mutex::new(0), searcher_left: Condvar::new() })
    }

    /// The `count` nearest rows, nearest first, each with its cosine between -1 and 1; fewer when there are fewer rows.
    pub fn search(&self, query: &[f32], count: usize) -> Result<Vec<(u64, f32)>, ModelError> {
        check(query, self.dimension).map_err(ModelError::vector)?;
        let count = count.min(self.len());
        if count == 0 {
            return Ok(Vec::new());
        }
        let _turn = self.turn();
        let exact = self.len() <= EXACT;
        let found = if exact { self.index.exact_search(query, count) } else { self.index.search(query, count) };
        let found = found.map_err(|error| ModelError::run("the vector search failed", error))?;
        let mut rows: Vec<(u64, f32)> = found.keys.into_iter().zip(found.distances).map(|(key, distance)| (key, 1.0 - distance)).collect();
        // Equal cosines in the order of their numbers, so that the same question always gets the same answer.
        rows.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        Ok(rows)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.index.size()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Components of a vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Writes the index; a file of that name is replaced in one step.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let mut content = vec![0; self.index.serialized_length()];
        self.index.save_to_buffer(&mut content).map_err(|error| ModelError::run("the index cannot be written", error))?;
        file::replace(path, |writer| {
            writer.write_all(MAGIC)?;
            writer.write_all(&(self.dimension as u32).to_le_bytes())?;
            writer.write_all(&(self.len() as u64).to_le_bytes())?;
            writer.write_all(&Sha256::digest(&content))?;
            writer.write_all(&content)
        })
    }

    /// Reads an index of vectors with `dimension` components. A cut or changed file is [`ModelError::Corrupt`].
    pub fn load(path: &Path, dimension: usize) -> Result<Self, ModelError> {
        let bytes = file::read(path)?;
        let (rows, content) = open(&bytes, dimension).map_err(|reason| ModelError::corrupt(path, reason))?;
        let loaded = Self::with_room(dimension, rows)?;
        loaded.index.load_from_buffer(content).map_err(|error| ModelError::corrupt(path, error))?;
        // Loading forgets what was reserved.
        loaded.index.reserve_capacity_and_threads(rows, SEARCHERS).map_err(|error| ModelError::corrupt(path, error))?;
        if loaded.len() != rows || loaded.index.dimensions() != dimension {
            return Err(ModelError::corrupt(path, "its header does not fit its content"));
        }
        Ok(loaded)
    }

    /// Waits until fewer than [`SEARCHERS`] callers search.
    fn turn(&self) -> Turn<'_> {
        let mut searchers = self.searchers.lock().unwrap_or_else(PoisonError::into_inner);
        while *searchers >= SEARCHERS {
            searchers = self.searcher_left.wait(searchers).unwrap_or_else(PoisonError::into_inner);
        }
        *searchers += 1;
        Turn(self)
    }
}

/// One caller's permission to search.
struct Turn<'index>(&'index VectorIndex);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.searchers.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.searcher_left.notify_one();
    }
}

/// A vector that is not a vector would be stored without complaint and spoil every search.
fn check(vector: &[f32], dimension: usize) -> Result<(), String> {
    if vector.len() != dimension {
        return Err(format!("it has {} components instead of {dimension}", vector.len()));
    }
    if !vector.iter().all(|value| value.is_finite()) {
        return Err("a component is not a finite number".to_owned());
    }
    if vector.iter().all(|&value| value == 0.0) {
        return Err("all components are zero, so it has no direction".to_owned());
    }
    Ok(())
}

/// The number of rows and the search library's own bytes, once the hash was found right.
fn open(bytes: &[u8], dimension: usize) -> Result<(usize, &[u8]), String> {
    let (header, content) = bytes.split_at_checked(HEADER).ok_or("it is cut short")?;
    let (magic, header) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err("it is not an index of this version".to_owned());
    }
    let (width, header) = header.split_at(4);
    let (rows, hash) = header.split_at(8);
    if Sha256::digest(content).as_slice() != hash {
        return Err("it is cut short or was changed: its hash does not fit".to_owned());
    }
    let width = u32::from_le_bytes(width.try_into().expect("split at 4"));
    if width as usize != dimension {
        return Err(format!("its vectors have {width} components instead of {dimension}"));
    }
    let rows = u64::from_le_bytes(rows.try_into().expect("split at 8"));
    Ok((usize::try_from(rows).map_err(|_| "it has too many rows")?, content))
}
