//! Somebody to hold a conversation with: the daemon in a session of its own, or an assistant in this process. And the car behind it.

use std::sync::Arc;

use plugins::value::Values;
use plugins::vehicle::Vehicle;
use serde_json::Value as Json;

use super::Failure;
use super::local::Local;
use super::vehicle::reasons;
use crate::client::{Client, Conversation, Heard, Telling};

/// Who answers.
pub(super) enum Talk {
    Daemon(Box<Session>),
    Here(Box<Local>),
}

/// A session with the daemon.
pub(super) struct Session {
    client: Client,
    conversation: Conversation,
}

impl Talk {
    /// Opens a session with the daemon.
    pub(super) async fn with_daemon(client: Client, telling: &Telling) -> Result<Talk, Failure> {
        let conversation = client.open(telling).await?;
        Ok(Talk::Daemon(Box::new(Session { client, conversation })))
    }

    /// One utterance; Ctrl-C stops the turn, not the conversation.
    pub(super) async fn ask(&mut self, text: &str, telling: &Telling) -> Result<Json, Failure> {
        match self {
            Talk::Daemon(session) => session.ask(text, telling).await,
            Talk::Here(local) => tokio::select! {
                reply = local.ask(text, telling) => reply,
                _ = tokio::signal::ctrl_c() => Err(Failure::failed("stopped")),
            },
        }
    }

    /// Takes back what the last turn did.
    pub(super) async fn undo(&mut self, telling: &Telling) -> Result<Json, Failure> {
        match self {
            Talk::Daemon(session) => Ok(session.conversation.undo().await?),
            Talk::Here(local) => local.undo(telling).await,
        }
    }

    /// Why a turn came out as it did.
    pub(super) async fn explain(&self, turn: u64) -> Result<Json, Failure> {
        match self {
            Talk::Daemon(session) => Ok(session.client.explain(turn).await?),
            Talk::Here(local) => local.explain(turn),
        }
    }

    /// The car's signals; none when nobody serves them.
    pub(super) async fn vehicle(&self) -> Option<Arc<dyn Vehicle>> {
        match self {
            Talk::Daemon(session) => session.client.vehicle().await.ok().map(|vehicle| Arc::new(vehicle) as Arc<dyn Vehicle>),
            Talk::Here(local) => Some(Arc::new(local.car.clone())),
        }
    }

    /// Sets signals as the car takes them, and where it does not, as only the simulated car allows.
    pub(super) async fn set(&self, vehicle: &dyn Vehicle, values: &Values) -> Result<(), Failure> {
        let refused = vehicle.set(values).await.map_err(Failure::failed)?;
        if refused.is_empty() {
            return Ok(());
        }
        let forced = match self {
            Talk::Daemon(session) => session.client.force(values).await.map_err(|error| error.to_string()),
            Talk::Here(local) => local.car.force(values).map_err(|error| error.to_string()),
        };
        forced.map_err(|reason| Failure::failed(format!("{}; {reason}", reasons(&refused))))
    }
}

impl Session {
    async fn ask(&mut self, text: &str, telling: &Telling) -> Result<Json, Failure> {
        let number = self.conversation.ask(text, telling).await?;
        loop {
            tokio::select! {
                heard = self.conversation.hear() => match heard? {
                    Heard::Finished(turn, reply) if turn == number => return Ok(reply),
                    // The reply has the whole text, and stages pass too fast to be read.
                    Heard::Finished(..) | Heard::Stage(..) | Heard::Text(..) => {}
                },
                _ = tokio::signal::ctrl_c() => self.conversation.cancel(number).await?,
            }
        }
    }
}
