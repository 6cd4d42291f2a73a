//! The word lists: synonyms, words to keep whole, words that say little. Data, in `words/*.toml` and in each bundle.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::stem::stem;

/// One language's list as written in a file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WordList {
    /// Language of the texts it is for. Latin words of the Chinese list do not touch English texts.
    language: String,
    /// Words that are ignored.
    stop: Vec<String>,
    /// Words that count little, alone or in groups with the same meaning.
    light: Vec<OneOrMore>,
    /// Groups with the same meaning; the first stands for all.
    synonyms: Vec<Vec<String>>,
    /// Words that are taken whole.
    words: Vec<String>,
}

/// A word, or several with the same meaning; the first stands for all.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn words(&self) -> &[String] {
        match self {
            OneOrMore::One(word) => std::slice::from_ref(word),
            OneOrMore::More(words) => words,
        }
    }
}

/// How much a known word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Stop,
    Light,
    Content,
}

/// A phrase of the lexicon.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// What is indexed for it.
    pub(crate) canonical: String,
    /// How much it says.
    pub(crate) class: Class,
    /// Words (English) or characters (Chinese) of the canonical phrase.
    pub(crate) size: usize,
}

/// Phrases of both scripts.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    /// Latin phrases by language, then by stems joined with a space.
    words: HashMap<String, HashMap<String, Known>>,
    most_words: usize,
    han: HashMap<String, Known>,
    most_chars: usize,
    /// Phrases such as "360影像", longest first, with what stands for them in one script.
    mixed: Vec<(String, String)>,
}

impl Lexicon {
    /// A lexicon of nothing but the lists this crate ships.
    #[cfg(test)]
    pub(crate) fn built_in() -> Result<Lexicon, toml::de::Error> {
        let mut lexicon = Lexicon::default();
        for text in Lexicon::built_in_files() {
            lexicon.add(&toml::from_str(text)?);
        }
        Ok(lexicon)
    }

    /// The texts of the lists this crate ships, which every generation carries along: it is searched with the words it was built with.
    pub(crate) fn built_in_files() -> [&'static str; 2] {
        [include_str!("../../words/en.toml"), include_str!("../../words/zh.toml")]
    }

    /// Adds a list; a phrase that is known already gets the new meaning.
    pub(crate) fn add(&mut self, list: &WordList) {
        for word in &list.words {
            self.insert(&list.language, word, word, Class::Content);
        }
        for group in &list.synonyms {
            for word in group {
                self.insert(&list.language, word, &group[0], Class::Content);
            }
        }
        for group in list.light.iter().map(OneOrMore::words) {
            for word in group {
                self.insert(&list.language, word, &group[0], Class::Light);
            }
        }
        for word in &list.stop {
            self.insert(&list.language, word, word, Class::Stop);
        }
        self.mixed.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.chars().count()));
    }

    fn insert(&mut self, language: &str, phrase: &str, canonical: &str, class: Class) {
        let phrase = phrase.to_lowercase();
        let key = if is_chinese(canonical) { canonical.to_lowercase() } else { stems(canonical) };
        let size = if is_chinese(canonical) { key.chars().count() } else { key.split(' ').count() };
        let known = Known { canonical: key.replace(' ', "_"), class, size };
        if !is_chinese(&phrase) {
            let key = stems(&phrase);
            self.most_words = self.most_words.max(key.split(' ').count());
            self.words.entry(language.to_owned()).or_default().insert(key, known);
        } else if phrase.chars().all(super::is_han) {
            self.most_chars = self.most_chars.max(phrase.chars().count());
            self.han.insert(phrase, known);
        } else {
            self.mixed.push((phrase, canonical.to_lowercase()));
        }
    }

    /// The text, lower-case, with phrases of mixed script replaced by what stands for them.
    pub(crate) fn unmix(&self, text: String) -> String {
        let replace = |text: String, (phrase, canonical): &(String, String)| {
            if text.contains(phrase.as_str()) { text.replace(phrase.as_str(), canonical) } else { text }
        };
        self.mixed.iter().fold(text, replace)
    }

    /// The longest known phrase that these stems begin with, of at most `longest`, and how many of them it takes.
    pub(crate) fn longest_words(&self, language: &str, stems: &[String], longest: usize) -> Option<(usize, &Known)> {
        let known = self.words.get(language)?;
        let most = self.most_words.min(stems.len()).min(longest);
        (1..=most).rev().find_map(|length| known.get(&stems[..length].join(" ")).map(|known| (length, known)))
    }

    /// The longest known word that these characters begin with, of at most `longest`, and how many of them it takes.
    pub(crate) fn longest_han(&self, chars: &[char], longest: usize) -> Option<(usize, &Known)> {
        let most = self.most_chars.min(chars.len()).min(longest);
        (1..=most).rev().find_map(|length| {
            let word: String = chars[..length].iter().collect();
            self.han.get(&word).map(|known| (length, known))
        })
    }
}

fn is_chinese(phrase: &str) -> bool {
    phrase.chars().any(super::is_han)
}

/// The form a Latin phrase is looked up by.
fn stems(phrase: &str) -> String {
    let stems: Vec<String> = phrase.to_lowercase().split([' ', '-']).map(stem).collect();
    stems.join(" ")
}
