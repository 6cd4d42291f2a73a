//! Labels for a text or a pair of texts. Lines: {"premise", "hypothesis", "label"} or {"text", "label"}.

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{Encoder, Head, HeadKind, Pooling};
use crate::training::Score;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Labeled {
    /// The text, or the first one of two.
    #[serde(alias = "premise", alias = "sentence1")]
    pub text: String,
    /// The second text.
    #[serde(default, alias = "sentence2")]
    pub hypothesis: Option<String>,
    /// What it is.
    #[serde(alias = "intent")]
    pub label: String,
}

/// Labels as something to learn.
pub struct ClassesTask {
    head: Head,
    labels: Vec<String>,
    train: Vec<(Line<Labeled>, usize)>,
    held: Vec<(Line<Labeled>, usize)>,
}

/// All labels of some lines, in order.
pub fn labels(lines: &[Line<Labeled>]) -> Vec<String> {
    let mut labels: Vec<String> = lines.iter().map(|line| line.value.label.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

impl ClassesTask {
    /// Every label must be one of the head's.
    pub fn new(head: Head, train: Vec<Line<Labeled>>, held: Vec<Line<Labeled>>) -> Result<Self, TuneError> {
        let HeadKind::Classes { labels, .. } = &head.kind else {
            return Err(TuneError::Settings(format!("the head {} is not one for labels", head.name)));
        };
        let labels = labels.clone();
        let numbered = |lines: Vec<Line<Labeled>>| -> Result<Vec<_>, TuneError> {
            let number = |line: Line<Labeled>| match labels.iter().position(|label| *label == line.value.label) {
                Some(number) => Ok((line, number)),
                None => Err(line.wrong(format!("the label {:?} is none of {}", line.value.label, labels.join(", ")))),
            };
            lines.into_iter().map(number).collect()
        };
        Ok(Self { train: numbered(train)?, held: numbered(held)?, labels: labels.clone(), head })
    }

    fn pooling(&self) -> Pooling {
        match self.head.kind {
            HeadKind::Classes { pooling, .. } => pooling,
            _ => Pooling::default(),
        }
    }
}

fn encoded(line: &Labeled, tokens: &Tokens) -> Result<Encoded, TuneError> {
    match &line.hypothesis {
        Some(hypothesis) => tokens.pair(&line.text, hypothesis),
        None => tokens.single(&line.text),
    }
}

impl<A> Objective<A> for ClassesTask
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn count(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, encoder: &Encoder<A>, tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError> {
        let chosen = pass.examples(self.train.len(), pass.size);
        let rows: Result<Vec<Encoded>, _> = chosen.iter().map(|&number| encoded(&self.train[number].0.value, tokens)).collect();
        let right: Vec<usize> = chosen.iter().map(|&number| self.train[number].1).collect();
        let hidden = encoder.hidden(&batch(&rows?));
        Ok(A::cross_entropy(encoder.classified(&hidden, &self.head, self.pooling()), &right, pass.smoothing))
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let (mut found, mut sure) = (Vec::new(), Vec::new());
        for part in self.held.chunks(64) {
            let rows: Result<Vec<Encoded>, _> = part.iter().map(|(line, _)| encoded(&line.value, tokens)).collect();
            let hidden = encoder.hidden(&batch(&rows?));
            let scores: Vec<f32> = encoder.classified(&hidden, &self.head, self.pooling()).to_data().iter().collect();
            for row in scores.chunks(self.labels.len()) {
                let (best, share) = metrics::most_likely(row);
                found.push(best);
                sure.push(share);
            }
        }
        let truth: Vec<usize> = self.held.iter().map(|(_, number)| *number).collect();
        let accuracy = metrics::accuracy(&found, &truth);
        let hits: Vec<bool> = found.iter().zip(&truth).map(|(found, truth)| found == truth).collect();
        let figures = [
            ("accuracy", accuracy),
            ("macro F1", metrics::macro_f1(&found, &truth, self.labels.len())),
            ("calibration error", metrics::calibration_error(&sure, &hits)),
        ];
        let figures = figures.into_iter().map(|(name, value)| (format!("{} {name}", self.head.name), value)).collect();
        Ok(Some(Score { value: accuracy, figures }))
    }
}
