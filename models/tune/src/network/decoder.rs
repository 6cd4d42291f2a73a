//! A decoder of LLaMA's layout (Touvron and others 2023): RMSNorm, rotated positions, grouped-query attention, SwiGLU.

use burn::tensor::{Int, Tensor, activation};

use super::config::DecoderConfig;
use super::layers::linear;
use super::operations::{Attention, Kernels, Mask};
use super::parameters::Parameters;

/// A decoder's forward pass over weights.
pub struct Decoder<'a, B: Kernels> {
    /// Its sizes.
    pub config: &'a DecoderConfig,
    /// Its weights.
    pub weights: &'a Parameters<B>,
}

impl DecoderConfig {
    /// By how much each pair of components turns from one place to the next (Su and others 2021), stretched if the
    /// configuration says so.
    pub fn frequencies(&self) -> Vec<f64> {
        let width = self.head_width();
        let plain = (0..width / 2).map(|pair| self.rope_theta.powf(-2.0 * pair as f64 / width as f64));
        let Some(scaling) = &self.rope_scaling else { return plain.collect() };
        let stretched = |frequency: f64| match scaling.rope_type.as_str() {
            "linear" => frequency / scaling.factor,
            "llama3" => {
                let turns = scaling.original_max_position_embeddings as f64 * frequency / std::f64::consts::TAU;
                let share = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
                let share = share.clamp(0.0, 1.0);
                frequency * share + frequency / scaling.factor * (1.0 - share)
            }
            _ => frequency,
        };
        plain.map(stretched).collect()
    }

    /// Cosines and sines of the turns at some places: two lists of [places, head width / 2].
    pub fn turns(&self, places: impl Iterator<Item = usize>) -> (Vec<f32>, Vec<f32>) {
        let frequencies = self.frequencies();
        let angles: Vec<f64> = places.flat_map(|place| frequencies.iter().map(move |frequency| place as f64 * frequency)).collect();
        (angles.iter().map(|angle| angle.cos() as f32).collect(), angles.iter().map(|angle| angle.sin() as f32).collect())
    }
}

impl<B: Kernels> Decoder<'_, B> {
    /// Vectors of all tokens, normalized: [texts * width, hidden]. Texts are filled up at their end.
    pub fn hidden(&self, texts: &[Vec<u32>]) -> Tensor<B, 2> {
        let width = texts.iter().map(Vec::len).max().unwrap_or(0);
        let device = self.weights.device();
        let ids = super::encoder::Batch::padded(texts, width, 0);
        let mut rows = self.weights.matrix("model.embed_tokens.weight").select(0, Tensor::<B, 1, Int>::from_data(ids.as_slice(), device));
        let (cosines, sines) = self.config.turns((0..texts.len()).flat_map(|_| 0..width));
        let half = self.config.head_width() / 2;
        let table = |values: Vec<f32>| Tensor::<B, 1>::from_data(values.as_slice(), device).reshape([texts.len() * width, 1, half]);
        let turns = (table(cosines), table(sines));
        let (heads, key_heads) = (self.config.num_attention_heads, self.config.key_value_heads());
        let mask = Mask { lengths: texts.iter().map(Vec::len).collect(), causal: true };
        let by = Attention { heads, key_heads, mask };
        for number in 0..self.config.num_hidden_layers {
            rows = self.layer(rows, &format!("model.layers.{number}"), &turns, &by);
        }
        self.norm(rows, "model.norm")
    }

    fn layer(&self, rows: Tensor<B, 2>, layer: &str, turns: &(Tensor<B, 3>, Tensor<B, 3>), by: &Attention) -> Tensor<B, 2> {
        let value = self.norm(rows.clone(), &format!("{layer}.input_layernorm"));
        let part = |name: &str| linear(self.weights, value.clone(), &format!("{layer}.self_attn.{name}"));
        let query = turned(part("q_proj"), by.heads, turns);
        let key = turned(part("k_proj"), by.key_heads, turns);
        let mixed = linear(self.weights, B::attend(query, key, part("v_proj"), by), &format!("{layer}.self_attn.o_proj"));
        let rows = rows + mixed;
        let value = self.norm(rows.clone(), &format!("{layer}.post_attention_layernorm"));
        let part = |name: &str| linear(self.weights, value.clone(), &format!("{layer}.mlp.{name}"));
        let wide = activation::silu(part("gate_proj")) * part("up_proj");
        rows + linear(self.weights, wide, &format!("{layer}.mlp.down_proj"))
    }

    fn norm(&self, value: Tensor<B, 2>, name: &str) -> Tensor<B, 2> {
        B::root_norm(value, self.weights.vector(&format!("{name}.weight")), self.config.rms_norm_eps)
    }

    /// Scores of all words after the tokens at `places`: [places, vocabulary].
    pub fn words(&self, hidden: Tensor<B, 2>, places: &[usize]) -> Tensor<B, 2> {
        let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let rows = hidden.select(0, Tensor::from_data(places.as_slice(), self.weights.device()));
        let table = if self.config.tie_word_embeddings { "model.embed_tokens" } else { "lm_head" };
        B::affine(rows, self.weights.matrix(&format!("{table}.weight")), None)
    }

    /// The most likely continuation, word by word, until `stop` or `most` tokens. Every word is computed from the start.
    pub fn greedy(&self, prompt: &[u32], most: usize, stop: Option<u32>) -> Vec<u32> {
        let mut tokens = prompt.to_vec();
        for _ in 0..most {
            let scores = self.words(self.hidden(std::slice::from_ref(&tokens)), &[tokens.len() - 1]);
            let scores: Vec<f32> = scores.to_data().iter().collect();
            let next = crate::measure::metrics::most_likely(&scores).0 as u32;
            if Some(next) == stop {
                break;
            }
            tokens.push(next);
        }
        tokens.split_off(prompt.len())
    }
}

/// Turns pairs of components by their places: the first half of a head with its second half, as Hugging Face's code does.
fn turned<B: Kernels>(value: Tensor<B, 2>, heads: usize, (cosines, sines): &(Tensor<B, 3>, Tensor<B, 3>)) -> Tensor<B, 2> {
    let [rows, all] = value.dims();
    let width = all / heads;
    let value = value.reshape([rows, heads, width]);
    let first = value.clone().slice([0..rows, 0..heads, 0..width / 2]);
    let second = value.slice([0..rows, 0..heads, width / 2..width]);
    let left = first.clone() * cosines.clone() - second.clone() * sines.clone();
    let right = second * cosines.clone() + first * sines.clone();
    Tensor::cat(vec![left, right], 2).reshape([rows, all])
}
