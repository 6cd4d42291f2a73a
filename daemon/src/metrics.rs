//! Counts of what happened since the start: turns by how they ended, calls not taken, time per stage. No word of what was said.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::turns::{Ending, Refusal};

/// Upper bounds of the histograms' buckets, in microseconds; what is above the last is in the count alone.
pub const BOUNDS: [u64; 10] = [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The counts, shared.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counts>);

/// The counts at one moment. Its fields are the keys of the method `Metrics`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Turns by how they ended: a reply's `kind`, `late` or `broken`.
    pub turns: BTreeMap<&'static str, u64>,
    /// Calls that were not taken: `busy`, `closed`, `denied`.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Time per stage of those turns that replied.
    pub stages: BTreeMap<String, Histogram>,
}

/// How long something took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// How often at most as long as each of [`BOUNDS`].
    pub buckets: [u64; BOUNDS.len()],
    /// How often at all.
    pub count: u64,
    /// Microseconds altogether.
    pub sum: u64,
}

impl Metrics {
    /// The counts now.
    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a turn that ended.
    pub fn ended(&self, ending: &Ending) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = match ending {
            Ending::Replied(reply) => reply.kind.name(),
            Ending::Stopped => "cancelled",
            Ending::Late => "late",
            Ending::Broken => "broken",
        };
        *counts.turns.entry(name).or_default() += 1;
        if let Ending::Replied(reply) = ending {
            for (stage, micros) in &reply.timings {
                counts.stages.entry(stage.clone()).or_default().add(*micros);
            }
        }
    }

    /// Counts a turn that was not begun.
    pub fn refused(&self, refusal: &Refusal) {
        self.not_taken(match refusal {
            Refusal::Busy(_) => "busy",
            Refusal::Closed => "closed",
            Refusal::Denied => "denied",
        });
    }

    /// Counts a call that its caller has no right to.
    pub fn denied(&self) {
        self.not_taken("denied");
    }

    fn not_taken(&self, reason: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).refusals.entry(reason).or_default() += 1;
    }
}

impl Histogram {
    fn add(&mut self, micros: u64) {
        self.count += 1;
        self.sum += micros;
        for (bucket, _) in self.buckets.iter_mut().zip(BOUNDS).filter(|(_, bound)| micros <= *bound) {
            *bucket += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_everything_up_to_their_bound() {
        let mut histogram = Histogram::default();
        for micros in [1_000, 1_001, 6_000_000] {
            histogram.add(micros);
        }
        assert_eq!((histogram.buckets[0], histogram.buckets[1], histogram.buckets[9]), (1, 2, 2));
        assert_eq!((histogram.count, histogram.sum), (3, 6_002_001));
    }

    #[test]
    fn endings_and_refusals_are_counted_by_name() {
        let metrics = Metrics::default();
        metrics.ended(&Ending::Late);
        metrics.ended(&Ending::Late);
        metrics.ended(&Ending::Stopped);
        metrics.refused(&Refusal::Busy("x"));
        metrics.denied();
        let counts = metrics.counts();
        assert_eq!(counts.turns, BTreeMap::from([("late", 2), ("cancelled", 1)]));
        assert_eq!(counts.refusals, BTreeMap::from([("busy", 1), ("denied", 1)]));
    }
}
