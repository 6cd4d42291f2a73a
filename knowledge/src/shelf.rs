//! Several generations that are searched as one: the car's own knowledge, and bundles that were installed beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::manifest::Manifest;
use crate::query::{Hit, Query};

/// Everything that the car knows at one moment. Whoever holds it keeps it, also when something else is put in its place.
#[derive(Clone, Default)]
pub struct Shelf {
    number: u64,
    generations: Vec<Arc<Generation>>,
}

impl Shelf {
    /// Puts generations together; of equally good hits those of earlier ones come first.
    pub fn new(number: u64, generations: Vec<Arc<Generation>>) -> Shelf {
        Shelf { number, generations }
    }

    /// One generation alone, numbered by when it was built.
    pub fn of(generation: Generation) -> Shelf {
        Shelf { number: generation.manifest().created, generations: vec![Arc::new(generation)] }
    }

    /// A number that changes when something else is in use.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What each of them holds.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.generations.iter().map(|generation| generation.manifest())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// Finds entries in all of them, best first. `embedder` is the identity of the model that made the query's vector: where another
    /// one made the vectors, words decide alone. An id that two of them have is found once, in the first.
    ///
    /// # Errors
    /// A database or a vector index fails.
    pub fn search(&self, query: &Query, embedder: Option<&str>) -> Result<Vec<Hit>, KnowledgeError> {
        let mut hits = Vec::new();
        for generation in &self.generations {
            let fits = embedder.is_some_and(|embedder| generation.check_embedder(embedder).is_ok());
            hits.extend(generation.search(&Query { vector: query.vector.filter(|_| fits), ..*query })?);
        }
        // Stable, so that the order of the shelf decides between equals.
        hits.sort_by(|one, other| other.score.total_cmp(&one.score));
        let mut seen = BTreeSet::new();
        hits.retain(|hit| seen.insert((hit.id.clone(), hit.document.clone())));
        hits.truncate(query.limit);
        Ok(hits)
    }

    /// Whether the hit may be given as an answer; below that the honest reply is "I don't know".
    pub fn confident(&self, hit: &Hit) -> bool {
        self.generations.first().is_some_and(|generation| generation.confident(hit))
    }

    /// Whether this embedder made the vectors of any of them.
    pub fn fits(&self, identity: &str) -> bool {
        self.generations.iter().any(|generation| generation.check_embedder(identity).is_ok())
    }

    /// Why some of them are searched by words alone with this embedder.
    pub fn check_embedder(&self, identity: &str) -> Result<(), KnowledgeError> {
        self.generations.iter().try_for_each(|generation| generation.check_embedder(identity))
    }
}
