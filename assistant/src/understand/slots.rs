//! What a slot takes, read in place: numbers with units, switches, choices, zones, durations, times, free text.

use std::collections::HashMap;

use plugins::locale::Locale;
use plugins::manifest::{Action, Argument, Kind};

use super::lexicon::{Lexicon, UNITS, WordSet};
use super::number::{Form, Numeral, numeral};
use super::time;
use super::token::{Token, TokenKind};

/// What was said in a slot, before it is resolved against the car.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A number, how it was said, and its unit where one was said.
    Number(f64, Form, Option<&'static str>),
    /// Like `Number`, with a word before it that makes it the goal and not the step: "down to two", 调低到二十.
    Target(f64, Form, Option<&'static str>),
    /// An end of the range; true: the upper.
    Extreme(bool),
    /// On or off.
    Switch(bool),
    /// A choice's name.
    Choice(String),
    /// Zone groups, see [`super::lexicon::ZONE_GROUPS`].
    Zones(Vec<usize>),
    /// Seconds.
    Duration(f64),
    /// `HH:MM`.
    Time(String),
    /// Free text as said.
    Text(String),
}

/// The spoken words of an action's choices, by argument.
#[derive(Debug, Default)]
pub struct Choices {
    by_argument: HashMap<String, (WordSet, Vec<String>)>,
}

impl Choices {
    /// Collects the words of all languages for an action.
    pub fn collect<'a>(action: &Action, locales: impl Iterator<Item = &'a Locale>) -> Self {
        let mut choices = Choices::default();
        let locales: Vec<&Locale> = locales.collect();
        for (name, argument) in action.arguments.iter().filter(|(_, argument)| argument.kind == Kind::Choice) {
            let mut set = WordSet::default();
            for (index, value) in argument.values.iter().enumerate() {
                for locale in &locales {
                    locale.spoken(&action.id, name, value).iter().for_each(|word| set.add(word, index));
                }
            }
            choices.by_argument.insert(name.clone(), (set, argument.values.clone()));
        }
        choices
    }

    fn at(&self, argument: &str, tokens: &[Token], at: usize) -> Vec<(usize, Said)> {
        let Some((set, values)) = self.by_argument.get(argument) else { return Vec::new() };
        set.all(tokens, at).map(|(end, index)| (end, Said::Choice(values[index].clone()))).collect()
    }
}

/// Everything the slot `name` can take at `at`: ends and values, the most natural first.
pub fn candidates(
    lexicon: &Lexicon,
    choices: &Choices,
    name: &str,
    argument: &Argument,
    tokens: &[Token],
    at: usize,
) -> Vec<(usize, Said)> {
    match argument.kind {
        Kind::Number => numbers(lexicon, argument, tokens, at),
        Kind::Switch => lexicon.switch.all(tokens, at).map(|(end, meaning)| (end, Said::Switch(meaning == 1))).collect(),
        Kind::Choice => choices.at(name, tokens, at),
        Kind::Zone => zone_expressions(lexicon, tokens, at).into_iter().map(|(end, groups)| (end, Said::Zones(groups))).collect(),
        Kind::Duration => time::duration(lexicon, tokens, at).into_iter().map(|(end, seconds)| (end, Said::Duration(seconds))).collect(),
        Kind::Time => time::time_of_day(tokens, at).into_iter().map(|(end, time)| (end, Said::Time(time))).collect(),
        Kind::Contact | Kind::Place if is_quantity(lexicon, tokens, at) => Vec::new(),
        Kind::Text | Kind::Contact | Kind::Place => free_text(lexicon, tokens, at),
    }
}

fn numbers(lexicon: &Lexicon, argument: &Argument, tokens: &[Token], at: usize) -> Vec<(usize, Said)> {
    let mut found = Vec::new();
    for start in number_starts(lexicon, argument, tokens, at) {
        if let Some(number) = numeral(tokens, start) {
            let is_target = tokens[at..start].iter().any(|token| matches!(token.text.as_str(), "to" | "at" | "到" | "至" | "成" | "为"));
            let goal = |said: Said| match said {
                Said::Number(value, form, unit) if is_target => Said::Target(value, form, unit),
                other => other,
            };
            let (end, said) = with_unit(lexicon, argument, tokens, number);
            found.push((end, goal(said)));
            // The phrase may name the unit itself: {speed}倍速.
            if end > number.end {
                found.push((number.end, goal(Said::Number(number.value, number.form, None))));
            }
        }
        for (set, is_upper) in [(&lexicon.maximum, true), (&lexicon.minimum, false)] {
            if let Some((end, _)) = set.longest(tokens, start) {
                found.push((end, Said::Extreme(is_upper)));
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// The number may begin here, or after "to", "level", 第.
fn number_starts(lexicon: &Lexicon, argument: &Argument, tokens: &[Token], at: usize) -> Vec<usize> {
    let mut starts = vec![at];
    let mut here = at;
    for _ in 0..3 {
        let level = if argument.unit == "level" || argument.unit == "none" || argument.unit.is_empty() {
            lexicon.level_prefix.longest(tokens, here)
        } else {
            None
        };
        let Some((end, _)) = level.or_else(|| lexicon.any_prefix.longest(tokens, here)).or_else(|| article(tokens, here)) else { break };
        here = end;
        starts.push(here);
    }
    starts
}

fn article(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    tokens.get(at).filter(|token| token.text == "the").map(|_| (at + 1, 0))
}

/// Takes the unit behind a number, and a 半 behind the unit (二十三度半).
fn with_unit(lexicon: &Lexicon, argument: &Argument, tokens: &[Token], number: Numeral) -> (usize, Said) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let (mut end, mut value, mut unit) = (number.end, number.value, None);
    if number.form == Form::Plain {
        let wanted = |index: usize| UNITS[index] == argument.unit || is_convertible(UNITS[index], &argument.unit);
        let found = lexicon.units.all(tokens, number.end).find(|(_, index)| wanted(*index));
        let any = found.or_else(|| argument.unit.is_empty().then(|| lexicon.units.longest(tokens, number.end)).flatten());
        if let Some((after, index)) = any {
            (end, unit) = (after, Some(UNITS[index]));
        } else if argument.unit == "mhz" && text(end) == "点" {
            // a broken decimal is left to the next words
        }
        if text(end) == "半" {
            (end, value) = (end + 1, value + 0.5);
        }
    }
    (end, Said::Number(value, number.form, unit))
}

fn is_convertible(from: &str, to: &str) -> bool {
    matches!(
        (from, to),
        ("fahrenheit", "celsius")
            | ("mph", "km/h")
            | ("mile", "km")
            | ("celsius", "degree")
            | ("degree", "celsius")
            | ("second" | "minute" | "hour", "second" | "minute" | "hour")
            | ("level", "none")
            | ("level", "percent")
            | ("percent", "level")
            | ("times", "none")
            | ("km", "km/h")
    )
}

/// "the driver's and the rear seats", "on the left side", 主驾和副驾: the longest, one past its end, and the groups.
pub fn zone_expression(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Option<(usize, Vec<usize>)> {
    zone_expressions(lexicon, tokens, at).into_iter().next()
}

/// Every zone expression at a place, the longest first: in "the passenger seat" the seat may belong to the zone or to the phrase.
pub fn zone_expressions(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Vec<(usize, Vec<usize>)> {
    let mut here = skip_articles(tokens, at);
    if let Some((end, _)) = lexicon.zone_preposition.longest(tokens, here) {
        let after = skip_articles(tokens, end);
        if lexicon.zones.longest(tokens, after).is_some() {
            here = after;
        }
    }
    let mut found = Vec::new();
    let firsts: Vec<(usize, usize)> = lexicon.zones.all(tokens, here).collect();
    for (first_end, group) in firsts {
        let (mut end, mut groups) = (first_end, vec![group]);
        push_zone(&mut found, tokens, end, &groups);
        while let Some((after, group)) = another_zone(lexicon, tokens, end) {
            end = after;
            groups.push(group);
            push_zone(&mut found, tokens, end, &groups);
        }
    }
    found.sort_by_key(|(end, groups): &(usize, Vec<usize>)| (std::cmp::Reverse(*end), groups.len()));
    found.dedup_by_key(|(end, _)| *end);
    found
}

fn push_zone(found: &mut Vec<(usize, Vec<usize>)>, tokens: &[Token], end: usize, groups: &[usize]) {
    let possessive = usize::from(tokens.get(end).is_some_and(|token| token.text == "'s"));
    found.push((end + possessive, groups.to_vec()));
}

fn another_zone(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let at = if tokens.get(at).is_some_and(|token| token.text == "'s" || token.text == "的") { at + 1 } else { at };
    let joined = match tokens.get(at)?.text.as_str() {
        "and" | "和" | "跟" | "与" | "、" | "," | "以" | "及" => at + 1,
        _ => at,
    };
    let mut start = skip_articles(tokens, joined);
    if joined > at
        && let Some((end, _)) = lexicon.zone_preposition.longest(tokens, start)
    {
        let after = skip_articles(tokens, end);
        if lexicon.zones.longest(tokens, after).is_some() {
            start = after;
        }
    }
    // Two zones side by side without a joining word are common in Chinese only (主驾副驾).
    if joined == at && tokens.get(start)?.kind != TokenKind::Han {
        return None;
    }
    lexicon.zones.longest(tokens, start)
}

fn skip_articles(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(|token| matches!(token.text.as_str(), "the" | "my" | "our")) {
        at += 1;
    }
    at
}

/// "24 degrees" is no place and nobody's name.
fn is_quantity(lexicon: &Lexicon, tokens: &[Token], at: usize) -> bool {
    let Some(number) = numeral(tokens, at) else { return false };
    number.end >= tokens.len() || number.form != Form::Plain || lexicon.units.longest(tokens, number.end).is_some()
}

/// Every end up to the next separator, the longest first; at most twenty tokens.
fn free_text(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Vec<(usize, Said)> {
    let limit = tokens[at.min(tokens.len())..]
        .iter()
        .take(20)
        .position(|token| token.kind == TokenKind::Separator)
        .map_or_else(|| tokens.len().min(at + 20), |position| at + position);
    (at + 1..=limit)
        .rev()
        .filter(|end| tokens[end - 1].text != "'s")
        .map(|end| (end, Said::Text(join(&tokens[at..without_trailing(lexicon, tokens, at, end)]))))
        .collect()
}

/// The end without "please" or 吧 behind a name; a name that is nothing else stays.
fn without_trailing(lexicon: &Lexicon, tokens: &[Token], start: usize, end: usize) -> usize {
    let shorter = (start + 1..end).find(|at| lexicon.trailing.is_whole(&tokens[*at..end]));
    shorter.map_or(end, |end| without_trailing(lexicon, tokens, start, end))
}

/// The words of tokens as they were said: spaces where there were some, and between words.
pub fn join(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut previous: Option<&Token> = None;
    for token in tokens.iter().filter(|token| !token.raw.is_empty()) {
        if let Some(before) = previous
            && (token.start > before.end || (token.kind == TokenKind::Han) != (before.kind == TokenKind::Han))
        {
            text.push(' ');
        }
        text.push_str(&token.raw);
        previous = Some(token);
    }
    text
}
