//! Sentence vectors. Lines: {"anchor", "positive", "negatives": [...]} or {"en", "zh"} for contrast, {"text", "group"} for
//! contrast by group, and any of them for distillation from a teacher.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::dice::Dice;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{Encoder, EncoderConfig, Parameters, Pooling};
use crate::training::Score;

/// What cosines are multiplied by before they compete.
const SHARPNESS: f32 = 20.0;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Near {
    /// A text.
    #[serde(alias = "text", alias = "en", alias = "question")]
    pub anchor: String,
    /// Another that means the same; if it is missing, texts of one group mean the same.
    #[serde(default, alias = "zh", alias = "paraphrase")]
    pub positive: Option<String>,
    /// Texts that look near and are not.
    #[serde(default, alias = "wrong")]
    pub negatives: Vec<String>,
}

/// A trained encoder whose vectors are to be met.
pub struct Teacher<B: Kernels> {
    /// Its sizes.
    pub config: EncoderConfig,
    /// Its weights.
    pub weights: Parameters<B>,
    /// Its tokenizer.
    pub tokens: Tokens,
    /// How it makes one vector.
    pub pooling: Pooling,
    /// How much meeting the teacher counts beside the contrast.
    pub weight: f32,
}

/// Sentence vectors as something to learn.
pub struct EmbeddingTask<B: Kernels> {
    pooling: Pooling,
    teacher: Option<Teacher<B>>,
    /// Whether texts compete; without it only the teacher is met.
    contrast: bool,
    train: Vec<Line<Near>>,
    held: Vec<Line<Near>>,
    groups: BTreeMap<String, Vec<usize>>,
}

impl<B: Kernels> EmbeddingTask<B> {
    /// Without positives the lines need groups of two or more, or a teacher.
    pub fn new(
        pooling: Pooling,
        teacher: Option<Teacher<B>>,
        contrast: bool,
        train: Vec<Line<Near>>,
        held: Vec<Line<Near>>,
    ) -> Result<Self, TuneError> {
        let mut groups = BTreeMap::<String, Vec<usize>>::new();
        train.iter().enumerate().for_each(|(at, line)| groups.entry(line.group.clone()).or_default().push(at));
        let alone = |line: &&Line<Near>| line.value.positive.is_none() && groups[&line.group].len() < 2;
        if contrast && let Some(line) = train.iter().find(alone) {
            return Err(line.wrong("it has no \"positive\", and no other line has its \"group\""));
        }
        if !contrast && teacher.is_none() {
            return Err(TuneError::Settings("without contrast there must be a teacher to learn from".to_owned()));
        }
        Ok(Self { pooling, teacher, contrast, train, held, groups })
    }

    /// A text that means the same as a line's.
    fn positive(&self, at: usize, dice: &mut Dice) -> Option<String> {
        let line = &self.train[at];
        if line.value.positive.is_some() {
            return line.value.positive.clone();
        }
        let others: Vec<usize> = self.groups[&line.group].iter().copied().filter(|&other| other != at).collect();
        (!others.is_empty()).then(|| self.train[others[dice.below(others.len())]].value.anchor.clone())
    }
}

fn encoded(texts: &[String], tokens: &Tokens) -> Result<Vec<Encoded>, TuneError> {
    texts.iter().map(|text| tokens.single(text)).collect()
}

/// Vectors of texts in parts, for measuring.
fn vectors<B: Kernels>(encoder: &Encoder<B>, tokens: &Tokens, pooling: Pooling, texts: &[String]) -> Result<Vec<Vec<f32>>, TuneError> {
    let mut found = Vec::with_capacity(texts.len());
    for part in texts.chunks(64) {
        let values: Vec<f32> = encoder.embedded(&batch(&encoded(part, tokens)?), pooling).to_data().iter().collect();
        found.extend(values.chunks(encoder.config.hidden_size).map(<[f32]>::to_vec));
    }
    Ok(found)
}

impl<A> Objective<A> for EmbeddingTask<A::InnerBackend>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn count(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, encoder: &Encoder<A>, tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError> {
        let mut dice = pass.dice();
        let chosen = pass.examples(self.train.len(), pass.size);
        let anchors: Vec<String> = chosen.iter().map(|&at| self.train[at].value.anchor.clone()).collect();
        let positives: Vec<String> =
            chosen.iter().zip(&anchors).map(|(&at, own)| self.positive(at, &mut dice).unwrap_or(own.clone())).collect();
        let negative = |&at: &usize| Some(&self.train[at].value.negatives).filter(|list| !list.is_empty());
        let negatives: Vec<String> = chosen.iter().filter_map(negative).map(|list| list[dice.below(list.len())].clone()).collect();
        let texts: Vec<String> = anchors.iter().chain(&positives).chain(&negatives).cloned().collect();
        let all = encoder.embedded(&batch(&encoded(&texts, tokens)?), self.pooling);
        let [count, width] = all.dims();
        let part = |range: std::ops::Range<usize>| all.clone().slice([range, 0..width]);
        let (left, right) = (part(0..chosen.len()), part(chosen.len()..count));
        let mut loss = Tensor::zeros([1], encoder.weights.device());
        if self.contrast {
            loss = loss + contrast(left, right, &self.same(&chosen, count - chosen.len()), pass.smoothing);
        }
        let Some(teacher) = &self.teacher else { return Ok(loss) };
        // The teacher reads the anchors; their translations and paraphrases are to land there too.
        let own = Encoder { config: &teacher.config, weights: &teacher.weights, dropout: 0.0 };
        let aim = own.embedded(&batch(&encoded(&anchors, &teacher.tokens)?), teacher.pooling);
        let aim = Tensor::<A, 2>::from_inner(Tensor::cat(vec![aim.clone(), aim], 0));
        let reached = part(0..2 * chosen.len());
        let distance = (reached - aim).powi_scalar(2).sum_dim(1).mean();
        Ok(loss + distance * teacher.weight)
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        let pairs: Vec<(&String, &String)> =
            self.held.iter().filter_map(|line| Some((&line.value.anchor, line.value.positive.as_ref()?))).take(2000).collect();
        if pairs.is_empty() {
            return Ok(None);
        }
        let list = |pick: fn(&(&String, &String)) -> String| pairs.iter().map(pick).collect::<Vec<_>>();
        let (left, right) = (list(|pair| pair.0.clone()), list(|pair| pair.1.clone()));
        let left = vectors(encoder, tokens, self.pooling, &left)?;
        let right = vectors(encoder, tokens, self.pooling, &right)?;
        let (there, back) = (ranks(&left, &right), ranks(&right, &left));
        let (one, other) = (metrics::recall_at(&there, 1), metrics::recall_at(&back, 1));
        let rank = metrics::reciprocal_rank(&there);
        let figures = [("recall@1", one), ("recall@1 backwards", other), ("MRR", rank)];
        let figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Some(Score { value: 0.5 * (one + other), figures }))
    }
}

impl<B: Kernels> EmbeddingTask<B> {
    /// For each anchor which other entries of the right side mean the same and so must not compete.
    fn same(&self, chosen: &[usize], right: usize) -> Vec<Vec<usize>> {
        let same = |row: usize, at: usize| {
            let group = &self.train[at].group;
            (0..chosen.len().min(right)).filter(|&other| other != row && self.train[chosen[other]].group == *group).collect()
        };
        chosen.iter().enumerate().map(|(row, &at)| same(row, at)).collect()
    }
}

/// In-batch contrast: each left vector shall be nearest to its own right one among all right ones, but those that mean the
/// same do not compete.
fn contrast<A: Kernels>(left: Tensor<A, 2>, right: Tensor<A, 2>, same: &[Vec<usize>], smoothing: f32) -> Tensor<A, 1> {
    let ([rows, _], [columns, _], device) = (left.dims(), right.dims(), left.device());
    let mut barred = vec![0f32; rows * columns];
    same.iter().enumerate().for_each(|(row, list)| list.iter().for_each(|&column| barred[row * columns + column] = -1e4));
    let barred: Tensor<A, 2> = Tensor::<A, 1>::from_data(barred.as_slice(), &device).reshape([rows, columns]);
    let scores = left.matmul(right.transpose()) * SHARPNESS + barred;
    let numbers: Vec<usize> = (0..rows).collect();
    // Backwards as well, without the hard negatives, which have no left side.
    let back = scores.clone().slice([0..rows, 0..rows]).transpose();
    (A::cross_entropy(scores, &numbers, smoothing) + A::cross_entropy(back, &numbers, smoothing)) * 0.5
}

/// For each left vector the rank of its own right one by cosine, from 1.
fn ranks(left: &[Vec<f32>], right: &[Vec<f32>]) -> Vec<usize> {
    let cosine = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
    let rank = |(row, vector): (usize, &Vec<f32>)| {
        let own = cosine(vector, &right[row]);
        1 + right.iter().enumerate().filter(|&(other, candidate)| other != row && cosine(vector, candidate) >= own).count()
    };
    left.iter().enumerate().map(rank).collect()
}
