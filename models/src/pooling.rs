//! From one vector per token to one vector per sentence.

use serde::{Deserialize, Serialize};

/// How a sentence's vector is made from its tokens' vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean over all tokens.
    Mean,
    /// The first token's vector (`[CLS]` in BERT's family).
    Cls,
    /// The last token's vector (encoders made from decoders).
    LastToken,
}

impl Pooling {
    /// The name as `model.toml` writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
            Self::LastToken => "last-token",
        }
    }

    /// The sentence's vector. `tokens` is a matrix in row order with `dimension` columns and at least one row; there are
    /// no padding rows, because every sentence runs alone.
    pub(crate) fn apply(self, tokens: &[f32], dimension: usize) -> Vec<f32> {
        match self {
            Self::Cls => tokens[..dimension].to_vec(),
            Self::LastToken => tokens[tokens.len() - dimension..].to_vec(),
            Self::Mean => mean(tokens, dimension),
        }
    }
}

fn mean(tokens: &[f32], dimension: usize) -> Vec<f32> {
    let rows = (tokens.len() / dimension) as f32;
    let mut sum = vec![0.0; dimension];
    for row in tokens.chunks_exact(dimension) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sum.iter_mut().for_each(|value| *value /= rows);
    sum
}

/// Scales a vector to unit length. A vector of zeros stays as it is.
pub(crate) fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 8.0, 0.0];

    #[test]
    fn each_pooling_takes_its_own_rows() {
        assert_eq!(Pooling::Mean.apply(&TOKENS, 2), [4.0, 2.0]);
        assert_eq!(Pooling::Cls.apply(&TOKENS, 2), [1.0, 2.0]);
        assert_eq!(Pooling::LastToken.apply(&TOKENS, 2), [8.0, 0.0]);
    }

    #[test]
    fn normalize_makes_unit_length_and_leaves_zeros() {
        let mut vector = [3.0, 4.0];
        normalize(&mut vector);
        assert_eq!(vector, [0.6, 0.8]);
        let mut zeros = [0.0, 0.0];
        normalize(&mut zeros);
        assert_eq!(zeros, [0.0, 0.0]);
    }
}
