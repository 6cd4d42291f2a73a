//! The values that travel between a sentence, a plugin and the vehicle.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One argument or signal value. On D-Bus: `b`, `d`, `s`, `as`. Every number is a double, in the unit of the manifest (arguments)
/// or of the signal's catalogue entry (signals).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A switch.
    Bool(bool),
    /// A number in the unit of its declaration.
    Number(f64),
    /// A choice's name or free text.
    Text(String),
    /// Zones, or a signal of a string array type.
    List(Vec<String>),
}

/// Values by name: arguments by argument name, signals by VSS path. Sorted, so that everything made from it is reproducible.
pub type Values = BTreeMap<String, Value>;

impl Value {
    /// Whether a signal that reads `self` fulfils the wish `wanted`: numbers within half a percent of each other or 0.01, the rest exactly.
    pub fn matches(&self, wanted: &Value) -> bool {
        match (self, wanted) {
            (Value::Number(a), Value::Number(b)) => (a - b).abs() <= (b.abs() * 0.005).max(0.01),
            (a, b) => a == b,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn list(&self) -> Option<&[String]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{}", round_for_display(*value)),
            Value::Text(value) => f.write_str(value),
            Value::List(values) => f.write_str(&values.join(", ")),
        }
    }
}

/// At most two digits after the point, none where there is nothing to say.
fn round_for_display(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_json_as_they_were() {
        for value in
            [true.into(), 21.5.into(), Value::Number(-3.0), "AUTO".into(), Value::List(vec!["driver".into()]), Value::List(Vec::new())]
        {
            let json = serde_json::to_string(&value).expect("plain values");
            assert_eq!(serde_json::from_str::<Value>(&json).expect(&json), value);
        }
        assert_eq!(toml::from_str::<Values>("a = 3").expect("a table")["a"], Value::Number(3.0), "whole numbers are numbers");
    }

    #[test]
    fn a_wish_is_fulfilled_within_half_a_percent() {
        let number = |a: f64, b: f64| Value::Number(a).matches(&Value::Number(b));
        assert!(number(21.0, 21.0) && number(99.6, 100.0) && number(0.009, 0.0));
        assert!(!number(21.5, 21.0) && !number(99.4, 100.0) && !number(0.02, 0.0));
        assert!(!Value::Text("1".into()).matches(&Value::Number(1.0)));
        assert!(!Value::Bool(true).matches(&Value::Bool(false)));
    }

    #[test]
    fn numbers_are_shown_without_a_tail() {
        assert_eq!(Value::Number(21.0).to_string(), "21");
        assert_eq!(Value::Number(21.456).to_string(), "21.46");
        assert_eq!(Value::List(vec!["a".into(), "b".into()]).to_string(), "a, b");
    }
}
