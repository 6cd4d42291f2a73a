//! The road of one turn.

use std::path::PathBuf;
use std::sync::Arc;

use plugins::catalogue::Catalogue;
use plugins::invoke::Invoke;
use plugins::value::Value;
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;
use plugins::zone::{Steering, Zone};
use tokio::sync::mpsc::UnboundedSender;

use crate::policy::Policy;
use crate::reply::{Event, Meaning, Reply};
use crate::session::Session;

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
    pub knowledge: Option<Arc<knowledge::Generation>>,
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

/// The mind: understands, decides, acts, answers.
pub struct Assistant {
    _parts: Parts,
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
    pub arguments: std::collections::BTreeMap<String, Value>,
}
