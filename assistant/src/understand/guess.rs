//! Clauses that no phrase explains: the sentence encoder proposes, and what it is not sure of is not done.

use models::{Judge, ModelError};
use plugins::manifest::{Kind, Risk};

use super::lexicon::WordSet;
use super::pattern::ActionEntry;
use super::reading::{Proposal, Tier, Unsure};
use super::similar::{Guess, Similar};
use super::slots;
use super::token::{Token, language_of, tokenize};
use super::{Understander, Understood, original};

/// Places at which a run of words is tried as two commands; each costs two runs of the encoder.
const CUTS: usize = 6;
/// Actions that are compared with a clause.
const CANDIDATES: usize = 4;
/// How much of a clause must be explained for what was found in it to be done, and the rest to be said not to be understood.
const HALF: f64 = 0.65;

/// Guesses at one utterance's clauses.
pub(super) struct Guesser<'a> {
    pub(super) similar: &'a Similar,
    pub(super) understander: &'a Understander,
    pub(super) text: &'a str,
    pub(super) is_question: bool,
}

impl Guesser<'_> {
    /// Adds what a clause comes to: commands, or words that stay open.
    pub(super) fn clause(&self, unsure: Unsure, understood: &mut Understood) -> Result<(), ModelError> {
        if unsure.proposals.is_empty() {
            return self.run(unsure.span, understood);
        }
        // Around what the phrases found there may be another command: 氛围灯跟着音乐动起来亮度拉满.
        let mut rest = Vec::new();
        for run in &unsure.runs {
            rest.push(self.guess(*run, understood)?);
        }
        if rest.iter().all(Option::is_some) && !has_text(&unsure.proposals) {
            understood.proposals.extend(unsure.proposals.into_iter().chain(rest.into_iter().flatten()));
            return Ok(());
        }
        if let Some(whole) = self.guess(unsure.span, understood)? {
            understood.proposals.push(whole);
            return Ok(());
        }
        let explained: usize = unsure.proposals.iter().map(|proposal| proposal.span.1 - proposal.span.0).sum();
        let unexplained: usize = unsure.runs.iter().map(|(start, end)| end - start).sum();
        let coverage = explained as f64 / (explained + unexplained) as f64;
        if !unsure.is_safe || coverage < HALF {
            understood.leftover.push(unsure.span);
            return Ok(());
        }
        let half = |proposal: Proposal| Proposal { confidence: 0.5 + 0.3 * coverage, ..proposal };
        understood.proposals.extend(unsure.proposals.into_iter().map(half));
        for (run, guess) in unsure.runs.into_iter().zip(rest) {
            match guess {
                Some(proposal) => understood.proposals.push(proposal),
                None => understood.leftover.push(run),
            }
        }
        Ok(())
    }

    /// Words without any phrase in them: one command, or two without a joint between them.
    fn run(&self, span: (usize, usize), understood: &mut Understood) -> Result<(), ModelError> {
        if let Some(proposal) = self.guess(span, understood)? {
            understood.proposals.push(proposal);
            return Ok(());
        }
        let (vector, guess) = (understood.vector.take(), understood.guess.take());
        for cut in self.cuts(span, &understood.tokens) {
            let Some(first) = self.guess((span.0, cut), understood)? else { continue };
            let Some(second) = self.guess((cut, span.1), understood)? else { continue };
            if first.action != second.action {
                understood.proposals.extend([first, second]);
                return Ok(());
            }
        }
        (understood.vector, understood.guess) = (vector, guess);
        understood.leftover.push(span);
        Ok(())
    }

    /// Where a second command may begin: at least two words from either end, and where some phrase begins.
    fn cuts(&self, (start, end): (usize, usize), tokens: &[Token]) -> Vec<usize> {
        let inside = start + 2..end.saturating_sub(1);
        inside.filter(|at| self.understander.pattern.begins(&tokens[*at])).take(CUTS).collect()
    }

    /// One command for the words, if the encoder is sure, or if it has an idea and the judge agrees.
    fn guess(&self, (start, end): (usize, usize), understood: &mut Understood) -> Result<Option<Proposal>, ModelError> {
        let tokens = &understood.tokens[start..end];
        if !self.similar.knows(language_of(tokens)) || tokens.len() < 2 {
            return Ok(None);
        }
        let clause = original(self.text, tokens);
        let vector = self.similar.embedder().embed(&clause)?;
        let mut guesses = self.similar.nearest(&vector, CANDIDATES)?;
        understood.vector = Some(vector);
        understood.guess = guesses.first().cloned();
        let elsewhere = self.without_zones(tokens);
        if !elsewhere.is_empty() && elsewhere.len() < tokens.len() {
            self.add_elsewhere(&elsewhere, &mut guesses)?;
        }
        // What a plugin's author excluded stays excluded when small words were stepped over: 天气真好啊 is not 天气.
        let is_excluded = |guess: &Guess| guess.action.is_some_and(|action| self.entry(action).excludes(&understood.tokens));
        guesses.retain(|guess| !is_excluded(guess));
        let Some(best) = guesses.first() else { return Ok(None) };
        let sure = self.is_sure(best).then(|| f64::from(best.score).clamp(0.0, 0.95));
        let chosen = match (sure, &self.understander.judge) {
            (Some(confidence), _) => Some((best, confidence)),
            (None, Some(judge)) => self.judged(judge, &clause, &guesses)?,
            (None, None) => None,
        };
        Ok(chosen.and_then(|(guess, confidence)| self.accept(guess, confidence, tokens, start)))
    }

    fn entry(&self, action: usize) -> &ActionEntry {
        &self.understander.actions.entries[action]
    }

    /// The samples name one seat, and the words another: without either they compare better.
    fn without_zones(&self, tokens: &[Token]) -> Vec<Token> {
        let mut kept = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            match slots::zone_expression(&self.understander.lexicon, tokens, at) {
                Some((end, _)) => at = end,
                None => {
                    kept.push(tokens[at].clone());
                    at += 1;
                }
            }
        }
        kept
    }

    /// Adds what is near once the seats are left out, as far as those actions have seats.
    fn add_elsewhere(&self, tokens: &[Token], guesses: &mut Vec<Guess>) -> Result<(), ModelError> {
        let vector = self.similar.embedder().embed(&slots::join(tokens))?;
        for guess in self.similar.nearest(&vector, CANDIDATES)? {
            if !guess.action.is_some_and(|action| self.entry(action).zone.is_some()) {
                continue;
            }
            match guesses.iter_mut().find(|known| known.action == guess.action && known.direction == guess.direction) {
                Some(known) if known.score < guess.score => *known = guess,
                Some(_) => {}
                None => guesses.push(guess),
            }
        }
        guesses.sort_by(|one, other| other.score.total_cmp(&one.score));
        for place in 1..guesses.len() {
            guesses[place - 1].margin = guesses[place - 1].score - guesses[place].score;
        }
        Ok(())
    }

    /// Near enough, and clearly nearer than any other action.
    fn is_sure(&self, guess: &Guess) -> bool {
        let thresholds = self.similar.embedder().thresholds();
        guess.score >= thresholds.similar && guess.margin >= thresholds.similar_margin
    }

    /// The candidate that nearness and the judge together hold for the most likely, with that likelihood, if it is high enough and
    /// no other comes close.
    fn judged<'g>(&self, judge: &Judge, clause: &str, guesses: &'g [Guess]) -> Result<Option<(&'g Guess, f64)>, ModelError> {
        let settings = judge.settings();
        let mut rated: Vec<(&Guess, f64)> = Vec::new();
        for guess in guesses.iter().filter(|guess| guess.score >= settings.guess_floor) {
            let Some(action) = guess.action else { continue };
            let title = self.entry(action).title(guess.direction.as_deref(), language_of(&tokenize(clause)));
            let judgment = judge.judge(clause, &title)?;
            rated.push((guess, f64::from(settings.likelihood(guess.score, &judgment))));
        }
        rated.sort_by(|one, other| other.1.total_cmp(&one.1));
        let lead = rated.get(1).map_or(1.0, |second| rated[0].1 - second.1);
        let is_clear = |likelihood: f64| likelihood >= f64::from(settings.guess) && lead >= f64::from(settings.guess_lead);
        Ok(rated.first().copied().filter(|(_, likelihood)| is_clear(*likelihood)))
    }

    /// A guess counts when nothing in the words speaks against it.
    fn accept(&self, guess: &Guess, confidence: f64, tokens: &[Token], offset: usize) -> Option<Proposal> {
        let lexicon = &self.understander.lexicon;
        let action = guess.action?;
        let entry = self.entry(action);
        let has = |set: &WordSet| (0..tokens.len()).any(|at| set.longest(tokens, at).is_some());
        let is_read = entry.action.risk == Risk::Read;
        let (said, sample) = match entry.zone {
            Some(_) => (self.without_zones(tokens), self.without_zones(&tokenize(&guess.sample))),
            None => (tokens.to_vec(), tokenize(&guess.sample)),
        };
        if has(&lexicon.negation) || has(&lexicon.conditional) || (self.is_question && !is_read) || lexicon.is_opposite(&said, &sample) {
            return None;
        }
        let mut proposal = Proposal {
            action,
            direction: guess.direction.clone(),
            said: Default::default(),
            zones: None,
            confidence,
            tier: Tier::Similar,
            span: (offset, offset + tokens.len()),
            rivals: Vec::new(),
        };
        self.spot(&mut proposal, entry, tokens);
        Some(proposal)
    }

    /// Fills a guess's slots with what the words contain.
    fn spot(&self, proposal: &mut Proposal, entry: &ActionEntry, tokens: &[Token]) {
        let lexicon = &self.understander.lexicon;
        let mut taken = vec![false; tokens.len()];
        for (name, argument) in &entry.action.arguments {
            if matches!(argument.kind, Kind::Text | Kind::Contact | Kind::Place) {
                continue;
            }
            for at in 0..tokens.len() {
                let found = slots::candidates(lexicon, &entry.choices, name, argument, tokens, at);
                let Some((end, said)) = found.into_iter().find(|(end, _)| !taken[at..*end].contains(&true)) else { continue };
                taken[at..end].fill(true);
                if let slots::Said::Zones(groups) = said {
                    proposal.zones = Some(groups);
                } else {
                    proposal.said.insert(name.clone(), said);
                }
                break;
            }
        }
    }
}

fn has_text(proposals: &[Proposal]) -> bool {
    proposals.iter().any(|proposal| proposal.said.values().any(|said| matches!(said, slots::Said::Text(_))))
}
