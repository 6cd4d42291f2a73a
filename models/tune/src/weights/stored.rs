//! Safetensors files. The only file that knows that library.

use std::collections::BTreeMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{TuneError, file};

/// One tensor in row order.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// As many values as the product of the axes.
    pub data: Vec<f32>,
}

/// Tensors by name.
pub type Weights = BTreeMap<String, Stored>;

impl Stored {
    /// A tensor; `data` must have as many values as `shape` says.
    pub fn new(shape: Vec<usize>, data: Vec<f32>) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len());
        Self { shape, data }
    }

    /// Rows become columns. Only for matrices.
    pub fn transposed(&self) -> Self {
        let (rows, columns) = (self.shape[0], self.shape[1]);
        let mut data = Vec::with_capacity(self.data.len());
        for column in 0..columns {
            data.extend((0..rows).map(|row| self.data[row * columns + column]));
        }
        Self { shape: vec![columns, rows], data }
    }
}

/// Reads all floating point tensors of a safetensors file; whole numbers (position numbers, say) are left out.
pub fn read(path: &Path) -> Result<(Weights, BTreeMap<String, String>), TuneError> {
    let bytes = file::read(path)?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| TuneError::format(path, error))?;
    let parsed = SafeTensors::deserialize(&bytes).map_err(|error| TuneError::format(path, error))?;
    let mut weights = Weights::new();
    for (name, view) in parsed.tensors() {
        if let Some(data) = floats(&view) {
            weights.insert(name, Stored::new(view.shape().to_vec(), data));
        }
    }
    Ok((weights, header.metadata().clone().unwrap_or_default().into_iter().collect()))
}

fn floats(view: &TensorView) -> Option<Vec<f32>> {
    let halves = |convert: fn([u8; 2]) -> f32| view.data().chunks_exact(2).map(|pair| convert([pair[0], pair[1]])).collect();
    match view.dtype() {
        Dtype::F32 => Some(view.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()),
        Dtype::F16 => Some(halves(|pair| f16::from_le_bytes(pair).to_f32())),
        Dtype::BF16 => Some(halves(|pair| bf16::from_le_bytes(pair).to_f32())),
        _ => None,
    }
}

/// Replaces a safetensors file. `notes` go into its header.
pub fn write(path: &Path, weights: &Weights, notes: &BTreeMap<String, String>) -> Result<(), TuneError> {
    let bytes: Vec<(&String, &Stored, Vec<u8>)> =
        weights.iter().map(|(name, tensor)| (name, tensor, tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect())).collect();
    let views: Result<Vec<_>, _> = bytes
        .iter()
        .map(|(name, tensor, bytes)| TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (name.as_str(), view)))
        .collect();
    let views = views.map_err(|error| TuneError::format(path, error))?;
    let notes = notes.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let serialized = safetensors::serialize(views, Some(notes)).map_err(|error| TuneError::format(path, error))?;
    file::write(path, &serialized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let weights = Weights::from([
            ("a.weight".to_owned(), Stored::new(vec![2, 3], vec![1.0, -2.5, 3.0, 0.0, f32::MIN_POSITIVE, 6.0])),
            ("a.bias".to_owned(), Stored::new(vec![2], vec![0.5, -0.5])),
        ]);
        let notes = BTreeMap::from([("step".to_owned(), "7".to_owned())]);
        write(&path, &weights, &notes).unwrap();
        assert_eq!(read(&path).unwrap(), (weights, notes));
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        write(&path, &Weights::from([("a".to_owned(), Stored::new(vec![4], vec![1.0; 4]))]), &BTreeMap::new()).unwrap();
        let bytes = file::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert!(read(&path).is_err());
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let tensor = Stored::new(vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(tensor.transposed().data, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(tensor.transposed().transposed(), tensor);
    }
}
