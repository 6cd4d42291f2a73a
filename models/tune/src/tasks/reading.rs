//! Reading: where in a passage the answer stands, or that it does not. Lines: {"passage", "question", "answer", "start"};
//! `start` counts characters, and an empty answer means that there is none.

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{Encoder, Head};
use crate::training::Score;

/// The longest answer, in tokens.
const LONGEST: usize = 40;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Reading {
    /// The text that may hold the answer.
    #[serde(alias = "context")]
    pub passage: String,
    /// What is asked.
    pub question: String,
    /// The answer as it stands there; empty if it does not.
    #[serde(default)]
    pub answer: String,
    /// Its first character, from 0; below 0 if there is none.
    #[serde(default = "none")]
    pub start: i64,
}

fn none() -> i64 {
    -1
}

/// A part of a passage with its question, and the first and last token of the answer; both 0 if it is not in this part.
struct Window {
    encoded: Encoded,
    first: usize,
    last: usize,
}

/// Reading as something to learn.
pub struct ReadingTask {
    head: Head,
    train: Vec<Window>,
    held: Vec<Line<Reading>>,
}

impl ReadingTask {
    /// The answer must stand in the passage where the line says.
    pub fn new(head: Head, tokens: &Tokens, train: Vec<Line<Reading>>, held: Vec<Line<Reading>>) -> Result<Self, TuneError> {
        for line in train.iter().chain(&held) {
            check(line)?;
        }
        let mut windows = Vec::new();
        for line in &train {
            windows.extend(cut(&line.value, tokens)?);
        }
        Ok(Self { head, train: windows, held })
    }
}

fn check(line: &Line<Reading>) -> Result<(), TuneError> {
    let reading = &line.value;
    if reading.answer.is_empty() {
        return Ok(());
    }
    let start = usize::try_from(reading.start).map_err(|_| line.wrong("there is an answer, and \"start\" is below 0"))?;
    let found: String = reading.passage.chars().skip(start).take(reading.answer.chars().count()).collect();
    if found == reading.answer {
        return Ok(());
    }
    Err(line.wrong(format!("the passage has {found:?} at character {start}, and the answer is {:?}", reading.answer)))
}

fn cut(reading: &Reading, tokens: &Tokens) -> Result<Vec<Window>, TuneError> {
    let start = usize::try_from(reading.start).unwrap_or(0);
    let range = start..start + reading.answer.chars().count();
    let window = |encoded: Encoded| {
        let inside = |at: &usize| {
            let place = encoded.places[*at].filter(|_| encoded.types[*at] == 1);
            place.is_some_and(|(first, end)| first < range.end && end > range.start)
        };
        let covered: Vec<usize> = (0..encoded.ids.len()).filter(inside).collect();
        let whole = covered.first().zip(covered.last()).filter(|&(&first, &last)| {
            let ends = (encoded.places[first].map(|place| place.0), encoded.places[last].map(|place| place.1));
            ends.0.is_some_and(|first| first <= range.start) && ends.1.is_some_and(|end| end >= range.end)
        });
        let (first, last) = whole.map_or((0, 0), |(&first, &last)| (first, last));
        Window { encoded, first, last }
    };
    Ok(tokens.windows(&reading.question, &reading.passage)?.into_iter().map(window).collect())
}

/// The best span of a window, its score and the score of there being none.
pub struct Span {
    /// First and last token.
    pub tokens: (usize, usize),
    /// How much better the span is than no answer.
    pub score: f32,
}

/// The best span in one window's scores [tokens][start, end].
pub fn best_span(scores: &[[f32; 2]], encoded: &Encoded) -> Option<Span> {
    let allowed = |at: usize| encoded.types[at] == 1 && encoded.places[at].is_some();
    let mut best: Option<Span> = None;
    for first in (0..scores.len()).filter(|&at| allowed(at)) {
        for last in (first..scores.len().min(first + LONGEST)).filter(|&at| allowed(at)) {
            let score = scores[first][0] + scores[last][1] - scores[0][0] - scores[0][1];
            if best.as_ref().is_none_or(|best| score > best.score) {
                best = Some(Span { tokens: (first, last), score });
            }
        }
    }
    best
}

/// The characters of a span.
pub fn span_text(passage: &str, encoded: &Encoded, span: &Span) -> String {
    let (Some((start, _)), Some((_, end))) = (encoded.places[span.tokens.0], encoded.places[span.tokens.1]) else {
        return String::new();
    };
    passage.chars().skip(start).take(end.saturating_sub(start)).collect()
}

impl<A> Objective<A> for ReadingTask
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn count(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, encoder: &Encoder<A>, tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError> {
        let _ = tokens; // the windows were cut before
        let windows: Vec<&Window> = pass.examples(self.train.len(), pass.size).into_iter().map(|at| &self.train[at]).collect();
        let hidden = encoder.hidden(&batch(windows.iter().map(|window| &window.encoded)));
        let (texts, width) = (windows.len(), hidden.width);
        // What may not be the start or the end gets a very low score: the question, special tokens, padding.
        let mut barred = vec![-1e9f32; texts * width];
        for (row, window) in windows.iter().enumerate() {
            for at in 0..window.encoded.ids.len() {
                if at == 0 || (window.encoded.types[at] == 1 && window.encoded.places[at].is_some()) {
                    barred[row * width + at] = 0.0;
                }
            }
        }
        let barred: Tensor<A, 2> = Tensor::<A, 1>::from_data(barred.as_slice(), encoder.weights.device()).reshape([texts, width]);
        let scores = encoder.tagged(&hidden, &self.head);
        let side = |number: usize| scores.clone().slice([0..texts * width, number..number + 1]).reshape([texts, width]) + barred.clone();
        let firsts: Vec<usize> = windows.iter().map(|window| window.first).collect();
        let lasts: Vec<usize> = windows.iter().map(|window| window.last).collect();
        // Smoothing would spread over the barred places, so there is none here.
        Ok((A::cross_entropy(side(0), &firsts, 0.0) + A::cross_entropy(side(1), &lasts, 0.0)) * 0.5)
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let (mut overlap, mut exact, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for line in &self.held {
            let found = self.answer(encoder, tokens, &line.value)?;
            overlap.push(metrics::overlap_f1(&found, &line.value.answer));
            exact.push(f64::from(u8::from(found == line.value.answer)));
            if line.value.answer.is_empty() {
                refused.push(f64::from(u8::from(found.is_empty())));
            }
        }
        let figures = [("F1", metrics::mean(&overlap)), ("exact", metrics::mean(&exact)), ("refused", metrics::mean(&refused))];
        let figures = figures.into_iter().map(|(name, value)| (format!("{} {name}", self.head.name), value)).collect();
        Ok(Some(Score { value: metrics::mean(&overlap), figures }))
    }
}

impl ReadingTask {
    fn answer<B: Kernels>(&self, encoder: &Encoder<B>, tokens: &Tokens, reading: &Reading) -> Result<String, TuneError> {
        let windows = tokens.windows(&reading.question, &reading.passage)?;
        let hidden = encoder.hidden(&batch(&windows));
        let scores: Vec<f32> = encoder.tagged(&hidden, &self.head).to_data().iter().collect();
        let mut best: Option<(Span, String)> = None;
        for (row, window) in windows.iter().enumerate() {
            let start = row * hidden.width;
            let own: Vec<[f32; 2]> = (start..start + window.ids.len()).map(|token| [scores[token * 2], scores[token * 2 + 1]]).collect();
            let Some(span) = best_span(&own, window) else { continue };
            if best.as_ref().is_none_or(|(best, _)| span.score > best.score) {
                let text = span_text(&reading.passage, window, &span);
                best = Some((span, text));
            }
        }
        Ok(best.filter(|(span, _)| span.score > 0.0).map(|(_, text)| text).unwrap_or_default())
    }
}
