//! Lays matches side by side over the utterance so that as little as possible stays unexplained.

use std::collections::HashMap;

use super::super::lexicon::Lexicon;
use super::super::slots::{Said, zone_expressions};
use super::super::token::{Token, TokenKind};
use super::{Actions, Match};

/// A word that nothing explains.
const UNEXPLAINED: f64 = 1.0;
/// Each further command, so that one long phrase is preferred to two short ones.
const PER_MATCH: f64 = 0.12;
/// A word taken as free text: dearer than a word of a phrase, cheaper than an unexplained one.
const FREE_TOKEN: f64 = 0.06;
/// A small word inside a phrase.
const SKIPPED: f64 = 0.01;
/// A zone expression that stands by itself.
const FREE_ZONE: f64 = 0.08;
/// A small word taken as free text: it more likely belongs to the name than stands behind it.
const FREE_SOFT: f64 = 0.001;

/// One stretch of the utterance.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A command; `rivals` are other actions whose phrases fit exactly as well.
    Command {
        /// What was found.
        found: Match,
        /// Others that fit as well.
        rivals: Vec<Match>,
        /// Whether it was forbidden ("don't ...").
        negated: bool,
    },
    /// A zone expression by itself: first token, one past the last, groups.
    Zone(usize, usize, Vec<usize>),
    /// A word between commands, or a comma.
    Joint(usize, usize),
    /// Words that nothing explains.
    Leftover(usize, usize),
}

/// The account of a whole utterance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cover {
    /// In spoken order.
    pub pieces: Vec<Piece>,
    /// How many words nothing explains.
    pub unexplained: usize,
}

impl Cover {
    /// Whether there is any command, forbidden ones included.
    pub fn has_command(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Command { .. }))
    }
}

#[derive(Clone)]
enum Choice {
    Match(usize),
    Zone(usize, Vec<usize>),
    Skip(usize),
    Joint(usize),
    Negation(usize),
    Unknown,
}

/// Chooses the best account: dynamic programming over the tokens from the end.
pub(super) fn cover(actions: &Actions, lexicon: &Lexicon, tokens: &[Token], matches: Vec<Match>) -> Cover {
    let ranked = rank(actions, matches);
    let mut by_start: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, group) in ranked.iter().enumerate() {
        by_start.entry(group[0].start).or_default().push(index);
    }
    let mut best: Vec<(f64, Choice)> = vec![(0.0, Choice::Unknown); tokens.len() + 1];
    for at in (0..tokens.len()).rev() {
        let mut options: Vec<(f64, Choice)> = vec![(UNEXPLAINED + best[at + 1].0, Choice::Unknown)];
        if tokens[at].kind == TokenKind::Separator {
            options.push((best[at + 1].0, Choice::Joint(at + 1)));
        }
        if tokens[at].kind == TokenKind::Sign {
            options.push((0.3 + best[at + 1].0, Choice::Skip(at + 1)));
        }
        options.extend(lexicon.negation.all(tokens, at).map(|(end, _)| (0.01 + best[end].0, Choice::Negation(end))));
        options.extend(lexicon.connector.all(tokens, at).map(|(end, _)| (0.001 + best[end].0, Choice::Joint(end))));
        options.extend(lexicon.soft.all(tokens, at).map(|(end, _)| (best[end].0 + 0.002, Choice::Skip(end))));
        if begins_clause(tokens, lexicon, at) {
            options.extend(lexicon.opener.all(tokens, at).map(|(end, _)| (best[end].0, Choice::Skip(end))));
        }
        for (end, groups) in zone_expressions(lexicon, tokens, at) {
            options.push((FREE_ZONE + best[end].0, Choice::Zone(end, groups)));
        }
        for group in by_start.get(&at).into_iter().flatten() {
            let found = &ranked[*group][0];
            options.push((cost(actions, lexicon, tokens, found) + best[found.end].0, Choice::Match(*group)));
        }
        best[at] = options.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).expect("one option always exists");
    }
    let cover = walk(tokens, &ranked, &best);
    if cover.pieces.iter().all(|piece| matches!(piece, Piece::Joint(..))) {
        return only_small_words(tokens, &ranked).unwrap_or(cover);
    }
    cover
}

/// Where small words are all there is, a phrase of small words is meant: "thank you".
fn only_small_words(tokens: &[Token], ranked: &[Vec<Match>]) -> Option<Cover> {
    let is_rest = |tokens: &[Token]| tokens.iter().all(|token| token.kind == TokenKind::Separator);
    let fits = |group: &&Vec<Match>| is_rest(&tokens[..group[0].start]) && is_rest(&tokens[group[0].end..]);
    let (found, rivals) = ranked.iter().filter(fits).max_by_key(|group| group[0].end - group[0].start)?.split_first()?;
    Some(Cover { pieces: vec![Piece::Command { found: found.clone(), rivals: rivals.to_vec(), negated: false }], unexplained: 0 })
}

fn cost(actions: &Actions, lexicon: &Lexicon, tokens: &[Token], found: &Match) -> f64 {
    let arguments = &actions.entries[found.action].action.arguments;
    let is_greedy = |slot: &str| arguments.get(slot).is_some_and(|argument| argument.greedy);
    let free = found.bindings.iter().filter(|binding| matches!(binding.said, Said::Text(_)) && !is_greedy(&binding.slot));
    let free_cost: f64 = free.map(|binding| text_cost(lexicon, tokens, binding.start, binding.end)).sum();
    PER_MATCH + free_cost + SKIPPED * f64::from(found.skipped) - 0.001 * f64::from(found.literals)
}

fn text_cost(lexicon: &Lexicon, tokens: &[Token], start: usize, end: usize) -> f64 {
    (start..end).map(|at| if lexicon.soft.longest(tokens, at).is_some() { FREE_SOFT } else { FREE_TOKEN }).sum()
}

/// Openers ("can you", 能不能) hold at the beginning, after a joint and after another opener or small word.
fn begins_clause(tokens: &[Token], lexicon: &Lexicon, at: usize) -> bool {
    if at == 0 || tokens[at - 1].kind == TokenKind::Separator {
        return true;
    }
    let ends_here = |set: &super::super::lexicon::WordSet, depth: usize| {
        (at.saturating_sub(5)..at).rev().any(|start| {
            set.all(tokens, start).any(|(end, _)| end == at) && (depth == 0 || start == 0 || begins_clause(tokens, lexicon, start))
        })
    };
    ends_here(&lexicon.connector, 0) || ends_here(&lexicon.opener, 1) || ends_here(&lexicon.soft, 1)
}

/// Groups matches of one span: the best first, with those of other actions that fit as well behind it.
fn rank(actions: &Actions, matches: Vec<Match>) -> Vec<Vec<Match>> {
    let mut by_span: HashMap<(usize, usize), Vec<Match>> = HashMap::new();
    for found in matches {
        by_span.entry((found.start, found.end)).or_default().push(found);
    }
    let mut groups: Vec<Vec<Match>> = by_span.into_values().map(|group| best_of(actions, group)).collect();
    groups.sort_by_key(|group| (group[0].start, group[0].end));
    groups
}

fn best_of(actions: &Actions, mut group: Vec<Match>) -> Vec<Match> {
    let merit = |found: &Match| {
        (found.free_tokens(), out_of_range(actions, found), std::cmp::Reverse(found.literals), found.bindings.len(), found.skipped)
    };
    group.sort_by_key(|found| (merit(found), found.action, found.direction.clone()));
    let top = merit(&group[0]);
    let mut kept: Vec<Match> = Vec::new();
    for found in group {
        let known = kept.iter().any(|other| other.action == found.action && other.direction == found.direction);
        if merit(&found) == top && !known {
            kept.push(found);
        }
    }
    kept
}

/// A reading whose number cannot be set is worse than one whose number can.
fn out_of_range(actions: &Actions, found: &Match) -> bool {
    let action = &actions.entries[found.action].action;
    found.bindings.iter().any(|binding| match (&binding.said, action.arguments.get(&binding.slot)) {
        (Said::Number(value, ..) | Said::Target(value, ..), Some(argument)) => {
            argument.min.is_some_and(|min| *value < min) || argument.max.is_some_and(|max| *value > max)
        }
        _ => false,
    })
}

fn walk(tokens: &[Token], ranked: &[Vec<Match>], best: &[(f64, Choice)]) -> Cover {
    let mut cover = Cover::default();
    let (mut at, mut negated) = (0, false);
    while at < tokens.len() {
        match &best[at].1 {
            Choice::Match(group) => {
                let (found, rivals) = ranked[*group].split_first().expect("groups are not empty");
                cover.pieces.push(Piece::Command { found: found.clone(), rivals: rivals.to_vec(), negated });
                negated = false;
                at = found.end;
            }
            Choice::Zone(end, groups) => {
                cover.pieces.push(Piece::Zone(at, *end, groups.clone()));
                at = *end;
            }
            Choice::Skip(end) => at = *end,
            Choice::Joint(end) => {
                cover.pieces.push(Piece::Joint(at, *end));
                negated &= tokens[at].kind != TokenKind::Separator;
                at = *end;
            }
            Choice::Negation(end) => {
                negated = true;
                cover.pieces.push(Piece::Joint(at, at));
                at = *end;
            }
            Choice::Unknown => {
                push_leftover(&mut cover, at);
                at += 1;
            }
        }
    }
    cover
}

fn push_leftover(cover: &mut Cover, at: usize) {
    cover.unexplained += 1;
    if let Some(Piece::Leftover(_, end)) = cover.pieces.last_mut()
        && *end == at
    {
        *end += 1;
        return;
    }
    cover.pieces.push(Piece::Leftover(at, at + 1));
}
