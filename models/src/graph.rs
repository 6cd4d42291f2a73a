//! The graph of neighbors for large sets of vectors. The only file that knows the search library, and where its traps are kept away
//! from: room is reserved once, before anybody searches; no more callers search at a time than room was reserved for; files are
//! never mapped, and are read only after their hash was found right.

use std::sync::{Condvar, Mutex, PoisonError};

use usearch::{Index, IndexOptions, MetricKind, ScalarKind};

use crate::ModelError;

/// Callers that may search at the same time; more wait for their turn.
const SEARCHERS: usize = 8;

/// Vectors with a number each, searched approximately.
pub(crate) struct Graph {
    index: Index,
    searchers: Mutex<usize>,
    searcher_left: Condvar,
}

impl Graph {
    /// An empty graph with room for `rows` vectors of `dimension` components.
    pub(crate) fn with_room(dimension: usize, rows: usize) -> Result<Self, ModelError> {
        let options = IndexOptions {
            dimensions: dimension,
            metric: MetricKind::Cos,
            quantization: ScalarKind::BF16,
            connectivity: 16,
            expansion_add: 128,
            expansion_search: 128,
            multi: false,
        };
        let index = Index::new(&options).map_err(|error| ModelError::vector(error.to_string()))?;
        index.reserve_capacity_and_threads(rows, SEARCHERS).map_err(|error| ModelError::vector(error.to_string()))?;
        Ok(Self { index, searchers: Mutex::new(0), searcher_left: Condvar::new() })
    }

    /// Adds a row.
    pub(crate) fn add(&self, key: u64, vector: &[f32]) -> Result<(), ModelError> {
        self.index.add(key, vector).map_err(|error| ModelError::vector(format!("row {key}: {error}")))
    }

    /// About the `count` nearest rows with their cosines.
    pub(crate) fn search(&self, query: &[f32], count: usize) -> Result<Vec<(u64, f32)>, ModelError> {
        let _turn = self.turn();
        let found = self.index.search(query, count).map_err(|error| ModelError::run("the vector search failed", error))?;
        Ok(found.keys.into_iter().zip(found.distances).map(|(key, distance)| (key, 1.0 - distance)).collect())
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.index.size()
    }

    /// The library's own bytes.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut content = vec![0; self.index.serialized_length()];
        self.index.save_to_buffer(&mut content).map_err(|error| ModelError::run("the index cannot be written", error))?;
        Ok(content)
    }

    /// Reads the library's own bytes, whose hash was found right.
    pub(crate) fn read(dimension: usize, rows: usize, content: &[u8]) -> Result<Self, String> {
        let loaded = Self::with_room(dimension, rows).map_err(|error| error.to_string())?;
        loaded.index.load_from_buffer(content).map_err(|error| error.to_string())?;
        // Loading forgets what was reserved.
        loaded.index.reserve_capacity_and_threads(rows, SEARCHERS).map_err(|error| error.to_string())?;
        if loaded.len() != rows || loaded.index.dimensions() != dimension {
            return Err("its header does not fit its content".to_owned());
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
struct Turn<'graph>(&'graph Graph);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.searchers.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.searcher_left.notify_one();
    }
}
