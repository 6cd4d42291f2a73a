//! One generation of knowledge: an immutable folder with a database, vectors and the manifest that vouches for both.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use models::VectorIndex;

use crate::confidence::Thresholds;
use crate::database::Reader;
use crate::error::KnowledgeError;
use crate::manifest::{DATABASE, Manifest, VECTORS};
use crate::query::Hit;
use crate::terms::Lexicon;

/// What the car knows, at one version. Shared freely between threads; searches take turns on its database.
pub struct Generation {
    pub(crate) manifest: Manifest,
    pub(crate) lexicon: Lexicon,
    pub(crate) thresholds: Thresholds,
    pub(crate) index: Option<VectorIndex>,
    reader: Mutex<Reader>,
}

impl Generation {
    /// Opens a folder that [`Generation::build`] made.
    ///
    /// # Errors
    /// [`KnowledgeError::Tampered`] if any file differs from what the manifest names.
    pub fn open(folder: &Path) -> Result<Generation, KnowledgeError> {
        let manifest = Manifest::open(folder)?;
        let reader = Reader::open(&folder.join(DATABASE))?;
        let wrong = |error: toml::de::Error| KnowledgeError::Manifest { path: folder.join(DATABASE), message: error.to_string() };
        let mut lexicon = Lexicon::default();
        for text in reader.word_lists()? {
            lexicon.add(&toml::from_str(&text).map_err(wrong)?);
        }
        let thresholds = Thresholds::built_in().map_err(wrong)?;
        let load = |dimension| VectorIndex::load(&folder.join(VECTORS), dimension);
        let index = manifest.embedder.as_ref().map(|embedder| load(embedder.dimension)).transpose()?;
        Ok(Generation { manifest, lexicon, thresholds, index, reader: Mutex::new(reader) })
    }

    /// What it holds and who made its vectors.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the hit may be given as an answer; below that the honest reply is "I don't know".
    pub fn confident(&self, hit: &Hit) -> bool {
        self.thresholds.confident(hit)
    }

    /// Fails unless this embedder made the vectors: vectors of two models must never be compared.
    /// A generation without vectors fits no embedder; it is searched by words alone.
    pub fn check_embedder(&self, identity: &str) -> Result<(), KnowledgeError> {
        let built_with = self.manifest.embedder.as_ref().map_or("none", |record| &record.identity);
        if built_with == identity {
            return Ok(());
        }
        Err(KnowledgeError::OtherEmbedder { built_with: built_with.to_owned(), asked: identity.to_owned() })
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Reader> {
        // The reader holds no state between calls, so a panic elsewhere leaves nothing half done.
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.begin();
        reader
    }
}
