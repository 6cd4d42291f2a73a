//! Where callers are received: the assistant once it is there, the turns under way, and what the daemon says about itself.
//! It knows who may do what with a turn, and no bus.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assistant::reply::{Event, Reply, ReplyKind};
use assistant::session::{PENDING_LIFETIME, PendingKind};
use assistant::{AnswerValue, AskOptions, Assistant, Session};
use plugins::zone::Zone;
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::status::Status;
use crate::turns::{Caller, Conversation, Ending, Plan, Refusal, Turn, Turns};

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
    status: watch::Sender<Status>,
    ending: AtomicBool,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            turns: Arc::default(),
            assistant: OnceLock::new(),
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

/// The reply of a turn that has none of its own. A caller that is told `Timeout` by an error needs none.
pub fn ending_reply(turn: u64, ending: Ending, language: &str) -> Reply {
    match ending {
        Ending::Replied(reply) => *reply,
        Ending::Stopped | Ending::Late => ended_reply(turn, ReplyKind::Cancelled, language),
        Ending::Broken => ended_reply(turn, ReplyKind::Failed, language),
    }
}

/// The language of a text as far as its letters tell: what is said about a turn that was stopped before it was understood.
pub fn language_of(text: &str, told: &str) -> &'static str {
    let is_han = |letter: char| ('\u{3400}'..='\u{9fff}').contains(&letter);
    match told {
        "zh" => "zh",
        "en" => "en",
        _ if text.chars().any(is_han) => "zh",
        _ => "en",
    }
}

fn ended_reply(turn: u64, kind: ReplyKind, language: &str) -> Reply {
    let chinese = language == "zh";
    let text = match kind {
        ReplyKind::Cancelled if chinese => "已停止。",
        ReplyKind::Cancelled => "Stopped.",
        ReplyKind::Failed if chinese => "出了点问题，请再试一次。",
        ReplyKind::Failed => "Something went wrong. Please try again.",
        _ if chinese => "现在没有等待回答的问题。",
        _ => "There is no question waiting for an answer.",
    };
    Reply {
        turn,
        kind,
        text: text.to_owned(),
        language: if chinese { "zh" } else { "en" }.to_owned(),
        actions: Vec::new(),
        sources: Vec::new(),
        options: Vec::new(),
        confidence: 1.0,
        tier: String::new(),
        timings: BTreeMap::new(),
    }
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
mod tests {
    use std::time::Instant;

    use assistant::session::{Command, JournalEntry, Pending};

    use super::*;

    fn asking(kind: PendingKind) -> Session {
        let command = Command {
            plugin: "p".into(),
            action: "a".into(),
            arguments: BTreeMap::new(),
            direction: None,
            tier: "pattern".into(),
            confidence: 1.0,
        };
        let pending = Pending {
            turn: 3,
            kind,
            commands: vec![command.clone(), command],
            zone: "passenger".into(),
            language: "zh".into(),
            since: Instant::now(),
        };
        let mut session = Session::default();
        session.pending = Some(pending);
        session
    }

    #[test]
    fn an_answer_must_fit_the_question() {
        let confirm = asking(PendingKind::Confirm);
        let request = fitting(&confirm, 3, &AnswerValue::Yes(true)).unwrap();
        assert_eq!((request.zone, request.language.as_str()), (Zone::Passenger, "zh"));
        assert_eq!(fitting(&confirm, 2, &AnswerValue::Yes(true)), Err(NotTaken::NothingPending(2)));
        assert!(matches!(fitting(&confirm, 3, &AnswerValue::Choice(0)), Err(NotTaken::Unfit(_))));
        let choose = asking(PendingKind::Choose);
        assert!(fitting(&choose, 3, &AnswerValue::Choice(1)).is_ok());
        assert!(matches!(fitting(&choose, 3, &AnswerValue::Choice(2)), Err(NotTaken::Unfit(_))));
        let missing = asking(PendingKind::Missing("temperature".into()));
        assert!(fitting(&missing, 3, &AnswerValue::Words("22".into())).is_ok());
        assert!(matches!(fitting(&missing, 3, &AnswerValue::Yes(false)), Err(NotTaken::Unfit(_))));
    }

    #[test]
    fn an_old_question_takes_no_answer() {
        let mut session = asking(PendingKind::Confirm);
        let pending = session.pending.as_mut().unwrap();
        pending.since = Instant::now().checked_sub(PENDING_LIFETIME).unwrap();
        assert_eq!(fitting(&session, 3, &AnswerValue::Yes(true)), Err(NotTaken::NothingPending(3)));
    }

    #[test]
    fn a_stopped_turn_speaks_the_language_of_the_question() {
        assert_eq!(ending_reply(1, Ending::Stopped, language_of("打开天窗", "")).text, "已停止。");
        assert_eq!(ending_reply(1, Ending::Late, language_of("open it", "")).kind, ReplyKind::Cancelled);
        assert_eq!(language_of("打开天窗", "en"), "en");
    }

    #[tokio::test]
    async fn undo_passes_over_conversations_without_a_journal() {
        let desk = Desk::default();
        let (ann, later) = (Caller { name: ":1.1".into(), uid: 5 }, Caller { name: ":1.2".into(), uid: 5 });
        desk.turns.welcome(&ann);
        desk.turns.welcome(&later);
        let with_journal = desk.turns.default_of(&ann).unwrap();
        with_journal.memory().await.record(JournalEntry { turn: 1, before: BTreeMap::new(), lasting: Vec::new() });
        for caller in [&ann, &later] {
            let conversation = desk.turns.default_of(caller).unwrap();
            let plan = Plan { asker: caller.clone(), conversation, memory: None, deadline: Duration::ZERO };
            let mut turn = desk.turns.begin(plan, |_, turn| async move {
                std::future::pending::<()>().await;
                ended_reply(turn, ReplyKind::Done, "en")
            });
            assert_eq!(turn.as_mut().unwrap().ending().await, Ending::Late);
        }
        assert!(Arc::ptr_eq(&desk.undoable(&later).await.unwrap(), &with_journal));
        assert!(Arc::ptr_eq(&desk.undoable(&later).await.unwrap(), &desk.turns.default_of(&later).unwrap()));
    }
}
