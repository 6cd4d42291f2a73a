//! Why turns came out as they did: kept in memory for a while, never written down.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::Value;

/// How many turns can still be explained.
const KEPT: usize = 64;

/// Traces of the last turns.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    kept: Mutex<VecDeque<(u64, Value)>>,
}

impl Traces {
    /// Keeps a turn's trace, in place of the oldest.
    pub(crate) fn keep(&self, turn: u64, trace: Value) {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((turn, trace));
    }

    /// The trace of a turn.
    pub(crate) fn get(&self, turn: u64) -> Option<Value> {
        let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.iter().rev().find(|(number, _)| *number == turn).map(|(_, trace)| trace.clone())
    }
}
