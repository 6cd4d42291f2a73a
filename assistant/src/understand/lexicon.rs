//! The small words of a language: what may be skipped, what joins, what forbids, what asks. The words are data (`assistant/words`).

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::token::{Token, tokenize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Words {
    soft: Vec<String>,
    opener: Vec<String>,
    connector: Vec<String>,
    negation: Vec<String>,
    blocker: Vec<String>,
    conditional: Vec<String>,
    question: Vec<String>,
    state_question: Vec<String>,
    ability: Vec<String>,
    trailing: Vec<String>,
    correction: Vec<String>,
    opposites: Vec<(String, String)>,
    yes: Vec<String>,
    no: Vec<String>,
    undo: Vec<String>,
    stop: Vec<String>,
    maximum: Vec<String>,
    minimum: Vec<String>,
    on: Vec<String>,
    off: Vec<String>,
    more: Vec<String>,
    less: Vec<String>,
    likewise: Vec<String>,
    units: BTreeMap<String, Vec<String>>,
    prefix: BTreeMap<String, Vec<String>>,
    zones: BTreeMap<String, Vec<String>>,
    zone_names: BTreeMap<String, String>,
    zone_and: BTreeMap<String, String>,
}

/// A set of token sequences that finds the longest one at a place.
#[derive(Debug, Default, Clone)]
pub struct WordSet {
    by_first: HashMap<String, Vec<(Vec<String>, usize)>>,
}

impl WordSet {
    /// Adds a sequence that stands for `meaning`.
    pub fn add(&mut self, text: &str, meaning: usize) {
        // The possessive is a token of its own only behind a word, so it is taken as it is here.
        let words =
            |part: &str| if part == "'s" { vec![part.to_owned()] } else { tokenize(part).into_iter().map(|token| token.text).collect() };
        let sequence: Vec<String> = text.split_whitespace().flat_map(words).collect();
        let Some(first) = sequence.first().cloned() else { return };
        let list = self.by_first.entry(first).or_default();
        list.push((sequence, meaning));
        list.sort_by_key(|(sequence, _)| std::cmp::Reverse(sequence.len()));
    }

    /// The longest sequence at `at`: one past its end, and its meaning.
    pub fn longest(&self, tokens: &[Token], at: usize) -> Option<(usize, usize)> {
        self.all(tokens, at).next()
    }

    /// Every sequence at `at`, longest first.
    pub fn all<'a>(&'a self, tokens: &'a [Token], at: usize) -> impl Iterator<Item = (usize, usize)> + 'a {
        let list = tokens.get(at).and_then(|token| self.by_first.get(&token.text));
        list.into_iter().flatten().filter_map(move |(sequence, meaning)| {
            let there = tokens.get(at..at + sequence.len())?;
            there.iter().zip(sequence).all(|(token, word)| token.text == *word).then_some((at + sequence.len(), *meaning))
        })
    }

    /// Whether the whole of `tokens` is one of the sequences.
    pub fn is_whole(&self, tokens: &[Token]) -> bool {
        !tokens.is_empty() && self.all(tokens, 0).any(|(end, _)| end == tokens.len())
    }
}

/// The zones that an expression can mean before speaker, steering side and the action's own zones are known.
pub const ZONE_GROUPS: [&str; 12] =
    ["driver", "passenger", "rear-left", "rear-right", "rear-middle", "front", "rear", "left", "right", "all", "speaker", "others"];

/// Units that a number may carry, by their index.
pub const UNITS: [&str; 16] = [
    "celsius",
    "fahrenheit",
    "percent",
    "level",
    "second",
    "minute",
    "hour",
    "km/h",
    "mph",
    "km",
    "mile",
    "mhz",
    "degree",
    "ampere",
    "meter",
    "times",
];

/// All small words of both languages. People mix languages, so both always hold.
#[derive(Debug, Default)]
pub struct Lexicon {
    /// May stand anywhere.
    pub soft: WordSet,
    /// Begins a request.
    pub opener: WordSet,
    /// Between commands.
    pub connector: WordSet,
    /// Forbids the command that follows.
    pub negation: WordSet,
    /// Makes a half-understood clause unsafe to act on.
    pub blocker: WordSet,
    /// Makes the whole sentence unsafe to act on.
    pub conditional: WordSet,
    /// Shows a question.
    pub question: WordSet,
    /// Shows a question about a state, which wants nothing done.
    pub state_question: WordSet,
    /// Shows a request in spite of the form of a question.
    pub ability: WordSet,
    /// Behind a name, and not part of it.
    pub trailing: WordSet,
    /// Takes back what stands before.
    pub correction: WordSet,
    /// Pairs of words that mean the opposite.
    pub opposites: Vec<(String, String)>,
    /// Agreement.
    pub yes: WordSet,
    /// Disagreement.
    pub no: WordSet,
    /// Wants the last change undone.
    pub undo: WordSet,
    /// Wants silence.
    pub stop: WordSet,
    /// The upper end of a range.
    pub maximum: WordSet,
    /// The lower end.
    pub minimum: WordSet,
    /// On (meaning 1) or off (meaning 0).
    pub switch: WordSet,
    /// The last step again.
    pub more: WordSet,
    /// The last step back.
    pub less: WordSet,
    /// The last command elsewhere.
    pub likewise: WordSet,
    /// Units; the meaning is the index in [`UNITS`].
    pub units: WordSet,
    /// Before a level number.
    pub level_prefix: WordSet,
    /// Before any number.
    pub any_prefix: WordSet,
    /// Zones; the meaning is the index in [`ZONE_GROUPS`].
    pub zones: WordSet,
    /// "on the", "for": belongs to the zone expression that follows.
    pub zone_preposition: WordSet,
    zone_names: HashMap<(String, String), String>,
}

impl Lexicon {
    /// The shipped words.
    pub fn shipped() -> Self {
        let mut lexicon = Lexicon::default();
        for (language, text) in [("en", include_str!("../../words/en.toml")), ("zh", include_str!("../../words/zh.toml"))] {
            let words: Words = toml::from_str(text).expect("the shipped words are checked by a test");
            lexicon.add(language, words);
        }
        lexicon
    }

    fn add(&mut self, language: &str, words: Words) {
        let fill = |set: &mut WordSet, list: &[String], meaning| list.iter().for_each(|text| set.add(text, meaning));
        fill(&mut self.soft, &words.soft, 0);
        fill(&mut self.opener, &words.opener, 0);
        fill(&mut self.connector, &words.connector, 0);
        fill(&mut self.negation, &words.negation, 0);
        fill(&mut self.blocker, &words.blocker, 0);
        fill(&mut self.conditional, &words.conditional, 0);
        fill(&mut self.question, &words.question, 0);
        fill(&mut self.state_question, &words.state_question, 0);
        fill(&mut self.ability, &words.ability, 0);
        fill(&mut self.trailing, &words.trailing, 0);
        fill(&mut self.correction, &words.correction, 0);
        self.opposites.extend(words.opposites.clone());
        fill(&mut self.yes, &words.yes, 0);
        fill(&mut self.no, &words.no, 0);
        fill(&mut self.undo, &words.undo, 0);
        fill(&mut self.stop, &words.stop, 0);
        fill(&mut self.maximum, &words.maximum, 0);
        fill(&mut self.minimum, &words.minimum, 0);
        fill(&mut self.switch, &words.on, 1);
        fill(&mut self.switch, &words.off, 0);
        fill(&mut self.more, &words.more, 0);
        fill(&mut self.less, &words.less, 0);
        fill(&mut self.likewise, &words.likewise, 0);
        for (index, unit) in UNITS.iter().enumerate() {
            fill(&mut self.units, words.units.get(*unit).map_or(&[], Vec::as_slice), index);
        }
        fill(&mut self.level_prefix, words.prefix.get("level").map_or(&[], Vec::as_slice), 0);
        fill(&mut self.any_prefix, words.prefix.get("any").map_or(&[], Vec::as_slice), 0);
        for (group, list) in &words.zones {
            match ZONE_GROUPS.iter().position(|name| name == group) {
                Some(index) => fill(&mut self.zones, list, index),
                None => fill(&mut self.zone_preposition, list, 0),
            }
        }
        self.zone_names.extend(words.zone_names.into_iter().map(|(zone, name)| ((language.to_owned(), zone), name)));
        self.zone_names.extend(words.zone_and.into_values().map(|word| ((language.to_owned(), "and".to_owned()), word)));
    }

    /// Whether one text says the opposite of the other: a word of a pair here, its counterpart there, and neither has both.
    pub fn is_opposite(&self, one: &[Token], other: &[Token]) -> bool {
        let has = |tokens: &[Token], text: &str| {
            let words: Vec<String> = tokenize(text).into_iter().map(|token| token.text).collect();
            tokens.windows(words.len().max(1)).any(|window| window.iter().zip(&words).all(|(token, word)| token.text == *word))
        };
        self.opposites.iter().any(|(a, b)| {
            let (one_a, one_b, other_a, other_b) = (has(one, a), has(one, b), has(other, a), has(other, b));
            (one_a && !one_b && other_b && !other_a) || (one_b && !one_a && other_a && !other_b)
        })
    }

    /// How a zone or group is said in replies; its own name when the language has no word for it.
    pub fn zone_name<'a>(&'a self, language: &str, zone: &'a str) -> &'a str {
        self.zone_names.get(&(language.to_owned(), zone.to_owned())).map_or(zone, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_sequence_wins() {
        let lexicon = Lexicon::shipped();
        let tokens = tokenize("副驾驶位的");
        assert_eq!(lexicon.zones.longest(&tokens, 0), Some((4, 1)));
        assert!(lexicon.yes.is_whole(&tokenize("yes please")));
        assert!(!lexicon.yes.is_whole(&tokenize("yes please not")));
    }

    #[test]
    fn every_group_and_unit_has_words_in_both_languages() {
        for text in [include_str!("../../words/en.toml"), include_str!("../../words/zh.toml")] {
            let words: Words = toml::from_str(text).expect("valid");
            assert!(ZONE_GROUPS.iter().all(|group| words.zones.contains_key(*group)));
            assert!(UNITS.iter().all(|unit| words.units.contains_key(*unit)));
            assert_eq!(words.zones.len(), ZONE_GROUPS.len() + 1, "only zone-preposition is no group");
        }
    }
}
