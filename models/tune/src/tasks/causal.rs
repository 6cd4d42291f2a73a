//! Decoders: the next word of plain text, or of answers in a chat.

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;

use super::chat::Talk;
use super::tokens::Tokens;
use crate::TuneError;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{DecoderConfig, Parameters, decoder::Decoder};
use crate::training::{Sampler, Score, Settings, Task};

/// Tokens, and for each whether guessing it is to be learnt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stretch {
    /// Token numbers.
    pub ids: Vec<u32>,
    /// As many entries as tokens.
    pub learn: Vec<bool>,
}

/// A decoder that learns from stretches of tokens.
pub struct CausalTask<'a> {
    config: &'a DecoderConfig,
    settings: &'a Settings,
    train: Vec<Stretch>,
    held: Vec<Stretch>,
    sampler: Sampler,
}

/// Texts one after the other, with `end` between them, cut into stretches of `length` tokens.
pub fn stretches(texts: impl Iterator<Item = String>, tokens: &Tokens, end: Option<u32>, length: usize) -> Result<Vec<Stretch>, TuneError> {
    let mut all = Vec::new();
    for text in texts {
        all.extend(tokens.plain(&text)?);
        all.extend(end);
    }
    let whole = |ids: &[u32]| Stretch { ids: ids.to_vec(), learn: vec![true; ids.len()] };
    Ok(all.chunks(length).filter(|ids| ids.len() > 1).map(whole).collect())
}

/// Chats with only the answers to be learnt.
pub fn answers(talks: &[Talk]) -> Vec<Stretch> {
    let stretch = |talk: &Talk| Stretch { ids: talk.ids.clone(), learn: talk.answer.clone() };
    talks.iter().map(stretch).filter(|stretch| stretch.learn.iter().skip(1).any(|learn| *learn)).collect()
}

impl<'a> CausalTask<'a> {
    /// There must be something to learn in every stretch, and at least one.
    pub fn new(config: &'a DecoderConfig, settings: &'a Settings, train: Vec<Stretch>, held: Vec<Stretch>) -> Result<Self, TuneError> {
        if train.is_empty() {
            return Err(TuneError::Settings("there is no text to learn from".to_owned()));
        }
        let sampler = Sampler::new(train.len(), settings.seed);
        Ok(Self { config, settings, train, held, sampler })
    }

    fn mean_loss<B: Kernels>(&self, weights: &Parameters<B>, chosen: &[&Stretch], smoothing: f32) -> Tensor<B, 1> {
        let decoder = Decoder { config: self.config, weights };
        let ids: Vec<Vec<u32>> = chosen.iter().map(|stretch| stretch.ids.clone()).collect();
        let width = ids.iter().map(Vec::len).max().unwrap_or(0);
        let (mut places, mut right) = (Vec::new(), Vec::new());
        for (row, stretch) in chosen.iter().enumerate() {
            for at in (1..stretch.ids.len()).filter(|&at| stretch.learn[at]) {
                places.push(row * width + at - 1);
                right.push(stretch.ids[at] as usize);
            }
        }
        B::cross_entropy(decoder.words(decoder.hidden(&ids), &places), &right, smoothing)
    }
}

impl<A> Task<A> for CausalTask<'_>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn loss(&self, weights: &Parameters<A>, pass: u64) -> Result<Tensor<A, 1>, TuneError> {
        let chosen: Vec<&Stretch> = self.sampler.batch(pass, self.settings.batch).into_iter().map(|at| &self.train[at]).collect();
        Ok(self.mean_loss(weights, &chosen, self.settings.smoothing))
    }

    fn score(&self, weights: &Parameters<A::InnerBackend>) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let mut losses = Vec::new();
        for part in self.held.chunks(self.settings.batch).take(64) {
            let part: Vec<&Stretch> = part.iter().collect();
            let loss: f32 = self.mean_loss(weights, &part, 0.0).to_data().iter().next().unwrap_or(f32::NAN);
            losses.push(f64::from(loss));
        }
        let loss = metrics::mean(&losses);
        let figures = [("held-out loss".to_owned(), loss), ("perplexity".to_owned(), loss.exp())].into();
        Ok(Some(Score { value: -loss, figures }))
    }
}
