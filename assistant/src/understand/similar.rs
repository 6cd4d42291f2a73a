//! The `similar` rung: the sentence encoder over sample sentences of every phrase, for wordings that the automaton misses.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use models::{Embedder, ModelError, VectorCache, VectorIndex};
use plugins::catalogue::{Catalogue, words};
use plugins::manifest::{Argument, Kind};
use plugins::phrase::{self, Phrase};
use sha2::{Digest, Sha256};

use super::pattern::Actions;

/// Sample sentences per phrase list and language; more add little and cost start-up time.
const SAMPLES: usize = 14;

/// Samples that are looked at; those of one action lie close together.
const NEAREST: usize = 96;

/// What a sample sentence stands for. `action` none: it must not become any action.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    action: Option<usize>,
    direction: Option<String>,
    text: String,
}

/// The nearest action to an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Index into [`Actions`]; none: the nearest sentence is a counter-example.
    pub action: Option<usize>,
    /// Relative direction.
    pub direction: Option<String>,
    /// Cosine to the nearest sample.
    pub score: f32,
    /// Distance to the best sample of the next action.
    pub margin: f32,
    /// The sample sentence.
    pub sample: String,
}

/// Sample sentences and their vectors.
pub struct Similar {
    embedder: Arc<Embedder>,
    index: VectorIndex,
    samples: Vec<Sample>,
}

impl Similar {
    /// Embeds the samples; vectors come from `cache` where it has them and are added to it.
    ///
    /// # Errors
    /// The encoder or the index fails. A cache that cannot be written is only logged.
    pub fn build(
        embedder: Arc<Embedder>,
        catalogue: &Catalogue,
        actions: &Actions,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, ModelError> {
        let samples = samples(catalogue, actions, embedder.languages());
        let mut vectors = cache.map(|path| VectorCache::open(path, embedder.identity(), embedder.dimension()));
        let missing: Vec<String> = samples
            .iter()
            .map(|sample| sample.text.clone())
            .filter(|text| vectors.as_ref().is_none_or(|cache| cache.get(text).is_none()))
            .collect();
        let total = missing.len();
        let fresh = embedder.embed_all(&missing, &mut |done| progress(done, total))?;
        let mut rows: Vec<(u64, Vec<f32>)> = Vec::with_capacity(samples.len());
        let mut fresh = fresh.into_iter();
        for (key, sample) in samples.iter().enumerate() {
            let known = vectors.as_ref().and_then(|cache| cache.get(&sample.text)).map(<[f32]>::to_vec);
            let vector = match known {
                Some(vector) => vector,
                None => fresh.next().unwrap_or_else(|| vec![0.0; embedder.dimension()]),
            };
            if let Some(cache) = &mut vectors {
                cache.insert(&sample.text, vector.clone())?;
            }
            rows.push((key as u64, vector));
        }
        if let Some(cache) = &mut vectors
            && total > 0
            && let Err(error) = cache.save()
        {
            tracing::warn!(%error, "the phrase vectors cannot be kept; the next start computes them again");
        }
        let index = VectorIndex::build(embedder.dimension(), rows.into_iter())?;
        Ok(Similar { embedder, index, samples })
    }

    /// The encoder.
    pub fn embedder(&self) -> &Arc<Embedder> {
        &self.embedder
    }

    /// Whether the encoder was made for this language.
    pub fn knows(&self, language: &str) -> bool {
        self.embedder.languages().iter().any(|known| known == language)
    }

    /// The nearest actions to a vector, each once with its best sample, nearest first; at most `count`.
    ///
    /// # Errors
    /// The index fails.
    pub fn nearest(&self, vector: &[f32], count: usize) -> Result<Vec<Guess>, ModelError> {
        let mut guesses: Vec<Guess> = Vec::with_capacity(count + 1);
        for (key, score) in self.index.search(vector, NEAREST)? {
            let sample = &self.samples[key as usize];
            if guesses.iter().any(|guess| guess.action == sample.action && guess.direction == sample.direction) {
                continue;
            }
            let (action, direction, text) = (sample.action, sample.direction.clone(), sample.text.clone());
            guesses.push(Guess { action, direction, score, margin: 1.0, sample: text });
            if guesses.len() > count {
                break;
            }
        }
        for place in 1..guesses.len() {
            guesses[place - 1].margin = guesses[place - 1].score - guesses[place].score;
        }
        guesses.truncate(count);
        Ok(guesses)
    }
}

fn samples(catalogue: &Catalogue, actions: &Actions, languages: &[String]) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut seen = HashSet::new();
    for (index, entry) in actions.entries.iter().enumerate() {
        // Free text cannot be found by nearness: what would the text be?
        let has_text = |argument: &Argument| matches!(argument.kind, Kind::Text | Kind::Contact | Kind::Place) && !argument.optional;
        if entry.action.arguments.values().any(has_text) {
            continue;
        }
        let Some(plugin) = catalogue.plugins.get(&entry.plugin) else { continue };
        for (language, locale) in plugin.locales.iter().filter(|(language, _)| languages.contains(language)) {
            let Some(sentences) = locale.action.get(&entry.action.id) else { continue };
            let words = words(language, locale);
            let spoken = |slot: &str| example(language, &entry.action.id, slot, &entry.action.arguments, locale);
            let lists = std::iter::once((None, &sentences.say)).chain(sentences.relative.iter().map(|(name, list)| (Some(name), list)));
            for (direction, list) in lists {
                for text in sentences_of(language, list, &words, &spoken) {
                    if seen.insert(text.clone()) {
                        samples.push(Sample { action: Some(index), direction: direction.cloned(), text });
                    }
                }
            }
            for text in &sentences.not {
                if seen.insert(text.clone()) {
                    samples.push(Sample { action: None, direction: None, text: text.clone() });
                }
            }
        }
    }
    samples
}

fn example(
    language: &str,
    action: &str,
    slot: &str,
    arguments: &std::collections::BTreeMap<String, Argument>,
    locale: &plugins::locale::Locale,
) -> String {
    let Some(argument) = arguments.get(slot) else { return String::new() };
    let is_chinese = language == "zh";
    match argument.kind {
        Kind::Number | Kind::Duration => {
            let middle = (argument.min.unwrap_or(0.0) + argument.max.unwrap_or(10.0)) / 2.0;
            format!("{}", middle.round())
        }
        Kind::Switch => if is_chinese { "开" } else { "on" }.to_owned(),
        Kind::Choice => argument.values.iter().find_map(|value| locale.spoken(action, slot, value).first().cloned()).unwrap_or_default(),
        Kind::Zone => if is_chinese { "主驾" } else { "driver" }.to_owned(),
        Kind::Time => "7:30".to_owned(),
        Kind::Text | Kind::Contact | Kind::Place => String::new(),
    }
}

/// Spread over all phrases of a list: the sentences of each phrase that lie furthest apart in its choices.
fn sentences_of(language: &str, list: &[String], words: &phrase::WordLists, spoken: &dyn Fn(&str) -> String) -> Vec<String> {
    let per_phrase = (SAMPLES / list.len().max(1)).clamp(3, SAMPLES);
    let mut texts = Vec::new();
    for line in list {
        let Ok(parsed) = phrase::parse(line, words) else { continue };
        for variant in 0..per_phrase {
            let mut seed = hash(&format!("{line}#{variant}"));
            let mut text = String::new();
            sentence(&parsed, variant, &mut seed, spoken, &mut text);
            let text = text.split_whitespace().collect::<Vec<_>>().join(if language == "zh" { "" } else { " " });
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// One sentence of a phrase. The choices are drawn from the phrase's own text, so that every build makes the same sentences.
fn sentence(phrase: &Phrase, variant: usize, seed: &mut u64, spoken: &dyn Fn(&str) -> String, text: &mut String) {
    match phrase {
        Phrase::Words(words) => {
            text.push_str(words);
            text.push(' ');
        }
        Phrase::Slot(name) => {
            text.push_str(&spoken(name));
            text.push(' ');
        }
        Phrase::Sequence(parts) => parts.iter().for_each(|part| sentence(part, variant, seed, spoken, text)),
        Phrase::Either(options) => {
            let pick = if variant == 0 { 0 } else { draw(seed) as usize % options.len() };
            sentence(&options[pick], variant, seed, spoken, text);
        }
        Phrase::Optional(part) => {
            if variant > 0 && draw(seed).is_multiple_of(2) {
                sentence(part, variant, seed, spoken, text);
            }
        }
    }
}

fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    u64::from_le_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}
