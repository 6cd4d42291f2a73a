//! `org.steward1.Knowledge`: what the car knows, searched without the assistant.

use std::sync::Arc;

use knowledge::{Generation, Query};
use tokio::sync::Semaphore;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, OwnedFd, interface};

use super::assistant::assistant;
use super::caller::{permitted, sender};
use super::dictionary::{self, Dictionary};
use super::error::{Error, Result, fenced};
use super::language::{blocking, enter};
use super::options::{self, Options};
use super::polkit::authorize;
use crate::desk::Desk;

/// Searches at work at once.
const SEARCHES: usize = 4;
/// Passages that one search may ask for.
const PASSAGES: u32 = 256;

/// What the car knows.
pub(super) struct KnowledgeInterface {
    pub(super) desk: Arc<Desk>,
    gate: Arc<Semaphore>,
}

impl KnowledgeInterface {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        KnowledgeInterface { desk, gate: Arc::new(Semaphore::new(SEARCHES)) }
    }

    fn in_use(&self) -> Option<Arc<Generation>> {
        self.desk.assistant()?.knowledge()
    }
}

#[interface(name = "org.steward1.Knowledge")]
impl KnowledgeInterface {
    /// Passages and curated answers near a query, best first. The option `language` keeps to one language.
    #[zbus(out_args("passages"))]
    async fn search(
        &self,
        query: String,
        limit: u32,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<Dictionary>> {
        permitted(&self.desk, connection, &sender(&header)?, ("Knowledge", "Search")).await?;
        options::check_text(&query)?;
        let language = options::search_language(&options)?;
        match limit {
            0 => return Err(Error::BadRequest("limit must be at least 1".to_owned())),
            1..=PASSAGES => {}
            _ => return Err(Error::TooLarge(format!("limit is {limit}; {PASSAGES} is the most"))),
        }
        let embedder = assistant(&self.desk)?.embedder();
        let generation = self.in_use().ok_or_else(|| Error::NotReady("no knowledge is installed; see StatusDetail".to_owned()))?;
        let gate = Arc::clone(&self.gate);
        fenced(async move {
            let _permit = enter(&gate)?;
            blocking(move || search(&generation, embedder.as_deref(), &query, limit as usize, &language)).await
        })
        .await
    }

    /// bundle: an open file or directory descriptor, never a path. Verified, then switched to at once or not at all.
    #[zbus(out_args("report"))]
    async fn install(
        &self,
        bundle: OwnedFd,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        let caller = permitted(&self.desk, connection, &sender(&header)?, ("Knowledge", "Install")).await?;
        authorize(connection, &caller, "org.steward1.knowledge.install").await?;
        drop((bundle, options));
        Err(Error::NotReady("this version cannot install bundles; build a generation and set paths.knowledge".to_owned()))
    }

    /// Goes back to the generation before.
    #[zbus(out_args("report"))]
    async fn rollback(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<Dictionary> {
        let caller = permitted(&self.desk, connection, &sender(&header)?, ("Knowledge", "Rollback")).await?;
        authorize(connection, &caller, "org.steward1.knowledge.rollback").await?;
        Err(Error::NotReady("this version keeps one generation only, so there is none to go back to".to_owned()))
    }

    /// Number of the generation in use: when it was built, in seconds since 1970; 0: none.
    #[zbus(property)]
    fn generation(&self) -> u64 {
        self.in_use().map_or(0, |generation| generation.manifest().created)
    }

    /// The bundles in use: `name`, `version`, `license`, `vehicles`, `languages`, `created`, `pairs`, `passages`.
    #[zbus(property)]
    fn bundles(&self) -> Vec<Dictionary> {
        self.in_use().iter().map(|generation| dictionary::bundle(generation.manifest())).collect()
    }

    /// Another generation is in use.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>, generation: u64) -> zbus::Result<()>;
}

fn search(
    generation: &Generation,
    embedder: Option<&models::Embedder>,
    query: &str,
    limit: usize,
    language: &str,
) -> Result<Vec<Dictionary>> {
    // Vectors of another model, or none at all: then words decide alone.
    let fitting = embedder.filter(|embedder| generation.check_embedder(embedder.identity()).is_ok());
    let vector = match fitting.map(|embedder| embedder.embed(query)) {
        Some(Ok(vector)) => Some(vector),
        Some(Err(models::ModelError::NoTokens)) | None => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let language = Some(language).filter(|language| !language.is_empty());
    let hits = generation.search(&Query { vector: vector.as_deref(), language, limit, ..Query::new(query) })?;
    Ok(hits.iter().map(dictionary::passage).collect())
}
