//! A decoder as a graph with past key values, in the layout of Optimum's exports.

use std::collections::BTreeMap;

use super::graph::{Axis, Graph, Setting};
use super::proto::{Model, kind};
use crate::TuneError;
use crate::network::DecoderConfig;
use crate::weights::{Stored, Weights};

/// Writes one decoder.
struct Writer<'a> {
    graph: Graph,
    config: &'a DecoderConfig,
    weights: &'a Weights,
}

/// The whole model. In: `input_ids` and `position_ids` [batch, sequence], `attention_mask` [batch, past + sequence],
/// `past_key_values.N.key` and `.value` [batch, key heads, past, head width]. Out: `logits` [batch, sequence, vocabulary]
/// and `present.N.key` and `.value` with the past and the sequence.
pub fn decoder(config: &DecoderConfig, weights: &Weights) -> Result<Model, TuneError> {
    let mut writer = Writer { graph: Graph::default(), config, weights };
    writer.inputs();
    let table = writer.weight("model.embed_tokens.weight")?;
    let mut rows = writer.graph.node("Gather", &[&table, "input_ids"], &[]);
    let (turns, bias) = (writer.turns(), writer.bias());
    for number in 0..config.num_hidden_layers {
        rows = writer.layer(&rows, number, &turns, &bias)?;
    }
    let rows = writer.norm(&rows, "model.norm")?;
    let head = if config.tie_word_embeddings { "model.embed_tokens" } else { "lm_head" };
    let turned = writer.stored(&format!("{head}.weight"))?.transposed();
    let head = writer.graph.tensor("lm_head.weight", &turned);
    let logits = writer.graph.node("MatMul", &[&rows, &head], &[]);
    let axes = [Axis::Named("batch_size"), Axis::Named("sequence_length"), Axis::Known(config.vocab_size)];
    writer.graph.output(&logits, "logits", &axes);
    Ok(writer.graph.model("decoder", &BTreeMap::new()))
}

impl Writer<'_> {
    fn inputs(&mut self) {
        let (batch, sequence, past, total) = ("batch_size", "sequence_length", "past_sequence_length", "total_sequence_length");
        for (name, length) in [("input_ids", sequence), ("attention_mask", total), ("position_ids", sequence)] {
            self.graph.input(name, kind::INT64, &[Axis::Named(batch), Axis::Named(length)]);
        }
        let (heads, width) = (self.config.key_value_heads(), self.config.head_width());
        for number in 0..self.config.num_hidden_layers {
            for part in ["key", "value"] {
                let axes = [Axis::Named(batch), Axis::Known(heads), Axis::Named(past), Axis::Known(width)];
                self.graph.input(&format!("past_key_values.{number}.{part}"), kind::FLOAT, &axes);
            }
        }
    }

    fn stored(&self, name: &str) -> Result<&Stored, TuneError> {
        self.weights.get(name).ok_or_else(|| TuneError::Settings(format!("the weights lack {name}, which the configuration needs")))
    }

    fn weight(&mut self, name: &str) -> Result<String, TuneError> {
        let stored = self.stored(name)?.clone();
        Ok(self.graph.tensor(name, &stored))
    }

    fn linear(&mut self, value: &str, name: &str) -> Result<String, TuneError> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let turned = self.stored(&weight)?.transposed();
        let weight = self.graph.tensor(&weight, &turned);
        let product = self.graph.node("MatMul", &[value, &weight], &[]);
        if !self.weights.contains_key(&bias) {
            return Ok(product);
        }
        let bias = self.weight(&bias)?;
        Ok(self.graph.node("Add", &[&product, &bias], &[]))
    }

    fn norm(&mut self, value: &str, name: &str) -> Result<String, TuneError> {
        let weight = self.weight(&format!("{name}.weight"))?;
        // ONNX Runtime's RMSNorm; it sits in the standard domain, though the standard has another name for it since opset 23.
        let settings = [Setting::Int("axis", -1), Setting::Float("epsilon", self.config.rms_norm_eps as f32)];
        Ok(self.graph.node("SimplifiedLayerNormalization", &[value, &weight], &settings))
    }

    /// Cosines and sines at the asked places: [batch, 1, sequence, head width / 2].
    fn turns(&mut self) -> (String, String) {
        let rows = self.config.max_position_embeddings;
        let (cosines, sines) = self.config.turns(0..rows);
        let axis = self.graph.integers("head_axis", &[1]);
        let mut table = |name: &str, values: Vec<f32>| {
            let table = self.graph.tensor(name, &Stored::new(vec![rows, values.len() / rows], values));
            let found = self.graph.node("Gather", &[&table, "position_ids"], &[]);
            self.graph.node("Unsqueeze", &[&found, &axis], &[])
        };
        (table("cosines", cosines), table("sines", sines))
    }

    /// 0 where a token may look, a very low number where padding or the future is: [batch, 1, sequence, total].
    fn bias(&mut self) -> String {
        let number = |graph: &mut Graph, name: &str, value: i64| graph.raw(name, kind::INT64, &[], value.to_le_bytes().to_vec());
        let graph = &mut self.graph;
        let (zero, one) = (number(graph, "zero", 0), number(graph, "one", 1));
        let length = |graph: &mut Graph, input: &str| {
            let shape = graph.node("Shape", &[input], &[Setting::Int("start", 1), Setting::Int("end", 2)]);
            let axes = graph.integers("first_axis", &[0]);
            graph.node("Squeeze", &[&shape, &axes], &[])
        };
        let (total, fresh) = (length(graph, "attention_mask"), length(graph, "input_ids"));
        let past = graph.node("Sub", &[&total, &fresh], &[]);
        let to = graph.node("Range", &[&zero, &total, &one], &[]);
        let from = graph.node("Range", &[&past, &total, &one], &[]);
        let axis = graph.integers("head_axis", &[1]);
        let from = graph.node("Unsqueeze", &[&from, &axis], &[]);
        let before = graph.node("LessOrEqual", &[&to, &from], &[]);
        let mask = graph.node("Cast", &["attention_mask"], &[Setting::Int("to", i64::from(kind::BOOL))]);
        let axes = graph.integers("mask_axes", &[1, 2]);
        let mask = graph.node("Unsqueeze", &[&mask, &axes], &[]);
        let seen = graph.node("And", &[&mask, &before], &[]);
        let (open, barred) = (graph.number("open", 0.0), graph.number("barred", -1e9));
        graph.node("Where", &[&seen, &open, &barred], &[])
    }

    fn layer(&mut self, rows: &str, number: usize, turns: &(String, String), bias: &str) -> Result<String, TuneError> {
        let layer = format!("model.layers.{number}");
        let value = self.norm(rows, &format!("{layer}.input_layernorm"))?;
        let mixed = self.attention(&value, &layer, number, turns, bias)?;
        let rows = self.graph.node("Add", &[rows, &mixed], &[]);
        let value = self.norm(&rows, &format!("{layer}.post_attention_layernorm"))?;
        let gate = self.linear(&value, &format!("{layer}.mlp.gate_proj"))?;
        let up = self.linear(&value, &format!("{layer}.mlp.up_proj"))?;
        let share = self.graph.node("Sigmoid", &[&gate], &[]);
        let gate = self.graph.node("Mul", &[&gate, &share], &[]);
        let wide = self.graph.node("Mul", &[&gate, &up], &[]);
        let narrow = self.linear(&wide, &format!("{layer}.mlp.down_proj"))?;
        Ok(self.graph.node("Add", &[&rows, &narrow], &[]))
    }

    fn attention(&mut self, value: &str, layer: &str, number: usize, turns: &(String, String), bias: &str) -> Result<String, TuneError> {
        let (heads, key_heads, width) = (self.config.num_attention_heads, self.config.key_value_heads(), self.config.head_width());
        let query = self.heads(value, &format!("{layer}.self_attn.q_proj"), heads)?;
        let query = self.turned(&query, turns);
        let key = self.heads(value, &format!("{layer}.self_attn.k_proj"), key_heads)?;
        let key = self.turned(&key, turns);
        let content = self.heads(value, &format!("{layer}.self_attn.v_proj"), key_heads)?;
        let key = self.with_past(&key, number, "key");
        let content = self.with_past(&content, number, "value");
        let (key, content) = (self.spread(&key, heads / key_heads), self.spread(&content, heads / key_heads));
        let key = self.graph.node("Transpose", &[&key], &[Setting::Ints("perm", &[0, 1, 3, 2])]);
        let scores = self.graph.node("MatMul", &[&query, &key], &[]);
        let scale = self.graph.number("scale", (width as f32).powf(-0.5));
        let scores = self.graph.node("Mul", &[&scores, &scale], &[]);
        let scores = self.graph.node("Add", &[&scores, bias], &[]);
        let shares = self.graph.node("Softmax", &[&scores], &[Setting::Int("axis", -1)]);
        let mixed = self.graph.node("MatMul", &[&shares, &content], &[]);
        let mixed = self.graph.node("Transpose", &[&mixed], &[Setting::Ints("perm", &[0, 2, 1, 3])]);
        let join = self.graph.integers("join", &[0, 0, (heads * width) as i64]);
        let mixed = self.graph.node("Reshape", &[&mixed, &join], &[]);
        self.linear(&mixed, &format!("{layer}.self_attn.o_proj"))
    }

    /// A layer's rows as [batch, heads, sequence, head width].
    fn heads(&mut self, value: &str, name: &str, heads: usize) -> Result<String, TuneError> {
        let rows = self.linear(value, name)?;
        let split = self.graph.integers(&format!("split_{heads}"), &[0, 0, heads as i64, self.config.head_width() as i64]);
        let rows = self.graph.node("Reshape", &[&rows, &split], &[]);
        Ok(self.graph.node("Transpose", &[&rows], &[Setting::Ints("perm", &[0, 2, 1, 3])]))
    }

    /// Turns pairs of components by their places: a head's first half with its second half.
    fn turned(&mut self, value: &str, (cosines, sines): &(String, String)) -> String {
        let half = self.config.head_width() as i64 / 2;
        let sizes = self.graph.integers("halves", &[half, half]);
        let parts = self.graph.operator("", "Split", &[value, &sizes], &[Setting::Int("axis", -1)], 2);
        let mut product = |left: &str, right: &str| self.graph.node("Mul", &[left, right], &[]);
        let (first, first_across) = (product(&parts[0], cosines), product(&parts[0], sines));
        let (second, second_across) = (product(&parts[1], cosines), product(&parts[1], sines));
        let left = self.graph.node("Sub", &[&first, &second_across], &[]);
        let right = self.graph.node("Add", &[&second, &first_across], &[]);
        self.graph.node("Concat", &[&left, &right], &[Setting::Int("axis", -1)])
    }

    /// The past first, then what is new; the whole goes out as well.
    fn with_past(&mut self, value: &str, number: usize, part: &str) -> String {
        let whole = self.graph.node("Concat", &[&format!("past_key_values.{number}.{part}"), value], &[Setting::Int("axis", 2)]);
        let name = format!("present.{number}.{part}");
        let (heads, width) = (self.config.key_value_heads(), self.config.head_width());
        let axes = [Axis::Named("batch_size"), Axis::Known(heads), Axis::Named("total_sequence_length"), Axis::Known(width)];
        self.graph.output(&whole, &name, &axes);
        name
    }

    /// A key head for each query head.
    fn spread(&mut self, value: &str, copies: usize) -> String {
        if copies == 1 {
            return value.to_owned();
        }
        let axis = self.graph.integers("copy_axis", &[2]);
        let wide = self.graph.node("Unsqueeze", &[value, &axis], &[]);
        let shape = self.graph.integers("copies", &[1, 1, copies as i64, 1, 1]);
        let wide = self.graph.node("Expand", &[&wide, &shape], &[]);
        let (heads, width) = (self.config.num_attention_heads as i64, self.config.head_width() as i64);
        let merged = self.graph.integers("merged", &[0, heads, -1, width]);
        self.graph.node("Reshape", &[&wide, &merged], &[])
    }
}
