//! An encoder as a graph of standard operators, node by node, from its weights.

use std::collections::BTreeMap;

use super::graph::{Axis, Graph, Setting};
use super::proto::{Model, kind};
use crate::TuneError;
use crate::network::{EncoderConfig, Head, HeadKind, Pooling};
use crate::weights::{Stored, Weights};

/// The names of the inputs, all int64 [batch, length].
pub const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];
/// The output of an encoder that has no head, and of a head for sentence vectors: [batch, length, hidden].
pub const HIDDEN: &str = "last_hidden_state";

/// Writes one encoder.
struct Writer<'a> {
    graph: Graph,
    config: &'a EncoderConfig,
    weights: &'a Weights,
}

/// The whole model. Outputs: for a head of pairs or classes its name [batch, classes], for one of spans `NAME_start` and
/// `NAME_end` [batch, length], for tags its name [batch, length, tags], and `last_hidden_state` if there is no such head.
pub fn encoder(config: &EncoderConfig, weights: &Weights, heads: &[Head]) -> Result<Model, TuneError> {
    let mut writer = Writer { graph: Graph::default(), config, weights };
    for name in INPUTS {
        writer.graph.input(name, kind::INT64, &[Axis::Named("batch"), Axis::Named("length")]);
    }
    let hidden = writer.trunk()?;
    let asked: Vec<&Head> = heads.iter().filter(|head| head.outputs() > 0).collect();
    for head in &asked {
        writer.head(&hidden, head)?;
    }
    if asked.is_empty() {
        writer.graph.output(&hidden, HIDDEN, &[Axis::Named("batch"), Axis::Named("length"), Axis::Known(config.hidden_size)]);
    }
    Ok(writer.graph.model("encoder", &BTreeMap::new()))
}

impl Writer<'_> {
    fn stored(&self, name: &str) -> Result<&Stored, TuneError> {
        self.weights.get(name).ok_or_else(|| TuneError::Settings(format!("the weights lack {name}, which the configuration needs")))
    }

    fn weight(&mut self, name: &str) -> Result<String, TuneError> {
        let stored = self.stored(name)?.clone();
        Ok(self.graph.tensor(name, &stored))
    }

    /// value x weight + bias; the weights are stored as [outputs, inputs].
    fn linear(&mut self, value: &str, name: &str) -> Result<String, TuneError> {
        let weight = format!("{name}.weight");
        let turned = self.stored(&weight)?.transposed();
        let weight = self.graph.tensor(&weight, &turned);
        let bias = self.weight(&format!("{name}.bias"))?;
        let product = self.graph.node("MatMul", &[value, &weight], &[]);
        Ok(self.graph.node("Add", &[&product, &bias], &[]))
    }

    fn norm(&mut self, value: &str, name: &str) -> Result<String, TuneError> {
        let (weight, bias) = (self.weight(&format!("{name}.weight"))?, self.weight(&format!("{name}.bias"))?);
        let settings = [Setting::Int("axis", -1), Setting::Float("epsilon", self.config.layer_norm_eps as f32)];
        Ok(self.graph.node("LayerNormalization", &[value, &weight, &bias], &settings))
    }

    fn trunk(&mut self) -> Result<String, TuneError> {
        let mut value = self.embeddings()?;
        let bias = self.attention_bias();
        for number in 0..self.config.num_hidden_layers {
            value = self.layer(&value, &format!("encoder.layer.{number}"), &bias)?;
        }
        Ok(value)
    }

    /// Word, type and position vectors, summed and normalized: [batch, length, hidden].
    fn embeddings(&mut self) -> Result<String, TuneError> {
        let (words, kinds) = (self.weight("embeddings.word_embeddings.weight")?, self.weight("embeddings.token_type_embeddings.weight")?);
        let first = self.config.first_position();
        let table = self.stored("embeddings.position_embeddings.weight")?;
        let width = table.shape[1];
        let used = Stored::new(vec![table.shape[0] - first, width], table.data[first * width..].to_vec());
        let places = self.graph.tensor("embeddings.position_embeddings.weight", &used);
        let word = self.graph.node("Gather", &[&words, INPUTS[0]], &[]);
        let kind = self.graph.node("Gather", &[&kinds, INPUTS[2]], &[]);
        let length = self.graph.node("Shape", &[INPUTS[0]], &[Setting::Int("start", 1), Setting::Int("end", 2)]);
        let zero = self.graph.integers("zero", &[0]);
        let place = self.graph.node("Slice", &[&places, &zero, &length, &zero], &[]);
        let both = self.graph.node("Add", &[&word, &kind], &[]);
        let sum = self.graph.node("Add", &[&both, &place], &[]);
        self.norm(&sum, "embeddings.LayerNorm")
    }

    /// 0 where a token may be looked at, the lowest number where it is padding: [batch, 1, 1, length].
    fn attention_bias(&mut self) -> String {
        let mask = self.graph.node("Cast", &[INPUTS[1]], &[Setting::Int("to", i64::from(kind::FLOAT))]);
        let axes = self.graph.integers("mask_axes", &[1, 2]);
        let mask = self.graph.node("Unsqueeze", &[&mask, &axes], &[]);
        let one = self.graph.number("one", 1.0);
        let padding = self.graph.node("Sub", &[&one, &mask], &[]);
        let lowest = self.graph.number("lowest", f32::MIN);
        self.graph.node("Mul", &[&padding, &lowest], &[])
    }

    /// Multi-head self-attention, before its output layer.
    fn attention(&mut self, value: &str, layer: &str, bias: &str) -> Result<String, TuneError> {
        let (heads, hidden) = (self.config.num_attention_heads as i64, self.config.hidden_size as i64);
        let split = self.graph.integers("split", &[0, 0, heads, hidden / heads]);
        let mut part = |name: &str, order: &[i64]| -> Result<String, TuneError> {
            let rows = self.linear(value, &format!("{layer}.attention.self.{name}"))?;
            let rows = self.graph.node("Reshape", &[&rows, &split], &[]);
            Ok(self.graph.node("Transpose", &[&rows], &[Setting::Ints("perm", order)]))
        };
        let (query, key, content) = (part("query", &[0, 2, 1, 3])?, part("key", &[0, 2, 3, 1])?, part("value", &[0, 2, 1, 3])?);
        let scores = self.graph.node("MatMul", &[&query, &key], &[]);
        let scale = self.graph.number("scale", ((hidden / heads) as f32).powf(-0.5));
        let scores = self.graph.node("Mul", &[&scores, &scale], &[]);
        let scores = self.graph.node("Add", &[&scores, bias], &[]);
        let shares = self.graph.node("Softmax", &[&scores], &[Setting::Int("axis", -1)]);
        let mixed = self.graph.node("MatMul", &[&shares, &content], &[]);
        let mixed = self.graph.node("Transpose", &[&mixed], &[Setting::Ints("perm", &[0, 2, 1, 3])]);
        let join = self.graph.integers("join", &[0, 0, hidden]);
        Ok(self.graph.node("Reshape", &[&mixed, &join], &[]))
    }

    fn layer(&mut self, value: &str, layer: &str, bias: &str) -> Result<String, TuneError> {
        let mixed = self.attention(value, layer, bias)?;
        let mixed = self.linear(&mixed, &format!("{layer}.attention.output.dense"))?;
        let sum = self.graph.node("Add", &[&mixed, value], &[]);
        let value = self.norm(&sum, &format!("{layer}.attention.output.LayerNorm"))?;
        let wide = self.linear(&value, &format!("{layer}.intermediate.dense"))?;
        let wide = self.graph.node("Gelu", &[&wide], &[]); // exact: by the error function
        let narrow = self.linear(&wide, &format!("{layer}.output.dense"))?;
        let sum = self.graph.node("Add", &[&narrow, &value], &[]);
        self.norm(&sum, &format!("{layer}.output.LayerNorm"))
    }

    fn head(&mut self, hidden: &str, head: &Head) -> Result<(), TuneError> {
        let (batch, length) = (Axis::Named("batch"), Axis::Named("length"));
        let out = format!("heads.{}.out", head.name);
        match &head.kind {
            HeadKind::Pair { pooling } | HeadKind::Classes { pooling, .. } => {
                let pooled = self.pooled(hidden, *pooling);
                let inner = self.linear(&pooled, &format!("heads.{}.dense", head.name))?;
                let inner = self.graph.node("Tanh", &[&inner], &[]);
                let scores = self.linear(&inner, &out)?;
                self.graph.output(&scores, &head.name, &[batch, Axis::Known(head.outputs())]);
            }
            HeadKind::Tags { .. } => {
                let scores = self.linear(hidden, &out)?;
                self.graph.output(&scores, &head.name, &[batch, length, Axis::Known(head.outputs())]);
            }
            HeadKind::Span => {
                let scores = self.linear(hidden, &out)?;
                for (number, end) in ["start", "end"].into_iter().enumerate() {
                    let place = self.graph.raw(end, kind::INT64, &[], (number as i64).to_le_bytes().to_vec());
                    let one = self.graph.node("Gather", &[&scores, &place], &[Setting::Int("axis", 2)]);
                    let axes = [Axis::Named("batch"), Axis::Named("length")];
                    self.graph.output(&one, &format!("{}_{end}", head.name), &axes);
                }
            }
            HeadKind::Embedding { .. } | HeadKind::Words => {}
        }
        Ok(())
    }

    /// One vector for each text: [batch, hidden].
    fn pooled(&mut self, hidden: &str, pooling: Pooling) -> String {
        if pooling == Pooling::Cls {
            let first = self.graph.raw("first", kind::INT64, &[], 0i64.to_le_bytes().to_vec());
            return self.graph.node("Gather", &[hidden, &first], &[Setting::Int("axis", 1)]);
        }
        let mask = self.graph.node("Cast", &[INPUTS[1]], &[Setting::Int("to", i64::from(kind::FLOAT))]);
        let last = self.graph.integers("last_axis", &[2]);
        let mask = self.graph.node("Unsqueeze", &[&mask, &last], &[]);
        let seen = self.graph.node("Mul", &[hidden, &mask], &[]);
        let axis = self.graph.integers("length_axis", &[1]);
        let sum = self.graph.node("ReduceSum", &[&seen, &axis], &[Setting::Int("keepdims", 0)]);
        let count = self.graph.node("ReduceSum", &[&mask, &axis], &[Setting::Int("keepdims", 0)]);
        self.graph.node("Div", &[&sum, &count], &[])
    }
}
