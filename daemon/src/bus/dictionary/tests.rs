//! Keys and types against the contract, and what survives the way over the bus.

use assistant::reply::{ActionState, ReplyKind};
use plugins::value::{Value, Values};
use serde_json::json;

use super::*;

fn signature(dictionary: &Dictionary, key: &str) -> String {
    dictionary[key].value_signature().to_string()
}

fn example() -> Reply {
    let values: Values = [("zone".to_owned(), Value::List(vec!["driver".into()])), ("level".to_owned(), Value::Number(2.0))].into();
    let report = ActionReport {
        sentence: String::new(),
        plugin: "seats".into(),
        action: "set-heating".into(),
        arguments: values.clone(),
        state: ActionState::Done,
        reason: String::new(),
        writes: values.clone(),
        undoable: true,
    };
    Reply {
        turn: 7,
        kind: ReplyKind::Done,
        text: "Done.".into(),
        language: "en".into(),
        actions: vec![report],
        sources: Vec::new(),
        options: vec![ChoiceOption { label: "a".into(), plugin: "p".into(), action: "x".into(), arguments: values }],
        confidence: 0.9,
        tier: "pattern".into(),
        timings: [("total".to_owned(), 12)].into(),
    }
}

#[test]
fn a_reply_has_the_keys_and_types_of_the_contract() {
    let reply = reply(&example()).unwrap();
    let expected = [
        ("turn", "t"),
        ("kind", "s"),
        ("text", "s"),
        ("language", "s"),
        ("actions", "aa{sv}"),
        ("sources", "aa{sv}"),
        ("options", "aa{sv}"),
        ("confidence", "d"),
        ("tier", "s"),
        ("timings", "a{st}"),
    ];
    for (key, wanted) in expected {
        assert_eq!(signature(&reply, key), wanted, "{key}");
    }
    assert_eq!(reply.len(), expected.len());
}

#[test]
fn an_action_has_the_keys_and_types_of_the_contract() {
    let action = action(&example().actions[0]);
    for (key, wanted) in [("arguments", "a{sv}"), ("writes", "a{sv}"), ("state", "s"), ("undoable", "b"), ("reason", "s")] {
        assert_eq!(signature(&action, key), wanted, "{key}");
    }
}

#[test]
fn values_keep_their_types_inside_a_dictionary() {
    let bytes = zbus::wire::to_bytes(zbus::wire::serialized::Context::new(zbus::wire::LE, 0), &reply(&example()).unwrap()).unwrap();
    let (back, _): (BTreeMap<String, zbus::OwnedVariant>, _) = bytes.deserialize().unwrap();
    assert_eq!(back["actions"].value_signature().to_string(), "aa{sv}");
    assert_eq!(back["turn"], zbus::OwnedVariant::from(7_u64));
}

#[test]
fn a_span_is_two_numbers() {
    let command = MeantCommand {
        plugin: String::new(),
        action: String::new(),
        arguments: Values::new(),
        confidence: 1.0,
        tier: String::new(),
        span: (0, 4),
    };
    assert_eq!(signature(&super::command(&command), "span"), "(uu)");
}

#[test]
fn a_reply_beyond_the_limit_is_refused() {
    let long = Reply { text: "x".repeat(REPLY_LIMIT), ..example() };
    assert!(matches!(reply(&long), Err(Error::TooLarge(_))));
}

#[test]
fn a_trace_keeps_numbers_lists_and_objects() {
    let trace = trace(&json!({
        "text": "x", "count": 3, "below": -1, "score": 0.5, "no": null, "words": ["a"], "rows": [{"a": 1}], "mixed": [1, "a"],
        "empty": [], "inner": {"deep": true}
    }));
    let signatures: Vec<(&str, String)> = trace.iter().map(|(key, value)| (key.as_str(), value.value_signature().to_string())).collect();
    let expected = [
        ("below", "x"),
        ("count", "t"),
        ("empty", "as"),
        ("inner", "a{sv}"),
        ("mixed", "av"),
        ("rows", "aa{sv}"),
        ("score", "d"),
        ("text", "s"),
        ("words", "as"),
    ];
    assert_eq!(signatures, expected.map(|(key, signature)| (key, signature.to_owned())));
}
