//! Words that mean something only after the last command: "a bit more", "the other side too", "twenty five".

use plugins::manifest::{Direction, Kind};

use super::Understander;
use super::pattern::ActionEntry;
use super::reading::{Proposal, Tier};
use super::slots::{self, Said};
use super::token::{Token, TokenKind};
use crate::session::{Command, Remembered};

/// How sure a command from context is.
const CONFIDENCE: f64 = 0.85;

/// What the tokens want of the last commands; empty when they say something else.
pub fn follow_up(understander: &Understander, tokens: &[Token], last: &Remembered) -> Vec<Proposal> {
    let lexicon = &understander.lexicon;
    let content: Vec<Token> = tokens.iter().filter(|token| token.kind != TokenKind::Separator).cloned().collect();
    if content.is_empty() {
        return Vec::new();
    }
    if let Some(is_more) = more_or_less(understander, &content) {
        return last.commands.last().and_then(|command| again(understander, command, is_more, tokens.len())).into_iter().collect();
    }
    let mut spotted = Spotted::default();
    let mut at = 0;
    while at < content.len() {
        if let Some((end, groups)) = slots::zone_expression(lexicon, &content, at) {
            spotted.zones = Some(groups);
            at = end;
        } else if let Some((end, _)) = lexicon.likewise.longest(&content, at).or_else(|| lexicon.soft.longest(&content, at)) {
            at = end;
        } else if spotted.value.is_none() && value_end(understander, last, &content, at).is_some() {
            let (end, name, said) = value_end(understander, last, &content, at).expect("just found");
            spotted.value = Some((name, said));
            at = end;
        } else {
            return Vec::new();
        }
    }
    if spotted.zones.is_none() && spotted.value.is_none() {
        return Vec::new();
    }
    last.commands.last().and_then(|command| elsewhere(understander, command, spotted, tokens.len())).into_iter().collect()
}

#[derive(Default)]
struct Spotted {
    zones: Option<Vec<usize>>,
    value: Option<(String, Said)>,
}

fn more_or_less(understander: &Understander, tokens: &[Token]) -> Option<bool> {
    let lexicon = &understander.lexicon;
    let all_of = |set: &super::lexicon::WordSet| {
        let (mut at, mut any) = (0, false);
        while at < tokens.len() {
            if let Some((end, _)) = set.longest(tokens, at) {
                any = true;
                at = end;
            } else if let Some((end, _)) = lexicon.soft.longest(tokens, at) {
                at = end;
            } else {
                return false;
            }
        }
        any
    };
    if all_of(&lexicon.less) {
        return Some(false);
    }
    all_of(&lexicon.more).then_some(true)
}

fn entry<'a>(understander: &'a Understander, command: &Command) -> Option<(usize, &'a ActionEntry)> {
    let index = understander.actions.index(&command.plugin, &command.action)?;
    Some((index, &understander.actions.entries[index]))
}

fn proposal(action: usize, direction: Option<String>, length: usize) -> Proposal {
    Proposal {
        action,
        direction,
        said: Default::default(),
        zones: None,
        confidence: CONFIDENCE,
        tier: Tier::Pattern,
        span: (0, length),
        rivals: Vec::new(),
    }
}

/// The last step once more, or back.
fn again(understander: &Understander, command: &Command, is_more: bool, length: usize) -> Option<Proposal> {
    let (index, entry) = entry(understander, command)?;
    let steps = |name: &str| match entry.action.direction(name) {
        Some((_, _, Direction::Steps(steps))) => Some(steps),
        _ => None,
    };
    let last = command.direction.as_deref().and_then(steps).unwrap_or(1.0);
    let wanted = if is_more { last } else { -last };
    let names = entry.action.arguments.values().flat_map(|argument| argument.directions.keys());
    let direction = names.filter(|name| steps(name).is_some_and(|steps| steps.signum() == wanted.signum())).min_by(|a, b| {
        let size = |name: &str| steps(name).unwrap_or(0.0).abs();
        size(a).total_cmp(&size(b))
    })?;
    Some(Proposal { zones: groups(command, entry), ..proposal(index, Some(direction.clone()), length) })
}

/// The last command for other seats, with another value, or both.
fn elsewhere(understander: &Understander, command: &Command, spotted: Spotted, length: usize) -> Option<Proposal> {
    let (index, entry) = entry(understander, command)?;
    if spotted.zones.is_some() && entry.zone.is_none() {
        return None;
    }
    let mut proposal = proposal(index, command.direction.clone(), length);
    for (name, argument) in &entry.action.arguments {
        let is_stepped = command
            .direction
            .as_deref()
            .and_then(|direction| entry.action.direction(direction))
            .is_some_and(|(stepped, ..)| stepped == name);
        if argument.kind != Kind::Zone
            && !is_stepped
            && let Some(value) = command.arguments.get(name)
        {
            proposal.said.insert(name.clone(), said_again(argument.kind, value));
        }
    }
    proposal.zones = spotted.zones.or_else(|| groups(command, entry));
    if let Some((name, said)) = spotted.value {
        proposal.direction = None;
        proposal.said.insert(name, said);
    }
    Some(proposal)
}

fn said_again(kind: Kind, value: &plugins::value::Value) -> Said {
    use plugins::value::Value;
    match value {
        Value::Number(number) if kind == Kind::Duration => Said::Number(*number, super::number::Form::Plain, None),
        Value::Number(number) => Said::Number(*number, super::number::Form::Plain, None),
        Value::Bool(on) => Said::Switch(*on),
        Value::Text(text) if kind == Kind::Choice => Said::Choice(text.clone()),
        Value::Text(text) if kind == Kind::Time => Said::Time(text.clone()),
        other => Said::Text(other.to_string()),
    }
}

/// The zones of the last command as groups.
fn groups(command: &Command, entry: &ActionEntry) -> Option<Vec<usize>> {
    let zones = command.arguments.get(entry.zone.as_ref()?)?.list()?;
    let group = |zone: &String| super::lexicon::ZONE_GROUPS.iter().position(|group| group == zone);
    Some(zones.iter().filter_map(group).collect())
}

/// A value for some argument of the last command.
fn value_end(understander: &Understander, last: &Remembered, tokens: &[Token], at: usize) -> Option<(usize, String, Said)> {
    let (_, entry) = entry(understander, last.commands.last()?)?;
    entry.action.arguments.iter().find_map(|(name, argument)| {
        if matches!(argument.kind, Kind::Text | Kind::Contact | Kind::Place | Kind::Zone) {
            return None;
        }
        let found = slots::candidates(&understander.lexicon, &entry.choices, name, argument, tokens, at);
        found.into_iter().next().map(|(end, said)| (end, name.clone(), said))
    })
}
