//! Several things to learn on one trunk: each pass works on one of them, in turns that follow their weights.

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;

use super::tokens::Tokens;
use crate::TuneError;
use crate::dice::Dice;
use crate::network::operations::Kernels;
use crate::network::{Encoder, EncoderConfig, Parameters};
use crate::training::{Sampler, Score, Settings, Task};

/// One thing to learn for an encoder.
pub trait Objective<A>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    /// How many examples there are.
    fn count(&self) -> usize;
    /// The loss of one pass.
    fn loss(&self, encoder: &Encoder<A>, tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError>;
    /// How good the weights are on held-out examples; nothing if there are none.
    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError>;
}

/// A pass as an objective sees it.
pub struct Pass<'a> {
    /// How many of its passes were before this one.
    pub number: u64,
    /// Examples in a pass.
    pub size: usize,
    /// The share of a label that is spread over all labels.
    pub smoothing: f32,
    sampler: &'a Sampler,
    seed: u64,
}

impl Pass<'_> {
    /// The numbers of this pass's examples, of `count`, when a pass takes `size`.
    pub fn examples(&self, count: usize, size: usize) -> Vec<usize> {
        self.sampler.batch(self.number, size).into_iter().map(|number| number % count).collect()
    }

    /// Random numbers that are the same whenever this pass is done.
    pub fn dice(&self) -> Dice {
        Dice::at(self.seed ^ 0xD1CE, self.number)
    }
}

/// An encoder that learns one thing or several.
pub struct EncoderTask<'a, A> {
    config: &'a EncoderConfig,
    tokens: &'a Tokens,
    settings: &'a Settings,
    parts: Vec<(Box<dyn Objective<A> + 'a>, f64, Sampler)>,
}

impl<'a, A> EncoderTask<'a, A>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    /// `parts`: what to learn, and which share of the passes each gets.
    pub fn new(
        config: &'a EncoderConfig,
        tokens: &'a Tokens,
        settings: &'a Settings,
        parts: Vec<(Box<dyn Objective<A> + 'a>, f64)>,
    ) -> Result<Self, TuneError> {
        if let Some((_, weight)) = parts.iter().find(|(part, weight)| part.count() == 0 || *weight <= 0.0) {
            let reason = format!("a part of the training has no example, or the weight {weight}; weights must be above 0");
            return Err(TuneError::Settings(reason));
        }
        let sampled = |(part, weight): (Box<dyn Objective<A> + 'a>, f64)| {
            let sampler = Sampler::new(part.count(), settings.seed);
            (part, weight, sampler)
        };
        Ok(Self { config, tokens, settings, parts: parts.into_iter().map(sampled).collect() })
    }

    /// Whose turn a pass is, and how many turns it had: always the one that is furthest behind its share.
    fn turn(&self, pass: u64) -> (usize, u64) {
        let mut turns = vec![0u64; self.parts.len()];
        let mut last = (0, 0);
        for _ in 0..=pass {
            let behind = |part: &usize| (turns[*part] as f64 + 1.0) / self.parts[*part].1;
            let next = (0..turns.len()).min_by(|left, right| behind(left).total_cmp(&behind(right))).unwrap_or(0);
            last = (next, turns[next]);
            turns[next] += 1;
        }
        last
    }
}

impl<A> Task<A> for EncoderTask<'_, A>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn loss(&self, weights: &Parameters<A>, pass: u64) -> Result<Tensor<A, 1>, TuneError> {
        let (part, number) = if self.parts.len() == 1 { (0, pass) } else { self.turn(pass) };
        let encoder = Encoder { config: self.config, weights, dropout: self.settings.dropout };
        let (objective, _, sampler) = &self.parts[part];
        let Settings { batch: size, smoothing, seed, .. } = *self.settings;
        objective.loss(&encoder, self.tokens, &Pass { number, size, smoothing, sampler, seed })
    }

    fn score(&self, weights: &Parameters<A::InnerBackend>) -> Result<Option<Score>, TuneError> {
        let encoder = Encoder { config: self.config, weights, dropout: 0.0 };
        let mut all = Score::default();
        let mut count = 0;
        for (objective, _, _) in &self.parts {
            if let Some(score) = objective.score(&encoder, self.tokens)? {
                all.value += score.value;
                all.figures.extend(score.figures);
                count += 1;
            }
        }
        all.value /= f64::from(count.max(1));
        Ok((count > 0).then_some(all))
    }
}
