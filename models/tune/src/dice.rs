//! Random numbers that are the same on every machine for the same seed (SplitMix64: Steele, Lea, Flood 2014).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        // Streams of neighboring seeds would overlap by one step without this.
        let mut first = Self(seed ^ 0x5DEE_CE66_D1CE_4E5B);
        Self(first.next())
    }

    /// A stream for one step of a run: the same again when the run resumes there.
    pub fn at(seed: u64, step: u64) -> Self {
        let mut first = Self::new(seed);
        Self::new(first.next() ^ step.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// 64 random bits.
    #[allow(clippy::should_implement_trait, reason = "it never ends, so an iterator would say less")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Below `limit`, which must be above 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    /// Normally distributed with mean 0 and deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f32 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f32::consts::TAU * angle).cos()
    }

    /// Puts a list into a random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_same_numbers_every_time_and_others_than_the_next() {
        assert_eq!(Dice::at(7, 3).next(), Dice::at(7, 3).next());
        assert_ne!(Dice::at(7, 3).next(), Dice::at(7, 4).next());
        assert_ne!(Dice::at(7, 3).next(), Dice::at(8, 3).next());
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut dice = Dice::new(1);
        let values: Vec<f32> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
