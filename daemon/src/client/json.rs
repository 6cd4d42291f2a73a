//! From the dictionaries of the bus to JSON with the same keys, in an order that people like to read.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use zbus::{OwnedVariant, Variant};

/// A dictionary as it arrives.
pub(super) type Dictionary = HashMap<String, OwnedVariant>;

/// Keys in the order they are shown; others follow by the alphabet.
const ORDER: [&str; 42] = [
    "turn",
    "kind",
    "text",
    "language",
    "id",
    "plugin",
    "plugin-title",
    "action",
    "title",
    "arguments",
    "name",
    "version",
    "state",
    "status",
    "reason",
    "writes",
    "undoable",
    "risk",
    "label",
    "commands",
    "question",
    "actions",
    "sources",
    "options",
    "document",
    "section",
    "page",
    "quote",
    "leftover",
    "examples",
    "confidence",
    "score",
    "tier",
    "span",
    "timings",
    "missing",
    "rejected",
    "conflicts",
    "provider",
    "skipped",
    "models",
    "generation",
];

/// A dictionary as an object.
pub(super) fn object(dictionary: &Dictionary) -> Json {
    in_order(dictionary.iter().map(|(key, value)| (key.clone(), json(value))))
}

/// A list of dictionaries.
pub(super) fn objects(dictionaries: &[Dictionary]) -> Json {
    Json::Array(dictionaries.iter().map(object).collect())
}

/// An object with its keys in [`ORDER`].
pub(super) fn in_order(entries: impl Iterator<Item = (String, Json)>) -> Json {
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    let mut entries: Vec<(String, Json)> = entries.collect();
    entries.sort_by(|(a, _), (b, _)| (place(a), a).cmp(&(place(b), b)));
    Json::Object(Map::from_iter(entries))
}

/// Any value of the bus.
pub(super) fn json(value: &Variant<'_>) -> Json {
    match value {
        Variant::Bool(switch) => Json::Bool(*switch),
        Variant::U8(number) => Json::from(*number),
        Variant::I16(number) => Json::from(*number),
        Variant::U16(number) => Json::from(*number),
        Variant::I32(number) => Json::from(*number),
        Variant::U32(number) => Json::from(*number),
        Variant::I64(number) => Json::from(*number),
        Variant::U64(number) => Json::from(*number),
        Variant::F64(number) => Json::from(*number),
        Variant::Str(text) => Json::from(text.as_str()),
        Variant::ObjectPath(path) => Json::from(path.as_str()),
        Variant::Signature(signature) => Json::from(signature.to_string()),
        Variant::Variant(inner) => json(inner),
        Variant::Array(array) => Json::Array(array.iter().map(json).collect()),
        Variant::Structure(structure) => Json::Array(structure.fields().iter().map(json).collect()),
        Variant::Dict(dict) => in_order(dict.iter().map(|(key, value)| (key_text(key), json(value)))),
        Variant::Fd(_) => Json::Null,
    }
}

fn key_text(key: &Variant<'_>) -> String {
    match json(key) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_reading_order_at_every_depth() {
        let action: HashMap<String, Variant<'static>> =
            [("state", "done"), ("zebra", "x"), ("action", "a"), ("plugin", "p"), ("apple", "y")]
                .map(|(k, v)| (k.to_owned(), v.into()))
                .into();
        let reply: Dictionary = [
            ("confidence".to_owned(), 0.5_f64.into()),
            ("actions".to_owned(), Variant::from(vec![action]).try_into_owned().unwrap()),
            ("turn".to_owned(), 3_u64.into()),
        ]
        .into();
        let expected = r#"{"turn":3,"actions":[{"plugin":"p","action":"a","state":"done","apple":"y","zebra":"x"}],"confidence":0.5}"#;
        assert_eq!(object(&reply).to_string(), expected);
    }

    #[test]
    fn structures_are_lists() {
        assert_eq!(json(&Variant::new((1_u32, 4_u32))).to_string(), "[1,4]");
    }
}
