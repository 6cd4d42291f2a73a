//! Runs the automaton over an utterance: every phrase at every place, small words and zone expressions stepped over.

use super::super::lexicon::Lexicon;
use super::super::slots::{self, Said};
use super::super::token::{Token, TokenKind};
use plugins::manifest::Kind;

use super::program::{Program, Step};
use super::{Actions, Binding, Match};

/// More instructions than any honest sentence needs; beyond it the matcher stops with what it has.
const STEP_LIMIT: usize = 400_000;

/// Finds every phrase in `tokens`.
pub(super) fn find(program: &Program, actions: &Actions, lexicon: &Lexicon, tokens: &[Token]) -> Vec<Match> {
    let words: Vec<Option<u32>> = tokens.iter().map(|token| program.word(&token.text)).collect();
    let here = Here {
        program,
        actions,
        lexicon,
        tokens,
        soft: (0..tokens.len()).map(|at| lexicon.soft.longest(tokens, at).map(|(end, _)| end)).collect(),
        zones: (0..tokens.len()).map(|at| slots::zone_expressions(lexicon, tokens, at)).collect(),
        words: &words,
    };
    let mut matches = Vec::new();
    let mut budget = STEP_LIMIT;
    for phrase in program.candidates(&words) {
        let compiled = &program.phrases[phrase as usize];
        for start in 0..tokens.len() {
            if tokens[start].kind != TokenKind::Separator && compiled.can_begin(words[start]) {
                here.run(phrase as usize, start, &mut budget, &mut matches);
            }
        }
    }
    matches
}

struct Here<'a> {
    program: &'a Program,
    actions: &'a Actions,
    lexicon: &'a Lexicon,
    tokens: &'a [Token],
    words: &'a [Option<u32>],
    /// Where a small word that begins at a token ends.
    soft: Vec<Option<usize>>,
    /// The zone expressions that begin at a token.
    zones: Vec<Vec<(usize, Vec<usize>)>>,
}

/// One way through a phrase so far.
#[derive(Clone)]
struct Path {
    step: usize,
    at: usize,
    bindings: Vec<Binding>,
    literals: u32,
    skipped: u32,
    floating: Option<(Vec<usize>, usize, usize)>,
}

impl Here<'_> {
    fn run(&self, phrase: usize, start: usize, budget: &mut usize, matches: &mut Vec<Match>) {
        let compiled = &self.program.phrases[phrase];
        let width = compiled.end - compiled.start;
        let mut seen = vec![false; width * (self.tokens.len() + 1)];
        let mut stack = vec![Path { step: compiled.start, at: start, bindings: Vec::new(), literals: 0, skipped: 0, floating: None }];
        while let Some(path) = stack.pop() {
            let mark = (path.step - compiled.start) * (self.tokens.len() + 1) + path.at;
            // Several ways may lead to the same end with different slots: "album X by Y" and "album (X by Y)".
            let is_end = self.program.steps[path.step] == Step::Accept;
            if (seen[mark] && !is_end) || *budget == 0 {
                continue;
            }
            seen[mark] = true;
            *budget -= 1;
            match self.program.steps[path.step] {
                Step::Accept => matches.push(self.accept(phrase, start, path)),
                Step::Jump(to) => stack.push(Path { step: to as usize, ..path }),
                Step::Split(a, b) => {
                    stack.push(Path { step: b as usize, ..path.clone() });
                    stack.push(Path { step: a as usize, ..path });
                }
                Step::Word(word) => self.word(word, compiled.action, path, start, &mut stack),
                Step::Slot(slot) => self.slot(slot as usize, compiled.action, path, start, &mut stack),
            }
        }
    }

    fn accept(&self, phrase: usize, start: usize, path: Path) -> Match {
        let compiled = &self.program.phrases[phrase];
        Match {
            action: compiled.action,
            direction: compiled.direction.clone(),
            start,
            end: path.at,
            bindings: path.bindings,
            literals: path.literals,
            skipped: path.skipped,
            floating: path.floating.map(|(zones, from, to)| Binding {
                slot: String::new(),
                said: Said::Zones(zones),
                start: from,
                end: to,
            }),
        }
    }

    fn word(&self, word: u32, action: usize, path: Path, start: usize, stack: &mut Vec<Path>) {
        if self.words.get(path.at).copied().flatten() == Some(word) {
            stack.push(Path { step: path.step + 1, at: path.at + 1, literals: path.literals + 1, ..path });
            return;
        }
        self.step_over(action, path, start, stack);
    }

    fn slot(&self, slot: usize, action: usize, path: Path, start: usize, stack: &mut Vec<Path>) {
        let name = &self.program.slots[slot];
        let entry = &self.actions.entries[action];
        let Some(argument) = entry.action.arguments.get(name) else { return };
        let found = if path.at < self.tokens.len() {
            slots::candidates(self.lexicon, &entry.choices, name, argument, self.tokens, path.at)
        } else {
            Vec::new()
        };
        // The last pushed is tried first: the most natural reading ends up on top.
        let mut paths: Vec<Path> = Vec::new();
        for (end, said) in found {
            let mut bindings = path.bindings.clone();
            bindings.push(Binding { slot: name.clone(), said, start: path.at, end });
            paths.push(Path { step: path.step + 1, at: end, bindings, floating: path.floating.clone(), ..path });
        }
        // A free text may begin with a small word (a song called "I"), so none is skipped before it.
        if argument.kind != Kind::Text {
            self.step_over(action, path, start, stack);
        }
        stack.extend(paths.into_iter().rev());
    }

    /// Small words and, for actions with seats, a zone expression may stand between the words of a phrase.
    fn step_over(&self, action: usize, path: Path, start: usize, stack: &mut Vec<Path>) {
        if path.at == start || path.at >= self.tokens.len() {
            return;
        }
        let takes_zone = path.floating.is_none()
            && self.actions.entries[action].zone.is_some()
            && !path.bindings.iter().any(|binding| matches!(binding.said, Said::Zones(_)));
        for (end, groups) in self.zones[path.at].iter().filter(|_| takes_zone) {
            let floating = Some((groups.clone(), path.at, *end));
            stack.push(Path { at: *end, floating, ..path.clone() });
        }
        if let Some(end) = self.soft[path.at] {
            stack.push(Path { at: end, skipped: path.skipped + (end - path.at) as u32, ..path });
        }
    }
}
