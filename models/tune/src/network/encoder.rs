//! An encoder of BERT's layout (Devlin and others 2018): its trunk and its heads.

use burn::tensor::{Int, Tensor};

use super::config::EncoderConfig;
use super::heads::{Head, Pooling};
use super::layers;
use super::operations::{Attention, Kernels, Mask};
use super::parameters::Parameters;

/// Texts as numbers. Texts that are shorter than the longest one are filled up at their end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Tokens of each text.
    pub ids: Vec<Vec<u32>>,
    /// For each token whether it belongs to a first (0) or a second text (1).
    pub types: Vec<Vec<u32>>,
}

impl Batch {
    /// Tokens of the longest text.
    pub fn width(&self) -> usize {
        self.ids.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Tokens of each text.
    pub fn lengths(&self) -> Vec<usize> {
        self.ids.iter().map(Vec::len).collect()
    }

    /// All rows filled up to the longest with `filler`.
    pub fn padded(rows: &[Vec<u32>], width: usize, filler: u32) -> Vec<i64> {
        rows.iter().flat_map(|row| (0..width).map(|place| i64::from(row.get(place).copied().unwrap_or(filler)))).collect()
    }
}

/// An encoder's forward pass over weights.
pub struct Encoder<'a, B: Kernels> {
    /// Its sizes.
    pub config: &'a EncoderConfig,
    /// Its weights.
    pub weights: &'a Parameters<B>,
    /// The share of numbers that is dropped while training; 0 otherwise.
    pub dropout: f64,
}

/// What the trunk makes of a batch.
#[derive(Debug, Clone)]
pub struct Hidden<B: Kernels> {
    /// A vector for each token, the texts one after the other: [texts * width, hidden].
    pub rows: Tensor<B, 2>,
    /// Tokens of each text.
    pub lengths: Vec<usize>,
    /// Tokens of the longest text.
    pub width: usize,
}

impl<B: Kernels> Encoder<'_, B> {
    /// The trunk.
    pub fn hidden(&self, batch: &Batch) -> Hidden<B> {
        let (width, lengths) = (batch.width(), batch.lengths());
        let heads = self.config.num_attention_heads;
        let by = Attention { heads, key_heads: heads, mask: Mask { lengths: lengths.clone(), causal: false } };
        let mut rows = self.dropped(self.embeddings(batch, width));
        for number in 0..self.config.num_hidden_layers {
            rows = self.layer(rows, &format!("encoder.layer.{number}"), &by);
        }
        Hidden { rows, lengths, width }
    }

    fn embeddings(&self, batch: &Batch, width: usize) -> Tensor<B, 2> {
        let texts = batch.ids.len();
        let rows = |numbers: Vec<i64>| Tensor::<B, 1, Int>::from_data(numbers.as_slice(), self.weights.device());
        let words = rows(Batch::padded(&batch.ids, width, self.config.pad_token_id as u32));
        let first = self.config.first_position() as i64;
        let places = rows((0..texts).flat_map(|_| first..first + width as i64).collect());
        let kinds = rows(Batch::padded(&batch.types, width, 0));
        let table = |name: &str| self.weights.matrix(&format!("embeddings.{name}.weight"));
        let sum = table("word_embeddings").select(0, words)
            + table("position_embeddings").select(0, places)
            + table("token_type_embeddings").select(0, kinds);
        self.norm(sum, "embeddings.LayerNorm")
    }

    fn layer(&self, value: Tensor<B, 2>, layer: &str, by: &Attention) -> Tensor<B, 2> {
        let mixed = self.linear(self.attention(value.clone(), layer, by), &format!("{layer}.attention.output.dense"));
        let value = self.norm(self.dropped(mixed) + value, &format!("{layer}.attention.output.LayerNorm"));
        let wide = B::gelu_exact(self.linear(value.clone(), &format!("{layer}.intermediate.dense")));
        let narrow = self.linear(wide, &format!("{layer}.output.dense"));
        self.norm(self.dropped(narrow) + value, &format!("{layer}.output.LayerNorm"))
    }

    fn attention(&self, value: Tensor<B, 2>, layer: &str, by: &Attention) -> Tensor<B, 2> {
        let part = |name: &str| self.linear(value.clone(), &format!("{layer}.attention.self.{name}"));
        B::attend(part("query"), part("key"), part("value"), by)
    }

    /// A layer with a bias.
    pub fn linear(&self, value: Tensor<B, 2>, name: &str) -> Tensor<B, 2> {
        layers::linear(self.weights, value, name)
    }

    fn norm(&self, value: Tensor<B, 2>, name: &str) -> Tensor<B, 2> {
        let (weight, bias) = (self.weights.vector(&format!("{name}.weight")), self.weights.vector(&format!("{name}.bias")));
        B::norm(value, weight, bias, self.config.layer_norm_eps)
    }

    fn dropped(&self, value: Tensor<B, 2>) -> Tensor<B, 2> {
        if self.dropout == 0.0 {
            return value;
        }
        let kept = Tensor::random(value.dims(), burn::tensor::Distribution::Bernoulli(1.0 - self.dropout), &value.device());
        value * kept * (1.0 / (1.0 - self.dropout))
    }

    /// One vector for each text: [texts, hidden].
    pub fn pooled(&self, hidden: &Hidden<B>, pooling: Pooling) -> Tensor<B, 2> {
        let (texts, width) = (hidden.lengths.len(), hidden.width);
        let device = self.weights.device();
        match pooling {
            Pooling::Cls => {
                let firsts: Vec<i64> = (0..texts).map(|text| (text * width) as i64).collect();
                hidden.rows.clone().select(0, Tensor::from_data(firsts.as_slice(), device))
            }
            Pooling::Mean => {
                // A matrix with a text's share of every row: one product instead of a masked sum.
                let mut shares = vec![0f32; texts * texts * width];
                for (text, &length) in hidden.lengths.iter().enumerate() {
                    let start = text * texts * width + text * width;
                    shares[start..start + length].fill(1.0 / length as f32);
                }
                Tensor::<B, 1>::from_data(shares.as_slice(), device).reshape([texts, texts * width]).matmul(hidden.rows.clone())
            }
        }
    }

    /// Vectors of unit length: [texts, hidden].
    pub fn embedded(&self, batch: &Batch, pooling: Pooling) -> Tensor<B, 2> {
        unit(self.pooled(&self.hidden(batch), pooling))
    }

    /// What a head for whole texts gives: [texts, outputs].
    pub fn classified(&self, hidden: &Hidden<B>, head: &Head, pooling: Pooling) -> Tensor<B, 2> {
        let inner = self.linear(self.pooled(hidden, pooling), &format!("heads.{}.dense", head.name)).tanh();
        self.linear(self.dropped(inner), &format!("heads.{}.out", head.name))
    }

    /// What a head for single tokens gives: [texts * width, outputs].
    pub fn tagged(&self, hidden: &Hidden<B>, head: &Head) -> Tensor<B, 2> {
        self.linear(hidden.rows.clone(), &format!("heads.{}.out", head.name))
    }

    /// Scores of all words for the rows at `places`: [places, vocabulary]. The table of words is also the last layer.
    pub fn words(&self, hidden: &Hidden<B>, places: &[usize]) -> Tensor<B, 2> {
        let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let rows = hidden.rows.clone().select(0, Tensor::from_data(places.as_slice(), self.weights.device()));
        let inner = B::gelu_exact(self.linear(rows, "cls.predictions.transform.dense"));
        let inner = self.norm(inner, "cls.predictions.transform.LayerNorm");
        let table = self.weights.matrix("embeddings.word_embeddings.weight");
        B::affine(inner, table, Some(self.weights.vector("cls.predictions.bias")))
    }
}

/// Rows of unit length.
pub fn unit<B: Kernels>(value: Tensor<B, 2>) -> Tensor<B, 2> {
    let length = (value.clone().powi_scalar(2).sum_dim(1) + 1e-12).sqrt();
    value / length
}
