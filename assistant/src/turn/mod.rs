//! One turn under way: its stages, its clock and its trace.

mod brief;
mod carry_out;
mod contradiction;
mod judgement;
mod meaning;
mod pending;
mod undo;
mod without_command;

use std::collections::BTreeMap;
use std::time::Instant;

use models::ModelError;
use plugins::value::Values;
use serde_json::json;

use crate::assistant::{AskOptions, Assistant};
use crate::reply::{Event, Reply, ReplyKind};
use crate::say::Speaker;
use crate::session::Session;
use crate::understand::{Understood, context};

/// One turn of one session.
pub(crate) struct Turn<'a> {
    assistant: &'a Assistant,
    options: &'a AskOptions,
    language: String,
    started: Instant,
    stage: Instant,
    timings: BTreeMap<String, u64>,
    trace: serde_json::Map<String, serde_json::Value>,
    /// What is said of parts that were not understood.
    unheard: Vec<String>,
}

impl<'a> Turn<'a> {
    /// Starts the clock.
    pub(crate) fn begin(assistant: &'a Assistant, options: &'a AskOptions) -> Self {
        let now = Instant::now();
        let language = if options.language == "zh" { "zh" } else { "en" }.to_owned();
        let turn = Turn {
            assistant,
            options,
            language,
            started: now,
            stage: now,
            timings: BTreeMap::new(),
            trace: Default::default(),
            unheard: Vec::new(),
        };
        turn.progress("heard");
        turn
    }

    /// Understands the text, with the last commands where it makes sense only after them, and the recognizer's other readings where the
    /// first is not understood.
    pub(crate) fn understand(&mut self, session: &Session, text: &str) -> Result<Understood, ModelError> {
        let mut understood = self.understand_one(session, text)?;
        let options = self.options;
        for (alternative, confidence) in &options.alternatives {
            if !understood.proposals.is_empty() || understood.forbidden > 0 {
                break;
            }
            let other = self.understand_one(session, alternative)?;
            if other.leftover.is_empty() && !other.proposals.is_empty() {
                self.note("alternative", json!({ "text": alternative, "confidence": confidence }));
                understood = other;
            }
        }
        self.language.clone_from(&understood.language);
        self.lap("understand");
        self.progress("understood");
        Ok(understood)
    }

    fn understand_one(&mut self, session: &Session, text: &str) -> Result<Understood, ModelError> {
        let understander = &self.assistant.understander;
        let mut understood = crate::blocking(|| understander.understand(text, &self.options.language))?;
        self.note("language", json!(understood.language));
        if let Some(guess) = &understood.guess {
            let name =
                guess.action.map(|index| &understander.actions.entries[index]).map(|entry| format!("{}.{}", entry.plugin, entry.action.id));
            self.note("similar", json!({ "sample": guess.sample, "action": name, "score": guess.score, "margin": guess.margin }));
        }
        if understood.proposals.is_empty()
            && understood.forbidden == 0
            && let Some(last) = session.remembered(self.options.zone.name())
        {
            understood.proposals = context::follow_up(understander, &understood.tokens, last);
            if !understood.proposals.is_empty() {
                understood.leftover.clear();
                self.note("context", json!("the last command"));
            }
        }
        Ok(understood)
    }

    /// Ends the turn: makes it short for the road, adds clock and trace.
    pub(crate) async fn end(mut self, mut reply: Reply, session: &Session) -> Reply {
        self.mind_the_road(&mut reply).await;
        self.timings.insert("total".to_owned(), micros(self.started));
        reply.timings = std::mem::take(&mut self.timings);
        self.note("kind", json!(reply.kind.name()));
        self.note("text", json!(reply.text));
        self.note("actions", json!(reply.actions));
        self.note("timings", json!(reply.timings));
        self.note("pending", json!(session.pending.is_some()));
        self.assistant.traces.keep(reply.turn, serde_json::Value::Object(self.trace));
        if let Some(events) = &self.options.events
            && !reply.text.is_empty()
        {
            // Nobody need listen.
            let _ = events.send(Event::Text(reply.text.clone()));
        }
        reply
    }

    /// A reply to a turn that broke: the log has the reason, the person one sentence.
    pub(crate) fn broken(&self, error: &dyn std::fmt::Display) -> Reply {
        tracing::warn!(turn = self.options.turn, %error, "the turn failed");
        let text = self.speaker().own("unknown", &[]);
        self.reply(ReplyKind::Failed, text)
    }

    fn speaker(&self) -> Speaker<'_> {
        let assistant = self.assistant;
        Speaker {
            catalogue: &assistant.catalogue,
            lexicon: &assistant.understander.lexicon,
            phrases: &assistant.phrases,
            language: &self.language,
        }
    }

    /// An empty reply of a kind.
    fn reply(&self, kind: ReplyKind, text: String) -> Reply {
        Reply {
            turn: self.options.turn,
            kind,
            text,
            language: self.language.clone(),
            actions: Vec::new(),
            sources: Vec::new(),
            options: Vec::new(),
            confidence: 0.0,
            tier: String::new(),
            timings: BTreeMap::new(),
        }
    }

    fn progress(&self, stage: &'static str) {
        if let Some(events) = &self.options.events {
            let _ = events.send(Event::Progress(stage, Values::new()));
        }
    }

    fn lap(&mut self, stage: &str) {
        *self.timings.entry(stage.to_owned()).or_default() += micros(self.stage);
        self.stage = Instant::now();
    }

    fn note(&mut self, key: &str, value: serde_json::Value) {
        self.trace.insert(key.to_owned(), value);
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
