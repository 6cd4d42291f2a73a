//! Layers by their weights' names, with the small matrices that LoRA adds (Hu and others 2021) where there are some.

use burn::tensor::Tensor;

use super::operations::Kernels;
use super::parameters::Parameters;
use super::shapes::{Shape, Start};
use crate::TuneError;
use crate::weights::{Stored, Weights};

/// The endings of LoRA's names.
pub const DOWN: &str = ".lora_a";
/// The other one.
pub const UP: &str = ".lora_b";

/// `value` x weight + bias, by the name that weight and bias share; a bias need not be there.
pub fn linear<B: Kernels>(weights: &Parameters<B>, value: Tensor<B, 2>, name: &str) -> Tensor<B, 2> {
    let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
    let bias = weights.has(&bias).then(|| weights.vector(&bias));
    let out = B::affine(value.clone(), weights.matrix(&weight), bias);
    let (down, up) = (format!("{name}{DOWN}"), format!("{name}{UP}"));
    if !weights.has(&down) {
        return out;
    }
    out + B::affine(B::affine(value, weights.matrix(&down), None), weights.matrix(&up), None)
}

/// The small matrices for every matrix of an attention or feed-forward part. The first starts random, the second at zero, so
/// nothing changes before the first step.
pub fn lora_shapes(weights: &Weights, rank: usize) -> Vec<Shape> {
    let inner = |name: &str| name.contains("layers.") || name.contains("encoder.layer.");
    let pair = |(name, stored): (&String, &Stored)| {
        let stem = name.strip_suffix(".weight").filter(|_| stored.shape.len() == 2 && inner(name))?;
        let down = Shape { name: format!("{stem}{DOWN}"), axes: vec![rank, stored.shape[1]], start: Start::Normal };
        Some([down, Shape { name: format!("{stem}{UP}"), axes: vec![stored.shape[0], rank], start: Start::Zero }])
    };
    weights.iter().filter_map(pair).flatten().collect()
}

/// Multiplies the small matrices and adds them to the large ones they belong to.
pub fn merged(weights: Weights) -> Result<Weights, TuneError> {
    let (small, mut large): (Weights, Weights) = weights.into_iter().partition(|(name, _)| name.ends_with(DOWN) || name.ends_with(UP));
    for (name, down) in small.iter().filter(|(name, _)| name.ends_with(DOWN)) {
        let stem = name.trim_end_matches(DOWN);
        let missing = || TuneError::Settings(format!("{name} has no counterpart"));
        let up = small.get(&format!("{stem}{UP}")).ok_or_else(missing)?;
        let weight = large.get_mut(&format!("{stem}.weight")).ok_or_else(missing)?;
        let (rank, inputs) = (down.shape[0], down.shape[1]);
        for (row, values) in weight.data.chunks_exact_mut(inputs).enumerate() {
            for part in 0..rank {
                let factor = up.data[row * rank + part];
                values.iter_mut().zip(&down.data[part * inputs..]).for_each(|(value, down)| *value += factor * down);
            }
        }
    }
    Ok(large)
}
