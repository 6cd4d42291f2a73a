//! The door to a plugin: call an action, hear how it went.

use async_trait::async_trait;

use crate::value::{Value, Values};

/// One call of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The plugin's id.
    pub plugin: String,
    /// The action's id.
    pub action: String,
    /// Arguments by name, resolved and range-checked.
    pub arguments: Values,
    /// Number of the turn, for `Cancel`.
    pub turn: u64,
    /// Who speaks.
    pub zone: String,
    /// `zh` or `en`.
    pub language: String,
    /// Milliseconds the plugin has.
    pub deadline_ms: u32,
    /// The caller's bus name, empty in one process.
    pub caller: String,
}

/// How a plugin took a call. On D-Bus a dictionary: `state` s, `reason` s, `text` s, `values` a{sv}, `writes` a{sv}.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// `accepted` (the signals were asked to change), `refused`, `failed` or `unavailable`.
    pub state: OutcomeState,
    /// Why not, for a person; empty when accepted.
    pub reason: String,
    /// A sentence that replaces the manifest's `done`, empty: take the manifest's.
    pub text: String,
    /// Values for the sentence's slots, as read actions give them.
    pub values: Values,
    /// Signals that the plugin's program decided to set, for read-back.
    pub writes: Values,
}

/// See [`Outcome::state`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutcomeState {
    /// The signals were asked to change.
    Accepted,
    /// Understood, and not done.
    Refused,
    /// Tried, and it went wrong.
    #[default]
    Failed,
    /// What it needs is not there.
    Unavailable,
}

impl OutcomeState {
    /// Its name on D-Bus.
    pub fn name(self) -> &'static str {
        match self {
            OutcomeState::Accepted => "accepted",
            OutcomeState::Refused => "refused",
            OutcomeState::Failed => "failed",
            OutcomeState::Unavailable => "unavailable",
        }
    }

    /// From its name on D-Bus.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Refused, Self::Failed, Self::Unavailable].into_iter().find(|state| state.name() == name)
    }
}

impl Outcome {
    /// Accepted, with nothing more to say.
    pub fn accepted() -> Self {
        Outcome { state: OutcomeState::Accepted, ..Outcome::default() }
    }

    /// Not accepted, for a reason that a person can be told.
    pub fn not(state: OutcomeState, reason: impl Into<String>) -> Self {
        Outcome { state, reason: reason.into(), ..Outcome::default() }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
}

/// A plugin could not be called.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PluginError {
    /// There is no such plugin, or it does not start.
    #[error("the plugin {plugin} is not there: {reason}")]
    Unavailable {
        /// Its id.
        plugin: String,
        /// What the bus said.
        reason: String,
    },
    /// It did not answer in time.
    #[error("the plugin {0} did not answer in time")]
    Timeout(String),
    /// Its answer makes no sense.
    #[error("the plugin {plugin} answered nonsense: {reason}")]
    Nonsense {
        /// Its id.
        plugin: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// It failed by its own account.
    #[error("the plugin {plugin} failed: {reason}")]
    Failed {
        /// Its id.
        plugin: String,
        /// Its own words.
        reason: String,
    },
}

/// Calls plugins, wherever they run.
#[async_trait]
pub trait Invoke: Send + Sync {
    /// Calls one action; waits at most the invocation's deadline.
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError>;

    /// Gets a plugin ready to be called at once. What can take long is done here, before it is looked at a last time whether the call
    /// may be made; where it fails, the call will say why.
    async fn wake(&self, _plugin: &str) {}

    /// Tells a plugin that nobody waits for this turn any more.
    async fn cancel(&self, plugin: &str, turn: u64);
}
