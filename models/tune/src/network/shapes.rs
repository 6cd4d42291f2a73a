//! Which weights a network has: their names, shapes and how they start when nothing was learnt yet.

use super::config::{DecoderConfig, EncoderConfig};
use super::heads::{Head, HeadKind};
use crate::TuneError;
use crate::weights::{Stored, Weights};

/// How a weight starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Normally distributed with a standard deviation of 0.02.
    Normal,
    /// All zero.
    Zero,
    /// All one.
    One,
}

/// A weight that a network needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Its axes: matrices are [outputs, inputs].
    pub axes: Vec<usize>,
    /// How it starts.
    pub start: Start,
}

/// Collects shapes.
#[derive(Default)]
struct Shapes(Vec<Shape>);

impl Shapes {
    fn add(&mut self, name: String, axes: &[usize], start: Start) {
        self.0.push(Shape { name, axes: axes.to_vec(), start });
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(format!("{name}.weight"), &[outputs, inputs], Start::Normal);
        self.add(format!("{name}.bias"), &[outputs], Start::Zero);
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(format!("{name}.weight"), &[width], Start::One);
        self.add(format!("{name}.bias"), &[width], Start::Zero);
    }
}

/// The weights of an encoder's trunk.
pub fn encoder(config: &EncoderConfig) -> Vec<Shape> {
    let (width, mut shapes) = (config.hidden_size, Shapes::default());
    let tables = [
        ("word_embeddings", config.vocab_size),
        ("position_embeddings", config.max_position_embeddings),
        ("token_type_embeddings", config.type_vocab_size),
    ];
    for (table, rows) in tables {
        shapes.add(format!("embeddings.{table}.weight"), &[rows, width], Start::Normal);
    }
    shapes.norm("embeddings.LayerNorm", width);
    for number in 0..config.num_hidden_layers {
        let layer = format!("encoder.layer.{number}");
        for part in ["query", "key", "value"] {
            shapes.linear(&format!("{layer}.attention.self.{part}"), width, width);
        }
        shapes.linear(&format!("{layer}.attention.output.dense"), width, width);
        shapes.norm(&format!("{layer}.attention.output.LayerNorm"), width);
        shapes.linear(&format!("{layer}.intermediate.dense"), width, config.intermediate_size);
        shapes.linear(&format!("{layer}.output.dense"), config.intermediate_size, width);
        shapes.norm(&format!("{layer}.output.LayerNorm"), width);
    }
    shapes.0
}

/// The weights of a head on an encoder.
pub fn head(head: &Head, config: &EncoderConfig) -> Vec<Shape> {
    let (width, mut shapes) = (config.hidden_size, Shapes::default());
    match &head.kind {
        HeadKind::Embedding { .. } => {}
        HeadKind::Words => {
            shapes.linear("cls.predictions.transform.dense", width, width);
            shapes.norm("cls.predictions.transform.LayerNorm", width);
            shapes.add("cls.predictions.bias".to_owned(), &[config.vocab_size], Start::Zero);
        }
        HeadKind::Span => shapes.linear(&format!("heads.{}.out", head.name), width, 2),
        HeadKind::Tags { labels } => shapes.linear(&format!("heads.{}.out", head.name), width, labels.len()),
        HeadKind::Pair { .. } | HeadKind::Classes { .. } => {
            shapes.linear(&format!("heads.{}.dense", head.name), width, width);
            shapes.linear(&format!("heads.{}.out", head.name), width, head.outputs());
        }
    }
    shapes.0
}

/// The weights of a decoder.
pub fn decoder(config: &DecoderConfig) -> Vec<Shape> {
    let (width, head, mut shapes) = (config.hidden_size, config.head_width(), Shapes::default());
    let (queries, keys) = (config.num_attention_heads * head, config.key_value_heads() * head);
    shapes.add("model.embed_tokens.weight".to_owned(), &[config.vocab_size, width], Start::Normal);
    for number in 0..config.num_hidden_layers {
        let layer = format!("model.layers.{number}");
        shapes.add(format!("{layer}.input_layernorm.weight"), &[width], Start::One);
        for (part, outputs) in [("q_proj", queries), ("k_proj", keys), ("v_proj", keys)] {
            shapes.add(format!("{layer}.self_attn.{part}.weight"), &[outputs, width], Start::Normal);
            if config.has_bias() {
                shapes.add(format!("{layer}.self_attn.{part}.bias"), &[outputs], Start::Zero);
            }
        }
        shapes.add(format!("{layer}.self_attn.o_proj.weight"), &[width, queries], Start::Normal);
        shapes.add(format!("{layer}.post_attention_layernorm.weight"), &[width], Start::One);
        for part in ["gate_proj", "up_proj"] {
            shapes.add(format!("{layer}.mlp.{part}.weight"), &[config.intermediate_size, width], Start::Normal);
        }
        shapes.add(format!("{layer}.mlp.down_proj.weight"), &[width, config.intermediate_size], Start::Normal);
    }
    shapes.add("model.norm.weight".to_owned(), &[width], Start::One);
    if !config.tie_word_embeddings {
        shapes.add("lm_head.weight".to_owned(), &[config.vocab_size, width], Start::Normal);
    }
    shapes.0
}

/// Takes the weights that `shapes` name out of `given`; what is missing starts new. Says how many started new.
pub fn filled(shapes: &[Shape], given: &Weights, seed: u64) -> Result<(Weights, usize), TuneError> {
    let (mut filled, mut new) = (Weights::new(), 0);
    for (number, shape) in shapes.iter().enumerate() {
        let value = match given.get(&shape.name) {
            Some(value) if value.shape == shape.axes => value.clone(),
            Some(value) => {
                let reason = format!("{} is {:?}, and the sizes in its configuration say {:?}", shape.name, value.shape, shape.axes);
                return Err(TuneError::Settings(reason));
            }
            None => {
                new += 1;
                started(shape, seed.wrapping_add(number as u64))
            }
        };
        filled.insert(shape.name.clone(), value);
    }
    Ok((filled, new))
}

/// A weight that nothing has taught yet.
fn started(shape: &Shape, seed: u64) -> Stored {
    let count = shape.axes.iter().product();
    let data = match shape.start {
        Start::Zero => vec![0.0; count],
        Start::One => vec![1.0; count],
        Start::Normal => {
            let mut dice = crate::dice::Dice::new(seed);
            (0..count).map(|_| dice.normal() * 0.02).collect()
        }
    };
    Stored::new(shape.axes.clone(), data)
}
