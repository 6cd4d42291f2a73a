//! What is allowed: risk classes and rules over the signals that would be set. Deterministic, and outside every model.
//!
//! A [`Permitted`] command can only be made here, so nothing can be acted on that was not checked.

mod rules;

use std::collections::BTreeSet;
use std::path::PathBuf;

use plugins::manifest::Risk;
use plugins::value::{Value, Values};
use plugins::vehicle::Vehicle;
use plugins::writes::Writes;

use crate::session::Command;
pub use rules::{PolicyError, Rule};

/// The signal whose value above zero means that the car moves.
pub const SPEED: &str = "Vehicle.Speed";

/// Rules of all policy files, in order.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// A command that may be done, with everything it will set.
#[derive(Debug, Clone, PartialEq)]
pub struct Permitted {
    command: Command,
    writes: Writes,
}

impl Permitted {
    /// The command.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// What it sets.
    pub fn writes(&self) -> &Writes {
        &self.writes
    }
}

/// Why a command is not permitted.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// A rule's own words, by language.
    Rule {
        /// The rule's name.
        name: String,
        /// Its sentence by language.
        say: std::collections::BTreeMap<String, String>,
    },
    /// The action waits for the car to stand still.
    Parked,
    /// The action is never done by voice.
    Never,
}

/// What policy says to a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Go ahead.
    Allow(Permitted),
    /// Ask the person first; the reason is a rule's sentence by language, empty for the risk class.
    Confirm(std::collections::BTreeMap<String, String>),
    /// No.
    Deny(Refusal),
}

/// One check for `Explain`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Decision {
    /// Rule or risk class.
    pub rule: String,
    /// What it said.
    pub outcome: &'static str,
}

impl Policy {
    /// Reads policy files; rules of later files are checked after those of earlier ones. No file: only the risk classes hold.
    ///
    /// # Errors
    /// An unreadable file, an unknown key, a condition that is not CEL, a sentence missing in a language.
    pub fn load(files: &[PathBuf]) -> Result<Policy, PolicyError> {
        let mut rules = Vec::new();
        for file in files {
            rules.extend(rules::read(file)?);
        }
        Ok(Policy { rules })
    }

    /// Reads rules from text, as if from a file of that name.
    ///
    /// # Errors
    /// See [`Policy::load`].
    pub fn parse(name: &str, text: &str) -> Result<Policy, PolicyError> {
        Ok(Policy { rules: rules::parse(&PathBuf::from(name), text)? })
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Checks a command against the car as it is this moment. `confirmed`: a person said yes to exactly this command.
    pub async fn check(
        &self,
        command: &Command,
        risk: Risk,
        writes: &Writes,
        confirmed: bool,
        vehicle: &dyn Vehicle,
    ) -> (Verdict, Vec<Decision>) {
        let concerned: Vec<&Rule> = self.rules.iter().filter(|rule| rule.concerns(writes)).collect();
        let mut needed: BTreeSet<String> = concerned.iter().flat_map(|rule| rule.signals()).cloned().collect();
        if risk == Risk::Parked {
            needed.insert(SPEED.to_owned());
        }
        // Read anew each time: a value that cannot be read now counts as the less safe case.
        let state = if needed.is_empty() {
            Values::new()
        } else {
            let paths: Vec<String> = needed.into_iter().collect();
            vehicle.get(&paths).await.map(|reading| reading.values).unwrap_or_default()
        };
        decide(command, risk, writes, confirmed, &concerned, &state)
    }
}

fn decide(command: &Command, risk: Risk, writes: &Writes, confirmed: bool, rules: &[&Rule], state: &Values) -> (Verdict, Vec<Decision>) {
    let mut decisions = Vec::new();
    let mut note = |rule: &str, outcome: &'static str| decisions.push(Decision { rule: rule.to_owned(), outcome });
    if risk == Risk::Never {
        note("risk never", "deny");
        return (Verdict::Deny(Refusal::Never), decisions);
    }
    if risk == Risk::Parked && !stands(state) {
        note("risk parked", "deny");
        return (Verdict::Deny(Refusal::Parked), decisions);
    }
    let mut question = (risk == Risk::Confirm && !confirmed).then(Default::default);
    for rule in rules {
        if rule.denies(state) {
            note(&rule.name, "deny");
            return (Verdict::Deny(Refusal::Rule { name: rule.name.clone(), say: rule.say.clone() }), decisions);
        }
        if rule.asks(state) && !confirmed {
            note(&rule.name, "confirm");
            question = Some(rule.say.clone());
        } else {
            note(&rule.name, "allow");
        }
    }
    match question {
        Some(say) => (Verdict::Confirm(say), decisions),
        None => (Verdict::Allow(Permitted { command: command.clone(), writes: writes.clone() }), decisions),
    }
}

/// Only a speed that is read and is zero counts as standing.
fn stands(state: &Values) -> bool {
    state.get(SPEED).and_then(Value::number) == Some(0.0)
}

#[cfg(test)]
mod tests;
