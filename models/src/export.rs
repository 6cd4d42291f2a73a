//! Plain sentence-transformers exports: folders without `model.toml`, as that library saves them.
//!
//! `modules.json` lists what a sentence passes: a transformer, a pooling, and perhaps a normalization.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::folder::{EncoderSection, ModelFolder, ModelManifest, ModelSection, Role, Thresholds};
use crate::{ModelError, Pooling, file};

/// One step of `modules.json`. `kind` is the Python class with its modules.
#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The part of `1_Pooling/config.json` that is needed; the rest are further `pooling_mode_...` switches.
#[derive(Deserialize)]
struct PoolingConfig {
    word_embedding_dimension: usize,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// `sentence_bert_config.json`.
#[derive(Deserialize)]
struct TransformerConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// Reads the export in `folder`. There are no hashes to compare with, so those found become the model's identity.
pub(crate) fn open(folder: &Path) -> Result<ModelFolder, ModelError> {
    let modules_path = folder.join("modules.json");
    if !modules_path.exists() {
        let hint = "a model's folder has either model.toml or, as sentence-transformers saves it, modules.json".to_owned();
        return Err(ModelError::Missing { path: folder.join("model.toml"), hint });
    }
    let modules: Vec<Module> = json(&modules_path)?;
    let (transformer, pooling, normalize) = match modules.as_slice() {
        [transformer, pooling] if named(&[transformer, pooling], &["Transformer", "Pooling"]) => (transformer, pooling, false),
        [transformer, pooling, last] if named(&[transformer, pooling, last], &["Transformer", "Pooling", "Normalize"]) => {
            (transformer, pooling, true)
        }
        _ => return Err(ModelError::unsupported(&modules_path, "only Transformer, Pooling and Normalize, in this order, are known")),
    };
    let home = folder.join(&transformer.path);
    let (pooling, dimension) = pooling_of(&folder.join(&pooling.path).join("config.json"))?;
    let encoder = EncoderSection { pooling, normalize, max_tokens: max_tokens(&home)?, dimension };
    let model = ["onnx/model.onnx", "model.onnx"].into_iter().find(|name| home.join(name).is_file()).ok_or_else(|| {
        let hint = "export the model to ONNX first".to_owned();
        ModelError::Missing { path: home.join("onnx/model.onnx"), hint }
    })?;
    let files = hashes(&home, model)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let section = ModelSection { name, version: String::new(), role: Role::Encoder, languages: vec![], license: String::new() };
    let manifest = ModelManifest { model: section, encoder: Some(encoder), judge: None, thresholds: Thresholds::default(), files };
    Ok(ModelFolder::new(&home, manifest, model, "tokenizer.json"))
}

fn named(modules: &[&Module], names: &[&str]) -> bool {
    modules.iter().zip(names).all(|(module, name)| module.kind.rsplit('.').next() == Some(name))
}

/// The pooling and the number of components. Older versions of the format have one switch per kind, newer ones a name.
fn pooling_of(path: &Path) -> Result<(Pooling, usize), ModelError> {
    let config: PoolingConfig = json(path)?;
    let switched = |(key, value): (&String, &serde_json::Value)| match (key.strip_prefix("pooling_mode"), value) {
        (Some(""), serde_json::Value::String(name)) => Some(name.clone()),
        (Some(kind), serde_json::Value::Bool(true)) => Some(kind.trim_start_matches('_').to_owned()),
        _ => None,
    };
    let kinds: Vec<String> = config.rest.iter().filter_map(switched).collect();
    let pooling = match kinds.as_slice() {
        [kind] if kind == "mean_tokens" || kind == "mean" => Pooling::Mean,
        [kind] if kind == "cls_token" || kind == "cls" => Pooling::Cls,
        [kind] if kind == "lasttoken" => Pooling::LastToken,
        kinds => return Err(ModelError::unsupported(path, format!("pooling {kinds:?}; mean, cls and lasttoken are known"))),
    };
    Ok((pooling, config.word_embedding_dimension))
}

fn max_tokens(home: &Path) -> Result<usize, ModelError> {
    let path = home.join("sentence_bert_config.json");
    let config: TransformerConfig = json(&path)?;
    if config.do_lower_case {
        return Err(ModelError::unsupported(&path, "do_lower_case; let the tokenizer's normalizer lowercase"));
    }
    config.max_seq_length.ok_or_else(|| ModelError::unsupported(&path, "it has no max_seq_length"))
}

/// The files that decide about the vectors, weights outside of the graph included.
fn hashes(home: &Path, model: &str) -> Result<BTreeMap<String, String>, ModelError> {
    let mut names = vec![model.to_owned(), "tokenizer.json".to_owned()];
    names.extend([format!("{model}_data"), format!("{model}.data")].into_iter().filter(|name| home.join(name).is_file()));
    names.into_iter().map(|name| file::sha256(&home.join(&name)).map(|hash| (name, hash))).collect()
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    serde_json::from_str(&file::read_text(path)?).map_err(|error| ModelError::corrupt(path, error))
}
