//! A person's yes: to what exactly it was given, and what it does not cover.

use std::collections::{BTreeMap, BTreeSet};

use plugins::value::Values;
use plugins::writes::Writes;

/// What a person has to agree to before a command is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The rule's sentence by language; empty when it is the risk class that asks.
    pub say: BTreeMap<String, String>,
    /// The yes, should it be given.
    pub consent: Consent,
}

/// A yes to exactly these writes, for exactly these reasons, in this state of the car. It says nothing of who gave it: the session
/// does, and it also lets it expire.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Consent {
    reasons: BTreeSet<String>,
    values: Values,
    open: Vec<String>,
    is_standing: bool,
}

impl Consent {
    pub(super) fn new(reasons: BTreeSet<String>, writes: &Writes, is_standing: bool) -> Self {
        Consent { reasons, values: writes.values.clone(), open: writes.open.clone(), is_standing }
    }

    /// Whether a yes to this was also a yes to `other`: the same writes, no reason that was not told, and the car has not begun to
    /// move meanwhile.
    pub(super) fn covers(&self, other: &Consent) -> bool {
        self.values == other.values
            && self.open == other.open
            && other.reasons.is_subset(&self.reasons)
            && (other.is_standing || !self.is_standing)
    }
}
