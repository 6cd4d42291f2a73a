//! Tokenizers: the only place on the text side that uses the library of that name. Loading is here, training and judging beside it.

mod corpus;
mod judge;
mod recipe;
mod settings;
mod train;

use std::ops::Range;
use std::path::{Path, PathBuf};

use tokenizers::{ModelWrapper, Tokenizer};

use super::error::TextError;
use super::progress::Progress;
use super::whole;
use corpus::Corpus;
pub use judge::{Judgment, Judgments, table};
pub use recipe::TokenizerKind;
use recipe::refuse;
pub use settings::TokenizerSettings;

/// A `tokenizer.json` that turns text into token numbers.
pub struct Tokens(Tokenizer);

impl Tokens {
    /// Loads a file.
    ///
    /// # Errors
    /// If it is none.
    pub fn load(path: &Path) -> Result<Self, TextError> {
        Self::unlimited(Tokenizer::from_file(path).map_err(|error| refuse(format!("{}: {error}", path.display())))?)
    }

    /// Lengths are what `prepare` decides, not the file.
    fn unlimited(mut tokenizer: Tokenizer) -> Result<Self, TextError> {
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

    /// The text of token numbers, special ones included.
    ///
    /// # Errors
    /// If the library refuses them.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, TextError> {
        self.0.decode(tokens, false).map_err(refuse)
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.get_vocab_size(true)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of each token. Tokens that are a part of a character have the whole character's.
    pub(crate) fn ranges(&self, text: &str) -> Result<Vec<Range<usize>>, TextError> {
        let encoding = self.encoding(text)?;
        let ranges = encoding.get_offsets().iter().map(|(start, end)| *start..*end);
        Ok(ranges
            .filter(|range| range.start < range.end && text.is_char_boundary(range.start) && text.is_char_boundary(range.end))
            .collect())
    }

    /// How many tokens a text has, and what of it is unknown.
    fn count(&self, text: &str) -> Result<(u64, Vec<Range<usize>>), TextError> {
        let encoding = self.encoding(text)?;
        let name = match self.0.get_model() {
            ModelWrapper::WordPiece(model) => Some(model.unk_token.as_str()),
            ModelWrapper::WordLevel(model) => Some(model.unk_token.as_str()),
            ModelWrapper::BPE(model) => model.unk_token.as_deref(),
            ModelWrapper::Unigram(_) => None,
        };
        let number = name.and_then(|name| self.0.token_to_id(name)).or_else(|| self.0.token_to_id("<unk>"));
        let tokens = encoding.get_ids().iter().zip(encoding.get_offsets());
        let unknown = tokens.filter(|(token, _)| Some(**token) == number).map(|(_, (start, end))| *start..*end).collect();
        Ok((encoding.len() as u64, unknown))
    }

    fn encoding(&self, text: &str) -> Result<tokenizers::Encoding, TextError> {
        self.0.encode(text, false).map_err(refuse)
    }
}

/// Trains on `inputs` (one prepared folder, or files), and writes `tokenizer.json`, `report.json` and `REPORT.md` into `out`.
///
/// # Errors
/// If there is no text, the vocabulary cannot hold the alphabet, or a file cannot be read or written.
pub fn train_tokenizer(
    settings: &TokenizerSettings,
    inputs: &[PathBuf],
    out: &Path,
    progress: &Progress,
) -> Result<(usize, Judgments), TextError> {
    let corpus = Corpus::open(inputs)?;
    let trained = train::train(settings, || corpus.learn(), progress)?;
    std::fs::create_dir_all(out).map_err(TextError::write(out))?;
    let json = trained.to_string(true).map_err(refuse)?;
    progress.begin("judging", 0);
    let tokens = Tokens::unlimited(trained)?;
    let judgments = tokens.judge(corpus.judge())?;
    report(settings, &tokens, &judgments, out)?;
    whole::write(&out.join("tokenizer.json"), json.as_bytes())?;
    Ok((tokens.len(), judgments))
}

/// Judges a tokenizer on what [`train_tokenizer`] would not train on.
///
/// # Errors
/// If a file cannot be read.
pub fn judge_tokenizer(tokenizer: &Path, inputs: &[PathBuf]) -> Result<Judgments, TextError> {
    Tokens::load(tokenizer)?.judge(Corpus::open(inputs)?.judge())
}

fn report(settings: &TokenizerSettings, tokens: &Tokens, judgments: &Judgments, out: &Path) -> Result<(), TextError> {
    let measured = |(language, judgment): (&super::Language, &Judgment)| {
        let figures = serde_json::json!({
            "texts": judgment.texts,
            "characters": judgment.characters,
            "tokens": judgment.tokens,
            "tokens-per-character": judgment.tokens_per_character(),
            "coverage": judgment.coverage(),
        });
        (language.name().to_owned(), figures)
    };
    let languages: serde_json::Map<String, serde_json::Value> = judgments.iter().map(measured).collect();
    let report = serde_json::json!({"settings": settings, "tokens": tokens.len(), "languages": languages});
    let text = serde_json::to_string_pretty(&report).map_err(refuse)?;
    whole::write(&out.join("report.json"), text.as_bytes())?;
    let kind = settings.kind.name();
    let page = format!(
        "# Tokenizer\n\nTrained by `steward-tune tokenizer`: {kind}, {} tokens. Judged on text that it was not trained on.\n\n{}",
        tokens.len(),
        table(judgments)
    );
    whole::write(&out.join("REPORT.md"), page.as_bytes())
}
