//! Wishes of one request that contradict each other, as in "open and close the window": which one is meant is asked, and until then
//! neither is done.

use std::collections::BTreeSet;

use plugins::value::Value;
use plugins::writes::{self, Writes};

use super::Turn;
use crate::reply::{ActionReport, ActionState, Reply, ReplyKind};
use crate::session::{Command, Session};
use crate::understand::resolve::Resolved;

impl Turn<'_> {
    /// The first two commands that contradict each other, by their place in the request.
    pub(super) fn contradiction(&self, resolved: &[Resolved]) -> Option<(usize, usize)> {
        let ready = |item: &Resolved| if let Resolved::Ready(command) = item { self.main_writes(command) } else { None };
        let writes: Vec<Option<Writes>> = resolved.iter().map(ready).collect();
        let pairs = (0..writes.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
        pairs.into_iter().find(
            |(earlier, later)| matches!((&writes[*earlier], &writes[*later]), (Some(earlier), Some(later)) if contradict(earlier, later)),
        )
    }

    /// Does what is clear, and asks which of the two is meant.
    pub(super) async fn clear_up(&mut self, session: &mut Session, mut resolved: Vec<Resolved>, pair: (usize, usize)) -> Reply {
        let rivals = [resolved.remove(pair.1), resolved.remove(pair.0)];
        let rivals = rivals.into_iter().rev().filter_map(|item| if let Resolved::Ready(command) = item { Some(command) } else { None });
        let rivals: Vec<Command> = rivals.collect();
        let labels = self.told_apart(&rivals);
        if resolved.is_empty() {
            return self.which(session, rivals, labels);
        }
        let mut reply = self.execute(session, resolved, Vec::new()).await;
        let is_waiting = session.pending.as_ref().is_some_and(|pending| pending.turn == self.options.turn);
        let sentence = if is_waiting {
            // One question at a time: the other was asked first.
            self.speaker().own("contradiction", &[("options", &labels.join(" / "))])
        } else {
            let question = self.which(session, rivals.clone(), labels);
            (reply.kind, reply.options) = (ReplyKind::Choose, question.options);
            question.text
        };
        let state = if is_waiting { ActionState::Refused } else { ActionState::Pending };
        reply.actions.extend(rivals.into_iter().map(|command| report(command, state, &sentence)));
        reply.text = self.assistant.phrases.join(&self.language, &[reply.text, sentence]);
        reply
    }

    /// The signals that a command is about, without those that it brings along: what its first effect sets, for every seat.
    fn main_writes(&self, command: &Command) -> Option<Writes> {
        let action = self.action(command)?;
        let assistant = self.assistant;
        let mut writes = writes::expand(&action, &command.arguments, &assistant.vss, assistant.steering).ok()?;
        let first = action.effects.iter().find(|effect| writes::applies(effect, &command.arguments))?;
        let paths = writes::paths(&first.path, &action, &command.arguments, &assistant.vss, assistant.steering).ok()?;
        let value = paths.first().and_then(|path| writes.values.get(path)).cloned()?;
        let kind = |path: &str| path.rsplit('.').next().map(str::to_owned);
        let name = kind(&first.path);
        writes.values.retain(|path, other| kind(path) == name && *other == value);
        Some(writes)
    }

    /// Names of commands; those of the same name with the values that tell them apart.
    fn told_apart(&self, commands: &[Command]) -> Vec<String> {
        let titles: Vec<String> = commands.iter().map(|command| self.speaker().title(command)).collect();
        if titles.windows(2).any(|pair| pair[0] != pair[1]) {
            return titles;
        }
        let plain = |value: &Value| !matches!(value, Value::List(_));
        let values = |command: &Command| {
            command.arguments.values().filter(|value| plain(value)).map(Value::to_string).collect::<Vec<_>>().join(", ")
        };
        titles.iter().zip(commands).map(|(title, command)| format!("{title} ({})", values(command))).collect()
    }
}

/// Whether the later command undoes the earlier one. "All windows open, mine closed" does not: the later is about a part of what the
/// earlier is about.
fn contradict(earlier: &Writes, later: &Writes) -> bool {
    let paths = |writes: &Writes| writes.values.keys().cloned().collect::<BTreeSet<String>>();
    let (all, part) = (paths(earlier), paths(later));
    let narrows = part.len() < all.len() && part.is_subset(&all);
    let differs = |(path, value): (&String, &Value)| later.values.get(path).is_some_and(|other| !other.matches(value));
    !narrows && earlier.values.iter().any(differs)
}

fn report(command: Command, state: ActionState, sentence: &str) -> ActionReport {
    let Command { plugin, action, arguments, .. } = command;
    let (reason, sentence) = (sentence.to_owned(), sentence.to_owned());
    ActionReport { plugin, action, arguments, state, reason, sentence, writes: Default::default(), undoable: false }
}
