//! The judge: two texts in, and how well they belong together out. One trunk, read once, with three heads: how well the second
//! answers the first, whether the second follows from the first, and which words of the second answer the first.

use std::path::Path;

use crate::ModelError;
use crate::folder::{JudgeSection, ModelFolder};
use crate::inputs::Inputs;
use crate::runtime::{Runtime, Session, Tensor};
use crate::span::{self, Span};
use crate::tokenizer::{Tokenizer, Tokens};
use crate::workers::Workers;

/// Scores pairs of texts. Each thread owns one session and takes its work from a short queue.
pub struct Judge {
    tokenizer: Tokenizer,
    workers: Workers<Heads>,
    settings: JudgeSection,
    folder: ModelFolder,
}

/// What follows for a hypothesis from a premise: probabilities that sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgment {
    /// It follows.
    pub entailment: f32,
    /// It may be so or not.
    pub neutral: f32,
    /// It cannot be so.
    pub contradiction: f32,
}

impl Judgment {
    /// `entailment`, `neutral` or `contradiction`: the most probable.
    pub fn label(&self) -> &'static str {
        let pairs = [("entailment", self.entailment), ("neutral", self.neutral), ("contradiction", self.contradiction)];
        pairs.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map_or("neutral", |(label, _)| label)
    }
}

/// The raw scores of one run, before any softmax. The last two have one number per token.
struct Heads {
    matching: f32,
    inference: [f32; 3],
    start: Vec<f32>,
    end: Vec<f32>,
}

impl Judge {
    /// Loads the model once per thread of the runtime, and runs each copy once: a graph without the four outputs `match` `[1]`,
    /// `nli` `[1, 3]` (entailment, neutral, contradiction), `start` and `end` `[1, length]` is refused here.
    pub fn load(runtime: &Runtime, folder: &ModelFolder) -> Result<Judge, ModelError> {
        let settings = folder.judge()?.clone();
        let tokenizer = Tokenizer::load(folder.tokenizer_file(), settings.max_tokens)?;
        let warm_up = tokenizer.encode_pair("a", "b")?;
        let mut copies = Vec::new();
        for _ in 0..runtime.threads() {
            let mut run = heads(runtime, folder.model_file())?;
            run(&warm_up)?;
            copies.push(run);
        }
        Ok(Judge { tokenizer, workers: Workers::start("judge", copies)?, settings, folder: folder.clone() })
    }

    /// How well the candidate answers the question: 0 to 1, calibrated.
    ///
    /// # Errors
    /// [`ModelError::Busy`] at once when the queue is full; the model fails.
    pub fn matching(&self, question: &str, candidate: &str) -> Result<f32, ModelError> {
        let heads = self.workers.run(self.tokenizer.encode_pair(question, candidate)?)?;
        Ok(self.probability(heads.matching))
    }

    /// The same for many candidates, in their order; it waits where a single one would be refused.
    ///
    /// # Errors
    /// The model fails.
    pub fn match_all(&self, question: &str, candidates: &[String]) -> Result<Vec<f32>, ModelError> {
        let pairs = candidates.iter().map(|candidate| self.tokenizer.encode_pair(question, candidate));
        let heads = self.workers.run_all(pairs, &mut |_| ())?;
        Ok(heads.iter().map(|heads| self.probability(heads.matching)).collect())
    }

    /// What follows for the hypothesis.
    ///
    /// # Errors
    /// [`ModelError::Busy`] at once when the queue is full; the model fails.
    pub fn judge(&self, premise: &str, hypothesis: &str) -> Result<Judgment, ModelError> {
        let heads = self.workers.run(self.tokenizer.encode_pair(premise, hypothesis)?)?;
        let [entailment, neutral, contradiction] = softmax(heads.inference.map(|logit| logit / self.settings.nli_temperature));
        Ok(Judgment { entailment, neutral, contradiction })
    }

    /// The words of the passage that answer the question; `None` when it seems to have no answer.
    ///
    /// # Errors
    /// [`ModelError::Busy`] at once when the queue is full; the model fails.
    pub fn read(&self, question: &str, passage: &str) -> Result<Option<Span>, ModelError> {
        let tokens = self.tokenizer.encode_pair(question, passage)?;
        let heads = self.workers.run(tokens.clone())?;
        Ok(span::best(passage, &tokens, &heads.start, &heads.end).filter(|span| span.margin >= self.settings.no_answer))
    }

    /// sha256 (hexadecimal) over the model's files.
    pub fn identity(&self) -> &str {
        self.folder.identity()
    }

    /// The languages that the model understands.
    pub fn languages(&self) -> &[String] {
        &self.folder.manifest().model.languages
    }

    /// Figures that were tuned for this very model.
    pub fn settings(&self) -> &JudgeSection {
        &self.settings
    }

    fn probability(&self, logit: f32) -> f32 {
        1.0 / (1.0 + (-(self.settings.match_scale * logit + self.settings.match_offset)).exp())
    }
}

/// A copy of the model: pairs of texts to the heads' raw scores.
fn heads(runtime: &Runtime, path: &Path) -> Result<impl FnMut(&Tokens) -> Result<Heads, ModelError> + Send + use<>, ModelError> {
    let mut session: Session = runtime.session(path)?;
    let inputs = Inputs::of(path, &session)?;
    Ok(move |tokens: &Tokens| {
        let [matching, inference, start, end] = inputs.run(&mut session, tokens, ["match", "nli", "start", "end"])?;
        let wrong = |name: &str, tensor: &Tensor| ModelError::failed(format!("the output {name} has the shape {:?}", tensor.shape));
        let length = tokens.ids.len();
        let [matching_score] = matching.data[..] else { return Err(wrong("match", &matching)) };
        let Ok(inference_scores) = <[f32; 3]>::try_from(inference.data.as_slice()) else { return Err(wrong("nli", &inference)) };
        match (start.data.len() == length, end.data.len() == length) {
            (false, _) => Err(wrong("start", &start)),
            (_, false) => Err(wrong("end", &end)),
            _ => Ok(Heads { matching: matching_score, inference: inference_scores, start: start.data, end: end.data }),
        }
    })
}

/// Shares that sum to 1; the highest is taken off first so that nothing overflows.
fn softmax(logits: [f32; 3]) -> [f32; 3] {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let shares = logits.map(|logit| (logit - highest).exp());
    let sum: f32 = shares.iter().sum();
    shares.map(|share| share / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_however_large_the_scores() {
        for logits in [[0.0, 0.0, 0.0], [1000.0, -1000.0, 999.0], [-3.0, 2.0, 0.5]] {
            let shares = softmax(logits);
            assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6 && shares.iter().all(|share| share.is_finite()), "{shares:?}");
        }
        let judged = Judgment { entailment: 0.2, neutral: 0.5, contradiction: 0.3 };
        assert_eq!(judged.label(), "neutral");
    }
}
