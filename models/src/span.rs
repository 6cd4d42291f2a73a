//! From one score per token to the words of a passage: the best pair of a first and a last token.

use crate::tokenizer::Tokens;

/// Longest answer in tokens; longer ones are no answer but the passage again.
const LONGEST: usize = 64;

/// Words of a passage.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Byte offset of the first character in the passage.
    pub start: usize,
    /// Byte offset behind the last character.
    pub end: usize,
    /// By how much the score of the words exceeds that of "there is no answer", which is the first token's.
    pub margin: f32,
    /// Probability among all spans and "no answer", 0 to 1.
    pub probability: f32,
}

/// The best span inside the second text; none when that text has no tokens.
///
/// The score of a span is the sum of its first token's start score and its last token's end score (Devlin et al. 2019, section 4.3).
pub(crate) fn best(passage: &str, tokens: &Tokens, start: &[f32], end: &[f32]) -> Option<Span> {
    let inside: Vec<usize> =
        (0..tokens.ids.len()).filter(|at| tokens.types[*at] == 1 && tokens.offsets[*at].0 < tokens.offsets[*at].1).collect();
    let nothing = start.first()? + end.first()?;
    let mut found: Option<(f32, usize, usize)> = None;
    let mut sum = 1.0f64;
    for (place, &first) in inside.iter().enumerate() {
        for &last in inside[place..].iter().take(LONGEST) {
            let score = start[first] + end[last];
            sum += f64::from(score - nothing).exp();
            if found.is_none_or(|(best, ..)| score > best) {
                found = Some((score, first, last));
            }
        }
    }
    let (score, first, last) = found?;
    let (from, to) = (tokens.offsets[first].0, tokens.offsets[last].1);
    let probability = (f64::from(score - nothing).exp() / sum) as f32;
    passage.get(from..to)?;
    Some(Span { start: from, end: to, margin: score - nothing, probability })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_pair_is_in_order_and_inside_the_passage() {
        let tokens = Tokens {
            ids: vec![101, 7, 102, 11, 12, 13, 102],
            types: vec![0, 0, 0, 1, 1, 1, 1],
            offsets: vec![(0, 0), (0, 3), (0, 0), (0, 2), (3, 5), (6, 8), (0, 0)],
        };
        let start = [0.0, 9.0, 0.0, 1.0, 3.0, 0.0, 9.0];
        let end = [0.0, 9.0, 0.0, 5.0, 0.0, 2.0, 9.0];
        // The end score of the first token is the highest, but it lies before the best start.
        let span = best("ab cd ef", &tokens, &start, &end).unwrap();
        assert_eq!((span.start, span.end, span.margin), (0, 2, 6.0));
        let span = best("ab cd ef", &tokens, &start, &[0.0, 9.0, 0.0, 1.0, 0.0, 4.0, 0.0]).unwrap();
        assert_eq!((span.start, span.end, span.margin), (3, 8, 7.0));
        assert!(span.probability > 0.5 && span.probability < 1.0);
    }
}
