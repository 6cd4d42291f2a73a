//! Weights of others: Hugging Face folders, and the fp32 numbers inside an ONNX file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::standard_names;
use super::stored::{Stored, Weights, read};
use crate::onnx::proto::{Model, Node, TensorProto};
use crate::{TuneError, file};

/// `model.safetensors.index.json`: which file holds which tensor.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
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

/// The weights in an ONNX file by their names. Matrices that a MatMul multiplies by are stored the other way round there and
/// come back as [outputs, inputs]. Weights of 8 bits, as ONNX Runtime's quantizer names them, are multiplied out: near
/// enough to start from.
pub fn from_onnx(path: &Path) -> Result<Weights, TuneError> {
    let model = Model::read(path)?;
    let graph = model.graph.ok_or_else(|| TuneError::format(path, "it has no graph"))?;
    let product = |node: &&Node| ["MatMul", "MatMulInteger"].contains(&node.op_type.as_str());
    let multiplied: BTreeSet<&str> = graph.node.iter().filter(product).filter_map(|node| node.input.get(1)).map(String::as_str).collect();
    let named: BTreeMap<&str, &TensorProto> = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut weights = Weights::new();
    for tensor in &graph.initializer {
        let Some((name, data)) = values(tensor, &named) else { continue };
        let stored = Stored::new(shape(path, tensor)?, data);
        let turned = stored.shape.len() == 2 && multiplied.contains(tensor.name.as_str());
        weights.insert(name.to_owned(), if turned { stored.transposed() } else { stored });
    }
    Ok(standard_names(weights))
}

/// A weight's own name and its numbers; nothing for what is no weight.
fn values<'a>(tensor: &'a TensorProto, named: &BTreeMap<&str, &TensorProto>) -> Option<(&'a str, Vec<f32>)> {
    if let Some(stem) = tensor.name.strip_suffix("_quantized") {
        let scales = named.get(format!("{stem}_scale").as_str())?.floats()?;
        let zeros = named.get(format!("{stem}_zero_point").as_str()).map(|zeros| zeros.whole()).unwrap_or_default();
        let of = |column: usize| (scales[column % scales.len()], zeros.get(column % zeros.len().max(1)).copied().unwrap_or(0));
        let number = |(at, whole): (usize, i32)| {
            let (scale, zero) = of(at);
            (whole - zero) as f32 * scale
        };
        return Some((stem, tensor.whole().into_iter().enumerate().map(number).collect()));
    }
    let weight = tensor.name.ends_with(".weight") || tensor.name.ends_with(".bias");
    Some((tensor.name.as_str(), tensor.floats().filter(|_| weight)?))
}

fn shape(path: &Path, tensor: &TensorProto) -> Result<Vec<usize>, TuneError> {
    let axes: Result<Vec<usize>, _> = tensor.dims.iter().map(|&axis| usize::try_from(axis)).collect();
    axes.map_err(|_| TuneError::format(path, format!("{} has a negative axis", tensor.name)))
}

/// How many attention heads an encoder's file has: the constant by which it splits the width.
pub fn heads_in_onnx(path: &Path) -> Result<Option<usize>, TuneError> {
    let graph = Model::read(path)?.graph.unwrap_or_default();
    let split = graph.initializer.into_iter().find(|tensor| tensor.name == "split");
    Ok(split
        .and_then(|tensor| tensor.raw_data.get(16..24).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes))
        .map(|heads| heads as usize))
}
