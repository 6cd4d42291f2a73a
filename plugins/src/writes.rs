//! From an action and its arguments to the full set of signals it sets. Policy, plugins, read-back and undo all use this one expansion.

use std::collections::BTreeMap;

use crate::manifest::{Action, Argument, Effect};
use crate::value::{Value, Values};
use crate::vss::Vss;
use crate::zone::{Steering, Zone};

/// The signals that an action sets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Writes {
    /// Path to value.
    pub values: Values,
    /// Paths whose value the plugin's own program decides.
    pub open: Vec<String>,
}

/// The wish cannot be turned into signals of this car.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WritesError {
    /// The car has no such signal at all.
    #[error("this car has no signal {0}")]
    NoSignal(String),
    /// The signal exists, but not for this seat.
    #[error("this car has no {path} for {zone}")]
    NoZone {
        /// Path with `{zone}`.
        path: String,
        /// The seat.
        zone: Zone,
    },
    /// The value does not fit the signal.
    #[error("{path}: {reason}")]
    BadValue {
        /// Expanded path.
        path: String,
        /// Why.
        reason: String,
    },
}

/// The zones named by the arguments of an action that has a zone argument.
pub fn zones(action: &Action, arguments: &Values) -> Vec<Zone> {
    let named = action.zone_argument().and_then(|(name, _)| arguments.get(name));
    named.and_then(Value::list).map(|list| list.iter().filter_map(|zone| zone.parse().ok()).collect()).unwrap_or_default()
}

/// Expands every effect of `action` over the zones in `arguments`.
///
/// # Errors
/// A signal or zone that the catalogue does not have, a value that the signal does not take.
pub fn expand(action: &Action, arguments: &Values, vss: &Vss, steering: Steering) -> Result<Writes, WritesError> {
    let mut writes = Writes::default();
    for effect in action.effects.iter().filter(|effect| applies(effect, arguments)) {
        let wanted = wanted(effect, arguments);
        if effect.value.is_some() && wanted.is_none() {
            continue; // an optional argument that was not given
        }
        for path in paths(&effect.path, action, arguments, vss, steering)? {
            match &wanted {
                None => writes.open.push(path),
                Some(value) => {
                    let value = fitted(value.clone(), effect, &path, vss)?;
                    writes.values.insert(path, value);
                }
            }
        }
    }
    Ok(writes)
}

/// Every path of a pattern with `{zone}` for the zones of `arguments`.
///
/// # Errors
/// A signal or zone that the catalogue does not have.
pub fn paths(pattern: &str, action: &Action, arguments: &Values, vss: &Vss, steering: Steering) -> Result<Vec<String>, WritesError> {
    if !pattern.contains("{zone}") {
        return match vss.signal(pattern) {
            Some(_) => Ok(vec![pattern.to_owned()]),
            None => Err(WritesError::NoSignal(pattern.to_owned())),
        };
    }
    zones(action, arguments)
        .into_iter()
        .map(|zone| vss.resolve(pattern, zone, steering).ok_or_else(|| WritesError::NoZone { path: pattern.to_owned(), zone }))
        .collect()
}

/// Whether an effect belongs to these arguments.
pub fn applies(effect: &Effect, arguments: &Values) -> bool {
    let is_above = |(name, limit): (&String, &f64)| arguments.get(name).and_then(Value::number).is_some_and(|number| number > *limit);
    holds(&effect.when, arguments) && effect.above.iter().all(is_above)
}

/// Whether every named argument has the wanted value.
pub fn holds(when: &BTreeMap<String, Value>, arguments: &Values) -> bool {
    when.iter().all(|(name, value)| arguments.get(name).is_some_and(|given| given.matches(value)))
}

fn wanted(effect: &Effect, arguments: &Values) -> Option<Value> {
    match effect.value.as_ref()? {
        Value::Text(name) => match arguments.get(name) {
            Some(given) => Some(effect.map.get(&given.to_string()).cloned().unwrap_or_else(|| given.clone())),
            None if looks_like_argument(name) => None,
            None => Some(Value::Text(name.clone())),
        },
        constant => Some(constant.clone()),
    }
}

/// Signal values are upper case in VSS, argument names are lower case: that tells a missing optional argument from a constant.
fn looks_like_argument(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn fitted(value: Value, effect: &Effect, path: &str, vss: &Vss) -> Result<Value, WritesError> {
    let signal = vss.signal(path).ok_or_else(|| WritesError::NoSignal(path.to_owned()))?;
    let value = match value {
        Value::Number(number) => {
            let scaled = number * effect.factor.unwrap_or(1.0) + effect.offset.unwrap_or(0.0);
            let whole = if signal.is_whole() { scaled.round() } else { scaled };
            // A factor such as 33.4 may pass the limit by a rounding; an argument without a factor is checked as it is.
            let (low, high) = signal.limits();
            Value::Number(if effect.factor.is_some() { whole.clamp(low, high) } else { whole })
        }
        other => other,
    };
    signal.accepts(&value).map_err(|reason| WritesError::BadValue { path: path.to_owned(), reason })?;
    Ok(value)
}

/// What `argument` reads at present: the inverse of the effect that sets it, on the value of its signal, on the argument's grid.
pub fn current(effect: &Effect, argument: &Argument, signal: &Value) -> Option<f64> {
    let number = signal.number().or_else(|| {
        let (name, _) = effect.map.iter().find(|(_, value)| *value == signal)?;
        name.parse().ok()
    })?;
    let value = (number - effect.offset.unwrap_or(0.0)) / effect.factor.unwrap_or(1.0);
    let step = argument.step.unwrap_or(0.0);
    Some(if step > 0.0 { (value / step).round() * step } else { value })
}
