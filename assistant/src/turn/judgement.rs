//! What policy says to an utterance in this state, without doing it.

use plugins::writes::{self, Writes};

use super::Turn;
use crate::policy::{Decision, Verdict, Wish};
use crate::reply::{JudgedCommand, Judgement};
use crate::session::Command;
use crate::understand::original;
use crate::understand::resolve::{Resolved, resolve};

impl Turn<'_> {
    /// Understands, resolves, checks, and stops there.
    pub(crate) async fn judge(&mut self, text: &str) -> Judgement {
        let understood = match crate::blocking(|| self.assistant.understander.understand(text, &self.options.language)) {
            Ok(understood) => understood,
            Err(error) => {
                tracing::warn!(%error, "the text could not be understood");
                let (language, leftover) = (self.language.clone(), text.to_owned());
                return Judgement { commands: Vec::new(), contradiction: None, language, leftover };
            }
        };
        self.language.clone_from(&understood.language);
        let mut resolved = Vec::new();
        for proposal in &understood.proposals {
            resolved.extend(resolve(proposal, &self.surroundings()).await);
        }
        let contradiction = self.contradiction(&resolved);
        let mut commands = Vec::new();
        for item in resolved {
            commands.push(self.judge_one(item).await);
        }
        let leftover = understood.leftover.iter().map(|(start, end)| original(text, &understood.tokens[*start..*end]));
        Judgement { commands, contradiction, language: self.language.clone(), leftover: leftover.collect::<Vec<_>>().join(" ") }
    }

    async fn judge_one(&self, item: Resolved) -> JudgedCommand {
        let command = match item {
            Resolved::Ready(command) => command,
            Resolved::Missing(command, argument) => {
                let say = self.speaker().ask(&command, &argument);
                return self.judged(command, Writes::default(), "missing", say, Vec::new());
            }
            Resolved::Impossible(command, obstacle) => {
                let say = self.speaker().obstacle(&command, &obstacle);
                return self.judged(command, Writes::default(), "impossible", say, Vec::new());
            }
        };
        let assistant = self.assistant;
        let Some(action) = self.action(&command) else {
            return self.judged(command, Writes::default(), "impossible", String::new(), Vec::new());
        };
        let writes = match writes::expand(&action, &command.arguments, &assistant.vss, assistant.steering) {
            Ok(writes) => writes,
            Err(error) => return self.judged(command, Writes::default(), "impossible", error.to_string(), Vec::new()),
        };
        let wish = Wish { command: &command, risk: action.risk, writes: &writes, consent: None };
        let (verdict, decisions) = assistant.policy.check(wish, assistant.vehicle.as_ref()).await;
        let name = verdict.name();
        let say = match verdict {
            Verdict::Allow(_) => String::new(),
            Verdict::Deny(refusal) => self.refusal(&command, &refusal),
            Verdict::Confirm(question) => self.question(&command, &question),
        };
        self.judged(command, writes, name, say, decisions)
    }

    fn judged(&self, command: Command, writes: Writes, verdict: &str, say: String, decisions: Vec<Decision>) -> JudgedCommand {
        let risk = self.action(&command).map(|action| action.risk.name().to_owned()).unwrap_or_default();
        let Command { plugin, action, arguments, .. } = command;
        let Writes { values, open } = writes;
        JudgedCommand { plugin, action, arguments, risk, writes: values, open, verdict: verdict.to_owned(), say, decisions }
    }
}
