//! Commands: resolve, check, act, and one reply for all of them.

use std::sync::Arc;
use std::time::Instant;

use plugins::manifest::{Action, Risk};
use plugins::value::Values;
use plugins::writes::{self, Writes, WritesError};
use serde_json::json;

use super::Turn;
use crate::act::{self, Acted, Asker, Doors};
use crate::policy::{Consent, Permitted, Question, Refusal, Verdict, Wish};
use crate::reply::{ActionReport, ActionState, ChoiceOption, Reply, ReplyKind};
use crate::session::{Command, JournalEntry, Pending, PendingKind, Remembered, Session};
use crate::understand::reading::Proposal;
use crate::understand::resolve::{Obstacle, Resolved, Surroundings, resolve};
use crate::understand::{Understood, original};

/// What a turn's commands came to, while they are worked through.
#[derive(Default)]
pub(super) struct Ledger {
    reports: Vec<ActionReport>,
    sentences: Vec<String>,
    done: Vec<Command>,
    read_only: bool,
    pending: Option<Pending>,
}

impl Turn<'_> {
    /// Carries out everything that was understood, in spoken order.
    pub(crate) async fn carry_out(&mut self, session: &mut Session, text: &str, understood: Understood) -> Reply {
        if let [proposal] = understood.proposals.as_slice()
            && !proposal.rivals.is_empty()
            && let Some(reply) = self.choose(session, proposal).await
        {
            return reply;
        }
        let mut resolved = Vec::new();
        for proposal in &understood.proposals {
            resolved.extend(resolve(proposal, &self.surroundings()).await);
        }
        self.lap("resolve");
        let mut reply = match self.contradiction(&resolved) {
            Some(pair) => self.clear_up(session, resolved, pair).await,
            None => self.execute(session, resolved, Vec::new()).await,
        };
        self.add_leftover(text, &understood, &mut reply).await;
        reply
    }

    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        let assistant = self.assistant;
        Surroundings {
            actions: &assistant.understander.actions,
            vss: &assistant.vss,
            vehicle: assistant.vehicle.as_ref(),
            steering: assistant.steering,
            speaker: self.options.zone,
        }
    }

    /// Two actions fit equally well: ask which.
    async fn choose(&mut self, session: &mut Session, proposal: &Proposal) -> Option<Reply> {
        let mut commands: Vec<Command> = Vec::new();
        let readings = std::iter::once((proposal.action, proposal.direction.clone())).chain(proposal.rivals.iter().cloned());
        for (action, direction) in readings.take(3) {
            let variant = Proposal { action, direction, rivals: Vec::new(), ..proposal.clone() };
            if let Some(Resolved::Ready(command)) = resolve(&variant, &self.surroundings()).await.into_iter().next() {
                commands.push(command);
            }
        }
        if commands.len() < 2 {
            return None;
        }
        let speaker = self.speaker();
        let labels: Vec<String> = commands.iter().map(|command| speaker.title(command)).collect();
        if labels.windows(2).all(|pair| pair[0] == pair[1]) {
            return None; // nobody could tell them apart
        }
        Some(self.which(session, commands, labels))
    }

    /// Asks which of several commands is meant.
    pub(super) fn which(&mut self, session: &mut Session, commands: Vec<Command>, labels: Vec<String>) -> Reply {
        let text = self.speaker().own("choose", &[("options", &labels.join(&self.assistant.phrases.word(&self.language, "or")))]);
        let mut reply = self.reply(ReplyKind::Choose, text);
        let option = |(label, command): (String, &Command)| ChoiceOption {
            label,
            plugin: command.plugin.clone(),
            action: command.action.clone(),
            arguments: command.arguments.clone(),
        };
        reply.options = labels.into_iter().zip(&commands).map(option).collect();
        reply.confidence = 0.5;
        reply.tier = commands.first().map(|command| command.tier.clone()).unwrap_or_default();
        session.pending = Some(self.pending(PendingKind::Choose, commands));
        reply
    }

    pub(super) fn pending(&self, kind: PendingKind, commands: Vec<Command>) -> Pending {
        let zone = self.options.zone.name().to_owned();
        Pending {
            turn: self.options.turn,
            kind,
            commands,
            consents: Vec::new(),
            zone,
            language: self.language.clone(),
            since: Instant::now(),
        }
    }

    /// Checks and does resolved commands. `consents`: what a person said yes to, command by command; none: nobody was asked.
    pub(super) async fn execute(&mut self, session: &mut Session, resolved: Vec<Resolved>, consents: Vec<Consent>) -> Reply {
        let mut ledger = Ledger { read_only: true, ..Ledger::default() };
        let (confidence, tier) = summary(&resolved);
        let mut consents = consents.into_iter();
        for item in resolved {
            match item {
                Resolved::Ready(command) => self.do_one(session, command, consents.next(), &mut ledger).await,
                Resolved::Missing(command, argument) => self.ask_for(command, argument, &mut ledger),
                Resolved::Impossible(command, obstacle) => self.impossible(command, &obstacle, &mut ledger),
            }
        }
        let zone = self.options.zone.name();
        if !ledger.done.is_empty() {
            session.last = Some(Remembered { commands: ledger.done.clone(), zone: zone.to_owned(), since: Instant::now() });
        }
        let kind = kind_of(&ledger);
        session.ask(zone, ledger.pending.take());
        ledger.sentences.dedup();
        let text = self.assistant.phrases.join(&self.language, &ledger.sentences);
        let mut reply = self.reply(kind, text);
        reply.actions = ledger.reports;
        reply.confidence = confidence;
        reply.tier = tier;
        reply
    }

    async fn do_one(&mut self, session: &mut Session, command: Command, consent: Option<Consent>, ledger: &mut Ledger) {
        let Some(action) = self.action(&command) else { return };
        let expanded = match writes::expand(&action, &command.arguments, &self.assistant.vss, self.assistant.steering) {
            Ok(expanded) => expanded,
            Err(error) => return self.not_in_this_car(command, &error, ledger),
        };
        self.progress("checking");
        let wish = Wish { command: &command, risk: action.risk, writes: &expanded, consent: consent.as_ref() };
        let mut verdict = self.check(wish, ledger).await;
        let mut before = Values::new();
        if matches!(verdict, Verdict::Allow(_)) {
            // What takes time comes first; then it is checked again, since the car may have moved off meanwhile.
            before = act::before(&expanded, self.assistant.vehicle.as_ref()).await;
            self.assistant.plugins.wake(&command.plugin).await;
            verdict = self.check(wish, ledger).await;
        }
        self.lap("policy");
        match verdict {
            Verdict::Deny(refusal) => {
                let sentence = self.refusal(&command, &refusal);
                self.report(command, ActionState::Refused, sentence, expanded.values, ledger);
            }
            Verdict::Confirm(question) => self.confirm(command, question, expanded, ledger),
            Verdict::Allow(permitted) => {
                let acted = self.act(session, permitted, before, &action).await;
                self.acted(command, &action, acted, ledger);
            }
        }
    }

    pub(super) fn action(&self, command: &Command) -> Option<Arc<Action>> {
        let actions = &self.assistant.understander.actions;
        actions.index(&command.plugin, &command.action).map(|index| Arc::clone(&actions.entries[index].action))
    }

    async fn check(&mut self, wish: Wish<'_>, ledger: &Ledger) -> Verdict {
        let assistant = self.assistant;
        let (verdict, decisions) = assistant.policy.check(wish, assistant.vehicle.as_ref()).await;
        self.note(&format!("policy {}", ledger.reports.len()), json!(decisions));
        verdict
    }

    /// Acts at once: between the check and this nothing is waited for.
    async fn act(&mut self, session: &mut Session, permitted: Permitted, before: Values, action: &Action) -> Acted {
        self.progress("acting");
        let assistant = self.assistant;
        let turn = self.options.turn;
        let asker = Asker { turn, zone: self.options.zone.name(), language: &self.language, caller: &self.options.caller };
        let doors = Doors { plugins: assistant.plugins.as_ref(), vehicle: assistant.vehicle.as_ref() };
        let is_lasting = action.undo == "none" && action.risk != Risk::Read;
        let lasting = Vec::from_iter(is_lasting.then(|| self.speaker().title(permitted.command())));
        let restorable = if lasting.is_empty() { before.clone() } else { Values::new() };
        session.record(JournalEntry { turn, before: restorable, lasting });
        let acted = act::act(permitted, before, action.deadline_ms, &asker, &doors).await;
        if !matches!(acted.state, ActionState::Done | ActionState::Timeout) {
            session.retract(turn, acted.before.keys());
        }
        self.lap("act");
        acted
    }

    fn acted(&self, command: Command, action: &Action, acted: Acted, ledger: &mut Ledger) {
        let speaker = self.speaker();
        let title = speaker.title(&command);
        let sentence = match acted.state {
            ActionState::Done if !acted.text.is_empty() => acted.text.clone(),
            ActionState::Done => speaker.done(&command, &acted.values),
            ActionState::Refused if !acted.reason.is_empty() => {
                speaker.own("refused-by-plugin", &[("action", &title), ("reason", &acted.reason)])
            }
            ActionState::Timeout => speaker.own("timeout", &[("action", &title)]),
            ActionState::Unavailable => speaker.own("unavailable", &[("action", &title)]),
            _ => speaker.own("failed", &[("action", &title)]),
        };
        let undoable = action.undo != "none" && !acted.before.is_empty();
        if acted.state == ActionState::Done {
            ledger.done.push(command.clone());
        }
        ledger.read_only &= action.risk == Risk::Read;
        ledger.sentences.push(sentence.clone());
        ledger.reports.push(ActionReport {
            sentence,
            plugin: command.plugin,
            action: command.action,
            arguments: command.arguments,
            state: acted.state,
            reason: acted.reason,
            writes: acted.writes,
            undoable,
        });
    }

    fn report(&self, command: Command, state: ActionState, sentence: String, writes: Values, ledger: &mut Ledger) {
        ledger.read_only = false;
        ledger.sentences.push(sentence.clone());
        let Command { plugin, action, arguments, .. } = command;
        ledger.reports.push(ActionReport { plugin, action, arguments, state, reason: sentence.clone(), sentence, writes, undoable: false });
    }

    fn not_in_this_car(&self, command: Command, error: &WritesError, ledger: &mut Ledger) {
        let title = self.speaker().title(&command);
        let (state, key) = match error {
            WritesError::NoSignal(_) => (ActionState::Unavailable, "no-signal"),
            WritesError::NoZone { .. } => (ActionState::Refused, "no-such-zone"),
            WritesError::BadValue { .. } => (ActionState::Refused, "failed"),
        };
        let sentence = self.speaker().own(key, &[("action", &title)]);
        tracing::debug!(%error, "the command does not fit this car");
        self.report(command, state, sentence, Values::new(), ledger);
    }

    fn impossible(&self, command: Command, obstacle: &Obstacle, ledger: &mut Ledger) {
        let sentence = self.speaker().obstacle(&command, obstacle);
        let state = if matches!(obstacle, Obstacle::Unreadable(_)) { ActionState::Unavailable } else { ActionState::Refused };
        self.report(command, state, sentence, Values::new(), ledger);
    }

    pub(super) fn refusal(&self, command: &Command, refusal: &Refusal) -> String {
        let speaker = self.speaker();
        let title = speaker.title(command);
        match refusal {
            Refusal::Rule { say, .. } => say.get(&self.language).cloned().unwrap_or_default(),
            Refusal::Parked => speaker.own("parked", &[("action", &title)]),
            Refusal::Never => speaker.own("never", &[("action", &title)]),
        }
    }

    /// The question before something is done, with the reason where a rule has one.
    pub(super) fn question(&self, command: &Command, question: &Question) -> String {
        let speaker = self.speaker();
        let title = speaker.title(command);
        match question.say.get(&self.language) {
            Some(reason) => speaker.own("confirm-because", &[("reason", reason), ("action", &title)]),
            None => speaker.own("confirm", &[("action", &title)]),
        }
    }

    /// Asks before doing; at most one question is open at a time.
    fn confirm(&self, command: Command, question: Question, writes: Writes, ledger: &mut Ledger) {
        let sentence = self.question(&command, &question);
        let pending = ledger.pending.get_or_insert_with(|| self.pending(PendingKind::Confirm, Vec::new()));
        if pending.kind == PendingKind::Confirm {
            pending.commands.push(command.clone());
            pending.consents.push(question.consent);
        }
        self.report(command, ActionState::Pending, sentence, writes.values, ledger);
    }

    fn ask_for(&self, command: Command, argument: String, ledger: &mut Ledger) {
        let sentence = self.speaker().ask(&command, &argument);
        if ledger.pending.is_none() {
            ledger.pending = Some(self.pending(PendingKind::Missing(argument), vec![command.clone()]));
        }
        self.report(command, ActionState::Pending, sentence, Values::new(), ledger);
    }

    /// Says what was not understood, or answers it where it is a question.
    async fn add_leftover(&mut self, text: &str, understood: &Understood, reply: &mut Reply) {
        for (start, end) in &understood.leftover {
            let part = original(text, &understood.tokens[*start..*end]);
            let answer = self.look_up(&part, understood.is_question, None).await;
            let sentence = match answer {
                Some(answer) => {
                    reply.sources.extend(answer.sources);
                    answer.text
                }
                None => {
                    if reply.kind == ReplyKind::Done {
                        reply.kind = ReplyKind::Partly;
                    }
                    let sentence = self.speaker().own("unknown-part", &[("part", &part)]);
                    self.unheard.push(sentence.clone());
                    sentence
                }
            };
            reply.text = self.assistant.phrases.join(&self.language, &[std::mem::take(&mut reply.text), sentence]);
        }
    }
}

/// The least sure command decides.
fn summary(resolved: &[Resolved]) -> (f64, String) {
    let commands = resolved.iter().map(|item| match item {
        Resolved::Ready(command) | Resolved::Missing(command, _) | Resolved::Impossible(command, _) => command,
    });
    let least = commands.min_by(|a, b| a.confidence.total_cmp(&b.confidence));
    least.map(|command| (command.confidence, command.tier.clone())).unwrap_or_default()
}

fn kind_of(ledger: &Ledger) -> ReplyKind {
    match ledger.pending.as_ref().map(|pending| &pending.kind) {
        Some(PendingKind::Confirm) => return ReplyKind::Confirm,
        Some(PendingKind::Choose) => return ReplyKind::Choose,
        Some(PendingKind::Missing(_)) => return ReplyKind::Ask,
        None => {}
    }
    let count = |state: ActionState| ledger.reports.iter().filter(|report| report.state == state).count();
    let (done, refused) = (count(ActionState::Done), count(ActionState::Refused));
    match (done, ledger.reports.len()) {
        (0, 0) => ReplyKind::Unknown,
        (done, all) if done == all && ledger.read_only => ReplyKind::Answer,
        (done, all) if done == all => ReplyKind::Done,
        (0, all) if refused == all => ReplyKind::Refused,
        (0, _) => ReplyKind::Failed,
        _ => ReplyKind::Partly,
    }
}
