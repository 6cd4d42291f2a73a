//! Phrases of all plugins compiled into one automaton, entered through each phrase's rarest words.

use std::collections::{BTreeSet, HashMap};

use plugins::phrase::Phrase;

use super::super::token::tokenize;

/// One instruction of the automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The next token must be this word.
    Word(u32),
    /// A slot: index into [`Program::slots`].
    Slot(u32),
    /// Go on at either place.
    Split(u32, u32),
    /// Go on there.
    Jump(u32),
    /// The phrase is complete.
    Accept,
}

/// One compiled phrase.
#[derive(Debug, Clone)]
pub(super) struct CompiledPhrase {
    /// Index of the action it belongs to.
    pub action: usize,
    /// The relative direction it asks for; none: the absolute wish.
    pub direction: Option<String>,
    /// First instruction.
    pub start: usize,
    /// One past its last instruction.
    pub end: usize,
    /// Words it can begin with.
    first: BTreeSet<u32>,
    /// Whether it can begin with a slot.
    begins_with_slot: bool,
}

/// All phrases.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// Instructions of all phrases, one after the other.
    pub steps: Vec<Step>,
    /// Slot names.
    pub slots: Vec<String>,
    /// The phrases.
    pub phrases: Vec<CompiledPhrase>,
    words: HashMap<String, u32>,
    frequency: Vec<u32>,
    by_key: HashMap<u32, Vec<u32>>,
    keyless: Vec<u32>,
}

impl Program {
    /// Compiles phrases; `(action index, direction, phrase)`.
    pub(super) fn compile(phrases: &[(usize, Option<String>, Phrase)]) -> Self {
        let mut program = Program::default();
        for (action, direction, phrase) in phrases {
            let start = program.steps.len();
            program.emit(phrase);
            program.steps.push(Step::Accept);
            let end = program.steps.len();
            let (mut first, mut begins_with_slot) = (BTreeSet::new(), false);
            program.first_of(start, &mut first, &mut begins_with_slot);
            let compiled = CompiledPhrase { action: *action, direction: direction.clone(), start, end, first, begins_with_slot };
            program.count_words(&compiled);
            program.phrases.push(compiled);
        }
        for (index, (_, _, phrase)) in phrases.iter().enumerate() {
            match program.keys(phrase) {
                Some(keys) => keys.into_iter().for_each(|key| program.by_key.entry(key).or_default().push(index as u32)),
                None => program.keyless.push(index as u32),
            }
        }
        program
    }

    /// The number of a word that occurs in some phrase.
    pub(super) fn word(&self, text: &str) -> Option<u32> {
        self.words.get(text).copied()
    }

    /// Indices of the phrases whose rarest words are among `words`; each once.
    pub(super) fn candidates(&self, words: &[Option<u32>]) -> Vec<u32> {
        let mut found: Vec<u32> = words.iter().flatten().filter_map(|word| self.by_key.get(word)).flatten().copied().collect();
        found.extend_from_slice(&self.keyless);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(word) = self.words.get(text) {
            return *word;
        }
        let word = self.frequency.len() as u32;
        self.words.insert(text.to_owned(), word);
        self.frequency.push(0);
        word
    }

    fn slot(&mut self, name: &str) -> u32 {
        let position = self.slots.iter().position(|slot| slot == name).unwrap_or_else(|| {
            self.slots.push(name.to_owned());
            self.slots.len() - 1
        });
        position as u32
    }

    fn emit(&mut self, phrase: &Phrase) {
        match phrase {
            Phrase::Words(text) => {
                for token in tokenize(text) {
                    let word = self.intern(&token.text);
                    self.steps.push(Step::Word(word));
                }
            }
            Phrase::Slot(name) => {
                let slot = self.slot(name);
                self.steps.push(Step::Slot(slot));
            }
            Phrase::Sequence(parts) => parts.iter().for_each(|part| self.emit(part)),
            Phrase::Optional(part) => {
                let split = self.steps.len();
                self.steps.push(Step::Accept);
                self.emit(part);
                self.steps[split] = Step::Split(split as u32 + 1, self.steps.len() as u32);
            }
            Phrase::Either(options) => self.emit_either(options),
        }
    }

    fn emit_either(&mut self, options: &[Phrase]) {
        let mut jumps = Vec::new();
        for (index, option) in options.iter().enumerate() {
            if index + 1 == options.len() {
                self.emit(option);
                break;
            }
            let split = self.steps.len();
            self.steps.push(Step::Accept);
            self.emit(option);
            jumps.push(self.steps.len());
            self.steps.push(Step::Accept);
            self.steps[split] = Step::Split(split as u32 + 1, self.steps.len() as u32);
        }
        let end = self.steps.len() as u32;
        for jump in jumps {
            self.steps[jump] = Step::Jump(end);
        }
    }

    fn first_of(&self, at: usize, first: &mut BTreeSet<u32>, begins_with_slot: &mut bool) {
        match self.steps[at] {
            Step::Word(word) => {
                first.insert(word);
            }
            Step::Slot(_) => *begins_with_slot = true,
            Step::Split(a, b) => {
                self.first_of(a as usize, first, begins_with_slot);
                self.first_of(b as usize, first, begins_with_slot);
            }
            Step::Jump(to) => self.first_of(to as usize, first, begins_with_slot),
            Step::Accept => {}
        }
    }

    fn count_words(&mut self, phrase: &CompiledPhrase) {
        let words: BTreeSet<u32> = self.steps[phrase.start..phrase.end]
            .iter()
            .filter_map(|step| if let Step::Word(word) = step { Some(*word) } else { None })
            .collect();
        words.into_iter().for_each(|word| self.frequency[word as usize] += 1);
    }

    /// A set of words of which every sentence of the phrase has at least one, as rare as can be. `None`: there is no such set.
    fn keys(&self, phrase: &Phrase) -> Option<Vec<u32>> {
        match phrase {
            Phrase::Words(text) => {
                let words = tokenize(text).into_iter().filter_map(|token| self.word(&token.text));
                words.min_by_key(|word| self.frequency[*word as usize]).map(|word| vec![word])
            }
            Phrase::Slot(_) | Phrase::Optional(_) => None,
            Phrase::Sequence(parts) => parts.iter().filter_map(|part| self.keys(part)).min_by_key(|keys| self.cost(keys)),
            Phrase::Either(options) => {
                let mut keys: Vec<u32> = options.iter().map(|option| self.keys(option)).collect::<Option<Vec<_>>>()?.concat();
                keys.sort_unstable();
                keys.dedup();
                Some(keys)
            }
        }
    }

    fn cost(&self, keys: &[u32]) -> u32 {
        keys.iter().map(|key| self.frequency[*key as usize]).sum()
    }
}

impl CompiledPhrase {
    /// Whether the phrase can begin with this token.
    pub(super) fn can_begin(&self, word: Option<u32>) -> bool {
        self.begins_with_slot || word.is_some_and(|word| self.first.contains(&word))
    }
}
