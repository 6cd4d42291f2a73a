//! Keys under which similar sets meet, so that only few pairs need to be compared.
//!
//! Long sets meet by MinHash. Short ones, of which templates make thousands with half of their words in common, would meet in
//! far too many bands; they meet by their rarest members instead. With members in one order, two sets of similarity t or more
//! share one of their first |set| - ceil(t |set|) + 1 (Chaudhuri, Ganti, Kaushik: A primitive operator for similarity joins in
//! data cleaning, 2006), and with the rarest first hardly any other two do. Measured on 150,000 sentences of one template:
//! MinHash alone had not come to an end after ten minutes.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::minhash::MinHash;

/// Sets of up to so many members are short.
const SHORT: usize = 64;
/// Counters, by the low bits of a member. Members that share one only look more frequent than they are.
const COUNTERS: usize = 1 << 20;

/// How often each member occurs, roughly.
pub(crate) struct Rarity(Vec<u32>);

impl Rarity {
    pub(crate) fn new() -> Self {
        Self(vec![0; COUNTERS])
    }

    pub(crate) fn count(&mut self, shingles: &[u32]) {
        for shingle in shingles {
            let counter = &mut self.0[*shingle as usize % COUNTERS];
            *counter = counter.saturating_add(1);
        }
    }

    /// The members of which two similar sets share at least one.
    fn first(&self, shingles: &[u32], threshold: f64) -> Vec<u32> {
        let needed = (threshold * shingles.len() as f64 - 1e-9).ceil() as usize;
        let mut order = shingles.to_vec();
        order.sort_unstable_by_key(|shingle| (self.0[*shingle as usize % COUNTERS], *shingle));
        order.truncate(shingles.len() - needed.min(shingles.len()) + 1);
        order
    }
}

/// How keys are made. Sets can only meet if one and the same made their keys.
pub(crate) struct Keys {
    threshold: f64,
    rarity: Rarity,
    minhash: MinHash,
}

impl Keys {
    /// For sets of similarity `threshold` or more.
    pub(crate) fn new(threshold: f64, rarity: Rarity) -> Self {
        Self { threshold, rarity, minhash: MinHash::new(threshold) }
    }

    /// Two sets of the needed similarity differ little in size: either neither is much longer than a short one, or neither much
    /// shorter, and one of both ways covers both.
    pub(crate) fn of(&self, shingles: &[u32]) -> Vec<u64> {
        let (size, short) = (shingles.len() as f64, SHORT as f64);
        let mut keys = Vec::new();
        if size * self.threshold <= short {
            let first = self.rarity.first(shingles, self.threshold);
            keys.extend(first.iter().map(|shingle| xxh3_64_with_seed(&shingle.to_le_bytes(), 1)));
        }
        if size >= short * self.threshold {
            keys.extend(self.minhash.bands(shingles));
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::duplicates::jaccard;
    use crate::text::random::Dice;

    /// A set of this size, and one that has lost and won some members.
    fn similar(size: usize, changes: usize, dice: &mut Dice) -> (Vec<u32>, Vec<u32>) {
        let one: Vec<u32> = (0..size).map(|_| dice.next() as u32 % 5000).collect();
        let mut other = one.clone();
        for _ in 0..changes {
            let at = dice.below(other.len());
            other[at] = dice.next() as u32 % 5000;
        }
        let ascending = |mut set: Vec<u32>| {
            set.sort_unstable();
            set.dedup();
            set
        };
        (ascending(one), ascending(other))
    }

    #[test]
    fn sets_of_all_sizes_meet_if_they_are_similar() {
        for threshold in [0.6, 0.75, 0.8, 0.9] {
            let mut dice = Dice::new(1, "keys", 0);
            let mut rarity = Rarity::new();
            let pairs: Vec<(Vec<u32>, Vec<u32>)> = (0..3000)
                .map(|number| {
                    let size = 2 + number % 150;
                    similar(size, dice.below(1 + size / 4), &mut dice)
                })
                .collect();
            pairs.iter().for_each(|(one, _)| rarity.count(one));
            let keys = Keys::new(threshold, rarity);
            let mut met = 0;
            for (one, other) in pairs.iter().filter(|(one, other)| jaccard(one, other) >= threshold) {
                let (left, right) = (keys.of(one), keys.of(other));
                assert!(left.iter().any(|key| right.contains(key)), "{threshold}: {} and {} members", one.len(), other.len());
                met += 1;
            }
            assert!(met > 500, "{met}");
        }
    }

    #[test]
    fn what_templates_share_brings_nothing_together() {
        let sets: Vec<Vec<u32>> =
            (0..2000_u32).map(|own| [1, 2, 3, 4, 5, 6, 7, 8, 100 + own, 100_000 + own, 200_000 + own, 300_000 + own].to_vec()).collect();
        let mut rarity = Rarity::new();
        sets.iter().for_each(|set| rarity.count(set));
        let keys = Keys::new(0.8, rarity);
        let mut all: Vec<u64> = sets.iter().flat_map(|set| keys.of(set)).collect();
        all.sort_unstable();
        assert_eq!(all.len(), 6000);
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
