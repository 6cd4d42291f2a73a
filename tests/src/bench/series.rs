//! Durations of one thing measured many times.

use std::time::{Duration, Instant};

/// How often something is done before it is measured: caches fill, plugins wake, processors speed up.
const WARM_UP: usize = 50;

/// Sorted durations.
#[derive(Debug, Clone)]
pub struct Series(Vec<Duration>);

impl Series {
    /// Measures something that happens at once, `count` times; `at` is the number of the run.
    ///
    /// # Errors
    /// The first run that fails.
    pub fn measure<E>(count: usize, mut what: impl FnMut(usize) -> Result<(), E>) -> Result<Self, E> {
        let mut all = Vec::with_capacity(count);
        for at in 0..WARM_UP.min(count) + count {
            let start = Instant::now();
            what(at)?;
            all.push(start.elapsed());
        }
        Ok(Self::of(all, count))
    }

    /// Measures something that has to be waited for.
    ///
    /// # Errors
    /// The first run that fails.
    pub async fn wait<E>(count: usize, mut what: impl AsyncFnMut(usize) -> Result<(), E>) -> Result<Self, E> {
        let mut all = Vec::with_capacity(count);
        for at in 0..WARM_UP.min(count) + count {
            let start = Instant::now();
            what(at).await?;
            all.push(start.elapsed());
        }
        Ok(Self::of(all, count))
    }

    /// Keeps the last `count`.
    fn of(mut all: Vec<Duration>, count: usize) -> Self {
        let mut kept = all.split_off(all.len() - count);
        kept.sort_unstable();
        Series(kept)
    }

    /// The one in the middle.
    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    /// The one that only every hundredth exceeds.
    pub fn p99(&self) -> Duration {
        self.at(0.99)
    }

    fn at(&self, share: f64) -> Duration {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short list")]
        let place = (share * self.0.len() as f64) as usize;
        self.0[place.min(self.0.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end_are_found() {
        let all = (1..=200).rev().map(Duration::from_millis).collect();
        let series = Series::of(all, 100);
        assert_eq!(series.median(), Duration::from_millis(51));
        assert_eq!(series.p99(), Duration::from_millis(100));
    }

    #[test]
    fn a_failure_ends_the_measuring() {
        assert_eq!(Series::measure(10, |at| if at == 3 { Err(at) } else { Ok(()) }).unwrap_err(), 3);
    }
}
