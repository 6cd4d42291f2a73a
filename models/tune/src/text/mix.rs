//! Mixing: how often each training example is taken, so that sources and labels get the weights that were asked for.

use std::collections::BTreeMap;

use super::random::Dice;
use super::settings::{Mix, Source};

/// A training example, as far as mixing goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// The number of its source.
    pub(crate) source: usize,
    /// Its label, if labels are what a usage log counts.
    pub(crate) label: Option<&'a str>,
    /// A number made of its content.
    pub(crate) key: u64,
}

/// How often each candidate is taken.
///
/// The expected number is a source's share of the whole, divided among its candidates as the log divides labels. Rounding is
/// systematic: label by label, along a random order, a candidate is taken each time the sum of expectations passes a whole number.
pub(crate) fn times(
    candidates: &[Candidate<'_>],
    sources: &[Source],
    mix: &Mix,
    log: Option<&BTreeMap<String, u64>>,
    seed: u64,
) -> Vec<usize> {
    let weighted = sources.iter().any(|source| source.weight.is_some());
    if !weighted && log.is_none() && mix.examples.is_none() {
        return vec![1; candidates.len()];
    }
    let favor = favors(candidates, log, mix.usage_smoothing);
    let total = mix.examples.unwrap_or(candidates.len()) as f64;
    // Without weights all candidates are one pool, with them each source is a pool of its own.
    let pool = |candidate: &Candidate<'_>| if weighted { candidate.source } else { 0 };
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    candidates.iter().zip(&favor).for_each(|(candidate, favor)| *sums.entry(pool(candidate)).or_default() += favor);
    let weight = |pool: usize| if weighted { sources[pool].weight.unwrap_or(0.0) } else { 1.0 };
    let weights: f64 = sums.keys().map(|pool| weight(*pool)).sum();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_cached_key(|at| (pool(&candidates[*at]), candidates[*at].label, Dice::new(seed, "mix", candidates[*at].key).next(), *at));
    let mut times = vec![0; candidates.len()];
    let mut passed: BTreeMap<usize, f64> = BTreeMap::new();
    for at in order {
        let pool = pool(&candidates[at]);
        let expected = total * weight(pool) / weights * favor[at] / sums[&pool];
        let sum = passed.entry(pool).or_insert(0.5);
        let before = sum.floor();
        *sum += expected;
        times[at] = ((sum.floor() - before) as usize).min(mix.max_repeats);
    }
    times
}

/// By how much the log favors each candidate's label, compared with how often the label is there.
fn favors(candidates: &[Candidate<'_>], log: Option<&BTreeMap<String, u64>>, smoothing: f64) -> Vec<f64> {
    let Some(log) = log else { return vec![1.0; candidates.len()] };
    let mut there: BTreeMap<&str, f64> = BTreeMap::new();
    candidates.iter().filter_map(|candidate| candidate.label).for_each(|label| *there.entry(label).or_default() += 1.0);
    let asked = |label: &str| log.get(label).copied().unwrap_or(0) as f64 + smoothing;
    let (all, all_asked): (f64, f64) = (there.values().sum(), there.keys().map(|label| asked(label)).sum());
    let favor = |label: &str| (asked(label) / all_asked) / (there[label] / all);
    candidates.iter().map(|candidate| candidate.label.map_or(1.0, favor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(weights: &[Option<f64>]) -> Vec<Source> {
        weights.iter().map(|weight| Source { weight: *weight, ..Source::default() }).collect()
    }

    fn taken(candidates: &[Candidate<'_>], times: &[usize], which: impl Fn(&Candidate<'_>) -> bool) -> usize {
        candidates.iter().zip(times).filter(|(candidate, _)| which(candidate)).map(|(_, times)| times).sum()
    }

    fn candidates<'a>(groups: &[(usize, Option<&'a str>, usize)]) -> Vec<Candidate<'a>> {
        let all = groups.iter().flat_map(|(source, label, count)| std::iter::repeat_n((*source, *label), *count));
        all.enumerate().map(|(key, (source, label))| Candidate { source, label, key: key as u64 }).collect()
    }

    #[test]
    fn without_wishes_each_is_taken_once() {
        let candidates = candidates(&[(0, None, 5), (1, None, 3)]);
        assert_eq!(times(&candidates, &sources(&[None, None]), &Mix::default(), None, 1), vec![1; 8]);
    }

    #[test]
    fn weights_set_the_shares() {
        let candidates = candidates(&[(0, None, 900), (1, None, 300)]);
        let mix = Mix { examples: Some(800), ..Mix::default() };
        let times = times(&candidates, &sources(&[Some(1.0), Some(3.0)]), &mix, None, 1);
        assert_eq!(taken(&candidates, &times, |candidate| candidate.source == 0), 200);
        assert_eq!(taken(&candidates, &times, |candidate| candidate.source == 1), 600);
        assert!(times[900..].iter().all(|times| *times == 2));
    }

    #[test]
    fn repeats_have_a_limit() {
        let candidates = candidates(&[(0, None, 100), (1, None, 2)]);
        let times = times(&candidates, &sources(&[Some(1.0), Some(1.0)]), &Mix::default(), None, 1);
        assert_eq!(&times[100..], [4, 4]);
    }

    #[test]
    fn labels_follow_the_log() {
        let candidates = candidates(&[(0, Some("on"), 500), (0, Some("off"), 500), (0, None, 100)]);
        let log = BTreeMap::from([("on".to_owned(), 899), ("off".to_owned(), 99)]);
        let times = times(&candidates, &sources(&[None]), &Mix::default(), Some(&log), 1);
        let label = |label| taken(&candidates, &times, |candidate| candidate.label == Some(label));
        assert!(label("on").abs_diff(900) <= 1 && label("off").abs_diff(100) <= 1, "{} {}", label("on"), label("off"));
        assert_eq!(times[1000..].iter().sum::<usize>(), 100);
    }
}
