//! The three kinds of tokenizers, and what belongs to each besides its vocabulary.

use serde::{Deserialize, Serialize};
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, Lowercase, NFC, Sequence as Normalizers};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, ModelWrapper, NormalizerWrapper, SplitDelimiterBehavior, Tokenizer};

use crate::text::error::TextError;
use crate::text::redact::Personal;

/// How text is cut into tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenizerKind {
    /// As BERT does it: pieces that go on are marked `##`, each Han character is a word, what is unknown is `[UNK]`.
    #[default]
    Wordpiece,
    /// Pairs of characters are merged; spaces are `▁`, what is unknown is `<unk>`.
    Bpe,
    /// Pairs of bytes are merged: nothing is unknown, and text comes back byte for byte.
    ByteBpe,
}

impl TokenizerKind {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["wordpiece", "bpe", "byte-bpe"][self as usize]
    }

    /// Special tokens of the models that use this kind, from number 0 on.
    pub(super) fn special(self) -> &'static [&'static str] {
        match self {
            Self::Wordpiece => &["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
            Self::Bpe => &["<pad>", "<unk>", "<s>", "</s>"],
            Self::ByteBpe => &["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"],
        }
    }
}

/// Placeholders of redaction: one token each, but not special, for they are part of a text.
pub(super) fn placeholders() -> Vec<AddedToken> {
    Personal::ALL.iter().map(|kind| AddedToken::from(kind.placeholder(), false).normalized(false)).collect()
}

/// What a word is before merging. Numbers fall into digits, so that all of them can be written.
const WORDS: &str = r" ?[\p{L}\p{M}]+(?:['’][\p{L}]+)?|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+";

pub(super) fn refuse(error: impl std::fmt::Display) -> TextError {
    TextError::Tokenizer { reason: error.to_string() }
}

/// An untrained tokenizer that prepares text as the kind asks for.
pub(super) fn empty(kind: TokenizerKind, lowercase: bool) -> Result<Tokenizer, TextError> {
    let mut tokenizer = Tokenizer::new(model(kind)?);
    let mut normalizers: Vec<NormalizerWrapper> = vec![NFC.into()];
    if lowercase {
        normalizers.push(Lowercase.into());
    }
    let before: PreTokenizerWrapper = match kind {
        TokenizerKind::Wordpiece => {
            normalizers = vec![BertNormalizer::new(true, true, Some(lowercase), lowercase).into()];
            BertPreTokenizer.into()
        }
        TokenizerKind::Bpe => Sequence::new(vec![
            Metaspace::new('▁', PrependScheme::First, true).into(),
            Punctuation::new(SplitDelimiterBehavior::Isolated).into(),
            Digits::new(true).into(),
        ])
        .into(),
        TokenizerKind::ByteBpe => {
            let words = Split::new(SplitPattern::Regex(WORDS.to_owned()), SplitDelimiterBehavior::Isolated, false).map_err(refuse)?;
            Sequence::new(vec![words.into(), ByteLevel::new(false, true, false).into()]).into()
        }
    };
    tokenizer.with_normalizer(Some(Normalizers::new(normalizers))).map_err(refuse)?;
    tokenizer.with_pre_tokenizer(Some(before));
    match kind {
        TokenizerKind::Wordpiece => tokenizer.with_decoder(Some(WordPieceDecoder::default())),
        TokenizerKind::Bpe => tokenizer.with_decoder(Some(Metaspace::new('▁', PrependScheme::First, true))),
        TokenizerKind::ByteBpe => tokenizer.with_decoder(Some(ByteLevel::new(false, true, false))),
    };
    Ok(tokenizer)
}

pub(super) fn model(kind: TokenizerKind) -> Result<ModelWrapper, TextError> {
    Ok(match kind {
        TokenizerKind::Wordpiece => WordPiece::builder().unk_token("[UNK]".to_owned()).build().map_err(refuse)?.into(),
        TokenizerKind::Bpe => BPE::builder().unk_token("<unk>".to_owned()).fuse_unk(true).build().map_err(refuse)?.into(),
        TokenizerKind::ByteBpe => BPE::builder().build().map_err(refuse)?.into(),
    })
}

/// What is put around a text when a model asks for special tokens: BERT's frame, or LLaMA's beginning.
pub(super) fn frame(kind: TokenizerKind, tokenizer: &Tokenizer) -> Result<Option<TemplateProcessing>, TextError> {
    let (single, pair, names): (&str, &str, &[&str]) = match kind {
        TokenizerKind::Wordpiece => ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", &["[CLS]", "[SEP]"]),
        TokenizerKind::Bpe => ("<s> $A", "<s> $A $B:1", &["<s>"]),
        TokenizerKind::ByteBpe => return Ok(None),
    };
    let number =
        |name: &&str| tokenizer.token_to_id(name).map(|id| ((*name).to_owned(), id)).ok_or_else(|| refuse(format!("{name} is missing")));
    let tokens: Vec<(String, u32)> = names.iter().map(number).collect::<Result<_, _>>()?;
    let mut template = TemplateProcessing::builder();
    template.try_single(single).map_err(refuse)?;
    template.try_pair(pair).map_err(refuse)?;
    template.special_tokens(tokens);
    template.build().map(Some).map_err(refuse)
}
