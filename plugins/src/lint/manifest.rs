//! A manifest against itself and the catalogue of signals.

use crate::catalogue::Plugin;
use crate::lint::Findings;
use crate::manifest::{Action, Kind, Risk};
use crate::value::Value;
use crate::vss::{SignalKind, Vss};
use crate::zone::{Steering, Zone};

pub(super) fn arguments(action: &Action, findings: &mut Findings) {
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

pub(super) fn effects(plugin: &Plugin, action: &Action, vss: &Vss, findings: &mut Findings) {
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
        for name in effect.when.keys().chain(effect.above.keys()).filter(|name| !action.arguments.contains_key(*name)) {
            findings.error(&action.id, format!("`when` names the argument '{name}', which is not declared"));
        }
    }
    for answer in &action.answers {
        allowed_paths(&answer.path, action, vss, findings);
        for name in answer.when.keys().filter(|name| !action.arguments.contains_key(*name)) {
            findings.error(&action.id, format!("`when` names the argument '{name}', which is not declared"));
        }
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
