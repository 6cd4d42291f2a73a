//! Texts as token numbers for training, by a model's `tokenizer.json`.

use std::path::Path;

use tokenizers::{Encoding, TruncationDirection, TruncationParams, TruncationStrategy};

use crate::network::Batch;
use crate::{TuneError, file};

/// A tokenizer with a limit on the number of tokens.
pub struct Tokens {
    inner: tokenizers::Tokenizer,
    /// The most tokens of an example.
    pub limit: usize,
}

/// A text, or two, as a network reads them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoded {
    /// Token numbers.
    pub ids: Vec<u32>,
    /// First or second text.
    pub types: Vec<u32>,
    /// Where each token is in its text, in characters; nothing for special tokens.
    pub places: Vec<Option<(usize, usize)>>,
}

impl Tokens {
    /// Loads `tokenizer.json`.
    pub fn load(path: &Path, limit: usize) -> Result<Self, TuneError> {
        let bytes = file::read(path)?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| TuneError::format(path, error))?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| TuneError::format(path, error))?;
        Ok(Self { inner, limit })
    }

    /// Entries of the vocabulary.
    pub fn size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The number of a token.
    pub fn number(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The text of token numbers.
    pub fn text(&self, ids: &[u32]) -> Result<String, TuneError> {
        self.inner.decode(ids, true).map_err(|error| TuneError::Settings(error.to_string()))
    }

    /// One text, cut at the limit.
    pub fn single(&self, text: &str) -> Result<Encoded, TuneError> {
        self.encoded(self.inner.encode_char_offsets(text, true))
    }

    /// Two texts, the longer one cut first.
    pub fn pair(&self, left: &str, right: &str) -> Result<Encoded, TuneError> {
        self.encoded(self.inner.encode_char_offsets((left, right), true))
    }

    /// One text without special tokens and without a cut.
    pub fn plain(&self, text: &str) -> Result<Vec<u32>, TuneError> {
        let encoding = self.inner.encode_fast(text, false).map_err(|error| TuneError::Settings(error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// A question and a passage in windows: each window has the whole question and a part of the passage, and the parts
    /// overlap by about a third.
    pub fn windows(&self, question: &str, passage: &str) -> Result<Vec<Encoded>, TuneError> {
        let mut inner = self.inner.clone();
        let failed = |error: tokenizers::Error| TuneError::Settings(error.to_string());
        let asked = self.plain(question)?.len().min(self.limit / 3);
        let room = self.limit.saturating_sub(asked + 8);
        let truncation = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: self.limit,
            strategy: TruncationStrategy::OnlySecond,
            stride: room / 3,
        };
        inner.with_truncation(Some(truncation)).map_err(failed)?;
        let encoding = inner.encode_char_offsets((question, passage), true).map_err(failed)?;
        let rest = encoding.get_overflowing().clone();
        Ok(std::iter::once(&encoding).chain(&rest).map(convert).collect())
    }

    fn encoded(&self, encoding: Result<Encoding, tokenizers::Error>) -> Result<Encoded, TuneError> {
        let mut encoded = convert(&encoding.map_err(|error| TuneError::Settings(error.to_string()))?);
        encoded.shorten(self.limit);
        Ok(encoded)
    }
}

impl Encoded {
    /// Takes tokens away, from the longer of the two texts first, never a special one.
    fn shorten(&mut self, limit: usize) {
        while self.ids.len() > limit {
            let of = |kind: u32| -> Vec<usize> {
                (0..self.ids.len()).filter(|&at| self.places[at].is_some() && self.types[at] == kind).collect()
            };
            let (first, second) = (of(0), of(1));
            let longer = if second.len() > first.len() { second } else { first };
            let Some(&last) = longer.last() else { return };
            self.ids.remove(last);
            self.types.remove(last);
            self.places.remove(last);
        }
    }
}

fn convert(encoding: &Encoding) -> Encoded {
    let special = encoding.get_special_tokens_mask();
    let places = encoding.get_offsets().iter().zip(special).map(|(&place, &special)| (special == 0).then_some(place)).collect();
    Encoded { ids: encoding.get_ids().to_vec(), types: encoding.get_type_ids().to_vec(), places }
}

/// Examples side by side.
pub fn batch<'a>(rows: impl IntoIterator<Item = &'a Encoded>) -> Batch {
    let (ids, types) = rows.into_iter().map(|row| (row.ids.clone(), row.types.clone())).unzip();
    Batch { ids, types }
}
