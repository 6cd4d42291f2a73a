//! Judging a tokenizer on text that it was not trained on: how much it covers, and how many tokens it needs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::Tokens;
use crate::text::error::TextError;
use crate::text::language::{self, Language};

/// What was found in texts of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgment {
    /// How many texts.
    pub texts: u64,
    /// Characters that are not spaces.
    pub characters: u64,
    /// Tokens for them, without special ones around.
    pub tokens: u64,
    /// Characters that only the unknown token stands for.
    pub unknown: u64,
}

impl Judgment {
    /// The part of the characters that some token stands for, 0 to 1.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        1.0 - self.unknown as f64 / self.characters.max(1) as f64
    }

    /// Tokens for each character that is not a space.
    #[must_use]
    pub fn tokens_per_character(&self) -> f64 {
        self.tokens as f64 / self.characters.max(1) as f64
    }
}

/// Judgments by language.
pub type Judgments = BTreeMap<Language, Judgment>;

impl Tokens {
    /// Judges on `texts`.
    ///
    /// # Errors
    /// If the library refuses a text.
    pub fn judge(&self, texts: impl Iterator<Item = String>) -> Result<Judgments, TextError> {
        let mut judgments = Judgments::new();
        for text in texts {
            let judgment = judgments.entry(language::detect(std::iter::once(text.as_str()))).or_default();
            let visible = |text: &str| text.chars().filter(|character| !character.is_whitespace()).count() as u64;
            let (tokens, unknown) = self.count(&text)?;
            judgment.texts += 1;
            judgment.characters += visible(&text);
            judgment.tokens += tokens;
            judgment.unknown += unknown.into_iter().map(|range| visible(&text[range])).sum::<u64>();
        }
        Ok(judgments)
    }
}

/// A table for people.
#[must_use]
pub fn table(judgments: &Judgments) -> String {
    let mut table = String::from(
        "| language | texts | characters | tokens | tokens per character | coverage |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (language, judgment) in judgments {
        let Judgment { texts, characters, tokens, .. } = judgment;
        let (per, coverage) = (judgment.tokens_per_character(), judgment.coverage() * 100.0);
        let _ = writeln!(table, "| {language} | {texts} | {characters} | {tokens} | {per:.3} | {coverage:.3} % |");
    }
    table
}
