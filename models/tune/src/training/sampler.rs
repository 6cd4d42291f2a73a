//! Which examples a step sees: every one once before any comes again, in an order that only the seed decides.

use std::sync::Mutex;

use crate::dice::Dice;

/// The order of `count` examples.
#[derive(Debug)]
pub struct Sampler {
    count: usize,
    seed: u64,
    /// The order of the round that was asked for last.
    order: Mutex<(u64, Vec<u32>)>,
}

impl Sampler {
    /// `count` must be above 0.
    pub fn new(count: usize, seed: u64) -> Self {
        Self { count, seed, order: Mutex::new((u64::MAX, Vec::new())) }
    }

    /// The examples of pass `pass` (from 0) when every pass takes `size`.
    pub fn batch(&self, pass: u64, size: usize) -> Vec<usize> {
        let first = pass * size as u64;
        (first..first + size as u64).map(|place| self.at(place)).collect()
    }

    fn at(&self, place: u64) -> usize {
        let round = place / self.count as u64;
        let mut order = self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if order.0 != round {
            let mut fresh: Vec<u32> = (0..self.count as u32).collect();
            Dice::at(self.seed, round).shuffle(&mut fresh);
            *order = (round, fresh);
        }
        order.1[(place % self.count as u64) as usize] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_comes_once_in_a_round_and_the_order_can_be_found_again() {
        let sampler = Sampler::new(10, 3);
        let mut seen: Vec<usize> = (0..5).flat_map(|pass| sampler.batch(pass, 2)).collect();
        let later = sampler.batch(7, 2);
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
        assert_eq!(Sampler::new(10, 3).batch(7, 2), later);
    }
}
