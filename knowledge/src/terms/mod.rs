//! From text to the terms that are indexed and compared, the same way for questions, wordings and passages.
//!
//! English words are stemmed; known phrases and synonyms become one term. Chinese has no spaces: words of the lexicon
//! are taken whole, longest first, and what lies between them becomes overlapping character pairs.

mod lexicon;
mod measure;
mod stem;

use unicode_normalization::UnicodeNormalization;

use lexicon::{Class, Known};
pub(crate) use lexicon::{Lexicon, WordList};
pub(crate) use measure::{Measure, PassageTerms};

/// One thing to look for, with its weight before rarity is taken into account.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    /// The stem, the synonym group's first word or the character pair.
    pub(crate) text: String,
    /// 1 for an ordinary word; less for words that say little, more for long ones.
    pub(crate) weight: f32,
    /// Says little by itself ("how", "car"): looked for only if there is nothing else.
    pub(crate) light: bool,
}

/// Weight of words such as "how" or 怎么, which tell similar questions apart but are in most of them.
const LIGHT: f32 = 0.25;

/// Share of a phrase's weight that its parts carry: "pressure of the tyres" is not far from "tyre pressure".
const PARTS: f32 = 0.4;

/// The terms of `text`, each once, in order.
pub(crate) fn terms(text: &str, lexicon: &Lexicon) -> Vec<Term> {
    let mut collected = Collected::default();
    let language = guess_language(text);
    let text = lexicon.unmix(text.nfkc().flat_map(char::to_lowercase).collect());
    for run in runs(&text) {
        match run {
            Run::Words(words) => {
                let stems: Vec<String> = words.iter().map(|word| stem::stem(word)).collect();
                latin(&stems, language, lexicon, None, &mut collected);
            }
            Run::Han(chars) => han(&chars, lexicon, None, &mut collected),
        }
    }
    collected.terms
}

/// `zh` if there is any Chinese character in the text, else `en`.
pub(crate) fn guess_language(text: &str) -> &'static str {
    if text.chars().any(is_han) { "zh" } else { "en" }
}

#[derive(Default)]
struct Collected {
    terms: Vec<Term>,
}

impl Collected {
    fn push(&mut self, text: String, weight: f32, light: bool) {
        match self.terms.iter_mut().find(|term| term.text == text) {
            Some(term) => term.weight = term.weight.max(weight),
            None => self.terms.push(Term { text, weight, light }),
        }
    }

    /// A phrase of the lexicon; `size` is its weight as a content word, and `parts` are the terms of its parts.
    fn push_known(&mut self, known: &Known, size: f32, parts: Collected) {
        match known.class {
            Class::Stop => {}
            Class::Light => self.push(known.canonical.clone(), LIGHT, true),
            Class::Content if parts.terms.is_empty() => self.push(known.canonical.clone(), size, false),
            Class::Content => {
                self.push(known.canonical.clone(), size * (1.0 - PARTS), false);
                let total: f32 = parts.terms.iter().map(|term| term.weight).sum();
                for part in parts.terms {
                    self.push(part.text, size * PARTS * part.weight / total, part.light);
                }
            }
        }
    }
}

enum Run {
    Words(Vec<String>),
    Han(Vec<char>),
}

/// Cuts the text into runs of Chinese characters and runs of other words; everything else separates.
fn runs(text: &str) -> Vec<Run> {
    let chars: Vec<char> = text.chars().collect();
    let mut runs: Vec<Run> = Vec::new();
    let mut index = 0;
    while index < chars.len() {
        let start = index;
        if is_han(chars[index]) {
            while index < chars.len() && is_han(chars[index]) {
                index += 1;
            }
            runs.push(Run::Han(chars[start..index].to_vec()));
        } else if chars[index].is_alphanumeric() {
            let word = word(&chars, &mut index);
            match runs.last_mut() {
                Some(Run::Words(words)) => words.push(word),
                _ => runs.push(Run::Words(vec![word])),
            }
        } else {
            index += 1;
        }
    }
    runs
}

/// One word from `index` on: letters and digits, decimal points between digits; apostrophes end it ("what's").
fn word(chars: &[char], index: &mut usize) -> String {
    let mut word = String::new();
    while let Some(&c) = chars.get(*index) {
        let decimal = c == '.' && word.ends_with(|c: char| c.is_ascii_digit()) && chars.get(*index + 1).is_some_and(char::is_ascii_digit);
        if !decimal && (!c.is_alphanumeric() || is_han(c)) {
            break;
        }
        word.push(c);
        *index += 1;
    }
    // The "s" or "t" that is left of "what's" and "don't" says nothing and is dropped with its apostrophe.
    if chars.get(*index).is_some_and(|c| matches!(c, '\'' | '\u{2019}')) {
        let rest = chars[*index + 1..].iter().take_while(|c| c.is_alphabetic()).count();
        if (1..=2).contains(&rest) {
            *index += 1 + rest;
        }
    }
    word
}

/// `whole` is the phrase that the stems are the parts of: its parts are smaller, and are not cut up again.
fn latin(stems: &[String], language: &str, lexicon: &Lexicon, whole: Option<&Known>, collected: &mut Collected) {
    let longest = whole.map_or(usize::MAX, |whole| whole.size - 1);
    let mut index = 0;
    while index < stems.len() {
        match lexicon.longest_words(language, &stems[index..], longest).filter(|(_, known)| is_smaller(known, whole)) {
            Some((length, known)) => {
                let mut parts = Collected::default();
                if known.size > 1 && whole.is_none() {
                    let stems: Vec<String> = known.canonical.split('_').map(str::to_owned).collect();
                    latin(&stems, language, lexicon, Some(known), &mut parts);
                }
                collected.push_known(known, 1.0 + 0.25 * (known.size as f32 - 1.0), parts);
                index += length;
            }
            None => {
                collected.push(stems[index].clone(), 1.0, false);
                index += 1;
            }
        }
    }
}

/// `whole` as in [`latin`].
fn han(chars: &[char], lexicon: &Lexicon, whole: Option<&Known>, collected: &mut Collected) {
    let longest = whole.map_or(usize::MAX, |whole| whole.size - 1);
    let (mut pending, mut index) = (0, 0);
    while index < chars.len() {
        match lexicon.longest_han(&chars[index..], longest).filter(|(_, known)| is_smaller(known, whole)) {
            Some((length, known)) => {
                bigrams(&chars[pending..index], collected);
                let mut parts = Collected::default();
                // Words of two characters have no parts; of three, "后备箱", none that mean anything.
                if known.size > 3 && whole.is_none() {
                    let chars: Vec<char> = known.canonical.chars().collect();
                    han(&chars, lexicon, Some(known), &mut parts);
                }
                collected.push_known(known, (known.size as f32 / 2.0).clamp(0.6, 1.5), parts);
                index += length;
                pending = index;
            }
            None => index += 1,
        }
    }
    bigrams(&chars[pending..], collected);
}

/// Whether a word can be a part of `whole`: the first word of a group may be part of a phrase of the same group.
fn is_smaller(known: &Known, whole: Option<&Known>) -> bool {
    whole.is_none_or(|whole| known.canonical != whole.canonical)
}

/// Overlapping pairs of characters; together they weigh as much as the words they probably are, two characters each.
fn bigrams(chars: &[char], collected: &mut Collected) {
    if let [single] = chars {
        collected.push(single.to_string(), 0.6, false);
    }
    let weight = chars.len() as f32 / (2.0 * (chars.len().max(2) - 1) as f32);
    for pair in chars.windows(2) {
        collected.push(pair.iter().collect(), weight, false);
    }
}

pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let lexicon = Lexicon::built_in().unwrap();
        terms(text, &lexicon).into_iter().filter(|term| !term.light).map(|term| term.text).collect()
    }

    #[test]
    fn unknown_chinese_becomes_overlapping_pairs() {
        assert_eq!(texts("红楼梦"), ["红楼", "楼梦"]);
    }

    #[test]
    fn chinese_synonyms_are_one_term() {
        assert_eq!(texts("尾箱"), texts("后备箱"));
        assert_eq!(texts("怎么更换轮胎"), texts("轮胎怎么换").into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn english_synonyms_and_endings_are_one_term() {
        assert_eq!(texts("tires"), texts("the tyre"));
        assert_eq!(texts("changing the bulbs"), texts("change a bulb"));
        assert_eq!(texts("trunk"), texts("luggage compartment"));
        assert_eq!(texts("tire pressure"), ["tyr_pressur", "tyr", "pressur"]);
    }

    #[test]
    fn numbers_keep_their_point_and_full_width_is_folded() {
        assert_eq!(texts("２.4 bar"), texts("2.4 bar"));
        assert!(texts("2.4 bar").contains(&"2.4".to_owned()));
    }

    #[test]
    fn the_ends_of_contractions_say_nothing() {
        assert_eq!(terms("what's", &Lexicon::built_in().unwrap()), terms("what", &Lexicon::built_in().unwrap()));
    }

    #[test]
    fn both_scripts_may_be_mixed() {
        assert_eq!(texts("Kestrel手册"), ["kestrel", "手册"]);
        assert_eq!(texts("360影像"), texts("倒车影像"));
        assert_eq!(texts("ISOFIX接口"), ["isofix"]);
    }
}
