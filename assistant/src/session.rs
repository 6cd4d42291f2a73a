//! What lasts between turns: a plain value that is handed in and handed back. It forgets by itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use plugins::value::{Value, Values};

use crate::policy::Consent;

/// How long a question of ours waits for its answer.
pub const PENDING_LIFETIME: Duration = Duration::from_secs(15);
/// How long "a bit more" still refers to the last command.
pub const CONTEXT_LIFETIME: Duration = Duration::from_secs(60);
/// How many turns `Undo` can go back.
const JOURNAL_LENGTH: usize = 20;

/// One conversation's memory.
#[derive(Debug, Default)]
pub struct Session {
    /// Our own question that waits for an answer.
    pub pending: Option<Pending>,
    /// The last commands, for "a bit more" and "the other side too".
    pub last: Option<Remembered>,
    journal: VecDeque<JournalEntry>,
}

/// A command that is understood: what to call with which arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Plugin id.
    pub plugin: String,
    /// Action id.
    pub action: String,
    /// Arguments, resolved.
    pub arguments: Values,
    /// The relative direction it was asked as, for "a bit more".
    pub direction: Option<String>,
    /// Which rung understood it.
    pub tier: String,
    /// 0 to 1.
    pub confidence: f64,
}

/// Why we asked back.
#[derive(Debug, Clone, PartialEq)]
pub enum PendingKind {
    /// A yes lets the commands be done.
    Confirm,
    /// One of the commands is meant.
    Choose,
    /// The named argument of the first command is missing.
    Missing(String),
}

/// Our own question and what it is about.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The turn that asked.
    pub turn: u64,
    /// What was asked.
    pub kind: PendingKind,
    /// The commands it is about.
    pub commands: Vec<Command>,
    /// For a confirmation: what a yes agrees to, command by command.
    pub consents: Vec<Consent>,
    /// Who was asked; only this seat's answer counts.
    pub zone: String,
    /// The language of the question.
    pub language: String,
    /// When it was asked.
    pub since: Instant,
}

/// The last commands of a session.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// In spoken order.
    pub commands: Vec<Command>,
    /// Who spoke.
    pub zone: String,
    /// When.
    pub since: Instant,
}

/// What a turn changed: how it was before.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// The turn.
    pub turn: u64,
    /// Signals as they were before.
    pub before: Values,
    /// Titles of actions of that turn that cannot be taken back.
    pub lasting: Vec<String>,
}

impl Command {
    /// The command that takes the turn back whose journal entry is the newest; no plugin has it.
    pub fn undo(turn: u64) -> Self {
        Command {
            plugin: String::new(),
            action: "undo".to_owned(),
            arguments: Values::from([("turn".to_owned(), Value::Number(turn as f64))]),
            direction: None,
            tier: "pattern".to_owned(),
            confidence: 1.0,
        }
    }

    /// Whether it is [`Command::undo`].
    pub fn is_undo(&self) -> bool {
        self.plugin.is_empty() && self.action == "undo"
    }
}

impl Session {
    /// The pending question, unless it is too old.
    pub fn take_pending(&mut self) -> Option<Pending> {
        self.pending.take().filter(|pending| pending.since.elapsed() < PENDING_LIFETIME)
    }

    /// Puts a seat's question in place of the one before, or takes its old one away. What another seat was asked stays open until
    /// something else is asked.
    pub fn ask(&mut self, zone: &str, question: Option<Pending>) {
        let is_own = self.pending.as_ref().is_some_and(|pending| pending.zone == zone);
        if question.is_some() || is_own {
            self.pending = question;
        }
    }

    /// The last commands of this seat, unless they are too old.
    pub fn remembered(&self, zone: &str) -> Option<&Remembered> {
        self.last.as_ref().filter(|last| last.zone == zone && last.since.elapsed() < CONTEXT_LIFETIME)
    }

    /// Writes down how it was before a turn; what a turn already wrote down stays as it is.
    pub fn record(&mut self, entry: JournalEntry) {
        if let Some(last) = self.journal.back_mut().filter(|last| last.turn == entry.turn) {
            for (path, value) in entry.before {
                last.before.entry(path).or_insert(value);
            }
            last.lasting.extend(entry.lasting);
            return;
        }
        if self.journal.len() == JOURNAL_LENGTH {
            self.journal.pop_front();
        }
        self.journal.push_back(entry);
    }

    /// Takes back what was written down for signals that a turn did not set after all.
    pub fn retract<'a>(&mut self, turn: u64, paths: impl Iterator<Item = &'a String>) {
        let Some(last) = self.journal.back_mut().filter(|last| last.turn == turn) else { return };
        paths.for_each(|path| {
            last.before.remove(path);
        });
        if last.before.is_empty() && last.lasting.is_empty() {
            self.journal.pop_back();
        }
    }

    /// The newest entry, taken out.
    pub fn take_journal(&mut self) -> Option<JournalEntry> {
        self.journal.pop_back()
    }
}
