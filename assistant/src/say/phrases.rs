//! Sentences of our own, from `assistant/words/say.*.toml`, and how slots are put into sentences.

use std::collections::{BTreeMap, HashMap};

/// Sentences by language and key.
#[derive(Debug)]
pub struct Phrases {
    by_language: HashMap<&'static str, HashMap<String, String>>,
}

impl Phrases {
    /// The shipped sentences.
    pub fn shipped() -> Self {
        let read = |text: &str| toml::from_str(text).expect("the shipped sentences are checked by a test");
        let english = read(include_str!("../../words/say.en.toml"));
        let chinese = read(include_str!("../../words/say.zh.toml"));
        Phrases { by_language: HashMap::from([("en", english), ("zh", chinese)]) }
    }

    /// The sentence for a key with its slots filled. An unknown unit or key is nothing.
    pub fn get(&self, language: &str, key: &str, slots: &[(&str, &str)]) -> String {
        let language = if language == "zh" { "zh" } else { "en" };
        let Some(template) = self.by_language[language].get(key) else { return String::new() };
        let slots = slots.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        tidy(&fill(template, &slots), language)
    }

    /// A word or joint exactly as it is written; nothing when there is none.
    pub fn word(&self, language: &str, key: &str) -> String {
        self.by_language[if language == "zh" { "zh" } else { "en" }].get(key).cloned().unwrap_or_default()
    }

    /// How sentences are joined.
    pub fn join(&self, language: &str, sentences: &[String]) -> String {
        sentences.join(if language == "zh" { "" } else { " " })
    }
}

/// Puts values into `{slots}`; a slot without a value is left out.
pub(super) fn fill(template: &str, slots: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            text.push_str(after);
            return text;
        };
        text.push_str(slots.get(name).map_or("", String::as_str));
        rest = tail;
    }
    text.push_str(rest);
    text
}

/// Single spaces, no space before punctuation, a capital at the beginning of an English sentence.
pub(super) fn tidy(text: &str, language: &str) -> String {
    let mut tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in [".", ",", "!", "?", ":", "。", "，"] {
        tidy = tidy.replace(&format!(" {mark}"), mark);
    }
    if language == "zh" {
        return tidy;
    }
    let mut characters = tidy.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys() {
        let phrases = Phrases::shipped();
        let keys = |language: &str| {
            let mut keys: Vec<&String> = phrases.by_language[language].keys().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys("en"), keys("zh"));
    }

    #[test]
    fn slots_without_a_value_leave_no_gap() {
        let slots = BTreeMap::from([("zone".to_owned(), "driver".to_owned())]);
        assert_eq!(tidy(&fill("{zone} {what} : warm .", &slots), "en"), "Driver: warm.");
    }
}
