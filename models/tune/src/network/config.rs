//! The sizes of a network, in the words of Hugging Face's `config.json`; a TOML file may use the same words.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{TuneError, file};

/// An encoder of BERT's layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// `bert` or `roberta`.
    #[serde(default = "bert")]
    pub model_type: String,
    /// Entries of the vocabulary.
    pub vocab_size: usize,
    /// Width of a token's vector.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads in a layer.
    pub num_attention_heads: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Rows of the table of positions.
    pub max_position_embeddings: usize,
    /// Kinds of token: 2 tells a first text from a second one.
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    /// Added to a variance before its root is taken.
    #[serde(default = "small")]
    pub layer_norm_eps: f64,
    /// Only `gelu`.
    #[serde(default = "gelu")]
    pub hidden_act: String,
    /// The number of the padding token.
    #[serde(default)]
    pub pad_token_id: usize,
}

fn bert() -> String {
    "bert".to_owned()
}

fn two() -> usize {
    2
}

fn small() -> f64 {
    1e-12
}

fn gelu() -> String {
    "gelu".to_owned()
}

impl EncoderConfig {
    /// Reads `config.json`, or a TOML file with the same keys.
    pub fn read(path: &Path) -> Result<Self, TuneError> {
        let config: Self = read(path)?;
        config.check().map_err(|reason| TuneError::format(path, reason))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !["bert", "roberta", "xlm-roberta"].contains(&self.model_type.as_str()) {
            return Err(format!("model_type {:?} is no encoder that is known; bert and roberta are", self.model_type));
        }
        if self.hidden_act != "gelu" {
            return Err(format!("hidden_act {:?} is not known; gelu is", self.hidden_act));
        }
        divides("num_attention_heads", self.num_attention_heads, "hidden_size", self.hidden_size)
    }

    /// The row of the table of positions that a text's first token has.
    pub fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id + 1 }
    }

    /// The most tokens that a text can have.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }
}

/// A decoder of LLaMA's layout; Qwen2's differs in having biases on query, key and value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// `llama` or `qwen2`.
    #[serde(default = "llama")]
    pub model_type: String,
    /// Entries of the vocabulary.
    pub vocab_size: usize,
    /// Width of a token's vector.
    pub hidden_size: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Query heads in a layer.
    pub num_attention_heads: usize,
    /// Key and value heads; as many as query heads if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_key_value_heads: Option<usize>,
    /// Width of a head; `hidden_size / num_attention_heads` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// The most tokens that it was made for.
    pub max_position_embeddings: usize,
    /// Added to a mean square before its root is taken.
    #[serde(default = "tiny")]
    pub rms_norm_eps: f64,
    /// The base of the rotations' wave lengths.
    #[serde(default = "ten_thousand")]
    pub rope_theta: f64,
    /// How rotations are stretched for longer texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the table of words is also the last layer.
    #[serde(default)]
    pub tie_word_embeddings: bool,
}

/// Stretched rotations, in the words of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RopeScaling {
    /// `linear` or `llama3`.
    #[serde(alias = "type")]
    pub rope_type: String,
    /// By how much.
    pub factor: f64,
    /// Of `llama3`: waves longer than the old length over this are stretched in full.
    #[serde(default = "one")]
    pub low_freq_factor: f64,
    /// Of `llama3`: waves shorter than the old length over this stay.
    #[serde(default = "four")]
    pub high_freq_factor: f64,
    /// Of `llama3`: the old length.
    #[serde(default)]
    pub original_max_position_embeddings: usize,
}

fn one() -> f64 {
    1.0
}

fn four() -> f64 {
    4.0
}

fn llama() -> String {
    "llama".to_owned()
}

fn tiny() -> f64 {
    1e-6
}

fn ten_thousand() -> f64 {
    10_000.0
}

impl DecoderConfig {
    /// Reads `config.json`, or a TOML file with the same keys.
    pub fn read(path: &Path) -> Result<Self, TuneError> {
        let config: Self = read(path)?;
        config.check().map_err(|reason| TuneError::format(path, reason))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !["llama", "qwen2"].contains(&self.model_type.as_str()) {
            return Err(format!("model_type {:?} is no decoder that is known; llama and qwen2 are", self.model_type));
        }
        if let Some(scaling) = &self.rope_scaling
            && !["linear", "llama3", "default"].contains(&scaling.rope_type.as_str())
        {
            return Err(format!("rope_type {:?} is not known; linear and llama3 are", scaling.rope_type));
        }
        if self.head_dim.is_none() {
            divides("num_attention_heads", self.num_attention_heads, "hidden_size", self.hidden_size)?;
        }
        divides("num_key_value_heads", self.key_value_heads(), "num_attention_heads", self.num_attention_heads)
    }

    /// Key and value heads.
    pub fn key_value_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of a head.
    pub fn head_width(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads)
    }

    /// Whether query, key and value have a bias.
    pub fn has_bias(&self) -> bool {
        self.model_type == "qwen2"
    }
}

fn divides(left: &str, small: usize, right: &str, large: usize) -> Result<(), String> {
    if small > 0 && large.is_multiple_of(small) { Ok(()) } else { Err(format!("{left} {small} does not divide {right} {large}")) }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, TuneError> {
    if path.extension().is_some_and(|ending| ending == "toml") { file::read_toml(path) } else { file::read_json(path) }
}
