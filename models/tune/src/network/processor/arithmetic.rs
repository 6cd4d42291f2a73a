//! Sums over slices, in loops that the compiler turns into vector instructions. Which of them the machine has is found out
//! while the program runs.
#![allow(unsafe_code, reason = "the choice of instructions is made by code that the macro writes; there is none by hand")]

use multiversion::multiversion;

/// e to the x, to within 2 units in the last place: 2 to a whole number, times a polynomial.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding this number leaves the nearest whole number in the lowest bits.
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let whole = shifted - 12_582_912.0;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4;
    for factor in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * rest + factor;
    }
    let value = sum * rest * rest + rest + 1.0;
    value * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// The share of a normal distribution below x, and its density there (Abramowitz and Stegun 7.1.26, error below 1.5e-7).
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let density = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let mut sum = 1.061_405_4;
    for factor in [-1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + factor;
    }
    let tail = 0.5 * sum * t * density;
    (if x < 0.0 { tail } else { 1.0 - tail }, density * 0.398_942_3)
}

/// The exact GELU of each value.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn gelu(values: &[f32], out: &mut [f32]) {
    for (value, out) in values.iter().zip(out) {
        *out = value * normal(*value).0;
    }
}

/// Multiplies gradients by the slope of GELU at `values`.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn gelu_slope(values: &[f32], gradient: &mut [f32]) {
    for (value, gradient) in values.iter().zip(gradient) {
        let (share, density) = normal(*value);
        *gradient *= share + value * density;
    }
}

/// The sum of what `part` makes of each value: sixteen sums at once, because a single one must be added in order.
#[inline(always)]
fn sum(values: &[f32], part: impl Fn(f32) -> f32) -> f32 {
    let (whole, rest) = values.as_chunks::<16>();
    let mut sums = [0f32; 16];
    for sixteen in whole {
        for (sum, value) in sums.iter_mut().zip(sixteen) {
            *sum += part(*value);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| part(*value)).sum::<f32>()
}

/// The sum of the products of two slices.
#[inline(always)]
fn product(left: &[f32], right: &[f32]) -> f32 {
    let ((whole, rest), (other, other_rest)) = (left.as_chunks::<16>(), right.as_chunks::<16>());
    let mut sums = [0f32; 16];
    for (left, right) in whole.iter().zip(other) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().zip(other_rest).map(|(left, right)| left * right).sum::<f32>()
}

/// Softmax of `row[..seen]` times `scale`, in place; the rest becomes 0.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn softmax(row: &mut [f32], seen: usize, scale: f32) {
    let (row, rest) = row.split_at_mut(seen);
    rest.fill(0.0);
    let highest = row.iter().fold(f32::MIN, |highest, value| if *value > highest { *value } else { highest });
    for value in row.iter_mut() {
        *value = exp((*value - highest) * scale);
    }
    let sum = sum(row, |value| value);
    let share = 1.0 / sum;
    row.iter_mut().for_each(|value| *value *= share);
}

/// Gradients of shares become gradients of scores, in place.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn softmax_slope(shares: &[f32], gradient: &mut [f32], scale: f32) {
    let mean = product(shares, gradient);
    for (share, gradient) in shares.iter().zip(gradient) {
        *gradient = share * (*gradient - mean) * scale;
    }
}

/// A row with mean 0 and variance 1, scaled and moved; gives 1 over its deviation. `plain` gets the row before scaling.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn norm(row: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, plain: &mut [f32], out: &mut [f32]) -> f32 {
    let count = row.len() as f32;
    let mean = sum(row, |value| value) / count;
    let variance = sum(row, |value| (value - mean) * (value - mean)) / count;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    for (((value, plain), out), (weight, bias)) in row.iter().zip(plain).zip(out).zip(weight.iter().zip(bias)) {
        *plain = (value - mean) * inverse;
        *out = *plain * weight + bias;
    }
    inverse
}

/// The gradient of a norm's row, in place; adds to the gradients of weight and bias.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn norm_slope(plain: &[f32], inverse: f32, weight: &[f32], gradient: &mut [f32], to_weight: &mut [f32], to_bias: &mut [f32]) {
    let count = gradient.len() as f32;
    for ((gradient, plain), (to_weight, to_bias)) in gradient.iter().zip(plain).zip(to_weight.iter_mut().zip(to_bias)) {
        *to_weight += gradient * plain;
        *to_bias += gradient;
    }
    gradient.iter_mut().zip(weight).for_each(|(gradient, weight)| *gradient *= weight);
    let mean = sum(gradient, |value| value) / count;
    let along = product(gradient, plain) / count;
    for (gradient, plain) in gradient.iter_mut().zip(plain) {
        *gradient = (*gradient - mean - plain * along) * inverse;
    }
}

/// Adds `bias` to each row of `rows`.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn add_to_rows(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}

/// Adds all rows of `rows` to `sums`.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn add_rows(rows: &[f32], sums: &mut [f32]) {
    for row in rows.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}

/// A row of scores becomes its gradient for the right class, and its cross entropy comes back.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn cross_entropy(row: &mut [f32], right: usize, smoothing: f32) -> f32 {
    let highest = row.iter().fold(f32::MIN, |highest, value| if *value > highest { *value } else { highest });
    let (hit, all) = (row[right] - highest, if smoothing > 0.0 { sum(row, |value| value - highest) } else { 0.0 });
    for value in row.iter_mut() {
        *value = exp(*value - highest);
    }
    let sum = sum(row, |value| value);
    let (share, spread) = (1.0 / sum, smoothing / row.len() as f32);
    row.iter_mut().for_each(|value| *value = *value * share - spread);
    row[right] -= 1.0 - smoothing;
    sum.ln() - (1.0 - smoothing) * hit - spread * all
}

/// The sum of the squares.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn squares(values: &[f32]) -> f32 {
    product(values, values)
}

/// A step of AdamW, in place. `numbers`: keep_mean, keep_square, scale, the share of the weight that stays, size, root, epsilon.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f"))]
pub(super) fn moved(weight: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32], numbers: [f32; 7]) {
    let [keep_mean, keep_square, scale, stays, size, root, epsilon] = numbers;
    for (((weight, gradient), mean), square) in weight.iter_mut().zip(gradient).zip(mean).zip(square) {
        let gradient = gradient * scale;
        *mean = *mean * keep_mean + gradient * (1.0 - keep_mean);
        *square = *square * keep_square + gradient * gradient * (1.0 - keep_square);
        *weight = *weight * stays - *mean * size / (square.sqrt() * root + epsilon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_normal_are_near_the_libraries() {
        for step in -800..800 {
            let x = step as f32 * 0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-6, "{x}");
        }
        // Known values of the normal distribution.
        for (x, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-2.0, 0.022_750_13), (3.0, 0.998_650_1)] {
            assert!((normal(x).0 - share).abs() < 3e-7, "{x}: {}", normal(x).0);
        }
    }
}
