//! Where callers are received: the assistant once it is there, the turns under way, and what the daemon says about itself.
//! It knows who may do what with a turn, and no bus.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assistant::reply::{Event, ReplyKind};
use assistant::session::{PENDING_LIFETIME, PendingKind};
use assistant::{AnswerValue, AskOptions, Assistant, Session};
use plugins::zone::Zone;
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::status::Status;
use crate::stock::Stock;
use crate::turns::{Caller, Conversation, Plan, Refusal, Turn, Turns};

mod ending;

use ending::ended_reply;
pub use ending::{ending_reply, language_of};

/// The time a turn has when nothing is said about it.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How something is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `zh`, `en`, or empty: find out.
    pub language: String,
    /// Who speaks.
    pub zone: Zone,
    /// The recognizer's other readings.
    pub alternatives: Vec<(String, f64)>,
    /// When the turn must be through.
    pub deadline: Duration,
}

/// The desk.
pub struct Desk {
    /// Everything under way.
    pub turns: Arc<Turns>,
    assistant: OnceLock<Arc<Assistant>>,
    stock: OnceLock<Arc<Stock>>,
    status: watch::Sender<Status>,
    ending: AtomicBool,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            turns: Arc::default(),
            assistant: OnceLock::new(),
            stock: OnceLock::new(),
            status: watch::channel(Status::default()).0,
            ending: AtomicBool::new(false),
        }
    }
}

/// Why an answer was not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The turn cannot begin.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// That turn asked nothing, or too long ago.
    #[error("turn {0} is not waiting for an answer")]
    NothingPending(u64),
    /// The answer does not fit the question.
    #[error("{0}")]
    Unfit(&'static str),
}

impl Desk {
    /// The assistant, once it is there.
    pub fn assistant(&self) -> Option<&Arc<Assistant>> {
        self.assistant.get()
    }

    /// Puts the assistant to work; only the first one counts.
    pub fn employ(&self, assistant: Arc<Assistant>) {
        let _ = self.assistant.set(assistant);
    }

    /// Where knowledge can be put, once it is known.
    pub fn stock(&self) -> Option<&Arc<Stock>> {
        self.stock.get()
    }

    /// Opens the stock; only the first one counts.
    pub fn open_stock(&self, stock: Arc<Stock>) {
        let _ = self.stock.set(stock);
    }

    /// Says that the daemon ends, so that loading gives up.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the daemon ends.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// What the daemon says about itself now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Hears of every change of the status.
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Changes the status.
    pub fn change_status(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }

    /// Begins a turn with an utterance.
    ///
    /// # Errors
    /// Too much is under way, or the conversation is closed.
    pub fn ask(&self, place: Place, text: String, request: Request, events: Option<UnboundedSender<Event>>) -> Result<Turn, Refusal> {
        let Place { assistant, conversation } = place;
        let asker = conversation.owner.clone();
        let plan = Plan { asker: asker.clone(), conversation, memory: None, deadline: request.deadline };
        self.turns.begin(plan, move |mut memory, turn| async move {
            let options = ask_options(turn, request, asker, events);
            assistant.ask(&mut memory, &text, &options).await
        })
    }

    /// Begins a turn with the answer to a question of ours.
    ///
    /// # Errors
    /// The named turn asked nothing, the answer does not fit, or too much is under way.
    pub fn answer(&self, place: Place, turn: u64, value: AnswerValue, events: UnboundedSender<Event>) -> Result<Turn, NotTaken> {
        let Place { assistant, conversation } = place;
        let Some(memory) = conversation.idle_memory() else {
            return Err(NotTaken::Refused(Refusal::Busy("this session has a turn under way; answer when it is through")));
        };
        let request = fitting(&memory, turn, &value)?;
        let asker = conversation.owner.clone();
        let plan = Plan { asker: asker.clone(), conversation, memory: Some(memory), deadline: request.deadline };
        Ok(self.turns.begin(plan, move |mut memory, turn| async move {
            let language = request.language.clone();
            let options = ask_options(turn, request, asker, Some(events));
            let answered = assistant.answer(&mut memory, value, &options).await;
            answered.unwrap_or_else(|_| ended_reply(turn, ReplyKind::Unknown, &language))
        })?)
    }

    /// Begins a turn that takes back what the last one in `conversation` did. `asker` is its owner, or another caller of the
    /// same user when the owner has left.
    ///
    /// # Errors
    /// Too much is under way, or the conversation is closed.
    pub fn undo(&self, place: Place, asker: Caller, language: String) -> Result<Turn, Refusal> {
        let Place { assistant, conversation } = place;
        let plan = Plan { asker: asker.clone(), conversation, memory: None, deadline: DEADLINE };
        self.turns.begin(plan, move |mut memory, turn| async move {
            let request = Request { language, zone: Zone::Driver, alternatives: Vec::new(), deadline: DEADLINE };
            assistant.undo(&mut memory, &ask_options(turn, request, asker, None)).await
        })
    }

    /// The conversation whose last turn `undo` would take back for a user: the newest default one with something in its journal,
    /// else the caller's own.
    ///
    /// # Errors
    /// The caller has left.
    pub async fn undoable(&self, caller: &Caller) -> Result<Arc<Conversation>, Refusal> {
        while let Some(conversation) = self.turns.take_undoable(caller.uid) {
            if has_journal(&mut conversation.memory().await) {
                return Ok(conversation);
            }
        }
        self.turns.default_of(caller)
    }
}

/// Where a turn takes place, and who runs it.
#[derive(Clone)]
pub struct Place {
    /// Who runs it.
    pub assistant: Arc<Assistant>,
    /// Where.
    pub conversation: Arc<Conversation>,
}

fn ask_options(turn: u64, request: Request, asker: Caller, events: Option<UnboundedSender<Event>>) -> AskOptions {
    let Request { language, zone, alternatives, deadline: _ } = request;
    AskOptions { turn, language, zone, alternatives, caller: asker.name, events }
}

fn fitting(memory: &Session, turn: u64, value: &AnswerValue) -> Result<Request, NotTaken> {
    let pending = memory.pending.as_ref().filter(|pending| pending.turn == turn && pending.since.elapsed() < PENDING_LIFETIME);
    let pending = pending.ok_or(NotTaken::NothingPending(turn))?;
    match (&pending.kind, value) {
        (PendingKind::Confirm, AnswerValue::Choice(_)) => return Err(NotTaken::Unfit("a confirmation takes true or false (b)")),
        (PendingKind::Choose, AnswerValue::Yes(_)) => return Err(NotTaken::Unfit("a choice takes the option's number from 0 (u)")),
        (PendingKind::Missing(_), AnswerValue::Yes(_) | AnswerValue::Choice(_)) => {
            return Err(NotTaken::Unfit("a missing value takes its words (s)"));
        }
        (PendingKind::Choose, AnswerValue::Choice(number)) if *number as usize >= pending.commands.len() => {
            return Err(NotTaken::Unfit("there is no option with that number; they are counted from 0"));
        }
        _ => {}
    }
    // Only the seat that was asked may answer, and whoever holds the session speaks for it.
    let zone = pending.zone.parse().unwrap_or(Zone::Driver);
    Ok(Request { language: pending.language.clone(), zone, alternatives: Vec::new(), deadline: DEADLINE })
}

/// Whether there is something to undo. The journal shows itself only by being taken.
fn has_journal(memory: &mut OwnedMutexGuard<Session>) -> bool {
    memory.take_journal().map(|entry| memory.record(entry)).is_some()
}

#[cfg(test)]
mod tests;
