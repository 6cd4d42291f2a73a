//! Gives back the state before the last turn that changed something. It passes the policy as any other set of writes does.

use std::time::Duration;

use plugins::manifest::Risk;
use plugins::value::Values;
use plugins::writes::Writes;
use serde_json::json;

use super::Turn;
use crate::act;
use crate::policy::{Consent, Question, Refusal, Verdict, Wish};
use crate::reply::{ActionReport, ActionState, Reply, ReplyKind};
use crate::session::{Command, PendingKind, Session};

/// How long the restored signals have to read as before.
const DEADLINE: Duration = Duration::from_secs(2);

impl Turn<'_> {
    /// Restores, reads back, and says what could not be taken back. `consent`: what a person said yes to, when this was asked about.
    pub(crate) async fn undo(&mut self, session: &mut Session, consent: Option<Consent>) -> Reply {
        let Some(entry) = session.take_journal() else {
            return self.reply(ReplyKind::Unknown, self.speaker().own("nothing-to-undo", &[]));
        };
        session.last = None;
        let lasting = entry.lasting.join(", ");
        if entry.before.is_empty() {
            return self.reply(ReplyKind::Refused, self.speaker().own("undone-not", &[("action", &lasting)]));
        }
        let command = Command::undo(entry.turn);
        let writes = Writes { values: entry.before.clone(), open: Vec::new() };
        let wish = Wish { command: &command, risk: Risk::Comfort, writes: &writes, consent: consent.as_ref() };
        let (verdict, decisions) = self.assistant.policy.check(wish, self.assistant.vehicle.as_ref()).await;
        self.note("policy 0", json!(decisions));
        let (state, sentence) = match verdict {
            Verdict::Deny(refusal) => (ActionState::Refused, self.speaker().own("undo-refused", &[("reason", &self.because(&refusal))])),
            Verdict::Confirm(question) => {
                session.record(entry);
                return self.ask_about_undo(session, command, question, writes.values);
            }
            Verdict::Allow(_) => self.restore(&writes.values).await,
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
        let reason = if state == ActionState::Done { String::new() } else { sentence.clone() };
        let Command { plugin, action, arguments, .. } = command;
        let writes = writes.values;
        reply.actions = vec![ActionReport { plugin, action, arguments, state, reason, sentence, writes, undoable: false }];
        reply.confidence = 1.0;
        reply.tier = "pattern".to_owned();
        reply
    }

    fn because(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Rule { say, .. } => say.get(&self.language).cloned().unwrap_or_default(),
            Refusal::Parked | Refusal::Never => String::new(),
        }
    }

    /// What had to be asked about before it was done is asked about before it is done again.
    fn ask_about_undo(&mut self, session: &mut Session, command: Command, question: Question, writes: Values) -> Reply {
        let text = self.question(&command, &question);
        let mut pending = self.pending(PendingKind::Confirm, vec![command.clone()]);
        pending.consents.push(question.consent);
        session.pending = Some(pending);
        let mut reply = self.reply(ReplyKind::Confirm, text.clone());
        let Command { plugin, action, arguments, tier, confidence, .. } = command;
        let state = ActionState::Pending;
        reply.actions =
            vec![ActionReport { plugin, action, arguments, state, reason: text.clone(), sentence: text, writes, undoable: false }];
        (reply.confidence, reply.tier) = (confidence, tier);
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
