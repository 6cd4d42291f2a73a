//! The `pattern` rung: every plugin's phrases as one automaton, laid over the whole utterance so that all of it is accounted for.

mod chart;
mod matcher;
mod program;

use std::sync::Arc;

use plugins::catalogue::{Catalogue, words};
use plugins::manifest::{Action, Risk};
use plugins::phrase;

use super::lexicon::{Lexicon, WordSet};
use super::slots::{Choices, Said};
use super::token::{Token, TokenKind};

pub use chart::{Cover, Piece};
use program::Program;

/// One action that can be understood.
#[derive(Debug)]
pub struct ActionEntry {
    /// Plugin id.
    pub plugin: String,
    /// The action's declaration.
    pub action: Arc<Action>,
    /// Its zone argument's name, if it has one.
    pub zone: Option<String>,
    /// Spoken words of its choices.
    pub choices: Choices,
    /// Sentences that must not become it, as words.
    pub not: Vec<Vec<String>>,
}

impl ActionEntry {
    /// Whether the plugin's author said that these words are not this action.
    pub fn excludes(&self, tokens: &[Token]) -> bool {
        let words = || tokens.iter().filter(|token| token.kind != TokenKind::Separator).map(|token| token.text.as_str());
        self.not.iter().any(|sentence| words().eq(sentence.iter().map(String::as_str)))
    }
}

/// Every action, by index.
#[derive(Debug, Default)]
pub struct Actions {
    /// In the catalogue's order.
    pub entries: Vec<ActionEntry>,
}

impl Actions {
    /// The index of an action.
    pub fn index(&self, plugin: &str, action: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.plugin == plugin && entry.action.id == action)
    }
}

/// What a slot took.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The argument's name.
    pub slot: String,
    /// What was said.
    pub said: Said,
    /// First token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
}

/// A phrase found in an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Index into [`Actions`].
    pub action: usize,
    /// The relative direction it asks for.
    pub direction: Option<String>,
    /// First token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
    /// Slots that were filled.
    pub bindings: Vec<Binding>,
    /// Words of the phrase itself.
    pub literals: u32,
    /// Small words stepped over.
    pub skipped: u32,
    /// A zone expression that stood somewhere in the phrase.
    pub floating: Option<Binding>,
}

impl Match {
    /// Tokens taken by free text.
    fn free_tokens(&self) -> usize {
        let free = self.bindings.iter().filter(|binding| matches!(binding.said, Said::Text(_)));
        free.map(|binding| binding.end - binding.start).sum()
    }
}

/// The compiled phrases of a catalogue.
pub struct Pattern {
    program: Program,
}

impl Pattern {
    /// Compiles the phrases of every action in every language. Phrases that do not parse were reported by lint and are left out.
    pub fn compile(catalogue: &Catalogue, actions: &Actions) -> Self {
        let mut phrases = Vec::new();
        for (index, entry) in actions.entries.iter().enumerate() {
            let Some(plugin) = catalogue.plugins.get(&entry.plugin) else { continue };
            for (language, locale) in &plugin.locales {
                let words = words(language, locale);
                let Some(sentences) = locale.action.get(&entry.action.id) else { continue };
                let absolute = sentences.say.iter().map(|line| (None, line));
                let relative = sentences.relative.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (Some(name.clone()), line)));
                for (direction, line) in absolute.chain(relative) {
                    if let Ok(parsed) = phrase::parse(line, &words) {
                        phrases.push((index, direction, parsed));
                    }
                }
            }
        }
        Pattern { program: Program::compile(&phrases) }
    }

    /// The best account of the whole utterance. A question about a state ("are the windows closed?") is never taken as a wish.
    pub fn cover(&self, actions: &Actions, lexicon: &Lexicon, tokens: &[Token]) -> Cover {
        let mut matches = matcher::find(&self.program, actions, lexicon, tokens);
        let has = |set: &WordSet| (0..tokens.len()).any(|at| set.longest(tokens, at).is_some());
        if has(&lexicon.state_question) && !has(&lexicon.ability) {
            matches.retain(|found| actions.entries[found.action].action.risk == Risk::Read);
        }
        matches.retain(|found| !actions.entries[found.action].excludes(tokens));
        chart::cover(actions, lexicon, tokens, matches)
    }
}

#[cfg(test)]
mod tests;
