//! Answers to our own questions: yes and no, one of several, a missing value. The answer resumes exactly the step that asked.

use plugins::manifest::{Argument, Kind};
use plugins::value::Value;

use super::Turn;
use super::without_command::is_only;
use crate::assistant::{AnswerValue, NothingPending};
use crate::reply::{Reply, ReplyKind};
use crate::session::{Command, Pending, PendingKind, Session};
use crate::understand::number::{Form, numeral};
use crate::understand::resolve::{Obstacle, Resolved, value_of};
use crate::understand::slots::{self, Choices};
use crate::understand::token::{Token, TokenKind, language_of, tokenize};

impl Turn<'_> {
    /// Takes the text as the answer to our pending question where it is one. `None`: it is something else; the question is dropped
    /// once the new request is served.
    pub(crate) async fn finish_pending(&mut self, session: &mut Session, text: &str) -> Option<Reply> {
        let pending = session.take_pending()?;
        if pending.zone != self.options.zone.name() {
            // Somebody else spoke: our question to the first person stays open.
            session.pending = Some(pending);
            return None;
        }
        let tokens = tokenize(text);
        if self.options.language.is_empty() {
            self.language = if tokens.iter().any(|token| token.kind != TokenKind::Digits) {
                language_of(&tokens).to_owned()
            } else {
                pending.language.clone()
            };
        }
        let lexicon = &self.assistant.understander.lexicon;
        let says_no = is_only(&lexicon.no, &lexicon.soft, &tokens);
        match &pending.kind {
            PendingKind::Confirm if is_only(&lexicon.yes, &lexicon.soft, &tokens) && !says_no => Some(self.agreed(session, pending).await),
            _ if says_no => Some(self.never_mind()),
            PendingKind::Confirm => None,
            PendingKind::Choose => {
                let index = self.chosen(&pending, &tokens)?;
                Some(self.resume(session, pending.commands[index].clone()).await)
            }
            PendingKind::Missing(argument) => {
                let argument = argument.clone();
                self.fill(session, pending, &argument, text, &tokens).await
            }
        }
    }

    /// Takes a typed answer to our pending question.
    pub(crate) async fn answer_pending(&mut self, session: &mut Session, value: AnswerValue) -> Result<Reply, NothingPending> {
        let pending = session.take_pending().ok_or(NothingPending)?;
        if pending.zone != self.options.zone.name() {
            session.pending = Some(pending);
            return Err(NothingPending);
        }
        self.language.clone_from(&pending.language);
        Ok(match (&pending.kind, value) {
            (PendingKind::Confirm, AnswerValue::Yes(true)) => self.agreed(session, pending).await,
            (_, AnswerValue::Yes(false)) => self.never_mind(),
            (PendingKind::Choose, AnswerValue::Choice(index)) if (index as usize) < pending.commands.len() => {
                let command = pending.commands[index as usize].clone();
                self.resume(session, command).await
            }
            (PendingKind::Missing(argument), AnswerValue::Words(text)) => {
                let argument = argument.clone();
                match self.fill(session, pending.clone(), &argument, &text, &tokenize(&text)).await {
                    Some(reply) => reply,
                    None => self.again(session, pending),
                }
            }
            (_, AnswerValue::Words(text)) => {
                session.pending = Some(pending.clone());
                match self.finish_pending(session, &text).await {
                    Some(reply) => reply,
                    None => self.again(session, pending),
                }
            }
            _ => self.again(session, pending),
        })
    }

    fn never_mind(&self) -> Reply {
        self.reply(ReplyKind::Cancelled, self.speaker().own("cancelled", &[]))
    }

    /// The answer does not fit the question: the question stays, and is said again.
    fn again(&self, session: &mut Session, pending: Pending) -> Reply {
        let speaker = self.speaker();
        let (kind, text) = match (&pending.kind, pending.commands.first()) {
            (PendingKind::Confirm, Some(command)) => (ReplyKind::Confirm, speaker.own("confirm", &[("action", &speaker.title(command))])),
            (PendingKind::Missing(argument), Some(command)) => (ReplyKind::Ask, speaker.ask(command, argument)),
            _ => {
                let labels: Vec<String> = pending.commands.iter().map(|command| speaker.title(command)).collect();
                (ReplyKind::Choose, speaker.own("choose", &[("options", &labels.join(" / "))]))
            }
        };
        session.pending = Some(pending);
        self.reply(kind, text)
    }

    async fn resume(&mut self, session: &mut Session, command: Command) -> Reply {
        self.execute(session, vec![Resolved::Ready(command)], Vec::new()).await
    }

    /// A person said yes: to these commands as they were asked about, and to nothing else.
    async fn agreed(&mut self, session: &mut Session, pending: Pending) -> Reply {
        let Pending { commands, consents, .. } = pending;
        if commands.iter().any(Command::is_undo) {
            return self.undo(session, consents.into_iter().next()).await;
        }
        self.execute(session, commands.into_iter().map(Resolved::Ready).collect(), consents).await
    }

    /// Fills the missing argument from words. `None`: they are no such value.
    async fn fill(&mut self, session: &mut Session, pending: Pending, name: &str, text: &str, tokens: &[Token]) -> Option<Reply> {
        let command = pending.commands.first()?.clone();
        let argument = self.assistant.catalogue.action(&command.plugin, &command.action)?.arguments.get(name)?.clone();
        let is_text = matches!(argument.kind, Kind::Text | Kind::Contact | Kind::Place);
        if is_text && self.assistant.understander.read(tokens, false).proposals.iter().any(|proposal| proposal.confidence > 0.9) {
            return None; // a new request, not a name
        }
        let value = if is_text { Ok(Some(Value::Text(text.trim().to_owned()))) } else { self.value(&command, name, &argument, tokens)? };
        Some(match value {
            Ok(Some(value)) => {
                let mut command = command;
                command.arguments.insert(name.to_owned(), value);
                let next = self.missing(&command);
                let resolved =
                    next.map_or_else(|| Resolved::Ready(command.clone()), |argument| Resolved::Missing(command.clone(), argument));
                self.execute(session, vec![resolved], Vec::new()).await
            }
            Ok(None) => return None,
            Err(obstacle) => {
                let reply = self.execute(session, vec![Resolved::Impossible(command, obstacle)], Vec::new()).await;
                // The range was just said: the next answer may fit.
                session.pending = Some(pending);
                reply
            }
        })
    }

    fn missing(&self, command: &Command) -> Option<String> {
        let action = self.assistant.catalogue.action(&command.plugin, &command.action)?;
        let is_missing = |name: &String, argument: &Argument| {
            !argument.optional && argument.default.is_none() && argument.kind != Kind::Zone && !command.arguments.contains_key(name)
        };
        action.arguments.iter().find(|(name, argument)| is_missing(name, argument)).map(|(name, _)| name.clone())
    }

    /// A typed value anywhere in the words, which may hold nothing else but small words.
    fn value(&self, command: &Command, name: &str, argument: &Argument, tokens: &[Token]) -> Option<Result<Option<Value>, Obstacle>> {
        let understander = &self.assistant.understander;
        let index = understander.actions.index(&command.plugin, &command.action)?;
        let choices: &Choices = &understander.actions.entries[index].choices;
        (0..tokens.len()).find_map(|at| {
            let found = slots::candidates(&understander.lexicon, choices, name, argument, tokens, at);
            let (end, said) = found.into_iter().next()?;
            let rest: Vec<Token> = tokens[..at].iter().chain(&tokens[end..]).cloned().collect();
            let is_small = rest.is_empty() || is_only(&understander.lexicon.soft, &understander.lexicon.any_prefix, &rest);
            is_small.then(|| value_of(name, argument, Some(&said)))
        })
    }

    /// Which of the offered commands the words mean: by number, or by a word that only one label has.
    fn chosen(&self, pending: &Pending, tokens: &[Token]) -> Option<usize> {
        let count = pending.commands.len();
        let ordinals = [["first", "former", "left"], ["second", "latter", "right"], ["third", "last", "third"]];
        let by_word = ordinals.iter().position(|words| tokens.iter().any(|token| words.contains(&token.text.as_str())));
        let by_number =
            (0..tokens.len()).find_map(|at| numeral(tokens, at)).filter(|number| number.form == Form::Plain && number.value >= 1.0);
        if let Some(index) = by_word.or(by_number.map(|number| number.value as usize - 1)).filter(|index| *index < count) {
            return Some(index);
        }
        let labels: Vec<Vec<Token>> = pending.commands.iter().map(|command| tokenize(&self.speaker().title(command))).collect();
        let score = |label: &Vec<Token>| tokens.iter().filter(|token| label.iter().any(|word| word.text == token.text)).count();
        let scores: Vec<usize> = labels.iter().map(score).collect();
        let best = *scores.iter().max()?;
        let mut winners = scores.iter().enumerate().filter(|(_, score)| **score == best).map(|(index, _)| index);
        let winner = winners.next()?;
        (best > 0 && winners.next().is_none()).then_some(winner)
    }
}
