//! Text to token numbers, by a model's own `tokenizer.json`.

use std::path::Path;

use tokenizers::{TruncationDirection, TruncationParams, TruncationStrategy};

use crate::{ModelError, file};

/// A model's tokenizer. One sentence at a time, so there is no padding.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

/// A text, or two of them, as a model reads it. The lists have the same length, but for `offsets` of a single sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Numbers in the vocabulary.
    pub(crate) ids: Vec<i64>,
    /// Which of two texts a token belongs to; all zero for a single sentence.
    pub(crate) types: Vec<i64>,
    /// Where a token stands in its own text, in bytes: first and one past the last; empty for special tokens. Only of two texts.
    pub(crate) offsets: Vec<(usize, usize)>,
}

impl Tokenizer {
    /// Loads `tokenizer.json`. Longer texts are cut at the end to `max_tokens`, counted with the special tokens; what the
    /// file itself says about cutting and padding is not used.
    pub fn load(path: &Path, max_tokens: usize) -> Result<Self, ModelError> {
        let bytes = file::read(path)?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| ModelError::corrupt(path, error))?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| ModelError::corrupt(path, error))?;
        let special = special_tokens(&inner).map_err(|error| ModelError::corrupt(path, error))?;
        // The library subtracts the special tokens without a check.
        if max_tokens <= special {
            let reason = format!("max-tokens is {max_tokens}, and {special} of them are special tokens");
            return Err(ModelError::unsupported(path, reason));
        }
        let truncation = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: max_tokens,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        inner.with_truncation(Some(truncation)).map_err(|error| ModelError::corrupt(path, error))?;
        Ok(Self { inner })
    }

    /// How many tokens the text has for the model: special tokens counted in, cut at the model's limit.
    pub fn count(&self, text: &str) -> Result<usize, ModelError> {
        self.encode(text).map(|tokens| tokens.ids.len())
    }

    pub(crate) fn encode(&self, text: &str) -> Result<Tokens, ModelError> {
        let encoding = self.inner.encode_fast(text, true).map_err(unsplit)?;
        Ok(Tokens { ids: numbers(encoding.get_ids()), types: numbers(encoding.get_type_ids()), offsets: Vec::new() })
    }

    /// Two texts, framed as the model's file says; the longer one is cut first.
    pub(crate) fn encode_pair(&self, first: &str, second: &str) -> Result<Tokens, ModelError> {
        let encoding = self.inner.encode((first, second), true).map_err(unsplit)?;
        let types = numbers(encoding.get_type_ids());
        Ok(Tokens { ids: numbers(encoding.get_ids()), types, offsets: encoding.get_offsets().to_vec() })
    }
}

fn numbers(list: &[u32]) -> Vec<i64> {
    list.iter().copied().map(i64::from).collect()
}

fn unsplit(error: tokenizers::Error) -> ModelError {
    ModelError::Run { reason: "the text could not be split into tokens".to_owned(), source: Some(error) }
}

/// How many special tokens frame a single sentence.
fn special_tokens(tokenizer: &tokenizers::Tokenizer) -> Result<usize, tokenizers::Error> {
    Ok(tokenizer.encode_fast("", true)?.len())
}
