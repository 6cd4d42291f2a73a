//! What layers are made of. Every backend can do these by the training library's own operations; the processor's backend
//! does the costly ones in one pass each (`processor`).

use burn::tensor::backend::Backend;
use burn::tensor::{ElementConversion, Tensor, activation};

/// Which tokens may look at which.
#[derive(Debug, Clone)]
pub struct Mask {
    /// How many tokens each text of the batch has; what follows them is padding.
    pub lengths: Vec<usize>,
    /// Whether a token sees only itself and those before it.
    pub causal: bool,
}

/// How attention is shaped.
#[derive(Debug, Clone)]
pub struct Attention {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, which divide the query heads.
    pub key_heads: usize,
    /// What may be looked at.
    pub mask: Mask,
}

/// A backend with the operations of the layers.
pub trait Kernels: Backend {
    /// `value` x `weight` + `bias`; [rows, inputs], [outputs, inputs], [outputs].
    fn affine(value: Tensor<Self, 2>, weight: Tensor<Self, 2>, bias: Option<Tensor<Self, 1>>) -> Tensor<Self, 2> {
        let product = value.matmul(weight.transpose());
        match bias {
            Some(bias) => product + bias.unsqueeze(),
            None => product,
        }
    }

    /// Rows with mean 0 and variance 1, then scaled and moved.
    fn norm(value: Tensor<Self, 2>, weight: Tensor<Self, 1>, bias: Tensor<Self, 1>, epsilon: f64) -> Tensor<Self, 2> {
        let centered = value.clone() - value.mean_dim(1);
        let deviation = (centered.clone().powi_scalar(2).mean_dim(1) + epsilon).sqrt();
        centered / deviation * weight.unsqueeze() + bias.unsqueeze()
    }

    /// Rows over the root of their mean square, scaled (RMSNorm).
    fn root_norm(value: Tensor<Self, 2>, weight: Tensor<Self, 1>, epsilon: f64) -> Tensor<Self, 2> {
        let root = (value.clone().powi_scalar(2).mean_dim(1) + epsilon).sqrt();
        value / root * weight.unsqueeze()
    }

    /// The exact GELU, by the error function.
    fn gelu_exact(value: Tensor<Self, 2>) -> Tensor<Self, 2> {
        activation::gelu(value)
    }

    /// The shares that tokens give each other, from scores [batch, heads, from, to], multiplied by `scale` first.
    fn shares(scores: Tensor<Self, 4>, scale: f32, mask: &Mask) -> Tensor<Self, 4> {
        let bias = bias(mask, scores.dims(), &scores.device());
        activation::softmax(scores * scale + bias, 3)
    }

    /// Attention of several heads: queries, keys and values [rows, heads * width] to what each row makes of the values.
    fn attend(query: Tensor<Self, 2>, key: Tensor<Self, 2>, value: Tensor<Self, 2>, by: &Attention) -> Tensor<Self, 2> {
        let [rows, all] = query.dims();
        let (texts, width) = (by.mask.lengths.len(), all / by.heads);
        let split = |tensor: Tensor<Self, 2>, heads: usize| {
            let [rows, _] = tensor.dims();
            tensor.reshape([texts, rows / texts, heads, width]).swap_dims(1, 2)
        };
        // Several query heads share a key head: each key head is laid beside itself.
        let spread = |tensor: Tensor<Self, 2>| {
            let tensor = split(tensor, by.key_heads);
            if by.key_heads == by.heads {
                return tensor;
            }
            let [texts, heads, length, width] = tensor.dims();
            let wide = tensor.reshape([texts, heads, 1, length * width]).repeat_dim(2, by.heads / by.key_heads);
            wide.reshape([texts, by.heads, length, width])
        };
        let scores = split(query, by.heads).matmul(spread(key).transpose());
        let shares = Self::shares(scores, (width as f32).powf(-0.5), &by.mask);
        shares.matmul(spread(value)).swap_dims(1, 2).reshape([rows, all])
    }

    /// The mean over rows of the cross entropy between `scores` [rows, classes] and the right classes, of which
    /// `smoothing` is spread over all classes.
    fn cross_entropy(scores: Tensor<Self, 2>, right: &[usize], smoothing: f32) -> Tensor<Self, 1> {
        let [rows, classes] = scores.dims();
        let numbers: Vec<i64> = right.iter().map(|&class| class as i64).collect();
        let device = scores.device();
        let index = Tensor::<Self, 1, burn::tensor::Int>::from_data(numbers.as_slice(), &device).reshape([rows, 1]);
        let logarithms = activation::log_softmax(scores, 1);
        let hit = logarithms.clone().gather(1, index).sum();
        let spread = if smoothing > 0.0 { logarithms.sum() * (smoothing / classes as f32) } else { Tensor::zeros([1], &device) };
        (hit * (1.0 - smoothing) + spread) * (-1.0 / rows as f32)
    }

    /// One step of AdamW: the weight, its gradient, the means of gradients and of their squares; the three new ones come back.
    fn moved(
        weight: Tensor<Self, 1>,
        gradient: Tensor<Self, 1>,
        mean: Tensor<Self, 1>,
        square: Tensor<Self, 1>,
        by: Move,
    ) -> [Tensor<Self, 1>; 3] {
        let gradient = gradient * by.scale;
        let mean = mean * by.keep_mean + gradient.clone() * (1.0 - by.keep_mean);
        let square = square * by.keep_square + gradient.powi_scalar(2) * (1.0 - by.keep_square);
        let (size, root) = by.corrected();
        let weight = weight * (1.0 - by.rate * by.decay) - mean.clone() * size / (square.clone().sqrt() * root + by.epsilon);
        [weight, mean, square]
    }

    /// The sum of the squares.
    fn squared(value: Tensor<Self, 1>) -> f64 {
        value.powi_scalar(2).sum().into_scalar().elem()
    }
}

impl Move {
    /// The first steps' means are too small because they start at 0: what the mean, with the rate in it, and the root of the
    /// square are multiplied by.
    pub fn corrected(&self) -> (f32, f32) {
        let missing = |keep: f32| 1.0 - keep.powi(self.step);
        (self.rate / missing(self.keep_mean), 1.0 / missing(self.keep_square).sqrt())
    }
}

/// 0 where a token may be looked at, a very low number elsewhere: [batch, 1 or heads, from, to] by broadcasting.
fn bias<B: Backend>(mask: &Mask, [batch, _, from, to]: [usize; 4], device: &B::Device) -> Tensor<B, 4> {
    let rows = if mask.causal { from } else { 1 };
    let mut values = vec![0f32; batch * rows * to];
    for (text, &length) in mask.lengths.iter().enumerate() {
        for row in 0..rows {
            let seen = if mask.causal { length.min(row + to - from + 1) } else { length };
            values[(text * rows + row) * to + seen..(text * rows + row + 1) * to].fill(-1e9);
        }
    }
    Tensor::<B, 1>::from_data(values.as_slice(), device).reshape([batch, 1, rows, to])
}

/// How one step of AdamW (Loshchilov and Hutter 2017) moves a weight.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The learning rate of this step.
    pub rate: f32,
    /// How much of the last steps' mean gradient is kept.
    pub keep_mean: f32,
    /// How much of the last steps' mean square is kept.
    pub keep_square: f32,
    /// Added to the root of the mean square.
    pub epsilon: f32,
    /// The share of the weight that goes, times the rate.
    pub decay: f32,
    /// What the gradient is multiplied by first: clipping and accumulation.
    pub scale: f32,
    /// Which step this is, from 1.
    pub step: i32,
}
