//! Text to commands and questions. Rungs, cheapest sure answer first: `pattern`, then `similar`; what neither is sure of stays open.

pub mod context;
pub mod lexicon;
pub mod number;
pub mod pattern;
pub mod reading;
pub mod resolve;
pub mod similar;
pub mod slots;
pub mod sound;
pub mod time;
pub mod token;

mod correction;
mod distribute;
mod guess;
mod misheard;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use models::{Embedder, Judge, ModelError};
use plugins::catalogue::Catalogue;
use plugins::manifest::Risk;

use guess::Guesser;
use lexicon::Lexicon;
use pattern::{ActionEntry, Actions, Cover, Pattern};
use reading::{Proposal, Reader, Reading};
use similar::{Guess, Similar};
use slots::Choices;
use sound::Sounds;
use token::{Token, TokenKind, language_of, tokenize};

/// What is known about an utterance after all rungs.
#[derive(Debug, Clone, Default)]
pub struct Understood {
    /// The tokens that were read, corrections taken out.
    pub tokens: Vec<Token>,
    /// `zh` or `en`.
    pub language: String,
    /// Commands, in spoken order.
    pub proposals: Vec<Proposal>,
    /// How many commands were forbidden.
    pub forbidden: usize,
    /// Token spans that nothing explains.
    pub leftover: Vec<(usize, usize)>,
    /// Whether what is left over, or the whole, asks something.
    pub is_question: bool,
    /// The vector of the text that was compared, if one was computed.
    pub vector: Option<Vec<f32>>,
    /// The nearest sample of the `similar` rung, sure or not, for `Explain`.
    pub guess: Option<Guess>,
}

/// The models that help where phrases do not reach.
#[derive(Default)]
pub struct Models {
    /// The sentence encoder; without it there is no `similar` rung.
    pub embedder: Option<Arc<Embedder>>,
    /// The judge of pairs; without it the `similar` rung is surer or silent.
    pub judge: Option<Arc<Judge>>,
}

/// Understands utterances against one catalogue.
pub struct Understander {
    /// Small words.
    pub lexicon: Lexicon,
    /// Every action.
    pub actions: Actions,
    pattern: Pattern,
    sounds: Sounds,
    similar: Option<Similar>,
    judge: Option<Arc<Judge>>,
}

impl Understander {
    /// Compiles the phrases and embeds their samples.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn build(
        catalogue: &Catalogue,
        models: Models,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, ModelError> {
        let actions = actions(catalogue);
        let (pattern, mut sounds) = (Pattern::compile(catalogue, &actions), Sounds::default());
        pattern::each_phrase(catalogue, &actions, &mut |_, _, phrase| sounds.add(&phrase));
        spoken_values(catalogue).for_each(|word| sounds.add_words(word));
        let Models { embedder, judge } = models;
        let similar = embedder.map(|embedder| Similar::build(embedder, catalogue, &actions, cache, progress)).transpose()?;
        Ok(Understander { lexicon: Lexicon::shipped(), actions, pattern, sounds, similar, judge })
    }

    /// The encoder, if there is one.
    pub fn embedder(&self) -> Option<&Arc<Embedder>> {
        self.similar.as_ref().map(Similar::embedder)
    }

    /// The phrases' account of a text.
    pub fn cover(&self, tokens: &[Token]) -> Cover {
        self.pattern.cover(&self.actions, &self.lexicon, tokens)
    }

    /// Reads a text with the phrases alone.
    pub fn read(&self, tokens: &[Token], is_question: bool) -> Reading {
        let cover = self.cover(tokens);
        Reader { pattern: &self.pattern, actions: &self.actions, lexicon: &self.lexicon, tokens, is_question }.read(&cover)
    }

    /// Understands a text. `language`: empty to find out.
    ///
    /// # Errors
    /// The encoder fails or is busy.
    pub fn understand(&self, text: &str, language: &str) -> Result<Understood, ModelError> {
        let tokens = correction::apply(&self.lexicon, self.steadied(tokenize(text)));
        let language = if language.is_empty() { language_of(&tokens) } else { language }.to_owned();
        let is_question = self.asks(text, &tokens);
        let mut reading = self.read(&tokens, is_question);
        let mut tokens = tokens;
        if let Some(shared) = self.distributed(&tokens, is_question) {
            (tokens, reading) = shared;
        }
        if !reading.leftover.is_empty()
            && !reading.is_blocked
            && let Some(heard) = self.misheard(&tokens, &reading, is_question)
        {
            (tokens, reading) = heard;
        }
        let mut understood = Understood {
            is_question,
            language,
            proposals: reading.proposals,
            forbidden: reading.forbidden,
            tokens,
            ..Understood::default()
        };
        match &self.similar {
            Some(similar) if !reading.is_blocked => {
                let guesser = Guesser { similar, understander: self, text, is_question };
                reading.leftover.into_iter().try_for_each(|unsure| guesser.clause(unsure, &mut understood))?;
                understood.proposals.sort_by_key(|proposal| proposal.span);
            }
            _ => understood.leftover = reading.leftover.iter().map(|unsure| unsure.span).collect(),
        }
        let asks_first = understood.is_question && understood.leftover.first().is_some_and(|(start, _)| *start == 0);
        let sets = |proposal: &Proposal| self.actions.entries[proposal.action].action.risk != Risk::Read;
        if reading.is_blocked || (asks_first && understood.proposals.iter().any(sets)) {
            // "if it rains, close the windows", "is it okay to drive with the trunk open": the half that is clear must not be done.
            understood.proposals.clear();
            understood.leftover = vec![(0, understood.tokens.len())];
        }
        Ok(understood)
    }

    /// Whether a text asks something rather than wants something.
    fn asks(&self, text: &str, tokens: &[Token]) -> bool {
        let first = tokens.iter().position(|token| token.kind != TokenKind::Separator).unwrap_or(0);
        let opens = self.lexicon.question.longest(tokens, first).is_some();
        let is_han = |at: &usize| tokens[*at].kind == TokenKind::Han;
        let contains = (0..tokens.len()).filter(is_han).any(|at| self.lexicon.question.longest(tokens, at).is_some());
        opens || contains || text.trim_end().ends_with(['?', '？'])
    }
}

/// The original words of a run of tokens.
pub fn original(text: &str, tokens: &[Token]) -> String {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
    text.chars().skip(first.start).take(last.end.saturating_sub(first.start)).collect()
}

fn actions(catalogue: &Catalogue) -> Actions {
    let mut entries = Vec::new();
    for plugin in catalogue.plugins.values() {
        for action in &plugin.manifest.actions {
            entries.push(ActionEntry {
                plugin: plugin.id().to_owned(),
                zone: action.zone_argument().map(|(name, _)| name.to_owned()),
                choices: Choices::collect(action, plugin.locales.values()),
                not: counter_examples(plugin, &action.id),
                titles: titles(plugin, &action.id),
                action: Arc::new(action.clone()),
            });
        }
    }
    Actions { entries }
}

/// The words of all choices, as they are said.
fn spoken_values(catalogue: &Catalogue) -> impl Iterator<Item = &str> {
    let locales = catalogue.plugins.values().flat_map(|plugin| plugin.locales.values());
    locales.flat_map(|locale| locale.values.values()).flat_map(|values| values.values()).flatten().map(String::as_str)
}

fn titles(plugin: &plugins::catalogue::Plugin, action: &str) -> BTreeMap<String, String> {
    let title =
        |(language, locale): (&String, &plugins::locale::Locale)| Some((language.clone(), locale.action.get(action)?.title.clone()));
    plugin.locales.iter().filter_map(title).filter(|(_, title)| !title.is_empty()).collect()
}

fn counter_examples(plugin: &plugins::catalogue::Plugin, action: &str) -> Vec<Vec<String>> {
    let sentences = plugin.locales.values().filter_map(|locale| locale.action.get(action)).flat_map(|sentences| &sentences.not);
    let words = |sentence: &String| {
        tokenize(sentence).into_iter().filter(|token| token.kind != TokenKind::Separator).map(|token| token.text).collect()
    };
    sentences.map(words).collect()
}
