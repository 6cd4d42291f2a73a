//! Nearest vectors by cosine. Small sets are compared one by one, which is exact; large ones are searched by a graph.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::flat::Flat;
use crate::graph::Graph;
use crate::{ModelError, file};

/// The first bytes of a saved index; the number is the version of its layout.
const MAGIC: &[u8; 8] = b"STWVEC02";
/// Magic, dimension (u32), rows (u64), sha256 of the rest; numbers in little-endian order.
const HEADER: usize = 8 + 4 + 8 + 32;
/// Up to this many rows all of them are compared, which takes less time than encoding the question; above, the graph is searched.
const EXACT: usize = 65_536;

/// Vectors with a number each. It is made once and then only searched, from any number of threads.
pub struct VectorIndex {
    rows: Rows,
    dimension: usize,
}

enum Rows {
    Few(Flat),
    Many(Graph),
}

impl VectorIndex {
    /// Makes an index of `(number, vector)` rows; every vector has `dimension` components and every number comes once.
    /// The same rows in the same order make the same index, byte by byte.
    pub fn build(dimension: usize, rows: impl Iterator<Item = (u64, Vec<f32>)>) -> Result<Self, ModelError> {
        let rows: Vec<(u64, Vec<f32>)> = rows.collect();
        for (key, vector) in &rows {
            check(vector, dimension).map_err(|reason| ModelError::vector(format!("row {key}: {reason}")))?;
        }
        if rows.len() <= EXACT {
            let mut flat = Flat::with_room(dimension, rows.len());
            for (key, vector) in &rows {
                flat.push(*key, vector).map_err(|reason| ModelError::vector(format!("row {key}: {reason}")))?;
            }
            return Ok(Self { rows: Rows::Few(flat), dimension });
        }
        let graph = Graph::with_room(dimension, rows.len())?;
        rows.iter().try_for_each(|(key, vector)| graph.add(*key, vector))?;
        Ok(Self { rows: Rows::Many(graph), dimension })
    }

    /// The `count` nearest rows, nearest first, each with its cosine between -1 and 1; fewer when there are fewer rows.
    pub fn search(&self, query: &[f32], count: usize) -> Result<Vec<(u64, f32)>, ModelError> {
        check(query, self.dimension).map_err(ModelError::vector)?;
        let count = count.min(self.len());
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut rows = match &self.rows {
            Rows::Few(flat) => flat.search(query, count),
            Rows::Many(graph) => graph.search(query, count)?,
        };
        // Equal cosines in the order of their numbers, so that the same question always gets the same answer.
        rows.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        rows.truncate(count);
        Ok(rows)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Few(flat) => flat.len(),
            Rows::Many(graph) => graph.len(),
        }
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
        let content = match &self.rows {
            Rows::Few(flat) => flat.bytes(),
            Rows::Many(graph) => graph.bytes()?,
        };
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
        let read = |(rows, content): (usize, &[u8])| match rows <= EXACT {
            true => Flat::read(dimension, rows, content).map(Rows::Few),
            false => Graph::read(dimension, rows, content).map(Rows::Many),
        };
        let rows = open(&bytes, dimension).and_then(read).map_err(|reason| ModelError::corrupt(path, reason))?;
        Ok(Self { rows, dimension })
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
