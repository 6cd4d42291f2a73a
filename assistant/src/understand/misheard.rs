//! Reads an utterance again as it may have been said before a recognizer, or a hesitation, got at it.

use super::Understander;
use super::lexicon::WordSet;
use super::reading::{Proposal, Reading};
use super::slots::Said;
use super::sound::{Heard, replaced, said_once};
use super::token::{Token, TokenKind};

/// Ways of reading that are tried; each costs about what the first one did.
const TRIES: usize = 48;
/// What an English word that was put in weighs against those that stand as heard; a Chinese one keeps its sound exactly and weighs one.
const CERTAIN: usize = 1;
/// What a command is worth when a word of it was heard differently.
const CONFIDENCE: f64 = 0.8;

impl Understander {
    /// The tokens without English words that were said twice in a row, which no name or message needs; Chinese doubles words by its grammar.
    pub(super) fn steadied(&self, tokens: Vec<Token>) -> Vec<Token> {
        if tokens.iter().any(|token| token.kind == TokenKind::Han) {
            return tokens;
        }
        let once = said_once(&self.without_fillers(&tokens));
        if once.len() < tokens.len() && once.len() < self.without_fillers(&tokens).len() { once } else { tokens }
    }

    /// The tokens and the reading under which the phrases explain everything; `None` when there are none.
    pub(super) fn misheard(&self, tokens: &[Token], reading: &Reading, is_question: bool) -> Option<(Vec<Token>, Reading)> {
        let once = said_once(&self.without_fillers(tokens));
        let mut tries = 0;
        if once.len() < tokens.len() {
            let again = self.read(&once, is_question);
            if is_complete(&again, reading) {
                return Some((once, discounted(again)));
            }
            tries += 1;
            if let found @ Some(_) = self.as_heard(&once, &again, is_question, &mut tries) {
                return found;
            }
        }
        self.as_heard(tokens, reading, is_question, &mut tries)
    }

    /// Puts words of the phrases for what sounds like them: all at once, then one, then two.
    fn as_heard(&self, tokens: &[Token], reading: &Reading, is_question: bool, tries: &mut usize) -> Option<(Vec<Token>, Reading)> {
        let spans = reading.leftover.iter().map(|unsure| unsure.span);
        let heard: Vec<Heard> =
            spans.flat_map(|span| self.sounds.alike(tokens, span)).filter(|heard| self.may_replace(tokens, heard)).collect();
        let mut most: Vec<&Heard> = Vec::new();
        for each in &heard {
            if most.iter().all(|other| apart(other, each)) {
                most.push(each);
            }
        }
        let singles = heard.iter().map(|each| vec![each]);
        let pairs = heard
            .iter()
            .enumerate()
            .flat_map(|(place, one)| heard[place + 1..].iter().filter(move |other| apart(one, other)).map(move |other| vec![one, other]));
        let sets = std::iter::once(most).filter(|most| !most.is_empty()).chain(singles).chain(pairs);
        for set in sets {
            *tries += 1;
            if *tries > TRIES {
                return None;
            }
            let (said, changed) = replaced(tokens, &set);
            let again = self.read(&said, is_question);
            if is_complete(&again, reading) && again.proposals.iter().all(|proposal| is_certain(proposal, &said, &changed)) {
                return Some((said, discounted(again)));
            }
        }
        None
    }

    /// Words that forbid, ask or set a condition are taken as they were heard.
    fn may_replace(&self, tokens: &[Token], heard: &Heard) -> bool {
        let lexicon = &self.lexicon;
        let sets = [&lexicon.negation, &lexicon.conditional, &lexicon.state_question];
        let touches = |set: &WordSet| {
            (heard.start.saturating_sub(3)..heard.end).any(|at| set.longest(tokens, at).is_some_and(|(end, _)| end > heard.start))
        };
        !sets.into_iter().any(touches)
    }

    fn without_fillers(&self, tokens: &[Token]) -> Vec<Token> {
        let mut made = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            match self.lexicon.filler.longest(tokens, at) {
                Some((end, _)) => at = end,
                None => {
                    made.push(tokens[at].clone());
                    at += 1;
                }
            }
        }
        made
    }
}

fn apart(one: &Heard, other: &Heard) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// Everything is explained, and nothing that was forbidden before is wanted now.
fn is_complete(again: &Reading, before: &Reading) -> bool {
    again.leftover.is_empty() && !again.is_blocked && !again.proposals.is_empty() && again.forbidden == before.forbidden
}

/// Enough of a command's words stand as they were heard; else nearly anything sounds like something.
fn is_certain(proposal: &Proposal, said: &[Token], changed: &[bool]) -> bool {
    let (start, end) = proposal.span;
    let others: usize = (start..end).filter(|at| changed[*at]).map(|at| if said[at].kind == TokenKind::Han { 1 } else { CERTAIN }).sum();
    !has_text(proposal) && 2 * others <= end - start + usize::from(others > 0 && said[start].kind != TokenKind::Han)
}

fn has_text(proposal: &Proposal) -> bool {
    proposal.said.values().any(|said| matches!(said, Said::Text(_)))
}

fn discounted(mut reading: Reading) -> Reading {
    reading.proposals.iter_mut().for_each(|proposal| proposal.confidence *= CONFIDENCE);
    reading
}
