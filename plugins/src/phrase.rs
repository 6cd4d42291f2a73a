//! The notation of phrases: `(a|b)` alternatives, `[optional]`, `{slot}`, `<word>` from a word list.

use std::collections::BTreeMap;

/// A parsed phrase. Words are kept as written; whoever matches them normalises them.
#[derive(Debug, Clone, PartialEq)]
pub enum Phrase {
    /// Literal text without notation: one or more words.
    Words(String),
    /// A slot, by the name of an argument of the action.
    Slot(String),
    /// One after the other.
    Sequence(Vec<Phrase>),
    /// One of them.
    Either(Vec<Phrase>),
    /// There or not.
    Optional(Box<Phrase>),
}

/// Why a phrase cannot be read. `at` is the character where it went wrong, counted from 1.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("phrase '{phrase}', character {at}: {problem}")]
pub struct PhraseError {
    /// The phrase as written.
    pub phrase: String,
    /// Position in characters, from 1.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
}

/// Phrases by the name used between `<` and `>`, each in phrase notation itself.
pub type WordLists = BTreeMap<String, String>;

/// Reads one phrase. `words` are the lists that `<name>` may refer to; a list may refer to others, eight deep.
///
/// # Errors
/// Unbalanced brackets, an empty alternative, an unknown `<name>`, an empty phrase.
pub fn parse(phrase: &str, words: &WordLists) -> Result<Phrase, PhraseError> {
    let mut parser = Parser { phrase, characters: phrase.chars().collect(), at: 0, words, depth: 0 };
    let parsed = parser.alternatives(None)?;
    if parser.at < parser.characters.len() {
        return Err(parser.error("a closing bracket without its opening one"));
    }
    Ok(parsed)
}

struct Parser<'a> {
    phrase: &'a str,
    characters: Vec<char>,
    at: usize,
    words: &'a WordLists,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, problem: impl Into<String>) -> PhraseError {
        PhraseError { phrase: self.phrase.to_owned(), at: self.at + 1, problem: problem.into() }
    }

    fn alternatives(&mut self, close: Option<char>) -> Result<Phrase, PhraseError> {
        let mut options = vec![self.sequence()?];
        while self.peek() == Some('|') {
            self.at += 1;
            options.push(self.sequence()?);
        }
        if let Some(close) = close {
            if self.peek() != Some(close) {
                return Err(self.error(format!("'{close}' is missing")));
            }
            self.at += 1;
        }
        Ok(if options.len() == 1 { options.remove(0) } else { Phrase::Either(options) })
    }

    fn sequence(&mut self) -> Result<Phrase, PhraseError> {
        let mut parts = Vec::new();
        while let Some(character) = self.peek() {
            match character {
                '|' | ')' | ']' => break,
                '(' => {
                    self.at += 1;
                    parts.push(self.alternatives(Some(')'))?);
                }
                '[' => {
                    self.at += 1;
                    parts.push(Phrase::Optional(Box::new(self.alternatives(Some(']'))?)));
                }
                '{' => {
                    let slot = self.name('}')?;
                    parts.push(Phrase::Slot(slot));
                }
                '<' => {
                    let name = self.name('>')?;
                    parts.push(self.word_list(&name)?);
                }
                '}' | '>' => return Err(self.error("a closing bracket without its opening one")),
                _ => {
                    let text = self.literal();
                    if !text.trim().is_empty() {
                        parts.push(Phrase::Words(text));
                    }
                }
            }
        }
        match parts.len() {
            0 => Err(self.error("nothing stands here")),
            1 => Ok(parts.remove(0)),
            _ => Ok(Phrase::Sequence(parts)),
        }
    }

    fn word_list(&mut self, name: &str) -> Result<Phrase, PhraseError> {
        let Some(list) = self.words.get(name) else {
            return Err(self.error(format!("there is no word list <{name}>")));
        };
        if self.depth == 8 {
            return Err(self.error(format!("<{name}> refers to itself or lies deeper than eight lists")));
        }
        let mut inner = Parser { phrase: list, characters: list.chars().collect(), at: 0, words: self.words, depth: self.depth + 1 };
        let parsed = inner.alternatives(None)?;
        if inner.at < inner.characters.len() {
            return Err(inner.error("a closing bracket without its opening one"));
        }
        Ok(parsed)
    }

    fn literal(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !"()[]{}<>|".contains(c)) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn name(&mut self, close: char) -> Result<String, PhraseError> {
        self.at += 1;
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            self.at += 1;
        }
        let name: String = self.characters[start..self.at].iter().collect();
        if self.peek() != Some(close) || name.is_empty() {
            return Err(self.error(format!("a name and '{close}' are expected")));
        }
        self.at += 1;
        Ok(name)
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }
}

impl Phrase {
    /// The slots that occur in it, each once.
    pub fn slots(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect_slots(&mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect_slots<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Phrase::Words(_) => {}
            Phrase::Slot(name) => found.push(name),
            Phrase::Sequence(parts) | Phrase::Either(parts) => parts.iter().for_each(|part| part.collect_slots(found)),
            Phrase::Optional(part) => part.collect_slots(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(phrase: &str) -> Result<Phrase, PhraseError> {
        parse(phrase, &WordLists::from([("on".into(), "turn on|switch on".into())]))
    }

    #[test]
    fn notation_is_read() {
        let phrase = read("<on> [the] {zone} (light|lamp)").expect("valid");
        assert_eq!(phrase.slots(), ["zone"]);
        let Phrase::Sequence(parts) = phrase else { panic!("a sequence is expected") };
        assert_eq!(parts[0], Phrase::Either(vec![Phrase::Words("turn on".into()), Phrase::Words("switch on".into())]));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (phrase, problem) in [
            ("open (the|", "nothing stands here"),
            ("open )", "closing bracket"),
            ("{zo ne}", "a name"),
            ("<off>", "no word list"),
            ("", "nothing"),
        ] {
            let error = read(phrase).expect_err(phrase);
            assert!(error.to_string().contains(problem), "{phrase}: {error}");
        }
    }
}
