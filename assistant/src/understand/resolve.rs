//! From what was said to what it means in this car, now: seats, units, ranges, and steps from the present value.

use std::collections::BTreeMap;

use plugins::manifest::{Action, Argument, Direction, Extreme, Kind};
use plugins::value::{Value, Values};
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;
use plugins::writes;
use plugins::zone::{Steering, Zone};

use super::lexicon::ZONE_GROUPS;
use super::number::Form;
use super::pattern::Actions;
use super::reading::Proposal;
use super::slots::Said;
use super::time::unit_seconds;
use crate::session::Command;

/// The car as far as resolving needs it.
pub struct Surroundings<'a> {
    /// Every action.
    pub actions: &'a Actions,
    /// The catalogue of signals.
    pub vss: &'a Vss,
    /// The car itself.
    pub vehicle: &'a dyn Vehicle,
    /// Which side the driver sits on.
    pub steering: Steering,
    /// Who speaks.
    pub speaker: Zone,
}

/// A proposal against the car.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// It can be checked and done.
    Ready(Command),
    /// The named argument is missing.
    Missing(Command, String),
    /// It cannot be done as asked.
    Impossible(Command, Obstacle),
}

/// Why a wish cannot be turned into a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// The value is outside the range of the named argument.
    OutOfRange {
        /// Argument.
        argument: String,
        /// What was asked.
        asked: f64,
    },
    /// The value lies between two settable ones.
    OffGrid {
        /// Argument.
        argument: String,
        /// What was asked.
        asked: f64,
    },
    /// The named seats do not have it.
    NoSuchZone,
    /// It is at the end of its range already; true: the upper.
    AtLimit(bool),
    /// The present value cannot be read.
    Unreadable(String),
}

/// Resolves one proposal; a step that leads to different values for different seats becomes several commands.
pub async fn resolve(proposal: &Proposal, around: &Surroundings<'_>) -> Vec<Resolved> {
    let entry = &around.actions.entries[proposal.action];
    let action = &entry.action;
    let mut command = Command {
        plugin: entry.plugin.clone(),
        action: action.id.clone(),
        arguments: Values::new(),
        direction: proposal.direction.clone(),
        tier: proposal.tier.name().to_owned(),
        confidence: proposal.confidence,
    };
    if let Some((name, argument)) = action.zone_argument() {
        match zones(argument, proposal.zones.as_deref(), around) {
            Some(zones) => {
                command.arguments.insert(name.to_owned(), Value::List(zones.iter().map(|zone| zone.name().to_owned()).collect()));
            }
            None => return vec![Resolved::Impossible(command, Obstacle::NoSuchZone)],
        }
    }
    let step = proposal.direction.as_deref().and_then(|name| action.direction(name));
    for (name, argument) in &action.arguments {
        if argument.kind == Kind::Zone || step.is_some_and(|(stepped, ..)| stepped == name) {
            continue;
        }
        match value_of(name, argument, proposal.said.get(name)) {
            Ok(Some(value)) => {
                command.arguments.insert(name.clone(), value);
            }
            Ok(None) if argument.optional => {}
            Ok(None) => return vec![Resolved::Missing(command, name.clone())],
            Err(obstacle) => return vec![Resolved::Impossible(command, obstacle)],
        }
    }
    match step {
        Some((name, argument, direction)) => {
            let amount = proposal.said.get(name);
            stepped(command, action, name, argument, direction, amount, around).await
        }
        None => vec![Resolved::Ready(command)],
    }
}

/// The value of an argument that was answered on its own, as [`resolve`] would take it.
///
/// # Errors
/// Out of range or between two steps.
pub fn value_of(name: &str, argument: &Argument, said: Option<&Said>) -> Result<Option<Value>, Obstacle> {
    let Some(said) = said else {
        return Ok(argument.default.clone());
    };
    Ok(Some(match said {
        Said::Number(value, form, unit) | Said::Target(value, form, unit) => {
            Value::Number(checked(name, argument, converted(argument, *value, *form, *unit))?)
        }
        Said::Extreme(is_upper) => match if *is_upper { argument.max } else { argument.min } {
            Some(end) => Value::Number(end),
            None => return Ok(None),
        },
        Said::Switch(on) => Value::Bool(*on),
        Said::Choice(choice) => Value::Text(choice.clone()),
        Said::Duration(seconds) => {
            let unit = unit_seconds(if argument.unit.is_empty() { "minute" } else { &argument.unit }).unwrap_or(60.0);
            Value::Number(checked(name, argument, seconds / unit)?)
        }
        Said::Time(time) => Value::Text(time.clone()),
        Said::Text(text) => Value::Text(text.clone()),
        Said::Zones(_) => return Ok(None),
    }))
}

fn converted(argument: &Argument, value: f64, form: Form, unit: Option<&str>) -> f64 {
    let range = argument.max.unwrap_or(100.0) - argument.min.unwrap_or(0.0);
    let share = |share: f64| {
        if argument.unit == "percent" {
            return share * 100.0;
        }
        let exact = argument.min.unwrap_or(0.0) + share * range;
        // A share of a range means the nearest settable value: half of three levels is two.
        argument.step.map_or(exact, |step| (exact / step).round() * step)
    };
    match (form, unit) {
        (Form::Share, _) => share(value),
        (Form::Percent, _) if argument.unit != "percent" && argument.max.is_some() => share(value / 100.0),
        (_, Some("fahrenheit")) if argument.unit == "celsius" => ((value - 32.0) / 1.8 * 2.0).round() / 2.0,
        (_, Some("mph")) => (value * 1.609_344).round(),
        (_, Some("mile")) => (value * 1.609_344 * 10.0).round() / 10.0,
        (_, Some(unit)) => match (unit_seconds(unit), unit_seconds(&argument.unit)) {
            (Some(said), Some(wanted)) => value * said / wanted,
            _ => value,
        },
        _ => value,
    }
}

fn checked(name: &str, argument: &Argument, value: f64) -> Result<f64, Obstacle> {
    let argument_name = || name.to_owned();
    if argument.min.is_some_and(|min| value < min - 1e-9) || argument.max.is_some_and(|max| value > max + 1e-9) || !value.is_finite() {
        return Err(Obstacle::OutOfRange { argument: argument_name(), asked: value });
    }
    if let Some(step) = argument.step.filter(|step| *step > 0.0) {
        let steps = (value - argument.min.unwrap_or(0.0)) / step;
        if (steps - steps.round()).abs() > 1e-6 {
            return Err(Obstacle::OffGrid { argument: argument_name(), asked: value });
        }
    }
    Ok(value)
}

/// The zones that a wish is about, cut down to those the action knows. `None`: it knows none of them.
fn zones(argument: &Argument, groups: Option<&[usize]>, around: &Surroundings<'_>) -> Option<Vec<Zone>> {
    let allowed: &[Zone] = if argument.allowed.is_empty() { &Zone::ALL } else { &argument.allowed };
    let wanted: Vec<Zone> = match groups {
        Some(groups) => groups.iter().flat_map(|group| group_zones(ZONE_GROUPS[*group], around)).collect(),
        None => default_zones(argument, allowed, around.speaker),
    };
    let kept: Vec<Zone> = Zone::ALL.into_iter().filter(|zone| wanted.contains(zone) && allowed.contains(zone)).collect();
    if kept.is_empty() && groups.is_some() { None } else { Some(kept) }
}

fn default_zones(argument: &Argument, allowed: &[Zone], speaker: Zone) -> Vec<Zone> {
    let named = |name: &str| match name {
        "all" => allowed.to_vec(),
        "speaker" if allowed.contains(&speaker) => vec![speaker],
        // The rear seats of a two-zone car are on the zone of their side, which the front seat of that side sets.
        "speaker" => allowed.first().copied().into_iter().collect(),
        name => name.parse().into_iter().collect(),
    };
    match &argument.default {
        Some(Value::Text(name)) => named(name),
        Some(Value::List(names)) => names.iter().flat_map(|name| named(name)).collect(),
        _ => named("speaker"),
    }
}

fn group_zones(group: &str, around: &Surroundings<'_>) -> Vec<Zone> {
    use Zone::{Driver, Passenger, RearLeft, RearMiddle, RearRight};
    let driver_is_left = around.steering == Steering::Left;
    match group {
        "front" => vec![Driver, Passenger],
        "rear" => vec![RearLeft, RearMiddle, RearRight],
        "left" => vec![if driver_is_left { Driver } else { Passenger }, RearLeft],
        "right" => vec![if driver_is_left { Passenger } else { Driver }, RearRight],
        "all" => Zone::ALL.to_vec(),
        "speaker" => vec![around.speaker],
        "others" => vec![match around.speaker {
            Driver => Passenger,
            Passenger => Driver,
            RearLeft => RearRight,
            RearRight | RearMiddle => RearLeft,
        }],
        name => name.parse().into_iter().collect(),
    }
}

async fn stepped(
    command: Command,
    action: &Action,
    name: &str,
    argument: &Argument,
    direction: Direction,
    amount: Option<&Said>,
    around: &Surroundings<'_>,
) -> Vec<Resolved> {
    let steps = match direction {
        Direction::Extreme(end) => {
            let end = if end == Extreme::Max { argument.max } else { argument.min };
            let Some(end) = end else { return vec![Resolved::Missing(command, name.to_owned())] };
            return vec![Resolved::Ready(with(command, name, end))];
        }
        Direction::Steps(steps) => steps,
    };
    if let Some(Said::Extreme(is_upper)) = amount
        && let Some(end) = if *is_upper { argument.max } else { argument.min }
    {
        return vec![Resolved::Ready(with(command, name, end))];
    }
    if let Some(goal @ Said::Target(..)) = amount {
        return match value_of(name, argument, Some(goal)) {
            Ok(Some(Value::Number(value))) => vec![Resolved::Ready(with(command, name, value))],
            Ok(_) => vec![Resolved::Missing(command, name.to_owned())],
            Err(obstacle) => vec![Resolved::Impossible(command, obstacle)],
        };
    }
    let (size, is_exact) = step_size(argument, amount);
    let present = match present(&command, action, name, argument, around).await {
        Ok(present) => present,
        Err(path) => return vec![Resolved::Impossible(command, Obstacle::Unreadable(path))],
    };
    let mut by_value: BTreeMap<String, (f64, Vec<String>)> = BTreeMap::new();
    let mut results = Vec::new();
    for (zone, current) in present {
        let wanted = current + steps.signum() * size * if is_exact { 1.0 } else { steps.abs() };
        match limited(name, argument, current, wanted, is_exact) {
            Ok(value) => by_value.entry(format!("{value:012.3}")).or_insert((value, Vec::new())).1.extend(zone),
            Err(obstacle) => results.push(Resolved::Impossible(with_zones(command.clone(), action, zone.into_iter().collect()), obstacle)),
        }
    }
    let ready = by_value.into_values().map(|(value, zones)| Resolved::Ready(with(with_zones(command.clone(), action, zones), name, value)));
    let ready: Vec<Resolved> = ready.collect();
    // Where one seat is at its limit and another is not, the one that can move does.
    if ready.is_empty() {
        results.truncate(1)
    } else {
        results.clear()
    }
    results.extend(ready);
    results
}

/// The size of a step, and whether a number was said for it.
fn step_size(argument: &Argument, amount: Option<&Said>) -> (f64, bool) {
    let relative = argument.relative.or(argument.step).unwrap_or(1.0);
    let range = argument.max.unwrap_or(100.0) - argument.min.unwrap_or(0.0);
    match amount {
        Some(Said::Number(value, Form::Plain, Some("fahrenheit"))) => ((value / 1.8 * 2.0).round() / 2.0, true),
        Some(Said::Number(value, Form::Plain, Some("level"))) if argument.unit != "level" => (value * relative, true),
        Some(Said::Number(value, Form::Plain, _)) => (*value, true),
        Some(Said::Number(value, Form::Percent, _)) if argument.unit == "percent" => (*value, true),
        Some(Said::Number(value, Form::Percent, _)) => (value / 100.0 * range, true),
        Some(Said::Number(value, Form::Share, _)) => (value * range, true),
        _ => (relative, false),
    }
}

fn limited(name: &str, argument: &Argument, current: f64, wanted: f64, is_exact: bool) -> Result<f64, Obstacle> {
    let (min, max) = (argument.min.unwrap_or(f64::MIN), argument.max.unwrap_or(f64::MAX));
    if (wanted > max && current >= max) || (wanted < min && current <= min) {
        return Err(Obstacle::AtLimit(wanted > max));
    }
    if is_exact && (wanted > max + 1e-9 || wanted < min - 1e-9) {
        return Err(Obstacle::OutOfRange { argument: name.to_owned(), asked: wanted });
    }
    // "A bit more" without a number means as far as it goes; the reply says the value that was reached.
    Ok(wanted.clamp(min, max))
}

fn with(mut command: Command, name: &str, value: f64) -> Command {
    command.arguments.insert(name.to_owned(), Value::Number(value));
    command
}

fn with_zones(mut command: Command, action: &Action, zones: Vec<String>) -> Command {
    if let Some((name, _)) = action.zone_argument() {
        command.arguments.insert(name.to_owned(), Value::List(zones));
    }
    command
}

/// The present value of a numeric argument, per zone where its signal is per zone.
async fn present(
    command: &Command,
    action: &Action,
    name: &str,
    argument: &Argument,
    around: &Surroundings<'_>,
) -> Result<Vec<(Option<String>, f64)>, String> {
    let sets_it = |value: &Option<Value>| value.as_ref().and_then(Value::text) == Some(name);
    let holds = |effect: &&plugins::manifest::Effect| sets_it(&effect.value) && writes::holds(&effect.when, &command.arguments);
    let Some(effect) = action.effects.iter().find(holds) else { return Err(format!("{}.{name}", action.id)) };
    let paths = writes::paths(&effect.path, action, &command.arguments, around.vss, around.steering).map_err(|error| error.to_string())?;
    let reading = around.vehicle.get(&paths).await.map_err(|error| error.to_string())?;
    let zones: Vec<Option<String>> = if effect.path.contains("{zone}") {
        writes::zones(action, &command.arguments).iter().map(|zone| Some(zone.name().to_owned())).collect()
    } else {
        vec![None]
    };
    let read =
        |path: &String| reading.values.get(path).and_then(|value| writes::current(effect, argument, value)).ok_or_else(|| path.clone());
    let values: Vec<f64> = paths.iter().map(read).collect::<Result<_, _>>()?;
    if !effect.path.contains("{zone}") {
        // One signal for all named seats.
        let zones = writes::zones(action, &command.arguments);
        let value = values.first().copied().ok_or_else(|| effect.path.clone())?;
        let all: Vec<(Option<String>, f64)> = zones.iter().map(|zone| (Some(zone.name().to_owned()), value)).collect();
        return Ok(if all.is_empty() { vec![(None, value)] } else { all });
    }
    Ok(zones.into_iter().zip(values).collect())
}
