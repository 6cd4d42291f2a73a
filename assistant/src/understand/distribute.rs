//! One verb for two things: 座椅加热和空调都关掉 is 座椅加热关掉，空调关掉, and "turn the heated seat and the AC off" is both turned off.
//!
//! Read as it stands, the first thing alone may already be a command ("seat heating" turns it on), so this is tried before.

use super::Understander;
use super::lexicon::WordSet;
use super::reading::Reading;
use super::slots::{self, Said};
use super::token::{Token, TokenKind};

impl Understander {
    /// The tokens and the reading with the verb given to both things; `None` where the sentence is not of this form.
    pub(super) fn distributed(&self, tokens: &[Token], is_question: bool) -> Option<(Vec<Token>, Reading)> {
        let clause = self.trimmed(tokens);
        if is_question || clause.iter().any(|token| token.kind == TokenKind::Separator && token.text != "、") {
            return None;
        }
        let (verb, body) = self.last_verb(clause)?;
        let (joint, after) = (1..body.len()).find_map(|at| self.joins(body, at).map(|end| (at, end)))?;
        let (first, second) = (&body[..joint], &body[after..]);
        if second.is_empty() || self.is_zone(first) || self.is_zone(second) {
            return None;
        }
        // The opening verb of "turn A and B off" belongs to both.
        let opening: &[Token] = if verb[0].kind == TokenKind::Word { &first[..1] } else { &[] };
        let comma =
            Token { text: ",".to_owned(), raw: String::new(), kind: TokenKind::Separator, start: verb[0].start, end: verb[0].start };
        let made = [first, verb, &[comma], opening, second, verb].concat();
        let reading = self.read(&made, false);
        let commands = &reading.proposals;
        let is_plain = |said: &Said| !matches!(said, Said::Text(_));
        let fits = reading.leftover.is_empty()
            && !reading.is_blocked
            && reading.forbidden == 0
            && commands.len() == 2
            && commands[0].action != commands[1].action
            && commands.iter().all(|proposal| proposal.said.values().all(is_plain));
        fits.then_some((made, reading))
    }

    /// Without small words and stops at the end.
    fn trimmed<'t>(&self, tokens: &'t [Token]) -> &'t [Token] {
        let mut end = tokens.len();
        while end > 0 && (tokens[end - 1].kind == TokenKind::Separator || self.lexicon.soft.is_whole(&tokens[end - 1..end])) {
            end -= 1;
        }
        &tokens[..end]
    }

    /// The verb that ends the clause, and what stands before it without "both" and 都.
    fn last_verb<'t>(&self, clause: &'t [Token]) -> Option<(&'t [Token], &'t [Token])> {
        let is_verb = |words: &[Token]| self.lexicon.switch.is_whole(words);
        let start = (1..clause.len()).filter(|start| clause.len() - start <= 3).find(|start| is_verb(&clause[*start..]))?;
        let is_both = |words: &[Token]| self.lexicon.both.is_whole(words);
        let end = (1..start).filter(|end| start - end <= 2).find(|end| is_both(&clause[*end..start])).unwrap_or(start);
        Some((&clause[start..], &clause[..end]))
    }

    fn joins(&self, tokens: &[Token], at: usize) -> Option<usize> {
        if tokens[at].text == "、" {
            return Some(at + 1);
        }
        let joint: &WordSet = &self.lexicon.and;
        joint.longest(tokens, at).map(|(end, _)| end)
    }

    fn is_zone(&self, tokens: &[Token]) -> bool {
        slots::zone_expressions(&self.lexicon, tokens, 0).iter().any(|(end, _)| *end == tokens.len())
    }
}
