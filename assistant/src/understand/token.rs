//! Tokens: what the matcher compares. English words, Chinese characters, numbers and separators, each with its place in the text.

use std::collections::HashMap;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word of letters.
    Word,
    /// One Chinese character.
    Han,
    /// Digits, with or without a decimal point.
    Digits,
    /// A comma, a full stop: what ends a clause.
    Separator,
    /// `%`, `°`, `:`, `-`, `+`: signs that mean something beside a number.
    Sign,
}

/// One token of an utterance or a phrase.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Lower case, half width, simplified.
    pub text: String,
    /// As it was said, for names and messages; empty for the second half of a contraction.
    pub raw: String,
    /// What it is.
    pub kind: TokenKind,
    /// First character in the original text.
    pub start: usize,
    /// One past its last character.
    pub end: usize,
}

static TO_SIMPLIFIED: LazyLock<Option<OpenCC>> = LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());

/// Splits a text. Full-width forms, case and traditional characters are evened out; emoji and other symbols are left out.
pub fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut word = Pending::default();
    let characters: Vec<char> = text.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        for even in character.nfkc().flat_map(char::to_lowercase) {
            let next = characters.get(index + 1).and_then(|next| next.nfkc().next());
            take(even, next, index, &mut word, &mut tokens);
        }
    }
    word.flush(&mut tokens);
    let mut previous = None;
    for token in &mut tokens {
        if previous != Some((token.start, token.end)) {
            token.raw = characters[token.start..token.end].iter().collect();
        }
        previous = Some((token.start, token.end));
    }
    tokens
}

fn take(character: char, next: Option<char>, index: usize, word: &mut Pending, tokens: &mut Vec<Token>) {
    if is_han(character) {
        word.flush(tokens);
        tokens.push(Token { text: simplified(character), raw: String::new(), kind: TokenKind::Han, start: index, end: index + 1 });
    } else if character.is_ascii_digit() || (character == '.' && word.is_digits() && next.is_some_and(|c| c.is_ascii_digit())) {
        word.push(character, index, TokenKind::Digits, tokens);
    } else if character.is_alphabetic() || (is_apostrophe(character) && word.is_word()) {
        word.push(if is_apostrophe(character) { '\'' } else { character }, index, TokenKind::Word, tokens);
    } else {
        word.flush(tokens);
        let is_minus = next.is_some_and(|c| c.is_ascii_digit()) && tokens.last().is_none_or(|token| token.end < index);
        let kind = match character {
            ',' | '.' | '!' | '?' | ';' | '、' | '。' | '…' | '\n' => TokenKind::Separator,
            // A hyphen inside a word joins; before a number it is a sign.
            '-' if !is_minus => return,
            '%' | '°' | ':' | '-' | '+' => TokenKind::Sign,
            _ => return,
        };
        tokens.push(Token { text: character.to_string(), raw: String::new(), kind, start: index, end: index + 1 });
    }
}

/// Whether a character is a Chinese one.
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}' | '〇')
}

fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{2bc}')
}

fn simplified(character: char) -> String {
    let text = character.to_string();
    TO_SIMPLIFIED.as_ref().map_or_else(|| text.clone(), |converter| converter.convert(&text))
}

#[derive(Default)]
struct Pending {
    text: String,
    kind: Option<TokenKind>,
    start: usize,
    end: usize,
}

impl Pending {
    fn is_digits(&self) -> bool {
        self.kind == Some(TokenKind::Digits)
    }

    fn is_word(&self) -> bool {
        self.kind == Some(TokenKind::Word)
    }

    fn push(&mut self, character: char, index: usize, kind: TokenKind, tokens: &mut Vec<Token>) {
        if self.kind != Some(kind) || index > self.end {
            self.flush(tokens);
            self.start = index;
            self.kind = Some(kind);
        }
        self.text.push(character);
        self.end = index + 1;
    }

    fn flush(&mut self, tokens: &mut Vec<Token>) {
        let Some(kind) = self.kind.take() else { return };
        let text = std::mem::take(&mut self.text);
        if kind == TokenKind::Digits {
            tokens.push(Token { text, raw: String::new(), kind, start: self.start, end: self.end });
            return;
        }
        let text = text.trim_matches('\'');
        let parts = contractions(text);
        let stem = self.start + parts[0].chars().count();
        let is_possessive = parts.get(1).is_some_and(|part| part == "'s");
        for (index, part) in parts.into_iter().enumerate() {
            let (start, end) = match (is_possessive, index) {
                (true, 0) => (self.start, stem),
                (true, _) => (stem, self.end),
                (false, _) => (self.start, self.end),
            };
            tokens.push(Token { text: part, raw: String::new(), kind, start, end });
        }
    }
}

/// "don't" is "do not", "what's" is "what is", "driver's" is "driver" and a possessive that the lexicon calls a small word.
fn contractions(word: &str) -> Vec<String> {
    static WHOLE: LazyLock<HashMap<&'static str, &'static [&'static str]>> = LazyLock::new(|| {
        HashMap::from([
            ("dont", ["do", "not"].as_slice()),
            ("cant", &["can", "not"]),
            ("cannot", &["can", "not"]),
            ("can't", &["can", "not"]),
            ("won't", &["will", "not"]),
            ("im", &["i", "am"]),
            ("ive", &["i", "have"]),
            ("whats", &["what", "is"]),
            ("hows", &["how", "is"]),
            ("wheres", &["where", "is"]),
            ("its", &["it", "is"]),
            ("lets", &["let", "us"]),
            ("let's", &["let", "us"]),
            ("gimme", &["give", "me"]),
            ("gonna", &["going", "to"]),
            ("wanna", &["want", "to"]),
            ("aircon", &["air", "con"]),
        ])
    });
    if let Some(parts) = WHOLE.get(word) {
        return parts.iter().map(|part| (*part).to_owned()).collect();
    }
    let Some((stem, tail)) = word.split_once('\'') else { return vec![word.to_owned()] };
    let is_verb = ["it", "that", "what", "where", "who", "how", "there", "here", "he", "she", "when", "this"].contains(&stem);
    let tail = match tail {
        "t" if stem.ends_with('n') => return vec![stem[..stem.len() - 1].to_owned(), "not".to_owned()],
        "m" => "am",
        "re" => "are",
        "ve" => "have",
        "ll" => "will",
        "d" => "would",
        "s" if is_verb => "is",
        "s" => "'s",
        other => other,
    };
    [stem, tail].into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// `zh` when Chinese characters carry the sentence, else `en`. An empty text is English.
pub fn language_of(tokens: &[Token]) -> &'static str {
    let han = tokens.iter().filter(|token| token.kind == TokenKind::Han).count();
    let words = tokens.iter().filter(|token| token.kind == TokenKind::Word).count();
    let begins_with_han = tokens.first().is_some_and(|token| token.kind == TokenKind::Han);
    if han > words || (han == words && begins_with_han) { "zh" } else { "en" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokenize(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn width_case_and_script_are_evened_out() {
        assert_eq!(texts("打開ＡＣ，２３．５°C"), ["打", "开", "ac", ",", "23.5", "°", "c"]);
        assert_eq!(texts("What's the driver's Wi-Fi? don’t"), ["what", "is", "the", "driver", "'s", "wi", "fi", "?", "do", "not"]);
        assert_eq!(texts("🚗👍"), Vec::<String>::new());
    }

    #[test]
    fn places_are_those_of_the_original() {
        let tokens = tokenize("把 AC 开");
        assert_eq!((tokens[1].start, tokens[1].end), (2, 4));
        assert_eq!((tokens[2].start, tokens[2].end), (5, 6));
    }

    #[test]
    fn the_language_is_that_of_most_words() {
        assert_eq!(language_of(&tokenize("打开 driver 的 seat heating")), "zh");
        assert_eq!(language_of(&tokenize("turn on 空调")), "en");
    }
}
