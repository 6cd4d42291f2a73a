//! A conversation as data: what is said, and what must come of it. `tests/demo.toml` is one.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::car::Signals;
use crate::json::same;

/// A whole conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// In order, in one session.
    #[serde(rename = "turn")]
    pub turns: Vec<Turn>,
}

/// One thing that happens in it: something is said, answered or taken back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Turn {
    /// What this turn is there to show.
    pub shows: String,
    /// The utterance; empty for an answer or an undo.
    pub say: String,
    /// Who speaks.
    pub zone: Option<String>,
    /// `zh`, `en`; none: found out.
    pub language: Option<String>,
    /// An answer to the last turn's question: a switch, a number from 0, or words.
    pub answer: Option<Value>,
    /// The last turn is taken back.
    pub undo: bool,
    /// Signals that are made so before.
    pub state: Signals,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a turn; what is left out is not compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The reply's kind.
    pub kind: String,
    /// The rung that understood or answered it.
    pub tier: Option<String>,
    /// `plugin.action state`, in spoken order, no more and no fewer.
    pub actions: Option<Vec<String>>,
    /// Signals as they must be afterwards.
    pub signals: Signals,
    /// Pieces that the reply's text must have, whatever their case.
    pub contains: Vec<String>,
    /// The reply's language.
    pub language: Option<String>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The file is missing, or has a key or value that the format does not know.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no script", file.display()))
    }
}

impl Expect {
    /// What is not as expected, a sentence each; empty: all of it is.
    pub fn complaints(&self, reply: &Value, signals: &Signals) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut compare = |what: &str, wanted: &str, got: &Value| {
            if got.as_str() != Some(wanted) {
                complaints.push(format!("{what} should be {wanted} and is {got}"));
            }
        };
        compare("the kind", &self.kind, &reply["kind"]);
        self.tier.iter().for_each(|tier| compare("the tier", tier, &reply["tier"]));
        self.language.iter().for_each(|language| compare("the language", language, &reply["language"]));
        if let Some(wanted) = &self.actions
            && *wanted != actions(reply)
        {
            complaints.push(format!("the actions should be {wanted:?} and are {:?}", actions(reply)));
        }
        for (path, wanted) in &self.signals {
            let got = signals.get(path).unwrap_or(&Value::Null);
            if !same(wanted, got) {
                complaints.push(format!("{path} should be {wanted} and is {got}"));
            }
        }
        let text = reply["text"].as_str().unwrap_or_default().to_lowercase();
        let missing = self.contains.iter().filter(|piece| !text.contains(&piece.to_lowercase()));
        complaints.extend(missing.map(|piece| format!("the reply should contain {piece:?} and is {text:?}")));
        complaints
    }
}

/// `plugin.action state` for each action of a reply.
pub fn actions(reply: &Value) -> Vec<String> {
    let text = |action: &Value, key: &str| action[key].as_str().unwrap_or("?").to_owned();
    let rows = reply["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(|row| format!("{}.{} {}", text(row, "plugin"), text(row, "action"), text(row, "state"))).collect()
}
