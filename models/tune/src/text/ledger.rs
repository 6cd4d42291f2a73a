//! What happened to how many records, and which ones were bad: the numbers on the card.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bad {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) reason: String,
}

/// Counts by source and event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) counts: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) bad: Vec<Bad>,
}

/// Events that are counted. Each is the start of a line on the card.
pub(crate) mod event {
    pub(crate) const RECORDS: &str = "records read";
    pub(crate) const BAD: &str = "bad records";
    pub(crate) const EXAMPLES: &str = "examples in them";
    pub(crate) const WINDOWED: &str = "cut into windows";
    pub(crate) const WINDOWS: &str = "windows";
    pub(crate) const GUESSED: &str = "encoding guessed";
    pub(crate) const REPAIRED: &str = "wrong decoding repaired";
    pub(crate) const MARKUP: &str = "markup removed";
    pub(crate) const KEPT: &str = "kept";
    pub(crate) const TAKEN: &str = "taken for training";
    pub(crate) const VARIED: &str = "varied copies";
    pub(crate) const UNVARIED: &str = "copies left out: nothing changed";
    pub(crate) const LEAKING: &str = "copies left out: too close to validation or test";
    /// Before the kind of personal data.
    pub(crate) const REDACTED: &str = "redacted: ";
    /// Before the split.
    pub(crate) const SPLIT: &str = "split: ";
    /// Before the language.
    pub(crate) const LANGUAGE: &str = "language: ";
    /// Before the reason.
    pub(crate) const DROPPED: &str = "dropped: ";
}

impl Ledger {
    pub(crate) fn count(&mut self, source: &str, event: &str, number: u64) {
        if number == 0 {
            return;
        }
        if !self.counts.contains_key(source) {
            self.counts.insert(source.to_owned(), BTreeMap::new());
        }
        let Some(events) = self.counts.get_mut(source) else { return };
        match events.get_mut(event) {
            Some(count) => *count += number,
            None => {
                events.insert(event.to_owned(), number);
            }
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (source, events) in &other.counts {
            events.iter().for_each(|(event, number)| self.count(source, event, *number));
        }
        self.bad.extend_from_slice(&other.bad);
    }

    pub(crate) fn of(&self, source: &str, event: &str) -> u64 {
        self.counts.get(source).and_then(|events| events.get(event)).copied().unwrap_or(0)
    }

    pub(crate) fn total(&self, event: &str) -> u64 {
        self.counts.keys().map(|source| self.of(source, event)).sum()
    }

    /// All events that begin with `prefix`, with the rest of their names.
    pub(crate) fn beginning<'a>(&'a self, prefix: &'a str) -> BTreeMap<&'a str, u64> {
        let mut found = BTreeMap::new();
        for (event, number) in self.counts.values().flatten() {
            if let Some(rest) = event.strip_prefix(prefix) {
                *found.entry(rest).or_default() += number;
            }
        }
        found
    }
}
