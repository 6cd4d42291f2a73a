//! What a training run will take, before it runs.

use std::fmt;
use std::time::Instant;

use burn::tensor::{Distribution, Tensor};

use crate::network::operations::Kernels;
use crate::network::shapes::Shape;

/// The share of the speed of one large product that training reaches on the processor: a step also normalizes, smooths and
/// moves memory.
const REACHED: f64 = 0.5;

/// A forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Numbers to be learnt.
    pub parameters: f64,
    /// Of these, those in tables that are only looked up.
    pub looked_up: f64,
    /// Tokens in a step, padding included.
    pub step_tokens: f64,
    /// Steps.
    pub steps: f64,
    /// Bytes for weights, gradients, the optimizer's memory and what a step keeps for its way back.
    pub memory: f64,
    /// Operations in a second, measured with one product; nothing was measured if 0.
    pub speed: f64,
}

/// How large a step is.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Examples in a pass.
    pub batch: usize,
    /// Passes in a step.
    pub accumulate: usize,
    /// Tokens of an example.
    pub tokens: usize,
    /// Steps.
    pub steps: u64,
    /// Layers of the network.
    pub layers: usize,
    /// Its width.
    pub width: usize,
    /// The width inside its feed-forward parts.
    pub inner: usize,
    /// Attention heads.
    pub heads: usize,
}

impl Plan {
    /// A forecast for a network with these weights.
    pub fn new(shapes: &[Shape], load: Load, speed: f64) -> Self {
        let count = |shape: &Shape| shape.axes.iter().product::<usize>() as f64;
        let parameters: f64 = shapes.iter().map(count).sum();
        let looked_up = shapes.iter().filter(|shape| shape.name.contains("embed")).map(count).sum();
        let pass = (load.batch * load.tokens) as f64;
        // Kept for the way back, in numbers a token and layer: about ten rows as wide as the network, three as wide as its
        // feed-forward part, and a row of shares for each head.
        let kept = 10 * load.width + 3 * load.inner + load.heads * load.tokens;
        let memory = 4.0 * (4.0 * parameters + pass * (load.layers * kept) as f64);
        Self { parameters, looked_up, step_tokens: pass * load.accumulate as f64, steps: load.steps as f64, memory, speed }
    }

    /// Operations in all: six for each number and token (Kaplan and others 2020), tables that are only looked up aside.
    pub fn operations(&self) -> f64 {
        6.0 * (self.parameters - self.looked_up) * self.step_tokens * self.steps
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millions = |value: f64| format!("{:.2} million", value / 1e6);
        writeln!(out, "parameters       {}, of them {} in tables", millions(self.parameters), millions(self.looked_up))?;
        writeln!(out, "memory           {:.0} MB", self.memory / 1e6)?;
        writeln!(out, "tokens           {} ({} a step, {} steps)", millions(self.step_tokens * self.steps), self.step_tokens, self.steps)?;
        writeln!(out, "tokens to use    {} (20 for each parameter: Hoffmann and others 2022)", millions(20.0 * self.parameters))?;
        writeln!(out, "operations       {:.2e} (6 N D)", self.operations())?;
        if self.speed > 0.0 {
            let seconds = self.operations() / (self.speed * REACHED);
            writeln!(out, "this machine     {:.1} billion operations a second in one product; half of it is counted on", self.speed / 1e9)?;
            writeln!(out, "expected time    {:.0} s ({:.1} h), scores of words and tables not counted", seconds, seconds / 3600.0)?;
        }
        Ok(())
    }
}

/// Operations in a second of a product of the size that a layer has, measured for about half a second.
pub fn speed<B: Kernels>(device: &B::Device) -> f64 {
    let size = 512usize;
    let make = || Tensor::<B, 2>::random([size, size], Distribution::Uniform(-1.0, 1.0), device);
    let (left, right) = (make(), make());
    let _ = left.clone().matmul(right.clone()).into_data();
    let (begun, mut count) = (Instant::now(), 0.0);
    while begun.elapsed().as_secs_f64() < 0.5 {
        let _ = left.clone().matmul(right.clone()).into_data();
        count += 1.0;
    }
    2.0 * (size as f64).powi(3) * count / begun.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::shapes::Start;

    #[test]
    fn six_operations_for_each_number_and_token() {
        let shape = |name: &str, axes: &[usize]| Shape { name: name.to_owned(), axes: axes.to_vec(), start: Start::Zero };
        let load = Load { batch: 2, accumulate: 3, tokens: 4, steps: 5, layers: 1, width: 10, inner: 10, heads: 1 };
        let plan = Plan::new(&[shape("embeddings.word", &[7, 10]), shape("layer", &[10, 10])], load, 0.0);
        assert_eq!((plan.parameters, plan.operations()), (170.0, 6.0 * 100.0 * 24.0 * 5.0));
    }
}
