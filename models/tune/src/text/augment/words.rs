//! The words that augmentation knows: `words.toml`, read once.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::text::language::Language;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fillers: Both,
    keep: Both,
    homophones: Homophones,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: Vec<String>,
    en: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Homophones {
    en: Vec<Vec<String>>,
}

pub(super) struct Words {
    fillers: Both,
    keep: BTreeSet<String>,
    /// Each English word's look-alikes by ear.
    pub(super) sounds: HashMap<String, Vec<String>>,
}

pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("words.toml")).expect("words.toml is part of the program");
    let mut sounds: HashMap<String, Vec<String>> = HashMap::new();
    for group in &file.homophones.en {
        for word in group {
            sounds.entry(word.clone()).or_default().extend(group.iter().filter(|other| *other != word).cloned());
        }
    }
    let keep = file.keep.zh.iter().chain(&file.keep.en).cloned().collect();
    Words { fillers: file.fillers, keep, sounds }
});

impl Words {
    pub(super) fn fillers(&self, language: Language) -> &[String] {
        if language == Language::En { &self.fillers.en } else { &self.fillers.zh }
    }

    /// Whether a unit carries so much meaning that a sentence without it says something else.
    pub(super) fn carries(&self, unit: &str) -> bool {
        const NUMERALS: &str = "零〇一二两三四五六七八九十百千万亿半";
        unit.chars().any(|character| character.is_numeric() || NUMERALS.contains(character)) || self.keep.contains(&unit.to_lowercase())
    }
}
