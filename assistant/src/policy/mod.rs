//! What is allowed: risk classes and rules over the signals that would be set. Deterministic, and outside every model.
//!
//! A [`Permitted`] command can only be made here, so nothing can be acted on that was not checked.

mod consent;
mod paths;
mod rules;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use plugins::manifest::Risk;
use plugins::value::{Value, Values};
use plugins::vehicle::Vehicle;
use plugins::writes::Writes;

use crate::session::Command;
pub use consent::{Consent, Question};
pub use rules::{PolicyError, Rule};
pub use state::{FRESH, SPEED, is_moving, known};

/// Rules of all policy files, in order.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// A command that may be done now, with everything it will set. Good for one time: it cannot be copied, and acting takes it.
#[derive(Debug, PartialEq)]
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
        say: BTreeMap<String, String>,
    },
    /// The action waits for the car to stand still.
    Parked,
    /// The action is never done by voice.
    Never,
}

/// What policy says to a command.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// Go ahead.
    Allow(Permitted),
    /// Ask the person first.
    Confirm(Question),
    /// No.
    Deny(Refusal),
}

impl Verdict {
    /// `allow`, `confirm` or `deny`.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Allow(_) => "allow",
            Verdict::Confirm(_) => "confirm",
            Verdict::Deny(_) => "deny",
        }
    }
}

/// One check for `Explain`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Decision {
    /// Rule or risk class.
    pub rule: String,
    /// What it said: `allow`, `confirm`, `confirmed`, `deny`.
    pub outcome: &'static str,
    /// The signals it looked at; without a value: unknown or stale.
    pub signals: BTreeMap<String, Option<Value>>,
}

/// What is to be checked.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The command.
    pub command: &'a Command,
    /// Its action's risk class.
    pub risk: Risk,
    /// Everything it would set.
    pub writes: &'a Writes,
    /// What a person said yes to, if one did.
    pub consent: Option<&'a Consent>,
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

    /// The rules' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Checks a command against the car as it is this moment.
    pub async fn check(&self, wish: Wish<'_>, vehicle: &dyn Vehicle) -> (Verdict, Vec<Decision>) {
        let concerned: Vec<&Rule> = self.rules.iter().filter(|rule| rule.concerns(wish.writes)).collect();
        let mut needed: BTreeSet<String> = concerned.iter().flat_map(|rule| rule.signals()).cloned().collect();
        if !concerned.is_empty() || matches!(wish.risk, Risk::Confirm | Risk::Parked) {
            needed.insert(SPEED.to_owned());
        }
        // Read anew each time: what cannot be read now counts as the less safe case.
        let state = known(vehicle, &Vec::from_iter(needed)).await;
        decide(wish, &concerned, &state)
    }
}

fn decide(wish: Wish<'_>, rules: &[&Rule], state: &Values) -> (Verdict, Vec<Decision>) {
    let mut decisions = Vec::new();
    let mut note = |rule: &str, outcome: &'static str, signals: &[String]| {
        let signals = signals.iter().map(|path| (path.clone(), state.get(path).cloned())).collect();
        decisions.push(Decision { rule: rule.to_owned(), outcome, signals });
    };
    let denied = match wish.risk {
        Risk::Never => Some(Refusal::Never),
        Risk::Parked if !state::stands(state) => Some(Refusal::Parked),
        _ => None,
    };
    let looked_at = if wish.risk == Risk::Parked { vec![SPEED.to_owned()] } else { Vec::new() };
    if let Some(refusal) = denied {
        note(&class(wish.risk), "deny", &looked_at);
        return (Verdict::Deny(refusal), decisions);
    }
    // Whether it is asked, and what was agreed to, is known only after every rule was heard.
    let mut asking: Vec<(String, &[String])> = Vec::new();
    let mut say = BTreeMap::new();
    match wish.risk {
        Risk::Confirm => asking.push((class(wish.risk), &[])),
        risk => note(&class(risk), "allow", &looked_at),
    }
    for rule in rules {
        if rule.denies(state) {
            note(&rule.name, "deny", rule.signals());
            return (Verdict::Deny(Refusal::Rule { name: rule.name.clone(), say: rule.say.clone() }), decisions);
        }
        if rule.asks(state) {
            asking.push((rule.name.clone(), rule.signals()));
            say.clone_from(&rule.say);
        } else {
            note(&rule.name, "allow", rule.signals());
        }
    }
    let reasons = asking.iter().map(|(name, _)| name.clone()).collect();
    let needed = Consent::new(reasons, wish.writes, state::stands(state));
    let is_agreed = wish.consent.is_some_and(|given| given.covers(&needed));
    asking.iter().for_each(|(name, signals)| note(name, if is_agreed { "confirmed" } else { "confirm" }, signals));
    if !asking.is_empty() && !is_agreed {
        return (Verdict::Confirm(Question { say, consent: needed }), decisions);
    }
    (Verdict::Allow(Permitted { command: wish.command.clone(), writes: wish.writes.clone() }), decisions)
}

/// A risk class as it is named in explanations.
fn class(risk: Risk) -> String {
    format!("risk {}", risk.name())
}

#[cfg(test)]
mod tests;
