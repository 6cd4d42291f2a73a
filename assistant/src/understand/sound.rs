//! What sounds alike: a recognizer writes 雨瓜 for 雨刮, "clothes" for "close", and says a word twice. Words of the phrases that sound like
//! what was heard are put in its place, and the result counts only if the phrases then explain all of it.
//!
//! Chinese is compared by pinyin without tones, with the pairs that many speakers do not tell apart taken as one (zh/z, n/l, -ng/-n);
//! English by Double Metaphone (Philips 2000).

use std::collections::{BTreeSet, HashMap};

use pinyin::{ToPinyin, ToPinyinMulti};
use plugins::phrase::Phrase;
use rphonetic::{DoubleMetaphone, Encoder};

use super::token::{Token, TokenKind, tokenize};

/// Words of this many Chinese characters are compared; a single one sounds like too many others.
const HAN: std::ops::RangeInclusive<usize> = 2..=5;
/// English words that were heard for one.
const WORDS: std::ops::RangeInclusive<usize> = 1..=3;
/// Readings of a run of characters, some of which have several.
const READINGS: usize = 8;

/// The words of all phrases by their sound.
#[derive(Debug, Default)]
pub struct Sounds {
    han: HashMap<String, BTreeSet<String>>,
    words: HashMap<String, BTreeSet<String>>,
    known: BTreeSet<String>,
}

/// Something in the utterance, and what may have been said instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// First token.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The word of some phrase.
    pub word: String,
}

impl Sounds {
    /// Adds the words of a phrase.
    pub fn add(&mut self, phrase: &Phrase) {
        match phrase {
            Phrase::Words(text) => self.add_words(text),
            Phrase::Slot(_) => {}
            Phrase::Sequence(parts) | Phrase::Either(parts) => parts.iter().for_each(|part| self.add(part)),
            Phrase::Optional(part) => self.add(part),
        }
    }

    /// Adds the words of a text.
    pub fn add_words(&mut self, text: &str) {
        let tokens = tokenize(text);
        for run in tokens.chunk_by(|one, other| one.kind == other.kind) {
            let texts: Vec<&str> = run.iter().map(|token| token.text.as_str()).collect();
            match run[0].kind {
                TokenKind::Han if HAN.contains(&run.len()) => {
                    let word = texts.concat();
                    for reading in readings(&word, 1) {
                        self.han.entry(reading).or_default().insert(word.clone());
                    }
                    self.known.insert(word);
                }
                TokenKind::Word => {
                    let pairs = texts.windows(2).map(|pair| pair.join(" "));
                    for word in texts.iter().map(|text| (*text).to_owned()).chain(pairs).filter(|word| word.len() >= 3) {
                        self.words.entry(code(&word)).or_default().insert(word.clone());
                        self.known.insert(word);
                    }
                }
                _ => {}
            }
        }
    }

    /// Everything in `start..end` that sounds like a word of the phrases and is none, the longest first.
    pub fn alike(&self, tokens: &[Token], (start, end): (usize, usize)) -> Vec<Heard> {
        let mut found = Vec::new();
        for from in start..end {
            let kind = tokens[from].kind;
            let sizes = if kind == TokenKind::Han { HAN } else { WORDS };
            for to in sizes.map(|size| from + size).filter(|to| *to <= end) {
                let window = &tokens[from..to];
                if window.iter().any(|token| token.kind != kind) {
                    break;
                }
                found.extend(self.words_like(window).into_iter().map(|word| Heard { start: from, end: to, word }));
            }
        }
        found.sort_by_key(|heard| (std::cmp::Reverse(heard.word.chars().count()), heard.start));
        found
    }

    fn words_like(&self, window: &[Token]) -> Vec<String> {
        let texts: Vec<&str> = window.iter().map(|token| token.text.as_str()).collect();
        match window[0].kind {
            TokenKind::Han => {
                let text = texts.concat();
                if self.known.contains(&text) {
                    return Vec::new();
                }
                readings(&text, READINGS).iter().filter_map(|reading| self.han.get(reading)).flatten().cloned().collect()
            }
            TokenKind::Word => {
                let (text, spaced) = (texts.concat(), texts.join(" "));
                let (text, spaced) = (text.as_str(), spaced.as_str());
                if text.len() < 2 || self.known.contains(spaced) && window.len() > 1 {
                    return Vec::new();
                }
                let code = code(text);
                let like = |near: &String| {
                    let is_same = *near == code;
                    let words = self.words.get(near).into_iter().flatten();
                    words.filter(move |word| **word != spaced && resemble(text, word, is_same)).cloned().collect::<Vec<_>>()
                };
                neighbors(&code).iter().flat_map(like).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The tokens with some of them replaced by what may have been said, and which of them are others now. The replacements do not overlap.
pub fn replaced(tokens: &[Token], heard: &[&Heard]) -> (Vec<Token>, Vec<bool>) {
    let mut made = Vec::with_capacity(tokens.len());
    let mut changed = Vec::with_capacity(tokens.len());
    let mut at = 0;
    let mut ordered = heard.to_vec();
    ordered.sort_by_key(|heard| heard.start);
    for heard in ordered {
        let window = &tokens[heard.start..heard.end];
        made.extend_from_slice(&tokens[at..heard.start]);
        changed.resize(made.len(), false);
        let (start, end) = (window[0].start, window[window.len() - 1].end);
        let words = tokenize(&heard.word);
        let same_length = words.len() == window.len();
        changed.extend(words.iter().enumerate().map(|(place, word)| !same_length || word.text != window[place].text));
        made.extend(words.into_iter().map(|token| Token { start, end, ..token }));
        at = heard.end;
    }
    made.extend_from_slice(&tokens[at..]);
    changed.resize(made.len(), false);
    (made, changed)
}

/// The tokens without what was said twice in a row: "the the", "take me um take me" once the filler is gone.
pub fn said_once(tokens: &[Token]) -> Vec<Token> {
    let mut made: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        made.push(token.clone());
        for size in (1..=4).rev() {
            let length = made.len();
            if length < 2 * size {
                continue;
            }
            let (before, last) = made[length - 2 * size..].split_at(size);
            let same = before.iter().zip(last).all(|(one, other)| one.text == other.text);
            // "twenty twenty" and 三三 are numbers; a full stop twice is nothing.
            if same && last.iter().all(|token| matches!(token.kind, TokenKind::Han | TokenKind::Word)) {
                made.truncate(length - size);
                break;
            }
        }
    }
    made
}

/// The text's pinyin, syllables joined by spaces; several where characters have several readings, at most `limit`.
fn readings(text: &str, limit: usize) -> Vec<String> {
    let mut found = vec![String::new()];
    for character in text.chars() {
        let mut syllables: Vec<String> = match character.to_pinyin_multi().filter(|_| limit > 1) {
            Some(multi) => multi.into_iter().map(|reading| evened(reading.plain())).collect(),
            None => character.to_pinyin().map(|reading| evened(reading.plain())).into_iter().collect(),
        };
        syllables.dedup();
        found = found.iter().flat_map(|before| syllables.iter().map(move |syllable| format!("{before} {syllable}"))).take(limit).collect();
    }
    found
}

/// A syllable without the differences that many speakers do not make.
fn evened(syllable: &str) -> String {
    let mut text = syllable.to_owned();
    for (from, to) in [("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")] {
        if let Some(rest) = text.strip_prefix(from) {
            text = format!("{to}{rest}");
        }
    }
    for (from, to) in [("ang", "an"), ("eng", "en"), ("ing", "in")] {
        if let Some(rest) = text.strip_suffix(from) {
            text = format!("{rest}{to}");
        }
    }
    text
}

fn code(word: &str) -> String {
    let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    DoubleMetaphone::new(Some(8)).encode(&letters)
}

/// A code, and the codes that lack its first sound or have one before it: "hair" was heard for "air".
fn neighbors(code: &str) -> Vec<String> {
    let mut found = vec![code.to_owned()];
    if code.len() >= 2 {
        found.push(code[1..].to_owned());
        found.extend((0..code.len()).map(|at| format!("{}{}", &code[..at], &code[at + 1..])));
    }
    found.extend(code.strip_prefix('H').map(|rest| format!("A{rest}")));
    found.extend(["A", "H", "S", "T", "K"].iter().map(|sound| format!("{sound}{code}")));
    found.sort();
    found.dedup();
    found
}

/// Whether the spelling is not too far away: of the longer word's letters at least half stand in the same order in both, and more
/// where the sound is not the same. Short words must sound the same.
fn resemble(one: &str, other: &str, is_same: bool) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().filter(|letter| *letter != ' ').collect());
    let mut row = vec![0usize; other.len() + 1];
    for letter in &one {
        let mut diagonal = 0;
        for (place, against) in other.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = if letter == against { diagonal + 1 } else { row[place + 1].max(row[place]) };
            diagonal = above;
        }
    }
    let longest = one.len().max(other.len());
    if is_same { 2 * row[other.len()] >= longest } else { longest >= 4 && 7 * row[other.len()] >= 4 * longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sounds() -> Sounds {
        let mut sounds = Sounds::default();
        for text in ["雨刮", "胎压", "座椅", "往前", "副驾", "温度", "缓降", "close", "window", "tailgate", "air conditioning", "off"]
        {
            sounds.add_words(text);
        }
        sounds
    }

    #[test]
    fn what_sounds_alike_is_found() {
        let sounds = sounds();
        for (heard, meant) in [
            ("雨瓜", "雨刮"),
            ("太压", "胎压"),
            ("坐椅", "座椅"),
            ("王前", "往前"),
            ("付驾", "副驾"),
            ("温读", "温度"),
            ("换降", "缓降"),
            ("clothes", "close"),
            ("win dough", "window"),
            ("tale gate", "tailgate"),
            ("hair conditioning", "air conditioning"),
            ("of", "off"),
        ] {
            let tokens = tokenize(heard);
            let found = sounds.alike(&tokens, (0, tokens.len()));
            assert!(found.iter().any(|found| found.word == meant && found.end - found.start == tokens.len()), "{heard}: {found:?}");
        }
        for other in ["雨刮", "天气", "小狗", "banana", "yesterday"] {
            let tokens = tokenize(other);
            assert_eq!(sounds.alike(&tokens, (0, tokens.len())), [], "{other}");
        }
    }

    #[test]
    fn what_was_said_twice_is_said_once() {
        let once = |text: &str| said_once(&tokenize(text)).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
        assert_eq!(once("close the the window"), "close the window");
        assert_eq!(once("take me to take me to gatwick"), "take me to gatwick");
        assert_eq!(once("音响调低低一点"), "音 响 调 低 一 点");
        assert_eq!(once("set 20 20"), "set 20 20");
    }

    #[test]
    fn a_replacement_keeps_its_place_in_the_text() {
        let tokens = tokenize("打开雨瓜吧");
        let heard = Heard { start: 2, end: 4, word: "雨刮".to_owned() };
        let (made, changed) = replaced(&tokens, &[&heard]);
        assert_eq!(changed, [false, false, false, true, false]);
        assert_eq!(made.iter().map(|token| token.text.as_str()).collect::<String>(), "打开雨刮吧");
        assert_eq!((made[2].start, made[3].end, made[4].start), (2, 4, 4));
    }
}
