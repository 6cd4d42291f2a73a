//! What can be wrong with a plugin's folder beyond its syntax.

use std::fmt;

use crate::catalogue::{Plugin, words};
use crate::manifest::{Action, Kind, Risk};
use crate::phrase;
use crate::value::Value;
use crate::vss::{SignalKind, Vss};
use crate::zone::{Steering, Zone};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Errors keep a plugin out; the rest is advice.
    pub is_error: bool,
    /// Action, language or key.
    pub place: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", if self.is_error { "error" } else { "advice" }, self.place, self.problem)
    }
}

/// Checks one plugin against the notation, itself and the catalogue of signals.
pub fn plugin(plugin: &Plugin, vss: &Vss) -> Vec<Finding> {
    let mut findings = Findings::default();
    let id = plugin.id();
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        findings.error("plugin.id", format!("'{id}' must be lower-case letters, digits and '-'"));
    }
    for (index, action) in plugin.manifest.actions.iter().enumerate() {
        if plugin.manifest.actions[..index].iter().any(|other| other.id == action.id) {
            findings.error(&action.id, "two actions have this id".to_owned());
        }
        arguments(action, &mut findings);
        effects(plugin, action, vss, &mut findings);
        sentences(plugin, action, &mut findings);
    }
    strangers(plugin, &mut findings);
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, place: &str, problem: String) {
        self.0.push(Finding { is_error: true, place: place.to_owned(), problem });
    }

    fn advice(&mut self, place: &str, problem: String) {
        self.0.push(Finding { is_error: false, place: place.to_owned(), problem });
    }
}

fn arguments(action: &Action, findings: &mut Findings) {
    for (name, argument) in &action.arguments {
        let place = format!("{}.{name}", action.id);
        if argument.kind == Kind::Choice && argument.values.is_empty() {
            findings.error(&place, "a choice needs `values`".to_owned());
        }
        if !argument.directions.is_empty() && argument.kind != Kind::Number {
            findings.error(&place, "only a number has `directions`".to_owned());
        }
        if let (Some(min), Some(max)) = (argument.min, argument.max)
            && min > max
        {
            findings.error(&place, format!("min {min} is above max {max}"));
        }
        if argument.kind == Kind::Zone && argument.default.as_ref().is_some_and(|default| !is_zone_default(default)) {
            findings.error(&place, "a zone's default is `speaker`, `all`, a zone or a list of zones".to_owned());
        }
    }
}

fn is_zone_default(default: &Value) -> bool {
    let known = |name: &str| name == "speaker" || name == "all" || name.parse::<Zone>().is_ok();
    match default {
        Value::Text(name) => known(name),
        Value::List(names) => names.iter().all(|name| known(name)),
        _ => false,
    }
}

fn effects(plugin: &Plugin, action: &Action, vss: &Vss, findings: &mut Findings) {
    for effect in &action.effects {
        for path in allowed_paths(&effect.path, action, vss, findings) {
            let Some(signal) = vss.signal(&path) else { continue };
            if signal.kind != SignalKind::Actuator {
                findings.error(&action.id, format!("{path} cannot be set: it is no actuator"));
            }
            let constants = effect.map.values().chain(effect.value.iter().filter(|value| !names_argument(action, value)));
            for value in constants {
                if let Err(reason) = signal.accepts(value) {
                    findings.error(&action.id, format!("{path}: {reason}"));
                }
            }
        }
        if effect.value.is_none() && plugin.manifest.plugin.program.is_empty() {
            findings.error(&action.id, format!("{} has no value, and the plugin has no program to decide it", effect.path));
        }
        for name in effect.when.keys().filter(|name| !action.arguments.contains_key(*name)) {
            findings.error(&action.id, format!("`when` names the argument '{name}', which is not declared"));
        }
    }
    for answer in &action.answers {
        allowed_paths(&answer.path, action, vss, findings);
    }
    if action.risk == Risk::Read && !action.effects.is_empty() {
        findings.error(&action.id, "a read action must not have effects".to_owned());
    }
    if action.undo != "restore" && action.undo != "none" && plugin.action(&action.undo).is_none() {
        findings.error(&action.id, format!("undo names the action '{}', which is not there", action.undo));
    }
}

fn names_argument(action: &Action, value: &Value) -> bool {
    value.text().is_some_and(|name| action.arguments.contains_key(name))
}

fn allowed_paths(pattern: &str, action: &Action, vss: &Vss, findings: &mut Findings) -> Vec<String> {
    if !pattern.contains("{zone}") {
        if vss.signal(pattern).is_none() {
            findings.error(&action.id, format!("the signal {pattern} is neither in VSS nor in an overlay"));
        }
        return vec![pattern.to_owned()];
    }
    let Some((_, argument)) = action.zone_argument() else {
        findings.error(&action.id, format!("{pattern} has {{zone}}, but no argument is a zone"));
        return Vec::new();
    };
    let zones: &[Zone] = if argument.allowed.is_empty() { &Zone::ALL } else { &argument.allowed };
    let mut paths = Vec::new();
    for zone in zones {
        match vss.resolve(pattern, *zone, Steering::Left) {
            Some(path) => paths.push(path),
            None if argument.allowed.is_empty() => {}
            None => findings.error(&action.id, format!("{pattern} does not exist for {zone}: leave it out of `allowed`")),
        }
    }
    if paths.is_empty() {
        findings.error(&action.id, format!("the signal {pattern} is neither in VSS nor in an overlay for any zone"));
    }
    paths
}

fn sentences(plugin: &Plugin, action: &Action, findings: &mut Findings) {
    for (language, locale) in &plugin.locales {
        let place = format!("{} ({language})", action.id);
        let Some(sentences) = locale.action.get(&action.id) else {
            findings.advice(&place, "nobody can say it: the locale has no sentences for it".to_owned());
            continue;
        };
        let words = words(language, locale);
        let lists = std::iter::once(&sentences.say).chain(sentences.relative.values());
        for line in lists.flatten() {
            match phrase::parse(line, &words) {
                Err(error) => findings.error(&place, error.to_string()),
                Ok(parsed) => {
                    for slot in parsed.slots().into_iter().filter(|slot| !action.arguments.contains_key(*slot)) {
                        findings.error(&place, format!("phrase '{line}': the slot {{{slot}}} is not declared"));
                    }
                }
            }
        }
        for direction in sentences.relative.keys().filter(|name| action.direction(name).is_none()) {
            findings.error(&place, format!("'{direction}' is neither a known key nor a declared direction"));
        }
        if sentences.done.is_empty() {
            findings.advice(&place, "there is no `done` sentence".to_owned());
        }
        for (name, argument) in action.arguments.iter().filter(|(_, argument)| argument.kind == Kind::Choice) {
            for value in argument.values.iter().filter(|value| locale.spoken(&action.id, name, value).is_empty()) {
                findings.error(&place, format!("the value '{value}' of '{name}' has no spoken words"));
            }
        }
    }
}

fn strangers(plugin: &Plugin, findings: &mut Findings) {
    for (language, locale) in &plugin.locales {
        for id in locale.action.keys().filter(|id| plugin.action(id).is_none()) {
            findings.error(&format!("{id} ({language})"), "the locale speaks of an action that plugin.toml does not have".to_owned());
        }
    }
}
