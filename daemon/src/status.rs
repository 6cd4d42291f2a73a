//! What the daemon says about itself: starting, ready, or degraded with reasons.

use std::collections::BTreeMap;

use serde::Serialize;

/// How far the daemon has come and what it lacks. Published whole; readers hold a copy.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Status {
    /// Whether everything that could be loaded is loaded.
    pub loaded: bool,
    /// What is optional and not there, each with a sentence: `vss`, `plugins`, `onnxruntime`, `model`, `knowledge`,
    /// `knowledge-vectors`, `knowledge-bundles`, `vehicle`, `state`.
    pub missing: BTreeMap<String, String>,
    /// Plugin folders that were left out, with the reason.
    pub rejected: BTreeMap<String, String>,
    /// Phrases that two plugins claim.
    pub conflicts: Vec<String>,
    /// The execution provider that models run on; empty without ONNX Runtime.
    pub provider: String,
    /// Execution providers that were tried and do not work here, with the reason.
    pub skipped: BTreeMap<String, String>,
    /// Models in use.
    pub models: Vec<ModelRow>,
    /// Phrases that have a vector, and all of them, while starting.
    pub progress: Option<(usize, usize)>,
}

/// One model in use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRow {
    /// Short name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub role: String,
    /// Languages it understands.
    pub languages: Vec<String>,
    /// Components of its vectors.
    pub dimension: usize,
    /// Hash over everything that its vectors depend on.
    pub identity: String,
    /// What it runs on.
    pub provider: String,
}

impl Status {
    /// `starting`, `ready` or `degraded`.
    pub fn name(&self) -> &'static str {
        match (self.loaded, self.missing.is_empty() && self.rejected.is_empty()) {
            (false, _) => "starting",
            (true, true) => "ready",
            (true, false) => "degraded",
        }
    }

    /// Writes down that something optional is not there.
    pub fn lacks(&mut self, what: &str, sentence: impl ToString) {
        self.missing.insert(what.to_owned(), sentence.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_degraded_only_once_loaded_and_lacking() {
        let mut status = Status::default();
        status.lacks("model", "there is none");
        assert_eq!(status.name(), "starting");
        status.loaded = true;
        assert_eq!(status.name(), "degraded");
        status.missing.clear();
        assert_eq!(status.name(), "ready");
        status.rejected.insert("plugins/x".to_owned(), "broken".to_owned());
        assert_eq!(status.name(), "degraded");
    }
}
