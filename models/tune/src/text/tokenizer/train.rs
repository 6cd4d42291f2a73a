//! Training. The library's own order of characters follows a hash that differs from run to run, so the alphabet, and for
//! WordPiece the pieces that go on, get their numbers here, before it merges anything.

use std::collections::{BTreeMap, BTreeSet};

use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::BpeTrainer;
use tokenizers::models::wordpiece::WordPieceTrainer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Tokenizer, Trainer,
};

use super::recipe::{self, TokenizerKind, refuse};
use super::settings::TokenizerSettings;
use crate::text::error::TextError;
use crate::text::progress::Progress;
use crate::text::redact::Personal;

/// Trains on the texts that `texts` gives each time it is called, in one order.
pub(super) fn train<I>(settings: &TokenizerSettings, texts: impl Fn() -> I, progress: &Progress) -> Result<Tokenizer, TextError>
where
    I: Iterator<Item = String> + Send,
{
    let mut tokenizer = recipe::empty(settings.kind, settings.lowercase)?;
    let seen = Seen::over(&tokenizer, texts(), progress)?;
    let kept = seen.alphabet(settings);
    let special: Vec<AddedToken> = special(settings).into_iter().map(|token| AddedToken::from(token, true)).collect();
    let mut numbered = special.clone();
    // The library would number a redacted text's placeholder as a merge; as an added token it is one from the start.
    numbered.extend(recipe::placeholders());
    if settings.kind == TokenizerKind::Wordpiece {
        let pieces = seen.inner.iter().filter(|character| kept.contains(character));
        numbered.extend(pieces.map(|character| AddedToken::from(format!("##{character}"), false)));
    }
    let mut trainer = trainer(settings, kept, numbered);
    progress.begin("counting words again", 0);
    trainer.feed(texts(), |text| words(&tokenizer, text)).map_err(refuse)?;
    progress.begin("merging pairs", 0);
    let mut model = recipe::model(settings.kind)?;
    trainer.train(&mut model).map_err(refuse)?;
    if model.get_vocab_size() > settings.vocabulary {
        let reason =
            format!("{} tokens are needed for the alphabet alone; make vocabulary larger or alphabet smaller", model.get_vocab_size());
        return Err(TextError::Tokenizer { reason });
    }
    tokenizer.with_model(model);
    tokenizer.add_special_tokens(special).map_err(refuse)?;
    tokenizer.add_tokens(recipe::placeholders()).map_err(refuse)?;
    if let Some(frame) = recipe::frame(settings.kind, &tokenizer)? {
        tokenizer.with_post_processor(Some(frame));
    }
    Ok(tokenizer)
}

/// The kind's special tokens, then the settings' own.
pub(super) fn special(settings: &TokenizerSettings) -> Vec<String> {
    let mut all: Vec<String> = settings.kind.special().iter().map(|token| (*token).to_owned()).collect();
    all.extend(settings.special.iter().filter(|token| !settings.kind.special().contains(&token.as_str())).cloned());
    all
}

fn trainer(settings: &TokenizerSettings, alphabet: BTreeSet<char>, numbered: Vec<AddedToken>) -> TrainerWrapper {
    let limit = alphabet.len();
    let alphabet = alphabet.into_iter().collect();
    let frequency = settings.min_frequency;
    match settings.kind {
        TokenizerKind::Wordpiece => WordPieceTrainer::builder()
            .vocab_size(settings.vocabulary)
            .min_frequency(frequency)
            .show_progress(false)
            .special_tokens(numbered)
            .limit_alphabet(limit)
            .initial_alphabet(alphabet)
            .build()
            .into(),
        TokenizerKind::Bpe | TokenizerKind::ByteBpe => BpeTrainer::builder()
            .vocab_size(settings.vocabulary)
            .min_frequency(frequency)
            .show_progress(false)
            .special_tokens(numbered)
            .limit_alphabet(limit)
            .initial_alphabet(alphabet)
            .build()
            .into(),
    }
}

/// The words that merging happens in.
fn words(tokenizer: &Tokenizer, text: &str) -> tokenizers::Result<Vec<String>> {
    // Placeholders are tokens anyway; their letters would only be counted as words.
    let plain =
        Personal::ALL.iter().filter(|_| text.contains('[')).fold(text.to_owned(), |text, kind| text.replace(kind.placeholder(), " "));
    let mut normalized = NormalizedString::from(plain);
    if let Some(normalizer) = tokenizer.get_normalizer() {
        normalizer.normalize(&mut normalized)?;
    }
    let mut pieces = PreTokenizedString::from(normalized);
    if let Some(before) = tokenizer.get_pre_tokenizer() {
        before.pre_tokenize(&mut pieces)?;
    }
    Ok(pieces.get_splits(OffsetReferential::Original, OffsetType::Byte).into_iter().map(|(word, _, _)| word.to_owned()).collect())
}

/// Characters in the words.
#[derive(Default)]
struct Seen {
    counts: BTreeMap<char, u64>,
    /// Those that stand inside of a word.
    inner: BTreeSet<char>,
}

impl Seen {
    fn over(tokenizer: &Tokenizer, texts: impl Iterator<Item = String>, progress: &Progress) -> Result<Self, TextError> {
        progress.begin("counting characters", 0);
        let mut seen = Self::default();
        for text in texts {
            for word in words(tokenizer, &text).map_err(refuse)? {
                for (at, character) in word.chars().enumerate() {
                    *seen.counts.entry(character).or_default() += 1;
                    if at > 0 {
                        seen.inner.insert(character);
                    }
                }
            }
        }
        if seen.counts.is_empty() {
            return Err(TextError::Nothing { reason: "there is no text to train a tokenizer on".to_owned() });
        }
        Ok(seen)
    }

    /// The characters that get tokens: the most frequent ones, of equals the one that Unicode has first.
    fn alphabet(&self, settings: &TokenizerSettings) -> BTreeSet<char> {
        if settings.kind == TokenizerKind::ByteBpe {
            return ByteLevel::alphabet().into_iter().collect();
        }
        let limit = settings.alphabet.unwrap_or(settings.vocabulary / 2);
        let mut order: Vec<(&char, &u64)> = self.counts.iter().collect();
        order.sort_by_key(|(character, count)| (std::cmp::Reverse(**count), **character));
        order.into_iter().take(limit).map(|(character, _)| *character).collect()
    }
}
