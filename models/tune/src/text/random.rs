//! Chance that depends on nothing but the seed and what it is asked for: neither on the order of work nor on threads.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A short stream of random numbers (Steele, Lea, Flood: SplitMix64, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The stream that belongs to `purpose` and `key` under this seed.
    pub(crate) fn new(seed: u64, purpose: &str, key: u64) -> Self {
        Self(xxh3_64_with_seed(purpose.as_bytes(), seed) ^ key.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to and without `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// From 0 up to and without 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }

    /// One of `from`, each as often as its weight says.
    pub(crate) fn pick_weighted<'a, T>(&mut self, from: &'a [(T, u64)]) -> Option<&'a T> {
        let total: u64 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = if total == 0 { return None } else { self.below(total as usize) as u64 };
        from.iter().find_map(|(item, weight)| {
            if left < *weight {
                return Some(item);
            }
            left -= weight;
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let take = |seed, purpose, key| {
            let mut dice = Dice::new(seed, purpose, key);
            [dice.next(), dice.next(), dice.next()]
        };
        assert_eq!(take(1, "split", 5), take(1, "split", 5));
        for other in [take(2, "split", 5), take(1, "noise", 5), take(1, "split", 6)] {
            assert_ne!(take(1, "split", 5), other);
        }
    }

    #[test]
    fn draws_follow_their_weights() {
        let mut dice = Dice::new(7, "test", 0);
        let mut seen = [0; 3];
        for _ in 0..6000 {
            seen[*dice.pick_weighted(&[(0, 1), (1, 2), (2, 3)]).unwrap()] += 1;
        }
        assert!((900..1100).contains(&seen[0]) && (1850..2150).contains(&seen[1]) && (2800..3200).contains(&seen[2]), "{seen:?}");
    }
}
