//! Tokenizers: the only place on the text side that uses the library of that name. Loading here; training and judging beside it.

use std::ops::Range;
use std::path::Path;

use tokenizers::Tokenizer;

use super::error::TextError;

/// A `tokenizer.json` that turns text into token numbers.
pub struct Tokens(Tokenizer);

impl Tokens {
    /// Loads a file.
    ///
    /// # Errors
    /// If it is none.
    pub fn load(path: &Path) -> Result<Self, TextError> {
        let refuse = |error| TextError::Tokenizer { reason: format!("{}: {error}", path.display()) };
        let mut tokenizer = Tokenizer::from_file(path).map_err(refuse)?;
        // Lengths are what prepare decides.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(refuse)?;
        Ok(Self(tokenizer))
    }

    /// Token numbers, without special tokens around them.
    ///
    /// # Errors
    /// If the library refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TextError> {
        Ok(self.encoding(text)?.get_ids().to_vec())
    }

    /// Bytes of each token. Tokens that are a part of a character have the whole character's.
    pub(crate) fn ranges(&self, text: &str) -> Result<Vec<Range<usize>>, TextError> {
        let encoding = self.encoding(text)?;
        let ranges = encoding.get_offsets().iter().map(|(start, end)| *start..*end);
        Ok(ranges.filter(|range| range.start < range.end && text.is_char_boundary(range.start) && text.is_char_boundary(range.end)).collect())
    }

    fn encoding(&self, text: &str) -> Result<tokenizers::Encoding, TextError> {
        self.0.encode(text, false).map_err(|error| TextError::Tokenizer { reason: error.to_string() })
    }
}
