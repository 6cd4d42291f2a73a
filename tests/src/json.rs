//! D-Bus values as JSON, in which replies are easiest compared and printed.

use std::collections::HashMap;

use serde_json::{Map, Value};
use zbus::{OwnedVariant, Variant};

/// What the methods of the contract call `a{sv}`.
pub type Dictionary = HashMap<String, OwnedVariant>;

/// A whole dictionary.
pub fn from_dictionary(dictionary: &Dictionary) -> Value {
    let mut keys: Vec<_> = dictionary.keys().collect();
    keys.sort();
    Value::Object(keys.into_iter().map(|key| (key.clone(), from_variant(&dictionary[key]))).collect())
}

/// A list of dictionaries.
pub fn from_dictionaries(rows: &[Dictionary]) -> Value {
    Value::Array(rows.iter().map(from_dictionary).collect())
}

/// One value; variants inside variants are unwrapped.
pub fn from_variant(value: &Variant<'_>) -> Value {
    match value {
        Variant::U8(number) => (*number).into(),
        Variant::Bool(switch) => (*switch).into(),
        Variant::I16(number) => (*number).into(),
        Variant::U16(number) => (*number).into(),
        Variant::I32(number) => (*number).into(),
        Variant::U32(number) => (*number).into(),
        Variant::I64(number) => (*number).into(),
        Variant::U64(number) => (*number).into(),
        Variant::F64(number) => (*number).into(),
        Variant::Str(text) => text.as_str().into(),
        Variant::Signature(signature) => signature.to_string().into(),
        Variant::ObjectPath(path) => path.as_str().into(),
        Variant::Variant(inner) => from_variant(inner),
        Variant::Array(array) => array.inner().iter().map(from_variant).collect(),
        Variant::Dict(dict) => Value::Object(dict.iter().map(|(key, value)| (key_text(key), from_variant(value))).collect::<Map<_, _>>()),
        Variant::Structure(structure) => structure.fields().iter().map(from_variant).collect(),
        Variant::Fd(_) => Value::Null,
    }
}

/// A signal's value as it is sent to the vehicle: every number as a double.
///
/// # Panics
/// A test's or script's own value is neither a switch, a number, a text nor a list of texts.
pub fn to_variant(value: &Value) -> Variant<'static> {
    match value {
        Value::Bool(switch) => (*switch).into(),
        Value::Number(number) => number.as_f64().expect("JSON numbers fit a double").into(),
        Value::String(text) => text.clone().into(),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(|item| item.as_str().expect("lists hold texts").to_owned()).collect();
            texts.into()
        }
        Value::Null | Value::Object(_) => panic!("{value} is no signal value"),
    }
}

/// Whether two values are equal, with numbers compared as numbers: 22 is 22.0.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        _ => match (one, other) {
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
            }
            _ => one == other,
        },
    }
}

fn key_text(key: &Variant<'_>) -> String {
    match from_variant(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
