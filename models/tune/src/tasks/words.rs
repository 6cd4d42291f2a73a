//! Masked language modeling (Devlin and others 2018): 15 % of the tokens are to be guessed; of these 80 % are hidden, 10 %
//! replaced by others, 10 % left. Texts are lines of plain text, or JSONL with "text".

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use serde::Deserialize;

use super::lines::Line;
use super::objective::{Objective, Pass};
use super::tokens::{Encoded, Tokens, batch};
use crate::TuneError;
use crate::dice::Dice;
use crate::network::operations::Kernels;
use crate::network::{Encoder, Head, HeadKind, Pooling};
use crate::training::Score;

/// A line of the data.
#[derive(Debug, Clone, Deserialize)]
pub struct Text {
    /// Some text.
    pub text: String,
    /// The text after it, if next-sentence prediction is wanted.
    #[serde(default)]
    pub next: Option<String>,
}

/// Guessing words, and perhaps whether a text follows another, as something to learn.
pub struct WordsTask {
    hidden_token: u32,
    vocabulary: usize,
    /// The head that says whether the second text follows the first.
    follows: Option<Head>,
    train: Vec<Line<Text>>,
    held: Vec<Line<Text>>,
}

/// A text with hidden tokens.
struct Puzzle {
    encoded: Encoded,
    places: Vec<usize>,
    right: Vec<usize>,
    follows: usize,
}

/// The head of next-sentence prediction.
pub fn follows_head() -> Head {
    let labels = vec!["next".to_owned(), "other".to_owned()];
    Head { name: "follows".to_owned(), kind: HeadKind::Classes { labels, pooling: Pooling::Cls } }
}

impl WordsTask {
    /// The tokenizer must have `[MASK]` or `<mask>`. `follows`: next-sentence prediction as well; lines then need "next".
    pub fn new(tokens: &Tokens, follows: bool, train: Vec<Line<Text>>, held: Vec<Line<Text>>) -> Result<Self, TuneError> {
        let hidden_token = ["[MASK]", "<mask>"].iter().find_map(|name| tokens.number(name));
        let missing = || TuneError::Settings("the tokenizer has neither [MASK] nor <mask>".to_owned());
        let hidden_token = hidden_token.ok_or_else(missing)?;
        if follows && let Some(line) = train.iter().find(|line| line.value.next.is_none()) {
            return Err(line.wrong("next-sentence prediction needs \"next\" in every line"));
        }
        let follows = follows.then(follows_head);
        Ok(Self { hidden_token, vocabulary: tokens.size(), follows, train, held })
    }

    fn puzzle(&self, line: &Text, others: &[Line<Text>], tokens: &Tokens, dice: &mut Dice) -> Result<Puzzle, TuneError> {
        let other = self.follows.is_some() && dice.unit() < 0.5;
        let next = if other { &others[dice.below(others.len())].value.next } else { &line.next };
        let mut encoded = match next.as_ref().filter(|_| self.follows.is_some()) {
            Some(next) => tokens.pair(&line.text, next)?,
            None => tokens.single(&line.text)?,
        };
        let mut open: Vec<usize> = (0..encoded.ids.len()).filter(|&at| encoded.places[at].is_some()).collect();
        dice.shuffle(&mut open);
        open.truncate(((open.len() as f32 * 0.15).round() as usize).max(1));
        open.sort_unstable();
        let right = open.iter().map(|&at| encoded.ids[at] as usize).collect();
        for &at in &open {
            match dice.unit() {
                chance if chance < 0.8 => encoded.ids[at] = self.hidden_token,
                chance if chance < 0.9 => encoded.ids[at] = dice.below(self.vocabulary) as u32,
                _ => {}
            }
        }
        Ok(Puzzle { encoded, places: open, right, follows: usize::from(other) })
    }

    fn losses<B: Kernels>(&self, encoder: &Encoder<B>, puzzles: &[Puzzle], smoothing: f32) -> Tensor<B, 1> {
        let hidden = encoder.hidden(&batch(puzzles.iter().map(|puzzle| &puzzle.encoded)));
        let place = |(row, puzzle): (usize, &Puzzle)| puzzle.places.iter().map(move |at| row * hidden.width + at).collect::<Vec<_>>();
        let places: Vec<usize> = puzzles.iter().enumerate().flat_map(place).collect();
        let right: Vec<usize> = puzzles.iter().flat_map(|puzzle| puzzle.right.iter().copied()).collect();
        let loss = B::cross_entropy(encoder.words(&hidden, &places), &right, smoothing);
        let Some(head) = &self.follows else { return loss };
        let truth: Vec<usize> = puzzles.iter().map(|puzzle| puzzle.follows).collect();
        loss + B::cross_entropy(encoder.classified(&hidden, head, Pooling::Cls), &truth, smoothing)
    }
}

impl<A> Objective<A> for WordsTask
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
        let puzzles: Result<Vec<Puzzle>, _> =
            chosen.into_iter().map(|at| self.puzzle(&self.train[at].value, &self.train, tokens, &mut dice)).collect();
        let puzzles: Vec<Puzzle> = puzzles?.into_iter().filter(|puzzle| !puzzle.places.is_empty()).collect();
        if puzzles.is_empty() {
            return Err(TuneError::Settings("a whole pass of lines had no token to guess; the lines are empty".to_owned()));
        }
        Ok(self.losses(encoder, &puzzles, pass.smoothing))
    }

    fn score(&self, encoder: &Encoder<A::InnerBackend>, tokens: &Tokens) -> Result<Option<Score>, TuneError> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let mut dice = Dice::new(0);
        let mut losses = Vec::new();
        for part in self.held.chunks(32).take(32) {
            let puzzles: Result<Vec<Puzzle>, _> = part.iter().map(|line| self.puzzle(&line.value, &self.held, tokens, &mut dice)).collect();
            let puzzles: Vec<Puzzle> = puzzles?.into_iter().filter(|puzzle| !puzzle.places.is_empty()).collect();
            if !puzzles.is_empty() {
                let loss: f32 = self.losses(encoder, &puzzles, 0.0).into_data().iter().next().unwrap_or(f32::NAN);
                losses.push(f64::from(loss));
            }
        }
        let loss = crate::measure::metrics::mean(&losses);
        Ok(Some(Score { value: -loss, figures: [("held-out loss".to_owned(), loss)].into() }))
    }
}
