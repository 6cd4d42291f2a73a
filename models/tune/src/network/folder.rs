//! A network in a folder: `config.json`, `heads.toml`, `model.safetensors`, `tokenizer.json`; or a folder of Hugging Face's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::config::{DecoderConfig, EncoderConfig};
use super::heads::Heads;
use super::shapes::{self, Shape};
use crate::weights::{self, Weights};
use crate::{TuneError, file};

/// An encoder that was read from a folder.
#[derive(Debug, Clone)]
pub struct EncoderFolder {
    /// Its sizes.
    pub config: EncoderConfig,
    /// Its heads.
    pub heads: Heads,
    /// All weights of the folder.
    pub weights: Weights,
    /// Its tokenizer's file.
    pub tokenizer: PathBuf,
}

impl EncoderFolder {
    /// Reads a folder; a run's folder stands for the model in it.
    pub fn read(folder: &Path) -> Result<Self, TuneError> {
        let folder = &inner(folder);
        let (heads, weights) = (Heads::read(folder)?, weights::from_folder(folder)?);
        let config = folder.join("config.json");
        let config = if config.is_file() { EncoderConfig::read(&config)? } else { sizes(folder, &weights)? };
        Ok(Self { config, heads, weights, tokenizer: folder.join("tokenizer.json") })
    }

    /// The shapes that the trunk and the heads need.
    pub fn shapes(&self) -> Vec<Shape> {
        let mut shapes = shapes::encoder(&self.config);
        shapes.extend(self.heads.head.iter().flat_map(|head| shapes::head(head, &self.config)));
        shapes
    }

    /// Writes the folder, each file whole.
    pub fn write(&self, folder: &Path) -> Result<(), TuneError> {
        let json = serde_json::to_vec_pretty(&self.config).map_err(|error| TuneError::format(folder, error))?;
        let heads = toml::to_string_pretty(&self.heads).map_err(|error| TuneError::format(folder, error))?;
        file::write(&folder.join("config.json"), &json)?;
        file::write(&folder.join("heads.toml"), heads.as_bytes())?;
        file::write(&folder.join("tokenizer.json"), &file::read(&self.tokenizer)?)?;
        weights::write(&folder.join("model.safetensors"), &self.weights, &BTreeMap::new())
    }
}

/// The sizes of an encoder that is there as an ONNX file alone, as the daemon has it.
fn sizes(folder: &Path, weights: &Weights) -> Result<EncoderConfig, TuneError> {
    let axis = |name: &str, axis: usize| {
        let missing = || TuneError::format(folder, format!("it has no config.json, and its ONNX file no {name}"));
        weights.get(name).and_then(|weight| weight.shape.get(axis)).copied().ok_or_else(missing)
    };
    let heads = weights::heads_in_onnx(&folder.join("model.onnx"))?;
    let heads = heads.ok_or_else(|| TuneError::format(folder, "it has no config.json, which says how many attention heads there are"))?;
    let layers = (0..).take_while(|number| weights.contains_key(&format!("encoder.layer.{number}.output.dense.weight"))).count();
    Ok(EncoderConfig {
        model_type: "bert".to_owned(),
        vocab_size: axis("embeddings.word_embeddings.weight", 0)?,
        hidden_size: axis("embeddings.word_embeddings.weight", 1)?,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        intermediate_size: axis("encoder.layer.0.output.dense.weight", 1)?,
        max_position_embeddings: axis("embeddings.position_embeddings.weight", 0)?,
        type_vocab_size: axis("embeddings.token_type_embeddings.weight", 0)?,
        layer_norm_eps: 1e-12,
        hidden_act: "gelu".to_owned(),
        pad_token_id: 0,
    })
}

/// A decoder that was read from a folder.
#[derive(Debug, Clone)]
pub struct DecoderFolder {
    /// Its sizes.
    pub config: DecoderConfig,
    /// Its weights.
    pub weights: Weights,
    /// Its tokenizer's file.
    pub tokenizer: PathBuf,
}

impl DecoderFolder {
    /// Reads a folder; a run's folder stands for the model in it.
    pub fn read(folder: &Path) -> Result<Self, TuneError> {
        let folder = &inner(folder);
        let mut config = DecoderConfig::read(&folder.join("config.json"))?;
        let weights = weights::from_folder(folder)?;
        // Some files say nothing about it and have no last layer.
        config.tie_word_embeddings |= !weights.contains_key("lm_head.weight");
        let (weights, _) = shapes::filled(&shapes::decoder(&config), &weights, 0)?;
        Ok(Self { config, weights, tokenizer: folder.join("tokenizer.json") })
    }

    /// Writes the folder, each file whole.
    pub fn write(&self, folder: &Path) -> Result<(), TuneError> {
        let json = serde_json::to_vec_pretty(&self.config).map_err(|error| TuneError::format(folder, error))?;
        file::write(&folder.join("config.json"), &json)?;
        file::write(&folder.join("tokenizer.json"), &file::read(&self.tokenizer)?)?;
        weights::write(&folder.join("model.safetensors"), &self.weights, &BTreeMap::new())
    }
}

/// Whether the folder holds a decoder.
pub fn is_decoder(folder: &Path) -> Result<bool, TuneError> {
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(default)]
        model_type: String,
    }
    let config = inner(folder).join("config.json");
    if !config.is_file() {
        return Ok(false);
    }
    let kind: Kind = file::read_json(&config)?;
    Ok(["llama", "qwen2"].contains(&kind.model_type.as_str()))
}

fn inner(folder: &Path) -> PathBuf {
    let model = folder.join("model");
    if !folder.join("config.json").is_file() && model.join("config.json").is_file() { model } else { folder.to_owned() }
}
