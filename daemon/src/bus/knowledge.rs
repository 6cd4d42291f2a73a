//! `org.steward1.Knowledge`: what the car knows, searched without the assistant.

use std::sync::Arc;

use knowledge::update::{Report, UpdateError};
use knowledge::{Query, Shelf};
use tokio::sync::Semaphore;
use zbus::message::Header;
use zbus::names::OwnedUniqueName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, OwnedFd, interface};

use super::PATH;
use super::assistant::assistant;
use super::caller::{identify, sender};
use super::dictionary::{self, Dictionary};
use super::error::{Error, Result, fenced};
use super::language::{blocking, enter};
use super::options::{self, Options};
use crate::desk::Desk;
use crate::parts::note_knowledge;
use crate::stock::Stock;

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

    /// Changes what is installed and puts it to use: searches that are under way keep what they have, later ones find the new.
    async fn change(
        &self,
        header: &Header<'_>,
        connection: &Connection,
        work: impl FnOnce(&Stock) -> std::result::Result<Report, UpdateError> + Send + 'static,
    ) -> Result<Dictionary> {
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(header)?);
        fenced(async move {
            let stock = stock_for(&desk, &connection, &name).await?;
            let report = blocking(move || {
                let report = work(&stock)?;
                restock(&desk, &stock)?;
                Ok(report)
            })
            .await?;
            if report.changed {
                announce(&connection, report.generation).await?;
            }
            Ok(dictionary::report(&report))
        })
        .await
    }

    fn in_use(&self) -> Option<Arc<Shelf>> {
        self.desk.assistant()?.knowledge()
    }
}

#[interface(name = "org.steward1.Knowledge")]
impl KnowledgeInterface {
    /// Passages and curated answers near a query, best first. The option `language` keeps to one language.
    #[zbus(out_args("passages"))]
    async fn search(&self, query: String, limit: u32, options: Options) -> Result<Vec<Dictionary>> {
        options::check_text(&query)?;
        let language = options::search_language(&options)?;
        match limit {
            0 => return Err(Error::BadRequest("limit must be at least 1".to_owned())),
            1..=PASSAGES => {}
            _ => return Err(Error::TooLarge(format!("limit is {limit}; {PASSAGES} is the most"))),
        }
        let embedder = assistant(&self.desk)?.embedder();
        let shelf = self.in_use().ok_or_else(|| Error::NotReady("no knowledge is installed; see StatusDetail".to_owned()))?;
        let gate = Arc::clone(&self.gate);
        fenced(async move {
            let _permit = enter(&gate)?;
            blocking(move || search(&shelf, embedder.as_deref(), &query, limit as usize, &language)).await
        })
        .await
    }

    /// bundle: an open file or directory descriptor, never a path. Verified, then switched to at once or not at all. The report says
    /// `generation`, `changed`, `line`, `name`, `version`, and `golden`: how many of its own questions the bundle answered.
    #[zbus(out_args("report"))]
    async fn install(
        &self,
        bundle: OwnedFd,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        options::check_none(&options)?;
        let bundle = std::os::fd::OwnedFd::from(bundle);
        self.change(&header, connection, move |stock| stock.install(bundle)).await
    }

    /// Goes back to the generation before.
    #[zbus(out_args("report"))]
    async fn rollback(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<Dictionary> {
        self.change(&header, connection, Stock::rollback).await
    }

    /// Number of the generation in use, another one after every install: when the car's own knowledge was built, in seconds since
    /// 1970, while nothing else is installed; 0: none.
    #[zbus(property)]
    fn generation(&self) -> u64 {
        self.in_use().map_or(0, |shelf| shelf.number())
    }

    /// The bundles in use: `name`, `version`, `license`, `vehicles`, `languages`, `created`, `pairs`, `passages`.
    #[zbus(property)]
    fn bundles(&self) -> Vec<Dictionary> {
        self.in_use().iter().flat_map(|shelf| shelf.manifests().map(dictionary::bundle).collect::<Vec<_>>()).collect()
    }

    /// Another generation is in use.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>, generation: u64) -> zbus::Result<()>;
}

/// The stock, if this caller may change it.
async fn stock_for(desk: &Desk, connection: &Connection, name: &OwnedUniqueName) -> Result<Arc<Stock>> {
    assistant(desk)?;
    let caller = identify(desk, connection, name).await?;
    if !Stock::permits(&caller) {
        return Err(Error::Denied("only the administrator and the daemon's own user may change what the car knows".to_owned()));
    }
    desk.stock().cloned().ok_or_else(|| Error::NotReady("there is nowhere to install to; see StatusDetail".to_owned()))
}

/// Puts what is installed now to use.
fn restock(desk: &Desk, stock: &Stock) -> Result<()> {
    let assistant = assistant(desk)?;
    let stocked = stock.stocked();
    desk.change_status(|status| note_knowledge(&stocked.shelf, &stocked.trouble, assistant.embedder().as_deref(), status));
    assistant.set_knowledge(Some(stocked.shelf).filter(|shelf| !shelf.is_empty()));
    Ok(())
}

/// Tells everybody that another generation is in use.
async fn announce(connection: &Connection, generation: u64) -> zbus::Result<()> {
    let object = connection.object_server().interface::<_, KnowledgeInterface>(PATH).await?;
    let (interface, emitter) = (object.get().await, object.signal_emitter());
    interface.generation_changed(emitter).await?;
    interface.bundles_changed(emitter).await?;
    KnowledgeInterface::changed(emitter, generation).await
}

fn search(shelf: &Shelf, embedder: Option<&models::Embedder>, query: &str, limit: usize, language: &str) -> Result<Vec<Dictionary>> {
    // Vectors of another model, or none at all: then words decide alone.
    let fitting = embedder.filter(|embedder| shelf.fits(embedder.identity()));
    let vector = match fitting.map(|embedder| embedder.embed(query)) {
        Some(Ok(vector)) => Some(vector),
        Some(Err(models::ModelError::NoTokens)) | None => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let language = Some(language).filter(|language| !language.is_empty());
    let query = Query { vector: vector.as_deref(), language, limit, ..Query::new(query) };
    let hits = shelf.search(&query, fitting.map(models::Embedder::identity))?;
    Ok(hits.iter().map(dictionary::passage).collect())
}
