//! Arguments against the manifest that declares them. Whoever calls an action has checked them before; whoever carries it out checks
//! them again, because the bus lets others call too.

use crate::manifest::{Action, Argument, Kind};
use crate::value::{Value, Values};
use crate::zone::Zone;

/// Why arguments do not fit an action.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArgumentError {
    /// The action does not have this argument.
    #[error("the argument '{0}' is not declared")]
    Unknown(String),
    /// A value is needed and was not given.
    #[error("the argument '{0}' is missing")]
    Missing(String),
    /// The value is of the wrong type.
    #[error("the argument '{name}' must be {wanted}, not '{given}'")]
    Type {
        /// The argument.
        name: String,
        /// What it takes.
        wanted: &'static str,
        /// What was given.
        given: String,
    },
    /// A number outside the range.
    #[error("the argument '{name}' is {given}, outside {min} to {max}")]
    Range {
        /// The argument.
        name: String,
        /// What was given.
        given: f64,
        /// Smallest value, included.
        min: f64,
        /// Largest value, included.
        max: f64,
    },
    /// A choice or a seat that the action does not have.
    #[error("the argument '{name}' cannot be '{given}'; it can be {allowed}")]
    NotAllowed {
        /// The argument.
        name: String,
        /// What was given.
        given: String,
        /// What it can be.
        allowed: String,
    },
}

impl ArgumentError {
    /// The same for the person who asked, `zh` or else English.
    pub fn sentence(&self, language: &str) -> String {
        match (self, language) {
            (ArgumentError::Range { min, max, .. }, "zh") => format!("只能在{}到{}之间。", Value::Number(*min), Value::Number(*max)),
            (ArgumentError::Range { min, max, .. }, _) => {
                format!("It must be between {} and {}.", Value::Number(*min), Value::Number(*max))
            }
            (ArgumentError::Missing(_), "zh") => "还缺少一个值。".to_owned(),
            (ArgumentError::Missing(_), _) => "A value is missing.".to_owned(),
            (ArgumentError::NotAllowed { .. }, "zh") => "这里没有这个选项。".to_owned(),
            (ArgumentError::NotAllowed { .. }, _) => "That is not one of the options here.".to_owned(),
            (ArgumentError::Unknown(_) | ArgumentError::Type { .. }, "zh") => "这个请求我无法处理。".to_owned(),
            (ArgumentError::Unknown(_) | ArgumentError::Type { .. }, _) => "That request does not make sense to me.".to_owned(),
        }
    }
}

/// The arguments that `action` works with: `given`, every one checked, and defaults for what was left out. `speaker` is the zone of
/// whoever speaks.
///
/// # Errors
/// The first argument that does not fit.
pub fn checked(action: &Action, given: &Values, speaker: &str) -> Result<Values, ArgumentError> {
    if let Some(name) = given.keys().find(|name| !action.arguments.contains_key(*name)) {
        return Err(ArgumentError::Unknown(name.clone()));
    }
    let mut arguments = Values::new();
    for (name, argument) in &action.arguments {
        let value = match given.get(name) {
            Some(value) => Some(fitting(name, argument, value)?),
            None => default(name, argument, speaker)?,
        };
        match value {
            Some(value) => {
                arguments.insert(name.clone(), value);
            }
            None if argument.optional => {}
            None => return Err(ArgumentError::Missing(name.clone())),
        }
    }
    Ok(arguments)
}

fn fitting(name: &str, argument: &Argument, value: &Value) -> Result<Value, ArgumentError> {
    match (argument.kind, value) {
        (Kind::Number | Kind::Duration, Value::Number(number)) if number.is_finite() => in_range(name, argument, *number)?,
        (Kind::Switch, Value::Bool(_)) => {}
        (Kind::Choice, Value::Text(choice)) => {
            if !argument.values.contains(choice) {
                let allowed = argument.values.join(", ");
                return Err(ArgumentError::NotAllowed { name: name.to_owned(), given: choice.clone(), allowed });
            }
        }
        (Kind::Zone, Value::List(zones)) if !zones.is_empty() => zones.iter().try_for_each(|zone| seat(name, argument, zone))?,
        (Kind::Zone, Value::Text(zone)) => {
            seat(name, argument, zone)?;
            return Ok(Value::List(vec![zone.clone()]));
        }
        (Kind::Time, Value::Text(time)) if is_time(time) => {}
        (Kind::Text | Kind::Contact | Kind::Place, Value::Text(text)) if !text.trim().is_empty() => {}
        _ => return Err(ArgumentError::Type { name: name.to_owned(), wanted: wanted(argument.kind), given: value.to_string() }),
    }
    Ok(value.clone())
}

fn in_range(name: &str, argument: &Argument, given: f64) -> Result<(), ArgumentError> {
    let (min, max) = (argument.min.unwrap_or(f64::MIN), argument.max.unwrap_or(f64::MAX));
    if (min..=max).contains(&given) { Ok(()) } else { Err(ArgumentError::Range { name: name.to_owned(), given, min, max }) }
}

fn seat(name: &str, argument: &Argument, zone: &str) -> Result<(), ArgumentError> {
    if zone.parse().is_ok_and(|zone| allowed(argument).contains(&zone)) {
        return Ok(());
    }
    let allowed = allowed(argument).iter().map(|zone| zone.name()).collect::<Vec<_>>().join(", ");
    Err(ArgumentError::NotAllowed { name: name.to_owned(), given: zone.to_owned(), allowed })
}

fn allowed(argument: &Argument) -> &[Zone] {
    if argument.allowed.is_empty() { &Zone::ALL } else { &argument.allowed }
}

fn is_time(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else { return false };
    let below = |digits: &str, limit: u32| digits.len() == 2 && digits.parse::<u32>().is_ok_and(|number| number < limit);
    below(hours, 24) && below(minutes, 60)
}

fn default(name: &str, argument: &Argument, speaker: &str) -> Result<Option<Value>, ArgumentError> {
    let Some(default) = &argument.default else { return Ok(None) };
    if argument.kind != Kind::Zone {
        return fitting(name, argument, default).map(Some);
    }
    let one = |zone: &str| match zone {
        "speaker" => vec![speaker.to_owned()],
        "all" => allowed(argument).iter().map(|zone| zone.name().to_owned()).collect(),
        zone => vec![zone.to_owned()],
    };
    let zones = match default {
        Value::Text(zone) => one(zone),
        Value::List(zones) => zones.iter().flat_map(|zone| one(zone)).collect(),
        _ => Vec::new(),
    };
    fitting(name, argument, &Value::List(zones)).map(Some)
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Duration => "a number",
        Kind::Switch => "a switch",
        Kind::Choice => "the name of a choice",
        Kind::Zone => "a list of zones",
        Kind::Time => "a time of day as HH:MM",
        Kind::Text | Kind::Contact | Kind::Place => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    const ACTION: &str = r#"
        [plugin]
        id = "t"
        title = {}
        version = "1"
        [[action]]
        id = "a"
        risk = "comfort"
        [action.arguments.temperature]
        type = "number"
        min = 16
        max = 32
        [action.arguments.mode]
        type = "choice"
        values = ["eco", "sport"]
        default = "eco"
        [action.arguments.zone]
        type = "zone"
        default = "speaker"
        allowed = ["driver", "passenger"]
        [action.arguments.at]
        type = "time"
        optional = true
    "#;

    fn check(given: &[(&str, Value)], speaker: &str) -> Result<Values, ArgumentError> {
        let manifest: Manifest = toml::from_str(ACTION).expect("a manifest");
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        checked(&manifest.actions[0], &given, speaker)
    }

    #[test]
    fn defaults_fill_what_was_left_out() {
        let arguments = check(&[("temperature", 21.0.into())], "passenger").expect("they fit");
        assert_eq!(arguments["mode"], "eco".into());
        assert_eq!(arguments["zone"], Value::List(vec!["passenger".into()]));
        assert!(!arguments.contains_key("at"));
    }

    #[test]
    fn every_misfit_is_refused() {
        let warm = ("temperature", Value::Number(21.0));
        let zones = |names: &[&str]| Value::List(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(check(&[], "driver"), Err(ArgumentError::Missing("temperature".into())));
        assert!(matches!(check(&[("temperature", 33.0.into())], "driver"), Err(ArgumentError::Range { .. })));
        assert!(matches!(check(&[("temperature", "warm".into())], "driver"), Err(ArgumentError::Type { .. })));
        for (name, value) in [("mode", "track".into()), ("zone", zones(&["rear-left"])), ("zone", zones(&["driver", "roof"]))] {
            assert!(matches!(check(&[warm.clone(), (name, value)], "driver"), Err(ArgumentError::NotAllowed { .. })), "{name}");
        }
        for (name, value) in [("zone", zones(&[])), ("at", "24:00".into()), ("at", "7:5".into()), ("mode", true.into())] {
            assert!(matches!(check(&[warm.clone(), (name, value)], "driver"), Err(ArgumentError::Type { .. })), "{name}");
        }
        assert_eq!(check(&[warm, ("fan", 1.0.into())], "driver"), Err(ArgumentError::Unknown("fan".into())));
    }

    #[test]
    fn the_range_is_said_in_the_language_of_the_question() {
        let error = check(&[("temperature", 40.0.into())], "driver").expect_err("too warm");
        assert_eq!(error.sentence("en"), "It must be between 16 and 32.");
        assert_eq!(error.sentence("zh"), "只能在16到32之间。");
    }
}
