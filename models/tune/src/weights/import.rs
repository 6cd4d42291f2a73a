//! Weights of others: Hugging Face folders, and the fp32 numbers inside an ONNX file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::stored::{Stored, Weights, read};
use super::standard_names;
use crate::onnx::proto::{Model, TensorProto};
use crate::{TuneError, file};

/// `model.safetensors.index.json`: which file holds which tensor.
#[derive(Deserialize)]
struct Index {
    weight_map: std::collections::BTreeMap<String, String>,
}

/// The weights of a folder with `model.safetensors`, or with several such files and their index, or else `model.onnx`.
pub fn from_folder(folder: &Path) -> Result<Weights, TuneError> {
    let mut weights = Weights::new();
    let files = files(folder)?;
    if files.is_empty() {
        let onnx = folder.join("model.onnx");
        if onnx.is_file() {
            return from_onnx(&onnx);
        }
        return Err(TuneError::format(folder, "it has neither model.safetensors nor model.onnx"));
    }
    for path in files {
        weights.extend(read(&path)?.0);
    }
    Ok(standard_names(weights))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, TuneError> {
    let single = folder.join("model.safetensors");
    if single.is_file() {
        return Ok(vec![single]);
    }
    let index = folder.join("model.safetensors.index.json");
    if !index.is_file() {
        return Ok(vec![]);
    }
    let index: Index = file::read_json(&index)?;
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// The fp32 initializers of an ONNX file by their names. Matrices that a MatMul multiplies by are stored the other way
/// round there; those that are named `....weight` come back as [outputs, inputs].
pub fn from_onnx(path: &Path) -> Result<Weights, TuneError> {
    let model = Model::read(path)?;
    let graph = model.graph.ok_or_else(|| TuneError::format(path, "it has no graph"))?;
    let multiplied: std::collections::BTreeSet<&str> =
        graph.node.iter().filter(|node| node.op_type == "MatMul").filter_map(|node| node.input.get(1)).map(String::as_str).collect();
    let mut weights = Weights::new();
    for tensor in &graph.initializer {
        let Some(data) = tensor.floats() else { continue };
        let stored = Stored::new(shape(path, tensor)?, data);
        let turned = stored.shape.len() == 2 && multiplied.contains(tensor.name.as_str());
        weights.insert(tensor.name.clone(), if turned { stored.transposed() } else { stored });
    }
    if weights.is_empty() {
        return Err(TuneError::format(path, "it holds no fp32 weights; a quantized model cannot be trained further"));
    }
    Ok(standard_names(weights))
}

fn shape(path: &Path, tensor: &TensorProto) -> Result<Vec<usize>, TuneError> {
    let axes: Result<Vec<usize>, _> = tensor.dims.iter().map(|&axis| usize::try_from(axis)).collect();
    axes.map_err(|_| TuneError::format(path, format!("{} has a negative axis", tensor.name)))
}
