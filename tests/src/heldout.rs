//! Sentences that neither phrases nor training were written from, by situation: how much of what people say is understood exactly.
//!
//! `tests/heldout/dev.*.toml` may be looked at to find out what is missing; of `test.*.toml` only the counts count. Commands are
//! compared as a set, several seats of one action are one command, and letters' case in free text does not matter.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use assistant::reply::{Meaning, MeantCommand};
use plugins::value::{Value, Values};
use plugins::zone::Zone;
use serde::Deserialize;

use crate::checkout::Checkout;
use crate::utterances::{Case, Expected};

/// One sentence with every set of commands that is right.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// The scene it comes from.
    pub situation: String,
    /// `single`, `multi`, `implicit`, `noise` or `nothing`.
    pub kind: String,
    /// The sentence.
    pub say: String,
    /// Who speaks.
    #[serde(default = "driver")]
    pub zone: Zone,
    /// What it should become.
    pub commands: Vec<Expected>,
    /// What is just as right.
    #[serde(default)]
    pub or: Vec<Vec<Expected>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldOutFile {
    #[serde(rename = "case")]
    cases: Vec<HeldOut>,
}

fn driver() -> Zone {
    Zone::Driver
}

/// How an understanding compares with what is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// One of the right sets, nothing more and nothing less.
    Exact,
    /// Something that nobody asked for would be done.
    Wrong,
    /// Something is missing, and nothing wrong would be done.
    Missed,
}

/// The cases of `tests/heldout/{part}.{language}.toml`.
///
/// # Errors
/// The file is missing or not of the format.
pub fn cases(checkout: &Checkout, part: &str, language: &str) -> Result<Vec<HeldOut>> {
    let path = checkout.path(&format!("tests/heldout/{part}.{language}.toml"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(toml::from_str::<HeldOutFile>(&text).with_context(|| format!("{}", path.display()))?.cases)
}

impl HeldOut {
    /// The sentence as the bench takes it.
    pub fn case(&self) -> Case {
        Case { say: self.say.clone(), zone: self.zone, state: Values::new(), commands: Vec::new() }
    }

    /// Compares. A command is wrong when no right set has it; reading a value is no deed and can only be superfluous.
    pub fn outcome(&self, meaning: &Meaning) -> Outcome {
        let got = merged(meaning.commands.iter().map(|command| (command.plugin.clone(), command.action.clone(), command.arguments.clone())));
        let sets: Vec<Vec<Command>> = std::iter::once(&self.commands).chain(&self.or).map(|set| wishes(set)).collect();
        if sets.iter().any(|set| set.len() == got.len() && pairs_off(set, &got)) {
            return Outcome::Exact;
        }
        let fits_somewhere = |command: &Command| sets.iter().flatten().any(|wanted| meets(wanted, command));
        if got.iter().all(fits_somewhere) { Outcome::Missed } else { Outcome::Wrong }
    }
}

type Command = (String, String, Values);

fn wishes(set: &[Expected]) -> Vec<Command> {
    merged(set.iter().map(|command| (command.plugin.clone(), command.action.clone(), command.arguments.clone())))
}

/// Commands that differ only in their seats are one command for all of these.
fn merged(commands: impl Iterator<Item = Command>) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for (plugin, action, arguments) in commands {
        let rest = |arguments: &Values| -> Values { arguments.iter().filter(|(name, _)| *name != "zone").map(owned).collect() };
        let same = found.iter_mut().find(|other| other.0 == plugin && other.1 == action && rest(&other.2) == rest(&arguments));
        match (same, arguments.get("zone")) {
            (Some((.., earlier)), Some(Value::List(zones))) if matches!(earlier.get("zone"), Some(Value::List(_))) => {
                let Some(Value::List(all)) = earlier.get_mut("zone") else { continue };
                let new: Vec<String> = zones.iter().filter(|zone| !all.contains(zone)).cloned().collect();
                all.extend(new);
            }
            _ => found.push((plugin, action, arguments)),
        }
    }
    found
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Whether every wish has a command of its own.
fn pairs_off(wishes: &[Command], got: &[Command]) -> bool {
    let Some((first, rest)) = wishes.split_first() else { return true };
    (0..got.len()).filter(|place| meets(first, &got[*place])).any(|place| {
        let others: Vec<Command> = got.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, command)| command.clone()).collect();
        pairs_off(rest, &others)
    })
}

fn meets(wanted: &Command, got: &Command) -> bool {
    let equal = |name: &String, value: &Value| got.2.get(name).is_some_and(|found| alike(value, found));
    wanted.0 == got.0 && wanted.1 == got.1 && wanted.2.iter().all(|(name, value)| equal(name, value))
}

fn alike(wanted: &Value, got: &Value) -> bool {
    let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    match (wanted, got) {
        (Value::List(wanted), Value::List(got)) => wanted.len() == got.len() && wanted.iter().all(|zone| got.contains(zone)),
        (Value::Number(wanted), Value::Number(got)) => (wanted - got).abs() < 1e-6,
        (Value::Text(wanted), Value::Text(got)) => plain(wanted) == plain(got),
        _ => wanted == got,
    }
}

/// Counts by kind and over all.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<String, [usize; 3]>);

impl Counts {
    /// Adds one outcome.
    pub fn add(&mut self, kind: &str, outcome: Outcome) {
        for name in [kind, "all"] {
            self.0.entry(name.to_owned()).or_default()[outcome as usize] += 1;
        }
    }

    /// Share of a kind with an outcome, 0 to 1.
    pub fn share(&self, kind: &str, outcome: Outcome) -> f64 {
        let counts = self.0.get(kind).copied().unwrap_or_default();
        counts[outcome as usize] as f64 / counts.iter().sum::<usize>().max(1) as f64
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{:<10} {:>5} {:>7} {:>7} {:>7}", "kind", "of", "exact", "wrong", "missed")?;
        for (kind, counts) in &self.0 {
            let share = |outcome| format!("{:.1} %", 100.0 * self.share(kind, outcome));
            let of: usize = counts.iter().sum();
            writeln!(out, "{kind:<10} {of:>5} {:>7} {:>7} {:>7}", share(Outcome::Exact), share(Outcome::Wrong), share(Outcome::Missed))?;
        }
        Ok(())
    }
}

/// What was understood, in a line.
pub fn written(commands: &[MeantCommand]) -> String {
    let one = |command: &MeantCommand| {
        let arguments: Vec<String> = command.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}.{}({}) {} {:.2}", command.plugin, command.action, arguments.join(", "), command.tier, command.confidence)
    };
    if commands.is_empty() { "nothing".to_owned() } else { commands.iter().map(one).collect::<Vec<_>>().join(" + ") }
}
