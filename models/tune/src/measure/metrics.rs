//! Figures of quality, each by its usual definition.

/// The share of equal entries.
pub fn accuracy(found: &[usize], truth: &[usize]) -> f64 {
    share(found.iter().zip(truth).filter(|(found, truth)| found == truth).count(), truth.len())
}

/// The mean of the F1 of each class; classes that never occur and were never found do not count.
pub fn macro_f1(found: &[usize], truth: &[usize], classes: usize) -> f64 {
    let mut values = Vec::new();
    for class in 0..classes {
        let pairs = || found.iter().zip(truth);
        let hits = pairs().filter(|&(&found, &truth)| found == class && truth == class).count();
        let named = pairs().filter(|&(&found, &truth)| found == class || truth == class).count() + hits;
        if named > 0 {
            values.push(2.0 * hits as f64 / named as f64);
        }
    }
    mean(&values)
}

/// The share of ranks (from 1) that are at most `limit`.
pub fn recall_at(ranks: &[usize], limit: usize) -> f64 {
    share(ranks.iter().filter(|&&rank| rank <= limit).count(), ranks.len())
}

/// The mean of one over the rank.
pub fn reciprocal_rank(ranks: &[usize]) -> f64 {
    mean(&ranks.iter().map(|&rank| 1.0 / rank as f64).collect::<Vec<_>>())
}

/// How far what a model says about its own sureness is from how often it is right: ten bins of equal width, weighted by how
/// much is in them (Guo and others 2017).
pub fn calibration_error(sure: &[f64], hits: &[bool]) -> f64 {
    let mut bins = [(0usize, 0.0, 0usize); 10];
    for (&sure, &hit) in sure.iter().zip(hits) {
        let bin = &mut bins[((sure * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + sure, bin.2 + usize::from(hit));
    }
    let gap = |&(_, sure, hits): &(usize, f64, usize)| (sure - hits as f64).abs();
    bins.iter().filter(|bin| bin.0 > 0).map(gap).sum::<f64>() / sure.len().max(1) as f64
}

/// Spearman's rank correlation; equal values share their mean rank.
pub fn spearman(left: &[f64], right: &[f64]) -> f64 {
    let (left, right) = (ranks(left), ranks(right));
    let (middle_left, middle_right) = (mean(&left), mean(&right));
    let (mut both, mut own_left, mut own_right) = (0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(&right) {
        let (left, right) = (left - middle_left, right - middle_right);
        both += left * right;
        own_left += left * left;
        own_right += right * right;
    }
    if own_left == 0.0 || own_right == 0.0 { 0.0 } else { both / (own_left * own_right).sqrt() }
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let end = (start..order.len()).take_while(|&at| values[order[at]] == values[order[start]]).count() + start;
        order[start..end].iter().for_each(|&at| ranks[at] = (start + end - 1) as f64 / 2.0);
        start = end;
    }
    ranks
}

/// F1 of two texts by what they are made of: words, or characters where a language writes no spaces.
pub fn overlap_f1(found: &str, truth: &str) -> f64 {
    let (found, truth) = (pieces(found), pieces(truth));
    if found.is_empty() || truth.is_empty() {
        return if found.len() == truth.len() { 1.0 } else { 0.0 };
    }
    let mut rest = truth.clone();
    let mut common = 0;
    for piece in &found {
        if let Some(at) = rest.iter().position(|other| other == piece) {
            rest.swap_remove(at);
            common += 1;
        }
    }
    2.0 * f64::from(common) / (found.len() + truth.len()) as f64
}

fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = vec![String::new()];
    for letter in text.to_lowercase().chars() {
        if ('\u{3400}'..='\u{9fff}').contains(&letter) {
            pieces.extend([letter.to_string(), String::new()]);
        } else if !letter.is_alphanumeric() {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push(letter);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The most likely class of a row of scores, and its share after a softmax.
pub fn most_likely(scores: &[f32]) -> (usize, f64) {
    let best = (0..scores.len()).max_by(|&left, &right| scores[left].total_cmp(&scores[right])).unwrap_or(0);
    let sum: f64 = scores.iter().map(|&score| f64::from(score - scores[best]).exp()).sum();
    (best, 1.0 / sum)
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-9, "{left} {right}");
    }

    #[test]
    fn figures_by_hand() {
        near(accuracy(&[0, 1, 1, 2], &[0, 1, 2, 2]), 0.75);
        near(macro_f1(&[0, 1, 1, 2], &[0, 1, 2, 2], 4), (1.0 + 2.0 / 3.0 + 2.0 / 3.0) / 3.0);
        near(recall_at(&[1, 3, 2, 1], 1), 0.5);
        near(reciprocal_rank(&[1, 2, 4]), (1.0 + 0.5 + 0.25) / 3.0);
        near(spearman(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0, 40.0, 30.0]), 0.8);
        near(spearman(&[1.0, 2.0], &[5.0, 4.0]), -1.0);
        near(calibration_error(&[0.95, 0.95, 0.55, 0.55], &[true, true, true, false]), 0.05);
        near(most_likely(&[0.0, 0.0]).1, 0.5);
    }

    #[test]
    fn answers_overlap_by_words_and_by_characters() {
        near(overlap_f1("the red car", "red car"), 0.8);
        near(overlap_f1("红色的车", "红车"), 2.0 * 2.0 / 6.0);
        near(overlap_f1("", ""), 1.0);
        near(overlap_f1("2.9 bar", ""), 0.0);
    }
}
