//! MinHash signatures in bands: two sets meet in at least one band the more surely the more similar they are.

use xxhash_rust::xxh3::xxh3_64;

use crate::text::random::Dice;

/// Hash functions in a signature.
const HASHES: usize = 128;

/// Hash functions and how they are banded.
#[derive(Clone, Debug)]
pub(crate) struct MinHash {
    /// Odd factor and summand of each hash function.
    functions: Vec<(u64, u64)>,
    /// Functions in a band. Sets of similarity s meet with probability 1 - (1 - s^rows)^(128 / rows).
    rows: usize,
}

impl MinHash {
    /// Bands so that of pairs with similarity `threshold` fewer than one in 10,000 are missed.
    pub(crate) fn new(threshold: f64) -> Self {
        let mut dice = Dice::new(0, "minhash", 0);
        let functions = (0..HASHES).map(|_| (dice.next() | 1, dice.next())).collect();
        let misses = |rows: usize| (1.0 - threshold.powi(rows as i32)).powi((HASHES / rows) as i32);
        let rows = (1..=8).rev().find(|rows| misses(*rows) < 1e-4).unwrap_or(1);
        Self { functions, rows }
    }

    /// A key for each band.
    pub(crate) fn bands(&self, shingles: &[u32]) -> Vec<u64> {
        let minimum = |(factor, summand): &(u64, u64)| {
            let hash = |shingle: &u32| (u64::from(*shingle).wrapping_mul(*factor).wrapping_add(*summand) >> 32) as u32;
            shingles.iter().map(hash).min().unwrap_or(u32::MAX)
        };
        let minima: Vec<u32> = self.functions.iter().map(minimum).collect();
        let key = |(band, rows): (usize, &[u32])| {
            let bytes: Vec<u8> = rows.iter().chain(std::iter::once(&(band as u32))).flat_map(|row| row.to_le_bytes()).collect();
            xxh3_64(&bytes)
        };
        minima.chunks_exact(self.rows).enumerate().map(key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::duplicates::jaccard;

    fn sets(shared: u32, own: u32, from: u32) -> (Vec<u32>, Vec<u32>) {
        let spread = |number: u32| number.wrapping_mul(0x9E37_79B1);
        let side = |other: u32| {
            let mut set: Vec<u32> = (from..from + shared).chain(from + other..from + other + own).map(spread).collect();
            set.sort_unstable();
            set
        };
        (side(10_000), side(20_000))
    }

    fn met(minhash: &MinHash, shared: u32, own: u32) -> usize {
        (0..2000)
            .filter(|trial| {
                let (one, other) = sets(shared, own, trial * 100_000);
                minhash.bands(&one).iter().zip(minhash.bands(&other)).any(|(left, right)| *left == right)
            })
            .count()
    }

    #[test]
    fn similar_sets_meet_and_others_seldom() {
        let minhash = MinHash::new(0.8);
        let (one, other) = sets(80, 10, 0);
        assert!((jaccard(&one, &other) - 0.8).abs() < 1e-9);
        assert_eq!(met(&minhash, 80, 10), 2000, "similarity 0.8");
        assert!(met(&minhash, 20, 90) < 200, "similarity 0.1");
        assert_eq!(MinHash::new(0.8).rows, 5);
        assert_eq!(met(&MinHash::new(0.6), 60, 20), 2000, "similarity 0.6");
    }
}
