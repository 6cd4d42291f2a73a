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
        let config = EncoderConfig::read(&folder.join("config.json"))?;
        let (heads, weights) = (Heads::read(folder)?, weights::from_folder(folder)?);
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
    let kind: Kind = file::read_json(&inner(folder).join("config.json"))?;
    Ok(["llama", "qwen2"].contains(&kind.model_type.as_str()))
}

fn inner(folder: &Path) -> PathBuf {
    let model = folder.join("model");
    if !folder.join("config.json").is_file() && model.join("config.json").is_file() { model } else { folder.to_owned() }
}
