//! Signals that follow other signals: a window that moves is open, a switch that is pressed moves the window. The rules are data, in
//! `plugins/simulator/couplings.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::simulator::pattern;
use crate::value::{Value, Values};
use crate::vss::Vss;

/// One `[[coupling]]` as written. `{name}` stands for one part of the path, the same in all paths of the rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupling {
    /// The signal that leads.
    pub from: String,
    /// The signal that follows.
    pub to: String,
    /// From the leader's value, written as text, to the follower's; `"*"`: any other value. Values that are not named move nothing.
    #[serde(default)]
    pub map: BTreeMap<String, Value>,
    /// The leader counts as true above this number, else as false; `map` may take it from there.
    pub above: Option<f64>,
    /// Without `map` and `above`: follower = leader * factor + offset, texts and booleans as they are.
    pub factor: Option<f64>,
    /// See `factor`.
    pub offset: Option<f64>,
    /// Only while these signals read so.
    #[serde(default)]
    pub when: BTreeMap<String, Value>,
}

/// `couplings.toml` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouplingsFile {
    /// The rules, in order.
    #[serde(default)]
    pub coupling: Vec<Coupling>,
}

/// All rules, written out for every pair of signals.
#[derive(Debug, Default)]
pub struct Couplings {
    links: BTreeMap<String, Vec<Link>>,
}

#[derive(Debug, Clone)]
struct Link {
    to: String,
    rule: Coupling,
    when: Values,
}

impl Couplings {
    /// Writes the rules out for every pair of signals in the catalogue.
    ///
    /// # Errors
    /// A rule that fits no pair of signals, or whose values the follower does not take: the rule's `from`, and the problem.
    pub fn new(rules: &[Coupling], vss: &Vss) -> Result<Self, (String, String)> {
        let mut couplings = Couplings::default();
        for rule in rules {
            if couplings.add(rule, vss).map_err(|problem| (rule.from.clone(), problem))? == 0 {
                return Err((rule.from.clone(), format!("no signals fit this rule with {}", rule.to)));
            }
        }
        Ok(couplings)
    }

    fn add(&mut self, rule: &Coupling, vss: &Vss) -> Result<usize, String> {
        let mut added = 0;
        for (from, _) in vss.iter() {
            let Some(names) = pattern::captures(&rule.from, from) else { continue };
            let to = pattern::filled(&rule.to, &names);
            let Some(follower) = vss.signal(&to) else { continue };
            for value in rule.map.values() {
                follower.accepts(value).map_err(|reason| format!("{to}: {reason}"))?;
            }
            let when = rule.when.iter().map(|(path, value)| (pattern::filled(path, &names), value.clone())).collect();
            self.links.entry(from.to_owned()).or_default().push(Link { to, rule: rule.clone(), when });
            added += 1;
        }
        Ok(added)
    }

    /// Leaves out the signals that this car does not have.
    pub fn retain(&mut self, has: impl Fn(&str) -> bool) {
        self.links.retain(|from, links| {
            links.retain(|link| has(&link.to));
            has(from) && !links.is_empty()
        });
    }

    /// What follows from the value that `path` now has. A follower that already agrees is left alone: a window at 30 % is open, so
    /// opening it does not move it.
    pub fn followers(&self, path: &str, values: &Values) -> Vec<(String, Value)> {
        let Some(value) = values.get(path) else { return Vec::new() };
        let links = self.links.get(path).map_or(&[][..], Vec::as_slice);
        let follows = |link: &Link| {
            let holds = link.when.iter().all(|(path, wanted)| values.get(path).is_some_and(|value| value.matches(wanted)));
            let target = link.rule.apply(value).filter(|_| holds && !self.agrees(path, value, &link.to, values))?;
            (values.get(&link.to) != Some(&target)).then(|| (link.to.clone(), target))
        };
        links.iter().filter_map(follows).collect()
    }

    /// Whether the follower, as it is, leads back to the leader's value.
    fn agrees(&self, path: &str, value: &Value, follower: &str, values: &Values) -> bool {
        let back = self.links.get(follower).map_or(&[][..], Vec::as_slice);
        let current = values.get(follower);
        back.iter().filter(|link| link.to == path).any(|link| current.and_then(|current| link.rule.apply(current)).as_ref() == Some(value))
    }
}

impl Coupling {
    fn apply(&self, value: &Value) -> Option<Value> {
        let value = match self.above {
            Some(above) => Value::Bool(value.number()? > above),
            None => value.clone(),
        };
        if !self.map.is_empty() {
            return self.map.get(&value.to_string()).or_else(|| self.map.get("*")).cloned();
        }
        Some(match value {
            Value::Number(number) => Value::Number(number * self.factor.unwrap_or(1.0) + self.offset.unwrap_or(0.0)),
            other => other,
        })
    }
}
