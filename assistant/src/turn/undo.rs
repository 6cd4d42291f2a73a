//! Gives back the state before the last turn that changed something. It passes the policy as any other set of writes does.

use std::time::Duration;

use plugins::manifest::Risk;
use plugins::value::{Value, Values};
use plugins::writes::Writes;
use serde_json::json;

use super::Turn;
use crate::act;
use crate::policy::{Refusal, Verdict};
use crate::reply::{ActionReport, ActionState, Reply, ReplyKind};
use crate::session::{Command, Session};

/// How long the restored signals have to read as before.
const DEADLINE: Duration = Duration::from_secs(2);

impl Turn<'_> {
    /// Restores, reads back, and says what could not be taken back.
    pub(crate) async fn undo(&mut self, session: &mut Session) -> Reply {
        let Some(entry) = session.take_journal() else {
            return self.reply(ReplyKind::Unknown, self.speaker().own("nothing-to-undo", &[]));
        };
        session.last = None;
        let lasting = entry.lasting.join(", ");
        if entry.before.is_empty() {
            return self.reply(ReplyKind::Refused, self.speaker().own("undone-not", &[("action", &lasting)]));
        }
        let command = Command {
            plugin: String::new(),
            action: "undo".to_owned(),
            arguments: Values::from([("turn".to_owned(), Value::Number(entry.turn as f64))]),
            direction: None,
            tier: "pattern".to_owned(),
            confidence: 1.0,
        };
        let writes = Writes { values: entry.before.clone(), open: Vec::new() };
        let vehicle = self.assistant.vehicle.as_ref();
        // The person just asked for exactly this, so nothing is asked back; what is forbidden stays forbidden.
        let (verdict, decisions) = self.assistant.policy.check(&command, Risk::Comfort, &writes, true, vehicle).await;
        self.note("policy 0", json!(decisions));
        let (state, sentence) = match verdict {
            Verdict::Deny(refusal) => {
                let reason = match refusal {
                    Refusal::Rule { say, .. } => say.get(&self.language).cloned().unwrap_or_default(),
                    Refusal::Parked | Refusal::Never => String::new(),
                };
                (ActionState::Refused, self.speaker().own("undo-refused", &[("reason", &reason)]))
            }
            Verdict::Confirm(_) | Verdict::Allow(_) => self.restore(&writes.values).await,
        };
        let kind = match state {
            ActionState::Done if lasting.is_empty() => ReplyKind::Done,
            ActionState::Done => ReplyKind::Partly,
            ActionState::Refused => ReplyKind::Refused,
            _ => ReplyKind::Failed,
        };
        let mut sentences = vec![sentence.clone()];
        if !lasting.is_empty() {
            sentences.push(self.speaker().own("undone-not", &[("action", &lasting)]));
        }
        let mut reply = self.reply(kind, self.assistant.phrases.join(&self.language, &sentences));
        let reason = if state == ActionState::Done { String::new() } else { sentence };
        let Command { plugin, action, arguments, .. } = command;
        reply.actions = vec![ActionReport { plugin, action, arguments, state, reason, writes: writes.values, undoable: false }];
        reply.confidence = 1.0;
        reply.tier = "pattern".to_owned();
        reply
    }

    async fn restore(&mut self, before: &Values) -> (ActionState, String) {
        let vehicle = self.assistant.vehicle.as_ref();
        let mut changes = vehicle.changes();
        let state = match vehicle.set(before).await {
            Ok(refused) if refused.is_empty() => act::read_back(vehicle, before, &mut changes, DEADLINE).await,
            Ok(_) => ActionState::Refused,
            Err(_) => ActionState::Unavailable,
        };
        self.lap("act");
        let key = if state == ActionState::Done { "undone" } else { "undo-failed" };
        (state, self.speaker().own(key, &[]))
    }
}
