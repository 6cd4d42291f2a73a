//! Preferences: of two answers the better one shall become more likely than before, the worse one less (Rafailov and others
//! 2023). Lines: {"prompt" or "messages", "chosen", "rejected"}.

use std::collections::BTreeMap;
use std::sync::Mutex;

use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Int, Tensor, activation};
use serde::Deserialize;

use super::causal::Stretch;
use super::chat::{Chat, Message, Template};
use super::lines::Line;
use super::tokens::Tokens;
use crate::TuneError;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{DecoderConfig, Parameters, decoder::Decoder};
use crate::training::{Sampler, Score, Settings, Task};

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Preference {
    /// What is asked.
    #[serde(default)]
    pub prompt: String,
    /// Or all messages before the answer.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The better answer.
    pub chosen: String,
    /// The worse one.
    pub rejected: String,
}

/// Preferences as something to learn.
pub struct PreferenceTask<'a, B: Kernels> {
    config: &'a DecoderConfig,
    settings: &'a Settings,
    /// How strongly the answers are held to what they were.
    strength: f32,
    /// The weights before training.
    before: Parameters<B>,
    train: Vec<[Stretch; 2]>,
    held: Vec<[Stretch; 2]>,
    sampler: Sampler,
    /// What the weights before gave for a training pair; computed when it first comes up.
    known: Mutex<BTreeMap<usize, [f32; 2]>>,
}

/// The better and the worse answer of each line as tokens.
pub fn pairs(lines: &[Line<Preference>], template: &Template, tokens: &Tokens) -> Result<Vec<[Stretch; 2]>, TuneError> {
    let talk = |line: &Line<Preference>, answer: &str| {
        let user = Message { role: "user".to_owned(), content: line.value.prompt.clone() };
        let mut messages = if line.value.messages.is_empty() { vec![user] } else { line.value.messages.clone() };
        messages.push(Message { role: "assistant".to_owned(), content: answer.to_owned() });
        let chat = Chat { messages, conversations: vec![], instruction: None, input: String::new(), output: String::new() };
        let talk = template.talk(&Line { place: line.place.clone(), group: line.group.clone(), value: chat }, tokens)?;
        if !talk.answer.contains(&true) {
            return Err(line.wrong("the prompt fills all tokens, so nothing is left of the answer"));
        }
        Ok(Stretch { ids: talk.ids, learn: talk.answer })
    };
    lines.iter().map(|line| Ok([talk(line, &line.value.chosen)?, talk(line, &line.value.rejected)?])).collect()
}

impl<'a, B: Kernels> PreferenceTask<'a, B> {
    /// `before`: the weights that training starts from.
    pub fn new(
        config: &'a DecoderConfig,
        settings: &'a Settings,
        strength: f32,
        before: Parameters<B>,
        (train, held): (Vec<[Stretch; 2]>, Vec<[Stretch; 2]>),
    ) -> Result<Self, TuneError> {
        if train.is_empty() {
            return Err(TuneError::Settings("there is no pair to learn from".to_owned()));
        }
        let sampler = Sampler::new(train.len(), settings.seed);
        Ok(Self { config, settings, strength, before, train, held, sampler, known: Mutex::default() })
    }

    /// What the weights before gave for both answers of a pair.
    fn reference(&self, at: usize) -> [f32; 2] {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *known.entry(at).or_insert_with(|| likelihoods_now(self.config, &self.before, &self.train[at]))
    }
}

fn likelihoods_now<B: Kernels>(config: &DecoderConfig, weights: &Parameters<B>, pair: &[Stretch; 2]) -> [f32; 2] {
    let values: Vec<f32> = likelihoods(config, weights, &[&pair[0], &pair[1]]).to_data().iter().collect();
    [values[0], values[1]]
}

/// The logarithm of how likely each answer is: [answers].
fn likelihoods<B: Kernels>(config: &DecoderConfig, weights: &Parameters<B>, answers: &[&Stretch]) -> Tensor<B, 1> {
    let decoder = Decoder { config, weights };
    let ids: Vec<Vec<u32>> = answers.iter().map(|stretch| stretch.ids.clone()).collect();
    let width = ids.iter().map(Vec::len).max().unwrap_or(0);
    let (mut places, mut right, mut owner) = (Vec::new(), Vec::new(), Vec::new());
    for (row, stretch) in answers.iter().enumerate() {
        for at in (1..stretch.ids.len()).filter(|&at| stretch.learn[at]) {
            places.push(row * width + at - 1);
            right.push(i64::from(stretch.ids[at]));
            owner.push(row);
        }
    }
    let device = weights.device();
    let scores = activation::log_softmax(decoder.words(decoder.hidden(&ids), &places), 1);
    let count = places.len();
    let index = Tensor::<B, 1, Int>::from_data(right.as_slice(), device).reshape([count, 1]);
    // A matrix that adds up each answer's tokens.
    let mut sums = vec![0f32; answers.len() * count];
    owner.iter().enumerate().for_each(|(token, &row)| sums[row * count + token] = 1.0);
    let sums: Tensor<B, 2> = Tensor::<B, 1>::from_data(sums.as_slice(), device).reshape([answers.len(), count]);
    sums.matmul(scores.gather(1, index)).reshape([answers.len()])
}

impl<A> Task<A> for PreferenceTask<'_, A::InnerBackend>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn loss(&self, weights: &Parameters<A>, pass: u64) -> Result<Tensor<A, 1>, TuneError> {
        let chosen = self.sampler.batch(pass, self.settings.batch);
        let answers = |side: usize| chosen.iter().map(move |&at| &self.train[at][side]);
        let both: Vec<&Stretch> = answers(0).chain(answers(1)).collect();
        let now = likelihoods(self.config, weights, &both);
        let before: Vec<[f32; 2]> = chosen.iter().map(|&at| self.reference(at)).collect();
        let apart: Vec<f32> = before.iter().map(|[better, worse]| better - worse).collect();
        let count = chosen.len();
        let margin = now.clone().narrow(0, 0, count) - now.narrow(0, count, count);
        let margin = (margin - Tensor::from_data(apart.as_slice(), weights.device())) * self.strength;
        // -log of the sigmoid.
        Ok(activation::softplus(margin * -1.0, 1.0).mean())
    }

    fn score(&self, weights: &Parameters<A::InnerBackend>) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let (mut right, mut margins) = (Vec::new(), Vec::new());
        for pair in &self.held {
            let (now, before) = (likelihoods_now(self.config, weights, pair), likelihoods_now(self.config, &self.before, pair));
            let margin = f64::from(now[0] - before[0] - now[1] + before[1]);
            right.push(f64::from(u8::from(margin > 0.0)));
            margins.push(margin);
        }
        let figures = [("preferred".to_owned(), metrics::mean(&right)), ("margin".to_owned(), metrics::mean(&margins))].into();
        Ok(Some(Score { value: metrics::mean(&right), figures }))
    }
}
