//! `org.steward1.Assistant`: the front door.

use std::sync::Arc;

use zbus::message::Header;
use zbus::names::OwnedUniqueName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectPath, interface};

use super::caller::{permitted, sender};
use super::dictionary::{self, Dictionary};
use super::error::{Error, Result, fenced};
use super::options::{self, Options};
use super::session::SessionInterface;
use super::{PATH, session_path};
use crate::desk::{Desk, Place, ending_reply, language_of};
use crate::turns::{Defaults, Ending, Turn};

/// The front door.
pub(super) struct AssistantInterface {
    pub(super) desk: Arc<Desk>,
}

/// The assistant, or `NotReady`.
pub(super) fn assistant(desk: &Desk) -> Result<Arc<assistant::Assistant>> {
    let wait = || match desk.status().missing.get("assistant") {
        Some(reason) => Error::NotReady(format!("the assistant cannot work: {reason}")),
        None => Error::NotReady("the assistant is still starting; wait until Status is 'ready' or 'degraded'".to_owned()),
    };
    desk.assistant().cloned().ok_or_else(wait)
}

#[interface(name = "org.steward1.Assistant")]
impl AssistantInterface {
    /// One utterance in, one complete reply out, in the caller's own default session.
    #[zbus(out_args("reply"))]
    async fn ask(
        &self,
        text: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        options::check_text(&text)?;
        let request = options::request(&options, &Defaults::default())?;
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let assistant = assistant(&desk)?;
            let caller = permitted(&desk, &connection, &name, ("Assistant", "Ask")).await?;
            let conversation = desk.turns.default_of(&caller)?;
            let language = language_of(&text, &request.language);
            let mut turn = desk.ask(Place { assistant, conversation }, text, request, None)?;
            finish(&connection, &name, &mut turn, language).await
        })
        .await
    }

    /// A conversation with its own memory; only its opener may use it; it ends with the opener.
    #[zbus(out_args("session"))]
    async fn open_session(
        &self,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ObjectPath<'static>> {
        let defaults = options::session_defaults(&options)?;
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let caller = permitted(&desk, &connection, &name, ("Assistant", "OpenSession")).await?;
            let conversation = desk.turns.open(&caller, defaults)?;
            let path = session_path(conversation.number);
            let session = SessionInterface { desk: Arc::clone(&desk), conversation: Arc::clone(&conversation) };
            if let Err(error) = connection.object_server().at(&path, session).await {
                desk.turns.close(&conversation);
                return Err(error.into());
            }
            // The opener may have left while the object was put up, and then nobody takes it down again.
            if !desk.turns.is_open(&conversation) {
                super::session::take_down(&connection, conversation.number).await;
                return Err(Error::Denied("the caller has left the bus".to_owned()));
            }
            Ok(path)
        })
        .await
    }

    /// Silence and stop everything this caller has under way.
    async fn stop(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<()> {
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let caller = permitted(&desk, &connection, &name, ("Assistant", "Stop")).await?;
            desk.turns.stop_caller(&caller);
            Ok(())
        })
        .await
    }

    /// Stops everything that any program of the caller's user has under way, and says how many turns that were. For tools that
    /// run for one call only and so never have anything under way themselves.
    #[zbus(out_args("stopped"))]
    async fn stop_all(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<u32> {
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let caller = permitted(&desk, &connection, &name, ("Assistant", "StopAll")).await?;
            Ok(u32::try_from(desk.turns.stop_user(caller.uid)).unwrap_or(u32::MAX))
        })
        .await
    }

    /// Takes back what the last turn did that a program of the caller's user asked in its default session, also when that
    /// program has ended. For tools that run for one call only; a session has its own `Undo`.
    #[zbus(out_args("reply"))]
    async fn undo(
        &self,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        let language = options::request(&options, &Defaults::default())?.language;
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let assistant = assistant(&desk)?;
            let caller = permitted(&desk, &connection, &name, ("Assistant", "Undo")).await?;
            let conversation = desk.undoable(&caller).await?;
            let told = language_of("", &language);
            let mut turn = desk.undo(Place { assistant, conversation }, caller, language)?;
            finish(&connection, &name, &mut turn, told).await
        })
        .await
    }

    /// Why a turn came out as it did: tiers tried, candidates with scores, policy decisions, timings. A trace holds what was
    /// said, so only the user who asked the turn gets it.
    #[zbus(out_args("trace"))]
    async fn explain(
        &self,
        turn: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Dictionary> {
        let (desk, connection, name) = (Arc::clone(&self.desk), connection.clone(), sender(&header)?);
        fenced(async move {
            let assistant = assistant(&desk)?;
            let caller = permitted(&desk, &connection, &name, ("Assistant", "Explain")).await?;
            let unknown = || Error::NotFound(format!("nothing is remembered of turn {turn}; only the last turns are"));
            if desk.turns.asker(turn).ok_or_else(unknown)? != caller.uid {
                return Err(Error::Denied(format!("turn {turn} was asked by another user")));
            }
            assistant.explain(turn).map(|trace| dictionary::trace(&trace)).ok_or_else(unknown)
        })
        .await
    }

    /// What can be said, for an HMI's help page: one row per action.
    #[zbus(out_args("actions"))]
    async fn catalogue(
        &self,
        language: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<Dictionary>> {
        permitted(&self.desk, connection, &sender(&header)?, ("Assistant", "Catalogue")).await?;
        let language = match language.as_str() {
            "" => "en",
            "en" | "zh" => &language,
            _ => return Err(Error::BadRequest("language must be 'zh' or 'en'".to_owned())),
        };
        let (assistant, language) = (assistant(&self.desk)?, language.to_owned());
        fenced(async move { Ok(assistant.rows(&language).iter().map(dictionary::catalogue_row).collect()) }).await
    }

    /// What happened since the start, in numbers: `turns` by how they ended, `refusals` by their reason, and in `stages` for each
    /// stage of a turn `count`, `sum` in microseconds, and `buckets` of at most `bounds` microseconds each.
    #[zbus(out_args("metrics"))]
    async fn metrics(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<Dictionary> {
        permitted(&self.desk, connection, &sender(&header)?, ("Assistant", "Metrics")).await?;
        Ok(dictionary::metrics(&self.desk.turns.metrics.counts()))
    }

    /// Version of the daemon.
    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// "starting", "ready" or "degraded" (something optional is missing; see `StatusDetail`).
    #[zbus(property)]
    fn status(&self) -> &'static str {
        self.desk.status().name()
    }

    /// What is missing, with a sentence each (`missing` a{ss}); plugins left out (`rejected` a{ss}); phrases that two plugins claim
    /// (`conflicts` as); the execution provider (`provider` s) and those that do not work here (`skipped` a{ss}); while starting,
    /// how far it is (`progress` (tt)).
    #[zbus(property)]
    fn status_detail(&self) -> Dictionary {
        dictionary::status(&self.desk.status())
    }

    /// Languages that can be spoken.
    #[zbus(property(emits_changed_signal = "const"))]
    fn languages(&self) -> Vec<&'static str> {
        plugins::catalogue::LANGUAGES.to_vec()
    }

    /// The models in use: `name`, `version`, `role`, `languages`, `dimension`, `identity`, `provider`.
    #[zbus(property)]
    fn models(&self) -> Vec<Dictionary> {
        self.desk.status().models.iter().map(dictionary::model).collect()
    }

    /// A turn is through. Sent to the caller of the turn alone: a reply says what somebody asked, and other programs on the bus
    /// have no business with it.
    #[zbus(signal)]
    async fn turn_finished(emitter: &SignalEmitter<'_>, turn: u64, reply: &Dictionary) -> zbus::Result<()>;
}

/// Tells the caller how its turn ended: the reply, and the signal for whoever in that program watches only signals.
async fn finish(connection: &Connection, name: &OwnedUniqueName, turn: &mut Turn, language: &str) -> Result<Dictionary> {
    let (ending, number) = (turn.ending().await, turn.number);
    match ending {
        Ending::Late => return Err(Error::Timeout(format!("turn {number} was not through before its deadline, and was stopped"))),
        Ending::Broken => return Err(Error::Failed(format!("turn {number} failed inside; the log says where"))),
        Ending::Replied(_) | Ending::Stopped => {}
    }
    let reply = dictionary::reply(&ending_reply(turn, ending, language))?;
    tell_finished(connection, name, number, &reply).await;
    Ok(reply)
}

/// Emits `TurnFinished` to one caller. One that has left is no error.
pub(super) async fn tell_finished(connection: &Connection, name: &OwnedUniqueName, turn: u64, reply: &Dictionary) {
    let told = async {
        let emitter = SignalEmitter::new(connection, PATH)?.set_destination(name.as_ref().into());
        AssistantInterface::turn_finished(&emitter, turn, reply).await
    };
    if let Err(error) = told.await {
        tracing::debug!(turn, %error, "nobody could be told that a turn is through");
    }
}
