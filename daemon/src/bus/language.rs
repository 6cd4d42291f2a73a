//! `org.steward1.Language`: the language models themselves, for client programs and for measuring them.

use std::collections::HashMap;
use std::sync::Arc;

use assistant::AskOptions;
use tokio::sync::{Semaphore, SemaphorePermit};
use zbus::message::Header;
use zbus::{Connection, interface};

use super::assistant::assistant;
use super::caller::{permitted, sender};
use super::dictionary::{self, Dictionary};
use super::error::{Error, Result, fenced};
use super::options::{self, Options};
use crate::desk::Desk;
use crate::turns::Defaults;

/// Calls at work at once; more are told `Busy`, so that measuring never holds up who speaks.
const CALLS: usize = 4;

/// The language models.
pub(super) struct LanguageInterface {
    pub(super) desk: Arc<Desk>,
    gate: Arc<Semaphore>,
}

impl LanguageInterface {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        LanguageInterface { desk, gate: Arc::new(Semaphore::new(CALLS)) }
    }
}

#[interface(name = "org.steward1.Language")]
impl LanguageInterface {
    /// Unit-length vectors, one row per text.
    #[zbus(out_args("vectors"))]
    async fn embed(
        &self,
        texts: Vec<String>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<Vec<f64>>> {
        permitted(&self.desk, connection, &sender(&header)?, ("Language", "Embed")).await?;
        options::check_texts(&texts)?;
        let embedder = assistant(&self.desk)?.embedder();
        let embedder = embedder.ok_or_else(|| Error::NotReady("there is no encoder; see StatusDetail".to_owned()))?;
        let gate = Arc::clone(&self.gate);
        fenced(async move {
            let _permit = enter(&gate)?;
            let embed = move |text: &String| Ok(embedder.embed(text)?.into_iter().map(f64::from).collect());
            blocking(move || texts.iter().map(embed).collect()).await
        })
        .await
    }

    /// How well each candidate answers the question: 0 to 1, in the candidates' order.
    #[zbus(name = "Match", out_args("scores"))]
    async fn match_candidates(
        &self,
        question: String,
        candidates: Vec<String>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<f64>> {
        permitted(&self.desk, connection, &sender(&header)?, ("Language", "Match")).await?;
        options::check_text(&question)?;
        options::check_texts(&candidates)?;
        Err(Error::NotReady("no model that scores answers is installed".to_owned()))
    }

    /// label is "entailment", "neutral" or "contradiction"; probabilities sum to 1.
    #[zbus(out_args("label", "probabilities"))]
    async fn judge(
        &self,
        premise: String,
        hypothesis: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(String, HashMap<String, f64>)> {
        permitted(&self.desk, connection, &sender(&header)?, ("Language", "Judge")).await?;
        options::check_text(&premise)?;
        options::check_text(&hypothesis)?;
        Err(Error::NotReady("no model that judges statements is installed".to_owned()))
    }

    /// What an utterance means, without doing it: the commands it would become.
    #[zbus(out_args("meaning"))]
    async fn understand(
        &self,
        text: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        let caller = permitted(&self.desk, connection, &sender(&header)?, ("Language", "Understand")).await?.name;
        options::check_text(&text)?;
        let request = options::request(&options, &Defaults::default())?;
        let (assistant, gate) = (assistant(&self.desk)?, Arc::clone(&self.gate));
        let is_canary = self.desk.is_canary(&caller);
        fenced(async move {
            // Those who measure must not silence the canary.
            let _permit = if is_canary { None } else { Some(enter(&gate)?) };
            let options = AskOptions {
                turn: 0,
                language: request.language,
                zone: request.zone,
                alternatives: request.alternatives,
                caller,
                events: None,
            };
            let meaning = tokio::time::timeout(request.deadline, assistant.understand(&text, &options)).await;
            let late = |_| Error::Timeout("the utterance was not understood before the deadline".to_owned());
            Ok(dictionary::meaning(&meaning.map_err(late)?))
        })
        .await
    }
}

/// A place at work, or `Busy` at once.
pub(super) fn enter(gate: &Semaphore) -> Result<SemaphorePermit<'_>> {
    gate.try_acquire().map_err(|_| Error::Busy("too many such calls are at work; try again in a moment".to_owned()))
}

/// Computes on a thread where waiting holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(panic = error.is_panic(), "a computation broke");
        Err(Error::Failed("this call failed inside; the log says where".to_owned()))
    })
}
