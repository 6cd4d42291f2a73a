//! Our values as D-Bus variants and back. Every number that arrives becomes a double; every number that leaves is one.

use std::collections::HashMap;

use zbus::{OwnedVariant, Variant};

use crate::value::{Value, Values};

/// A dictionary as it arrives.
pub type Dictionary = HashMap<String, OwnedVariant>;

/// A dictionary as it leaves.
pub type OutDictionary = HashMap<String, Variant<'static>>;

/// A variant that is none of the types that values have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a value of type '{signature}' is neither a switch (b), a number, a text (s) nor a list of texts (as)")]
pub struct NotAValue {
    signature: String,
}

/// One value for the bus: `b`, `d`, `s`, `as`.
pub fn to_variant(value: &Value) -> Variant<'static> {
    match value {
        Value::Bool(value) => Variant::from(*value),
        Value::Number(value) => Variant::from(*value),
        Value::Text(value) => Variant::from(value.clone()),
        Value::List(values) => Variant::from(values.clone()),
    }
}

/// One value from the bus: `b`, any kind of number, `s`, `as`, or one of these in a variant of its own.
///
/// # Errors
/// Any other type, and numbers that are not finite.
pub fn from_variant(variant: &Variant<'_>) -> Result<Value, NotAValue> {
    let wrong = || NotAValue { signature: variant.value_signature().to_string() };
    let number = match variant {
        Variant::Bool(value) => return Ok(Value::Bool(*value)),
        Variant::Str(value) => return Ok(Value::Text(value.as_str().to_owned())),
        Variant::Variant(inner) => return from_variant(inner),
        Variant::Array(array) => {
            let text = |element: &Variant<'_>| match from_variant(element) {
                Ok(Value::Text(text)) => Ok(text),
                _ => Err(wrong()),
            };
            return array.iter().map(text).collect::<Result<Vec<_>, _>>().map(Value::List);
        }
        Variant::U8(value) => f64::from(*value),
        Variant::I16(value) => f64::from(*value),
        Variant::U16(value) => f64::from(*value),
        Variant::I32(value) => f64::from(*value),
        Variant::U32(value) => f64::from(*value),
        // Signals do not count past 2^53, the last whole number that a double tells from its neighbor.
        Variant::I64(value) => *value as f64,
        Variant::U64(value) => *value as f64,
        Variant::F64(value) => *value,
        _ => return Err(wrong()),
    };
    if number.is_finite() { Ok(Value::Number(number)) } else { Err(wrong()) }
}

/// Values as a dictionary `a{sv}`.
pub fn to_dictionary(values: &Values) -> OutDictionary {
    values.iter().map(|(name, value)| (name.clone(), to_variant(value))).collect()
}

/// A dictionary `a{sv}` as values.
///
/// # Errors
/// The first key whose value is none of our types, and why.
pub fn from_dictionary(dictionary: &Dictionary) -> Result<Values, (String, NotAValue)> {
    let entry = |(name, value): (&String, &OwnedVariant)| match from_variant(value) {
        Ok(value) => Ok((name.clone(), value)),
        Err(problem) => Err((name.clone(), problem)),
    };
    dictionary.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_left() {
        let values = [true.into(), 21.5.into(), "AUTO".into(), Value::List(vec!["driver".into(), "rear-left".into()]), Value::List(vec![])];
        for value in values {
            assert_eq!(from_variant(&to_variant(&value)), Ok(value));
        }
    }

    #[test]
    fn every_kind_of_number_is_a_double() {
        let numbers =
            [Variant::U8(7), Variant::I16(7), Variant::U16(7), Variant::I32(7), Variant::U32(7), Variant::I64(7), Variant::U64(7)];
        for number in numbers.into_iter().chain([Variant::Variant(Box::new(Variant::F64(7.0)))]) {
            assert_eq!(from_variant(&number), Ok(Value::Number(7.0)), "{number:?}");
        }
    }

    #[test]
    fn other_types_are_named() {
        let error = from_variant(&Variant::from(vec![1_u32, 2])).expect_err("numbers are not texts");
        assert!(error.to_string().contains("'au'"), "{error}");
        assert!(from_variant(&Variant::F64(f64::NAN)).is_err());
        assert!(from_variant(&Variant::Structure((1_u8, 2_u8).into())).is_err());
    }
}
