//! What comes back from a turn. Field names are the keys of the D-Bus dictionaries.

use std::collections::BTreeMap;

use plugins::value::Values;
use serde::Serialize;

use crate::policy::Decision;

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyKind {
    /// Everything asked was carried out and read back.
    Done,
    /// Some of it was.
    Partly,
    /// Understood, and not allowed or not possible.
    Refused,
    /// Allowed, and it went wrong.
    Failed,
    /// A question was answered.
    Answer,
    /// One of several is meant: which?
    Choose,
    /// Shall it really be done?
    Confirm,
    /// A value is missing.
    Ask,
    /// Cannot help, and says so.
    Unknown,
    /// Stopped by the person or the caller.
    Cancelled,
}

impl ReplyKind {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            ReplyKind::Done => "done",
            ReplyKind::Partly => "partly",
            ReplyKind::Refused => "refused",
            ReplyKind::Failed => "failed",
            ReplyKind::Answer => "answer",
            ReplyKind::Choose => "choose",
            ReplyKind::Confirm => "confirm",
            ReplyKind::Ask => "ask",
            ReplyKind::Unknown => "unknown",
            ReplyKind::Cancelled => "cancelled",
        }
    }
}

/// What became of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionState {
    /// Read back with the asked value.
    Done,
    /// Policy, range or plugin said no.
    Refused,
    /// It went wrong.
    Failed,
    /// Accepted, and not seen to happen in time.
    Timeout,
    /// Nobody serves it, or the car does not have it.
    Unavailable,
    /// Waits for an answer.
    Pending,
}

impl ActionState {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            ActionState::Done => "done",
            ActionState::Refused => "refused",
            ActionState::Failed => "failed",
            ActionState::Timeout => "timeout",
            ActionState::Unavailable => "unavailable",
            ActionState::Pending => "pending",
        }
    }
}

/// One command of a turn, in spoken order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionReport {
    /// Plugin id.
    pub plugin: String,
    /// Action id.
    pub action: String,
    /// Resolved arguments.
    pub arguments: Values,
    /// What became of it.
    pub state: ActionState,
    /// Why, when it is not done.
    pub reason: String,
    /// What is said about it; a part of the reply's text unless that had to be short.
    #[serde(skip)]
    pub sentence: String,
    /// Every signal it sets.
    pub writes: Values,
    /// Whether `Undo` can take it back.
    pub undoable: bool,
}

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// `curated` or `document`.
    pub kind: String,
    /// Name of the document or question base.
    pub document: String,
    /// Heading, or the question it was found under.
    pub section: String,
    /// Page, 0 where there are none.
    pub page: u32,
    /// The words themselves.
    pub quote: String,
    /// 0 to 1.
    pub score: f64,
}

/// One way to answer a `choose`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChoiceOption {
    /// What to show.
    pub label: String,
    /// The command it stands for.
    pub plugin: String,
    /// See `plugin`.
    pub action: String,
    /// See `plugin`.
    pub arguments: Values,
}

/// The complete reply of one turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// Number of the turn.
    pub turn: u64,
    /// How it ended.
    pub kind: ReplyKind,
    /// What to show and speak.
    pub text: String,
    /// `zh` or `en`.
    pub language: String,
    /// One per command understood.
    pub actions: Vec<ActionReport>,
    /// What an answer rests on.
    pub sources: Vec<Source>,
    /// For `choose`.
    pub options: Vec<ChoiceOption>,
    /// 0 to 1.
    pub confidence: f64,
    /// `pattern`, `similar`, `curated`, `document`; empty when nothing was understood.
    pub tier: String,
    /// Microseconds per stage, and `total`.
    pub timings: BTreeMap<String, u64>,
}

/// What happens while a turn runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A stage began: `heard`, `understood`, `checking`, `acting`, `searching`, `writing`.
    Progress(&'static str, Values),
    /// A piece of the reply's text.
    Text(String),
}

/// What an utterance means, without doing it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Meaning {
    /// The commands it would become.
    pub commands: Vec<MeantCommand>,
    /// Whether it (also) is a question.
    pub question: bool,
    /// `zh` or `en`.
    pub language: String,
    /// 0 to 1.
    pub confidence: f64,
    /// What was said and not understood.
    pub leftover: String,
}

/// One command of a [`Meaning`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeantCommand {
    /// Plugin id.
    pub plugin: String,
    /// Action id.
    pub action: String,
    /// Arguments, relative steps resolved.
    pub arguments: Values,
    /// 0 to 1.
    pub confidence: f64,
    /// `pattern` or `similar`.
    pub tier: String,
    /// First and last+1 character in the text, counted in Unicode scalars.
    pub span: (u32, u32),
}

/// What policy says to an utterance, without doing it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// One per command understood, in spoken order.
    pub commands: Vec<JudgedCommand>,
    /// Two commands that contradict each other, counted from 0: which one is meant would be asked.
    pub contradiction: Option<(usize, usize)>,
    /// `zh` or `en`.
    pub language: String,
    /// What was said and not understood.
    pub leftover: String,
}

/// One command of a [`Judgement`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedCommand {
    /// Plugin id.
    pub plugin: String,
    /// Action id.
    pub action: String,
    /// Resolved arguments.
    pub arguments: Values,
    /// The action's risk class.
    pub risk: String,
    /// Every signal it would set.
    pub writes: Values,
    /// Signals whose value the plugin's program decides.
    pub open: Vec<String>,
    /// `allow`, `confirm`, `deny`; `impossible` and `missing` where it did not come to rules.
    pub verdict: String,
    /// What is said to it; empty when it is allowed.
    pub say: String,
    /// Rules and risk class, in the order they were asked.
    pub decisions: Vec<Decision>,
}
