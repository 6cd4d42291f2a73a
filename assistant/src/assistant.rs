//! The road of one turn: hear, understand, decide, act or answer, say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use models::ModelError;
use plugins::catalogue::Catalogue;
use plugins::invoke::Invoke;
use plugins::value::Value;
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;
use plugins::zone::{Steering, Zone};
use tokio::sync::mpsc::UnboundedSender;

use crate::policy::Policy;
use crate::reply::{Event, Meaning, Reply};
use crate::say::Phrases;
use crate::session::Session;
use crate::trace::Traces;
use crate::turn::Turn;
use crate::understand::Understander;

/// What an assistant is made of.
pub struct Parts {
    /// Every plugin.
    pub catalogue: Catalogue,
    /// Every signal.
    pub vss: Arc<Vss>,
    /// Which side the driver sits on.
    pub steering: Steering,
    /// The car.
    pub vehicle: Arc<dyn Vehicle>,
    /// The way to the plugins.
    pub plugins: Arc<dyn Invoke>,
    /// The sentence encoder; without it there is no `similar` rung.
    pub embedder: Option<Arc<models::Embedder>>,
    /// What the car knows; without it questions stay unanswered.
    pub knowledge: Option<Arc<knowledge::Shelf>>,
    /// What is allowed.
    pub policy: Policy,
    /// File for the phrases' vectors; none: they are computed each time.
    pub cache: Option<PathBuf>,
}

/// How something was asked.
#[derive(Debug, Clone)]
pub struct AskOptions {
    /// Number of the turn, given by the caller.
    pub turn: u64,
    /// `zh`, `en`, or empty: find out.
    pub language: String,
    /// Who speaks.
    pub zone: Zone,
    /// The recognizer's other readings with their confidence.
    pub alternatives: Vec<(String, f64)>,
    /// The caller's bus name.
    pub caller: String,
    /// Where to say what happens; nobody need listen.
    pub events: Option<UnboundedSender<Event>>,
}

impl Default for AskOptions {
    fn default() -> Self {
        AskOptions { turn: 0, language: String::new(), zone: Zone::Driver, alternatives: Vec::new(), caller: String::new(), events: None }
    }
}

/// An answer to a question of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerValue {
    /// To a confirmation.
    Yes(bool),
    /// To a choice, from 0.
    Choice(u32),
    /// A missing value, in words.
    Words(String),
}

/// There is no question of ours that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no question is waiting for an answer; it may have expired")]
pub struct NothingPending;

/// The assistant cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// The encoder failed.
    #[error("the sentence encoder failed: {0}")]
    Model(#[from] ModelError),
}

/// The mind: understands, decides, acts, answers.
pub struct Assistant {
    pub(crate) catalogue: Catalogue,
    pub(crate) vss: Arc<Vss>,
    pub(crate) steering: Steering,
    pub(crate) vehicle: Arc<dyn Vehicle>,
    pub(crate) plugins: Arc<dyn Invoke>,
    pub(crate) policy: Policy,
    pub(crate) understander: Understander,
    pub(crate) phrases: Phrases,
    pub(crate) traces: Traces,
    knowledge: RwLock<Option<Arc<knowledge::Shelf>>>,
    embedder: Option<Arc<models::Embedder>>,
}

/// One row of the help page.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogueRow {
    /// Plugin id.
    pub plugin: String,
    /// Plugin title in the asked language.
    pub plugin_title: String,
    /// Action id.
    pub action: String,
    /// Short name in the asked language.
    pub title: String,
    /// `read`, `comfort`, ...
    pub risk: String,
    /// Sentences that work, readable, slots filled with examples.
    pub examples: Vec<String>,
    /// Argument names with their types.
    pub arguments: BTreeMap<String, Value>,
}

impl Assistant {
    /// Compiles phrases and embeds their samples; `progress` hears how many of how many. Blocks, for seconds when nothing is cached.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn new(parts: Parts, progress: &mut dyn FnMut(usize, usize)) -> Result<Assistant, AssistantError> {
        let understander = Understander::build(&parts.catalogue, parts.embedder.clone(), parts.cache.as_deref(), progress)?;
        Ok(Assistant {
            understander,
            catalogue: parts.catalogue,
            vss: parts.vss,
            steering: parts.steering,
            vehicle: parts.vehicle,
            plugins: parts.plugins,
            policy: parts.policy,
            phrases: Phrases::shipped(),
            traces: Traces::default(),
            knowledge: RwLock::new(parts.knowledge),
            embedder: parts.embedder,
        })
    }

    /// One utterance in, one complete reply out. Dropping the future cancels the turn; the session stays consistent.
    pub async fn ask(&self, session: &mut Session, text: &str, options: &AskOptions) -> Reply {
        let mut turn = Turn::begin(self, options);
        if let Some(reply) = turn.finish_pending(session, text).await {
            return turn.end(reply, session);
        }
        let reply = match turn.understand(session, text) {
            Ok(understood) if understood.proposals.is_empty() => turn.without_command(session, text, understood).await,
            Ok(understood) => match turn.rather_known(text, &understood).await {
                Some(reply) => reply,
                None => turn.carry_out(session, text, understood).await,
            },
            Err(error) => turn.broken(&error),
        };
        turn.end(reply, session)
    }

    /// Answers our own pending question.
    ///
    /// # Errors
    /// Nothing is pending, or it has expired.
    pub async fn answer(&self, session: &mut Session, value: AnswerValue, options: &AskOptions) -> Result<Reply, NothingPending> {
        let mut turn = Turn::begin(self, options);
        let reply = turn.answer_pending(session, value).await?;
        Ok(turn.end(reply, session))
    }

    /// Gives back the state before the last turn that changed something.
    pub async fn undo(&self, session: &mut Session, options: &AskOptions) -> Reply {
        let mut turn = Turn::begin(self, options);
        let reply = turn.undo(session).await;
        turn.end(reply, session)
    }

    /// What an utterance means, without doing it.
    pub async fn understand(&self, text: &str, options: &AskOptions) -> Meaning {
        Turn::begin(self, options).meaning(text).await
    }

    /// Why a turn came out as it did; the last 64 are kept.
    pub fn explain(&self, turn: u64) -> Option<serde_json::Value> {
        self.traces.get(turn)
    }

    /// What can be said, a row per action.
    pub fn rows(&self, language: &str) -> Vec<CatalogueRow> {
        crate::rows::rows(&self.catalogue, language)
    }

    /// Sentences that two actions claim, each with both.
    pub fn conflicts(&self) -> Vec<String> {
        crate::rows::conflicts(&self.catalogue, &self.understander)
    }

    /// Puts other knowledge in place; turns under way keep what they have.
    pub fn set_knowledge(&self, shelf: Option<Arc<knowledge::Shelf>>) {
        *self.knowledge.write().unwrap_or_else(std::sync::PoisonError::into_inner) = shelf;
    }

    /// What the car knows at present.
    pub fn knowledge(&self) -> Option<Arc<knowledge::Shelf>> {
        self.knowledge.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The sentence encoder.
    pub fn embedder(&self) -> Option<Arc<models::Embedder>> {
        self.embedder.clone()
    }

    /// Every plugin.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}
