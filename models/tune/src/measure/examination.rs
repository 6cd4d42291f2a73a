//! An ONNX encoder on ONNX Runtime, one example a run as the daemon does it: scores, and how long each run took.

use std::time::Instant;

use super::runtime::{Input, Output, Session};
use crate::TuneError;
use crate::tasks::tokens::Encoded;

/// A model under examination.
pub struct Examined {
    session: Session,
    inputs: Vec<String>,
    /// Milliseconds of each run.
    pub times: Vec<f64>,
}

impl Examined {
    /// Loads a model's bytes for one thread.
    pub fn new(model: &[u8]) -> Result<Self, TuneError> {
        let session = Session::new(model, 1)?;
        Ok(Self { inputs: session.inputs(), session, times: Vec::new() })
    }

    /// Runs one example; the outputs by name.
    pub fn run(&mut self, example: &Encoded) -> Result<std::collections::BTreeMap<String, Output>, TuneError> {
        let shape = || vec![1, example.ids.len()];
        let numbers = |values: &[u32]| Input::Integers(shape(), values.iter().map(|&value| i64::from(value)).collect());
        let inputs: Vec<(&str, Input)> = self
            .inputs
            .iter()
            .filter_map(|name| match name.as_str() {
                "input_ids" => Some((name.as_str(), numbers(&example.ids))),
                "attention_mask" => Some((name.as_str(), Input::Integers(shape(), vec![1; example.ids.len()]))),
                "token_type_ids" => Some((name.as_str(), numbers(&example.types))),
                _ => None,
            })
            .collect();
        let begun = Instant::now();
        let outputs = self.session.run(&inputs)?;
        self.times.push(begun.elapsed().as_secs_f64() * 1e3);
        Ok(outputs)
    }

    /// One output's numbers.
    pub fn scores(&mut self, example: &Encoded, output: &str) -> Result<Vec<f32>, TuneError> {
        let missing = || TuneError::Settings(format!("the model has no output {output}, which this examination needs"));
        self.run(example)?.remove(output).map(|found| found.data).ok_or_else(missing)
    }

    /// A sentence's vector of unit length: the mean over its tokens.
    pub fn vector(&mut self, example: &Encoded) -> Result<Vec<f32>, TuneError> {
        let rows = self.scores(example, crate::onnx::HIDDEN)?;
        let width = rows.len() / example.ids.len();
        let mut sum = vec![0f32; width];
        rows.chunks_exact(width).for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        Ok(sum.into_iter().map(|value| value / length).collect())
    }

    /// The run time that a share of the runs stayed below, in milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}
