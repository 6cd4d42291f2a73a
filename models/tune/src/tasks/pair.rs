//! Pair scoring: which text answers a question. Lines: {"question", "right": [...], "wrong": [...], "group"}.

use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Tensor, activation};
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::dice::Dice;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{Encoder, Head, HeadKind, Pooling};
use crate::training::Score;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    /// What is asked.
    pub question: String,
    /// Texts that answer it.
    pub right: Vec<String>,
    /// Texts that do not, although they look as if.
    #[serde(default)]
    pub wrong: Vec<String>,
}

/// Pair scoring as something to learn.
pub struct PairTask {
    head: Head,
    /// Wrong texts beside each right one.
    wrong: usize,
    train: Vec<Line<Question>>,
    held: Vec<Line<Question>>,
}

impl PairTask {
    /// Every line needs at least one right text.
    pub fn new(head: Head, wrong: usize, train: Vec<Line<Question>>, held: Vec<Line<Question>>) -> Result<Self, TuneError> {
        for line in train.iter().chain(&held) {
            if line.value.right.is_empty() {
                return Err(line.wrong("\"right\" is empty; a question without an answer teaches nothing here"));
            }
        }
        Ok(Self { head, wrong, train, held })
    }

    fn pooling(&self) -> Pooling {
        match self.head.kind {
            HeadKind::Pair { pooling } => pooling,
            _ => Pooling::default(),
        }
    }

    /// The right text first, then wrong ones; where too few are written, right ones of other questions serve.
    fn candidates(&self, line: &Line<Question>, dice: &mut Dice) -> Vec<String> {
        let question = &line.value;
        let mut texts = vec![question.right[dice.below(question.right.len())].clone()];
        let mut wrong = question.wrong.clone();
        dice.shuffle(&mut wrong);
        // One stranger in each list: the answers to be told apart in a car are not all near each other.
        wrong.truncate(self.wrong.saturating_sub(1));
        texts.extend(wrong);
        for _ in 0..20 * self.wrong {
            let other = &self.train[dice.below(self.train.len())];
            let text = &other.value.right[dice.below(other.value.right.len())];
            if texts.len() > self.wrong {
                break;
            }
            if other.group != line.group && !texts.contains(text) {
                texts.push(text.clone());
            }
        }
        texts
    }
}

impl<A> Objective<A> for PairTask
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn count(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, encoder: &Encoder<A>, tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError> {
        let mut dice = pass.dice();
        let questions = pass.examples(self.train.len(), (pass.size / (self.wrong + 1)).max(1));
        let (mut rows, mut sizes) = (Vec::<Encoded>::new(), Vec::new());
        for number in questions {
            let line = &self.train[number];
            let texts = self.candidates(line, &mut dice);
            for text in &texts {
                rows.push(tokens.pair(&line.value.question, text)?);
            }
            sizes.push(texts.len());
        }
        let hidden = encoder.hidden(&batch(&rows));
        let scores = encoder.classified(&hidden, &self.head, self.pooling());
        Ok(loss(scores, &sizes, pass.smoothing))
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let (mut ranks, mut sure, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for line in &self.held {
            let question = &line.value;
            let texts = question.right.iter().chain(&question.wrong);
            let rows: Result<Vec<Encoded>, _> = texts.map(|text| tokens.pair(&question.question, text)).collect();
            let hidden = encoder.hidden(&batch(&rows?));
            let scores: Vec<f32> = encoder.classified(&hidden, &self.head, self.pooling()).to_data().iter().collect();
            let right = question.right.len();
            let best = scores[..right].iter().copied().fold(f32::NEG_INFINITY, f32::max);
            ranks.push(1 + scores[right..].iter().filter(|&&score| score >= best).count());
            sure.extend(scores.iter().map(|&score| f64::from(1.0 / (1.0 + (-score).exp()))));
            truth.extend((0..scores.len()).map(|at| at < right));
        }
        let (top, rank) = (metrics::recall_at(&ranks, 1), metrics::reciprocal_rank(&ranks));
        let right = sure.iter().zip(&truth).filter(|&(&sure, &truth)| (sure > 0.5) == truth).count() as f64 / truth.len() as f64;
        let figures = [("top-1", top), ("MRR", rank), ("accuracy at 0.5", right)];
        let figures = figures.into_iter().map(|(name, value)| (format!("{} {name}", self.head.name), value)).collect();
        Ok(Some(Score { value: 0.5 * (top + right), figures }))
    }
}

/// Two losses together: the right text shall be first in its list, and every text shall be above or below 0 by itself.
/// `scores`: [texts, 1]; the lists follow each other, the right text of each first.
fn loss<A: Kernels>(scores: Tensor<A, 2>, sizes: &[usize], smoothing: f32) -> Tensor<A, 1> {
    let [count, _] = scores.dims();
    let mut targets = vec![smoothing; count];
    let (mut start, mut lists) = (0, Tensor::zeros([1], &scores.device()));
    for &size in sizes {
        targets[start] = 1.0 - smoothing;
        let list = scores.clone().slice([start..start + size, 0..1]).reshape([1, size]);
        lists = lists + A::cross_entropy(list, &[0], smoothing);
        start += size;
    }
    let targets = Tensor::<A, 1>::from_data(targets.as_slice(), &scores.device());
    let flat: Tensor<A, 1> = scores.reshape([count]);
    // log(1 + e^x) - x * target, by a form that does not overflow.
    let each = activation::softplus(flat.clone(), 1.0) - flat * targets;
    lists * (1.0 / sizes.len() as f64) + each.mean()
}
