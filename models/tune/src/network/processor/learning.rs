//! The same operations with their way back.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex};
use burn::tensor::ops::{FloatTensor, FloatTensorOps};
use burn::tensor::{Tensor, TensorPrimitive};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::{arithmetic, forward};
use crate::network::operations::{Attention, Kernels};

type Learning = Autodiff<Flex>;
type Node = FloatTensor<Learning>;

fn node<const D: usize>(tensor: Tensor<Learning, D>) -> Node {
    tensor.into_primitive().tensor()
}

fn tensor<const D: usize>(node: Node) -> Tensor<Learning, D> {
    Tensor::from_primitive(TensorPrimitive::Float(node))
}

/// Joins what was computed to the graph: `backward` with `state` is its way back to `parents`.
fn joined<W, const N: usize>(backward: W, parents: [&Node; N], state: W::State, output: FlexTensor) -> Node
where
    W: Backward<Flex, N>,
{
    match backward.prepare::<NoCheckpointing>(parents.map(|parent| parent.node.clone())).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

fn product(left: FlexTensor, right: FlexTensor) -> FlexTensor {
    <Flex as FloatTensorOps<Flex>>::float_matmul(left, right)
}

/// Hands each parent that learns its gradient.
fn hand<S, const N: usize>(ops: &Ops<S, N>, grads: &mut Gradients, number: usize, gradient: impl FnOnce() -> FlexTensor) {
    if let Some(parent) = &ops.parents[number] {
        grads.register::<Flex>(parent.id, gradient());
    }
}

#[derive(Debug)]
struct Affine;

impl Backward<Flex, 3> for Affine {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (value, weight) = ops.state.clone();
        hand(&ops, grads, 0, || product(gradient.clone(), weight));
        hand(&ops, grads, 1, || product(gradient.transpose(0, 1), value));
        hand(&ops, grads, 2, || forward::column_sums(&gradient));
    }
}

#[derive(Debug)]
struct Product;

impl Backward<Flex, 2> for Product {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (value, weight) = ops.state.clone();
        hand(&ops, grads, 0, || product(gradient.clone(), weight));
        hand(&ops, grads, 1, || product(gradient.transpose(0, 1), value));
    }
}

#[derive(Debug)]
struct Norm;

impl Backward<Flex, 3> for Norm {
    type State = (FlexTensor, Vec<f32>, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let mut gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (plain, inverses, weight) = &ops.state;
        let (width, weight) = (forward::axes(plain)[1], weight.storage::<f32>());
        let rows = gradient.storage_mut::<f32>().par_chunks_mut(64 * width).zip(plain.storage::<f32>().par_chunks(64 * width));
        // Each piece adds for itself, and the pieces are added in order, so that the sum is the same every time.
        let sums: Vec<(Vec<f32>, Vec<f32>)> = rows
            .zip(inverses.par_chunks(64))
            .map(|((gradients, plains), inverses)| {
                let mut sums = (vec![0f32; width], vec![0f32; width]);
                let rows = gradients.chunks_exact_mut(width).zip(plains.chunks_exact(width));
                for ((gradient, plain), &inverse) in rows.zip(inverses) {
                    arithmetic::norm_slope(plain, inverse, weight, gradient, &mut sums.0, &mut sums.1);
                }
                sums
            })
            .collect();
        let mut total = (vec![0f32; width], vec![0f32; width]);
        for (weight, bias) in &sums {
            arithmetic::add_rows(weight, &mut total.0);
            arithmetic::add_rows(bias, &mut total.1);
        }
        hand(&ops, grads, 0, || gradient);
        hand(&ops, grads, 1, || forward::new(total.0, &[width]));
        hand(&ops, grads, 2, || forward::new(total.1, &[width]));
    }
}

#[derive(Debug)]
struct Gelu;

impl Backward<Flex, 1> for Gelu {
    type State = FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let mut gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let pieces = gradient.storage_mut::<f32>().par_chunks_mut(1 << 15).zip(ops.state.storage::<f32>().par_chunks(1 << 15));
        pieces.for_each(|(gradient, values)| arithmetic::gelu_slope(values, gradient));
        hand(&ops, grads, 0, || gradient);
    }
}

#[derive(Debug)]
struct Attend;

impl Backward<Flex, 3> for Attend {
    type State = (FlexTensor, FlexTensor, FlexTensor, FlexTensor, usize);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (query, key, value, shares, heads) = &ops.state;
        let texts = forward::axes(shares)[0];
        let split = |rows: &FlexTensor| forward::split(rows, texts, *heads);
        let gradient = split(&gradient);
        let mut scores = product(gradient.clone(), split(value).transpose(2, 3));
        let (to, width) = (forward::axes(shares)[3], forward::axes(&gradient)[3]);
        let rows = scores.storage_mut::<f32>().par_chunks_mut(to).zip(shares.storage::<f32>().par_chunks(to));
        let scale = (width as f32).powf(-0.5);
        rows.with_min_len(64).for_each(|(gradient, shares)| arithmetic::softmax_slope(shares, gradient, scale));
        hand(&ops, grads, 0, || forward::joined(&product(scores.clone(), split(key))));
        hand(&ops, grads, 1, || forward::joined(&product(scores.transpose(2, 3), split(query))));
        hand(&ops, grads, 2, || forward::joined(&product(shares.transpose(2, 3), gradient)));
    }
}

#[derive(Debug)]
struct Entropy;

impl Backward<Flex, 1> for Entropy {
    type State = FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let rows = forward::axes(&ops.state)[0] as f32;
        let factor = gradient.storage::<f32>()[0] / rows;
        hand(&ops, grads, 0, || <Flex as FloatTensorOps<Flex>>::float_mul_scalar(ops.state.clone(), factor.into()));
    }
}

impl Kernels for Learning {
    fn affine(value: Tensor<Self, 2>, weight: Tensor<Self, 2>, bias: Option<Tensor<Self, 1>>) -> Tensor<Self, 2> {
        let (value, weight) = (node(value), node(weight));
        let state = (value.primitive.clone(), weight.primitive.clone());
        let Some(bias) = bias.map(node) else {
            let output = forward::affine(value.primitive.clone(), weight.primitive.clone(), None);
            return tensor(joined(Product, [&value, &weight], state, output));
        };
        let output = forward::affine(value.primitive.clone(), weight.primitive.clone(), Some(&bias.primitive.to_contiguous()));
        tensor(joined(Affine, [&value, &weight, &bias], state, output))
    }

    fn norm(value: Tensor<Self, 2>, weight: Tensor<Self, 1>, bias: Tensor<Self, 1>, epsilon: f64) -> Tensor<Self, 2> {
        let (value, weight, bias) = (node(value), node(weight), node(bias));
        let raw = |node: &Node| node.primitive.to_contiguous();
        let (output, plain, inverses) = forward::norm(&raw(&value), &raw(&weight), &raw(&bias), epsilon as f32);
        let state = (plain, inverses, raw(&weight));
        tensor(joined(Norm, [&value, &weight, &bias], state, output))
    }

    fn gelu_exact(value: Tensor<Self, 2>) -> Tensor<Self, 2> {
        let value = node(value);
        let raw = value.primitive.to_contiguous();
        let output = forward::gelu(&raw);
        tensor(joined(Gelu, [&value], raw, output))
    }

    fn attend(query: Tensor<Self, 2>, key: Tensor<Self, 2>, value: Tensor<Self, 2>, by: &Attention) -> Tensor<Self, 2> {
        let [rows, width] = query.dims();
        // Heads that are shared get their copies from the library, which knows the way back.
        let spread = |tensor: Tensor<Self, 2>| {
            let copies = by.heads / by.key_heads;
            if copies == 1 {
                return tensor;
            }
            let wide = tensor.reshape([rows, by.key_heads, 1, width / by.heads]).repeat_dim(2, copies);
            wide.reshape([rows, width])
        };
        let (query, key, value) = (node(query), node(spread(key)), node(spread(value)));
        let by = Attention { key_heads: by.heads, ..by.clone() };
        let raw = |node: &Node| node.primitive.to_contiguous();
        let (raw_query, raw_key, raw_value) = (raw(&query), raw(&key), raw(&value));
        let (output, shares) = forward::attention(&raw_query, &raw_key, &raw_value, &by);
        let state = (raw_query, raw_key, raw_value, shares, by.heads);
        tensor(joined(Attend, [&query, &key, &value], state, output))
    }

    fn cross_entropy(scores: Tensor<Self, 2>, right: &[usize], smoothing: f32) -> Tensor<Self, 1> {
        let scores = node(scores);
        let (loss, gradient) = forward::cross_entropy(scores.primitive.to_contiguous(), right, smoothing);
        tensor(joined(Entropy, [&scores], gradient, loss))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::network::operations::Mask;

    /// A backend that has the same numbers and none of these operations: what the library itself computes.
    fn random<const D: usize>(axes: [usize; D]) -> Tensor<Learning, D> {
        Tensor::<Learning, D>::random(axes, Distribution::Normal(0.0, 1.0), &Default::default()).require_grad()
    }

    /// Both ways of computing give one value and one gradient for each input.
    fn check<const D: usize>(inputs: &[Tensor<Learning, 2>], ours: Tensor<Learning, D>, theirs: Tensor<Learning, D>) {
        ours.to_data().assert_approx_eq::<f32>(&theirs.to_data(), burn::tensor::Tolerance::absolute(2e-5));
        // Uneven weights, so that no gradient vanishes by symmetry.
        let weights = Tensor::random(ours.dims(), Distribution::Uniform(0.0, 1.0), &Default::default());
        let (found, expected) = ((ours * weights.clone()).sum().backward(), (theirs * weights).sum().backward());
        for input in inputs {
            let (found, expected) = (input.grad(&found).unwrap(), input.grad(&expected).unwrap());
            found.to_data().assert_approx_eq::<f32>(&expected.to_data(), burn::tensor::Tolerance::absolute(1e-4));
        }
    }

    #[test]
    fn a_layer_and_its_way_back() {
        let (value, weight, bias) = (random([7, 5]), random([3, 5]), random([1, 3]));
        let theirs = value.clone().matmul(weight.clone().transpose()) + bias.clone();
        let ours = Learning::affine(value.clone(), weight.clone(), Some(bias.clone().reshape([3])));
        check(&[value, weight, bias], ours, theirs);
    }

    #[test]
    fn a_norm_and_its_way_back() {
        let (value, weight, bias) = (random([70, 24]), random([1, 24]), random([1, 24]));
        let centered = value.clone() - value.clone().mean_dim(1);
        let deviation = (centered.clone().powi_scalar(2).mean_dim(1) + 1e-5).sqrt();
        let theirs = centered / deviation * weight.clone() + bias.clone();
        let ours = Learning::norm(value.clone(), weight.clone().reshape([24]), bias.clone().reshape([24]), 1e-5);
        check(&[value, weight, bias], ours, theirs);
    }

    #[test]
    fn gelu_and_its_way_back() {
        let value = random([9, 33]);
        check(std::slice::from_ref(&value), Learning::gelu_exact(value.clone()), burn::tensor::activation::gelu(value.clone()));
    }

    #[test]
    fn attention_and_its_way_back() {
        for (key_heads, causal) in [(4, false), (2, true)] {
            let (query, key, value) = (random([10, 12]), random([10, 3 * key_heads]), random([10, 3 * key_heads]));
            let by = Attention { heads: 4, key_heads, mask: Mask { lengths: vec![5, 3], causal } };
            let ours = Learning::attend(query.clone(), key.clone(), value.clone(), &by);
            let split = |tensor: Tensor<Learning, 2>, heads: usize| tensor.reshape([2, 5, heads, 3]).swap_dims(1, 2);
            let spread = |tensor: Tensor<Learning, 2>| {
                let wide = split(tensor, key_heads).reshape([2, key_heads, 1, 15]).repeat_dim(2, 4 / key_heads);
                wide.reshape([2, 4, 5, 3])
            };
            let scores = split(query.clone(), 4).matmul(spread(key.clone()).transpose());
            let shares = Learning::shares(scores, 3f32.powf(-0.5), &by.mask);
            let theirs = shares.matmul(spread(value.clone())).swap_dims(1, 2).reshape([10, 12]);
            check(&[query, key, value], ours, theirs);
        }
    }

    #[test]
    fn cross_entropy_and_its_way_back() {
        for smoothing in [0.0, 0.1] {
            let scores = random([6, 9]);
            let right = [0usize, 8, 3, 3, 1, 7];
            let picked = Tensor::<Learning, 1, burn::tensor::Int>::from_data([0i64, 8, 3, 3, 1, 7], &Default::default());
            let logarithms = burn::tensor::activation::log_softmax(scores.clone(), 1);
            let hit = logarithms.clone().gather(1, picked.reshape([6, 1])).sum() * (1.0 - smoothing);
            let theirs = (hit + logarithms.sum() * (smoothing / 9.0)) * (-1.0 / 6.0);
            let ours = Learning::cross_entropy(scores.clone(), &right, smoothing);
            check(&[scores], ours, theirs);
        }
    }
}
