//! The operations without gradients.

use burn::backend::Flex;
use burn::tensor::ops::FloatTensorOps;
use burn::tensor::{Tensor, TensorData, TensorPrimitive};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::arithmetic;
use crate::network::operations::{Attention, Kernels, Mask, Move};

/// Values in a piece of work for one thread.
const PIECE: usize = 1 << 15;

/// A tensor's own storage, in row order.
pub(super) fn raw<const D: usize>(tensor: Tensor<Flex, D>) -> FlexTensor {
    tensor.into_primitive().tensor().to_contiguous()
}

/// The other way round.
pub(super) fn tensor<const D: usize>(raw: FlexTensor) -> Tensor<Flex, D> {
    Tensor::from_primitive(TensorPrimitive::Float(raw))
}

/// Values with axes.
pub(super) fn new(values: Vec<f32>, axes: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, axes.to_vec()))
}

/// The axes.
pub(super) fn axes(raw: &FlexTensor) -> Vec<usize> {
    raw.layout().shape().to_vec()
}

impl Kernels for Flex {
    fn affine(value: Tensor<Self, 2>, weight: Tensor<Self, 2>, bias: Option<Tensor<Self, 1>>) -> Tensor<Self, 2> {
        let raw_bias = bias.map(raw);
        tensor(affine(value.into_primitive().tensor(), weight.into_primitive().tensor(), raw_bias.as_ref()))
    }

    fn norm(value: Tensor<Self, 2>, weight: Tensor<Self, 1>, bias: Tensor<Self, 1>, epsilon: f64) -> Tensor<Self, 2> {
        tensor(norm(&raw(value), &raw(weight), &raw(bias), epsilon as f32).0)
    }

    fn gelu_exact(value: Tensor<Self, 2>) -> Tensor<Self, 2> {
        tensor(gelu(&raw(value)))
    }

    fn attend(query: Tensor<Self, 2>, key: Tensor<Self, 2>, value: Tensor<Self, 2>, by: &Attention) -> Tensor<Self, 2> {
        tensor(attention(&raw(query), &raw(key), &raw(value), by).0)
    }

    fn cross_entropy(scores: Tensor<Self, 2>, right: &[usize], smoothing: f32) -> Tensor<Self, 1> {
        tensor(cross_entropy(raw(scores), right, smoothing).0)
    }

    fn moved(
        weight: Tensor<Self, 1>,
        gradient: Tensor<Self, 1>,
        mean: Tensor<Self, 1>,
        square: Tensor<Self, 1>,
        by: Move,
    ) -> [Tensor<Self, 1>; 3] {
        let (mut weight, gradient, mut mean, mut square) = (raw(weight), raw(gradient), raw(mean), raw(square));
        let (size, root) = by.corrected();
        let numbers = [by.keep_mean, by.keep_square, by.scale, 1.0 - by.rate * by.decay, size, root, by.epsilon];
        let parts = (weight.storage_mut::<f32>(), mean.storage_mut::<f32>(), square.storage_mut::<f32>());
        let pieces = parts.0.par_chunks_mut(PIECE).zip(gradient.storage::<f32>().par_chunks(PIECE));
        let pieces = pieces.zip(parts.1.par_chunks_mut(PIECE)).zip(parts.2.par_chunks_mut(PIECE));
        pieces.for_each(|(((weight, gradient), mean), square)| arithmetic::moved(weight, gradient, mean, square, numbers));
        [tensor(weight), tensor(mean), tensor(square)]
    }

    fn squared(value: Tensor<Self, 1>) -> f64 {
        let value = raw(value);
        value.storage::<f32>().par_chunks(PIECE).map(|piece| f64::from(arithmetic::squares(piece))).collect::<Vec<_>>().iter().sum()
    }
}

/// `value` x `weight` turned + `bias`.
pub(super) fn affine(value: FlexTensor, weight: FlexTensor, bias: Option<&FlexTensor>) -> FlexTensor {
    let mut product = <Flex as FloatTensorOps<Flex>>::float_matmul(value, weight.transpose(0, 1));
    if let Some(bias) = bias {
        let bias = bias.storage::<f32>();
        let rows = bias.len() * (PIECE / bias.len()).max(1);
        product.storage_mut::<f32>().par_chunks_mut(rows).for_each(|rows| arithmetic::add_to_rows(rows, bias));
    }
    product
}

/// The sums of columns.
pub(super) fn column_sums(rows: &FlexTensor) -> FlexTensor {
    let width = axes(rows)[1];
    let mut sums = vec![0f32; width];
    arithmetic::add_rows(rows.storage::<f32>(), &mut sums);
    new(sums, &[width])
}

/// What `Kernels::norm` says; also the rows before scaling, and 1 over their deviations.
pub(super) fn norm(value: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor, epsilon: f32) -> (FlexTensor, FlexTensor, Vec<f32>) {
    let axes = axes(value);
    let (values, weight, bias) = (value.storage::<f32>(), weight.storage::<f32>(), bias.storage::<f32>());
    let (mut out, mut plain, mut inverses) = (vec![0f32; values.len()], vec![0f32; values.len()], vec![0f32; axes[0]]);
    let rows = values.par_chunks(axes[1]).zip(plain.par_chunks_mut(axes[1])).zip(out.par_chunks_mut(axes[1]));
    rows.zip(inverses.par_iter_mut()).with_min_len(64).for_each(|(((row, plain), out), inverse)| {
        *inverse = arithmetic::norm(row, weight, bias, epsilon, plain, out);
    });
    (new(out, &axes), new(plain, &axes), inverses)
}

pub(super) fn gelu(value: &FlexTensor) -> FlexTensor {
    let values = value.storage::<f32>();
    let mut out = vec![0f32; values.len()];
    values.par_chunks(PIECE).zip(out.par_chunks_mut(PIECE)).for_each(|(values, out)| arithmetic::gelu(values, out));
    new(out, &axes(value))
}

/// Rows as [texts, heads, length, width], without moving them.
pub(super) fn split(rows: &FlexTensor, texts: usize, heads: usize) -> FlexTensor {
    let axes = axes(rows);
    rows.reshape([texts, axes[0] / texts, heads, axes[1] / heads].into()).permute(&[0, 2, 1, 3])
}

/// The other way round, moved into row order.
pub(super) fn joined(value: &FlexTensor) -> FlexTensor {
    let [texts, heads, length, width] = axes(value)[..] else { return value.clone() };
    value.permute(&[0, 2, 1, 3]).to_contiguous().reshape([texts * length, heads * width].into())
}

/// A key head for each query head.
fn spread(value: &FlexTensor, by: &Attention) -> FlexTensor {
    let split = split(value, by.mask.lengths.len(), by.key_heads);
    let copies = by.heads / by.key_heads;
    if copies == 1 {
        return split;
    }
    let [texts, heads, length, width] = axes(&split)[..] else { return split };
    let source = split.to_contiguous();
    let block = length * width;
    let copied =
        source.storage::<f32>().chunks_exact(block).flat_map(|head| std::iter::repeat_n(head, copies)).flatten().copied().collect();
    new(copied, &[texts, heads * copies, length, width])
}

/// How many places a row of scores may look at.
fn seen(mask: &Mask, row: usize, heads: usize, from: usize, to: usize) -> usize {
    let (text, place) = (row / (heads * from), row % from);
    let length = mask.lengths[text];
    if mask.causal { length.min(place + to - from + 1) } else { length }
}

/// What each row makes of the values, and the shares, which the way back needs.
pub(super) fn attention(query: &FlexTensor, key: &FlexTensor, value: &FlexTensor, by: &Attention) -> (FlexTensor, FlexTensor) {
    let query = split(query, by.mask.lengths.len(), by.heads);
    let keys = spread(key, by).transpose(2, 3);
    let scale = (axes(&query)[3] as f32).powf(-0.5);
    let mut shares = <Flex as FloatTensorOps<Flex>>::float_matmul(query, keys);
    let [_, heads, from, to] = axes(&shares)[..] else { return (shares.clone(), shares) };
    shares.storage_mut::<f32>().par_chunks_mut(to).with_min_len(64).enumerate().for_each(|(row, scores)| {
        arithmetic::softmax(scores, seen(&by.mask, row, heads, from, to), scale);
    });
    let mixed = <Flex as FloatTensorOps<Flex>>::float_matmul(shares.clone(), spread(value, by));
    (joined(&mixed), shares)
}

/// The mean cross entropy, and the gradient of the scores.
pub(super) fn cross_entropy(mut scores: FlexTensor, right: &[usize], smoothing: f32) -> (FlexTensor, FlexTensor) {
    let width = axes(&scores)[1];
    let rows = scores.storage_mut::<f32>().par_chunks_mut(width).zip(right.par_iter());
    let losses: Vec<f32> = rows.map(|(row, &right)| arithmetic::cross_entropy(row, right, smoothing)).collect();
    let mean = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64;
    (new(vec![mean as f32], &[1]), scores)
}
