//! AdamW over named weights, with a limit on the gradient's length.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::TuneError;
use crate::network::operations::{Kernels, Move};
use crate::network::parameters::{Parameters, Value};
use crate::weights::Weights;

/// Gradients by the weights' names.
pub type Gradients<B> = BTreeMap<String, Value<B>>;

/// The optimizer's memory: for each weight the mean of its gradients and of their squares.
pub struct Optimizer<B: Kernels> {
    moments: BTreeMap<String, (Tensor<B, 1>, Tensor<B, 1>)>,
}

const MEAN: &str = "mean:";
const SQUARE: &str = "square:";

impl<B: Kernels> Default for Optimizer<B> {
    fn default() -> Self {
        Self { moments: BTreeMap::new() }
    }
}

impl<B: Kernels> Optimizer<B> {
    /// What a checkpoint kept.
    pub fn restored(stored: &Weights, device: &B::Device) -> Result<Self, TuneError> {
        let mut moments = BTreeMap::new();
        for (name, mean) in stored.iter().filter_map(|(name, mean)| Some((name.strip_prefix(MEAN)?, mean))) {
            let square = stored.get(&format!("{SQUARE}{name}"));
            let square = square.ok_or_else(|| TuneError::Settings(format!("the checkpoint has no squares for {name}")))?;
            let tensor = |data: &[f32]| Tensor::<B, 1>::from_data(data, device);
            moments.insert(name.to_owned(), (tensor(&mean.data), tensor(&square.data)));
        }
        Ok(Self { moments })
    }

    /// What a checkpoint keeps.
    pub fn stored(&self) -> Weights {
        let mut stored = Weights::new();
        for (name, (mean, square)) in &self.moments {
            stored.insert(format!("{MEAN}{name}"), Value::Vector(mean.clone()).stored());
            stored.insert(format!("{SQUARE}{name}"), Value::Vector(square.clone()).stored());
        }
        stored
    }

    /// Moves the weights. `by.scale` is what the gradients are divided by for accumulation; a gradient that is longer than
    /// `clip` after that is shortened to it. Gives the length before; does nothing if that is no number.
    pub fn step(&mut self, weights: &mut Parameters<B>, gradients: Gradients<B>, clip: f64, by: Move) -> f64 {
        let squares: f64 = gradients.values().map(|value| B::squared(value.flat())).sum();
        let length = squares.sqrt() * f64::from(by.scale);
        if !length.is_finite() {
            return length;
        }
        let shorter = if clip > 0.0 && length > clip { (clip / length) as f32 } else { 1.0 };
        for (name, gradient) in gradients {
            let Some(weight) = weights.values_mut().remove(&name) else { continue };
            let axes = weight.axes();
            let flat = weight.flat();
            drop(weight); // the only owner can be changed in place
            let zeros = || (flat.zeros_like(), flat.zeros_like());
            let (mean, square) = self.moments.remove(&name).unwrap_or_else(zeros);
            let decay = if axes.len() < 2 { 0.0 } else { by.decay };
            let own = Move { scale: by.scale * shorter, decay, ..by };
            let gradient = gradient.flat();
            let [flat, mean, square] = B::moved(flat, gradient, mean, square, own);
            weights.values_mut().insert(name.clone(), Value::shaped(flat, &axes));
            self.moments.insert(name, (mean, square));
        }
        length
    }
}
