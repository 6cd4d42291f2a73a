//! Slots: a label for every token. Lines: {"text", "slots": [{"start", "end", "label"}]}; the places count characters.

use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Int, Tensor};
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::measure::metrics;
use crate::network::operations::Kernels;
use crate::network::{Encoder, Head, HeadKind};
use crate::training::Score;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Tagged {
    /// The text.
    pub text: String,
    /// Its slots.
    #[serde(default)]
    pub slots: Vec<Slot>,
}

/// A part of a text that has a meaning.
#[derive(Debug, Clone, Deserialize)]
pub struct Slot {
    /// First character, from 0.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
    /// What it is.
    pub label: String,
}

/// Slots as something to learn.
pub struct TagsTask {
    head: Head,
    train: Vec<(Encoded, Vec<usize>)>,
    held: Vec<(Encoded, Vec<usize>)>,
}

/// `O`, then `B-` and `I-` of every label of the lines, in order.
pub fn tags(lines: &[Line<Tagged>]) -> Vec<String> {
    let mut labels: Vec<&str> = lines.iter().flat_map(|line| &line.value.slots).map(|slot| slot.label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    let both = labels.into_iter().flat_map(|label| [format!("B-{label}"), format!("I-{label}")]);
    std::iter::once("O".to_owned()).chain(both).collect()
}

impl TagsTask {
    /// Every slot must lie in its text and have a label of the head's.
    pub fn new(head: Head, tokens: &Tokens, train: &[Line<Tagged>], held: &[Line<Tagged>]) -> Result<Self, TuneError> {
        let HeadKind::Tags { labels } = &head.kind else {
            return Err(TuneError::Settings(format!("the head {} is not one for slots", head.name)));
        };
        let encode = |lines: &[Line<Tagged>]| lines.iter().map(|line| tagged(line, tokens, labels)).collect::<Result<Vec<_>, _>>();
        Ok(Self { train: encode(train)?, held: encode(held)?, head })
    }
}

fn tagged(line: &Line<Tagged>, tokens: &Tokens, labels: &[String]) -> Result<(Encoded, Vec<usize>), TuneError> {
    let encoded = tokens.single(&line.value.text)?;
    let length = line.value.text.chars().count();
    let mut numbers = vec![0; encoded.ids.len()];
    for slot in &line.value.slots {
        if slot.start >= slot.end || slot.end > length {
            return Err(line.wrong(format!("the slot {}..{} is not inside the text of {length} characters", slot.start, slot.end)));
        }
        let number = |kind: char| labels.iter().position(|label| *label == format!("{kind}-{}", slot.label));
        let (Some(first), Some(inner)) = (number('B'), number('I')) else {
            return Err(line.wrong(format!("the label {:?} is none of the head's", slot.label)));
        };
        let covered = |place: &Option<(usize, usize)>| place.is_some_and(|(start, end)| start < slot.end && end > slot.start);
        let inside: Vec<usize> = (0..numbers.len()).filter(|&at| covered(&encoded.places[at])).collect();
        for (order, at) in inside.into_iter().enumerate() {
            numbers[at] = if order == 0 { first } else { inner };
        }
    }
    Ok((encoded, numbers))
}

impl<A> Objective<A> for TagsTask
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    fn count(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, encoder: &Encoder<A>, _tokens: &Tokens, pass: &Pass) -> Result<Tensor<A, 1>, TuneError> {
        let chosen: Vec<_> = pass.examples(self.train.len(), pass.size).into_iter().map(|at| &self.train[at]).collect();
        let hidden = encoder.hidden(&batch(chosen.iter().map(|(encoded, _)| encoded)));
        let (mut rows, mut right) = (Vec::new(), Vec::new());
        for (text, (encoded, numbers)) in chosen.iter().enumerate() {
            for at in (0..numbers.len()).filter(|&at| encoded.places[at].is_some()) {
                rows.push((text * hidden.width + at) as i64);
                right.push(numbers[at]);
            }
        }
        let rows = Tensor::<A, 1, Int>::from_data(rows.as_slice(), encoder.weights.device());
        let scores = encoder.tagged(&hidden, &self.head).select(0, rows);
        Ok(A::cross_entropy(scores, &right, pass.smoothing))
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, _tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        // A slot counts when its first and last token and its label are right.
        let (mut hits, mut found_count, mut true_count) = (0usize, 0usize, 0usize);
        for (encoded, numbers) in &self.held {
            let hidden = encoder.hidden(&batch([encoded]));
            let scores: Vec<f32> = encoder.tagged(&hidden, &self.head).to_data().iter().collect();
            let own = |(at, row): (usize, &[f32])| if encoded.places[at].is_some() { metrics::most_likely(row).0 } else { 0 };
            // Nothing was taught about special tokens, so nothing is asked about them.
            let best: Vec<usize> = scores.chunks(self.head.outputs()).enumerate().map(own).collect();
            let (found, truth) = (spans(&best), spans(numbers));
            hits += found.iter().filter(|span| truth.contains(span)).count();
            found_count += found.len();
            true_count += truth.len();
        }
        let value = if found_count + true_count == 0 { 1.0 } else { 2.0 * hits as f64 / (found_count + true_count) as f64 };
        Ok(Some(Score { value, figures: [(format!("{} slot F1", self.head.name), value)].into() }))
    }
}

/// Slots in a row of tags: first token, last token, label. Tags are O, then B and I of each label.
fn spans(tags: &[usize]) -> Vec<(usize, usize, usize)> {
    let mut spans: Vec<(usize, usize, usize)> = Vec::new();
    for (at, &tag) in tags.iter().enumerate().filter(|(_, tag)| **tag > 0) {
        let (label, starts) = ((tag - 1) / 2, tag % 2 == 1);
        match spans.last_mut() {
            Some(last) if !starts && last.1 + 1 == at && last.2 == label => last.1 = at,
            _ => spans.push((at, at, label)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_slots() {
        // O B-a I-a B-a O I-b
        assert_eq!(spans(&[0, 1, 2, 1, 0, 4]), [(1, 2, 0), (3, 3, 0), (5, 5, 1)]);
    }
}
