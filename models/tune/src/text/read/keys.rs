//! Under which key a record has what: as the source says, else the names that public data sets use.

use serde_json::{Map, Value};

use crate::text::settings::Source;

/// Fields that a source may give its own key for.
pub(crate) const FIELDS: [&str; 13] =
    ["text", "label", "left", "right", "negatives", "context", "question", "answers", "turns", "slots", "prompt", "chosen", "rejected"];

/// Names by which a field is known where the source does not give one.
fn usual(field: &str) -> &'static [&'static str] {
    match field {
        "text" => &["text", "utterance", "sentence", "query", "say"],
        "label" => &["label", "intent", "domain"],
        "negatives" => &["negatives", "negative", "hard_negatives", "wrong"],
        "context" => &["context", "passage", "paragraph"],
        "question" => &["question"],
        "answers" => &["answers", "answer"],
        "turns" => &["conversations", "messages", "turns", "dialog", "dialogue"],
        "slots" => &["slots", "entities"],
        "prompt" => &["prompt", "question"],
        "chosen" => &["chosen"],
        "rejected" => &["rejected"],
        _ => &[],
    }
}

/// Keys of pairs that belong together.
pub(super) const PAIRS: [(&str, &str); 12] = [
    ("left", "right"),
    ("premise", "hypothesis"),
    ("question", "answer"),
    ("question", "positive"),
    ("question", "right"),
    ("sentence1", "sentence2"),
    ("a", "b"),
    ("en", "zh"),
    ("anchor", "positive"),
    ("source", "target"),
    ("query", "passage"),
    ("text1", "text2"),
];

/// A record together with its source's names.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) source: &'a Source,
}

impl<'a> Record<'a> {
    /// The value of a field, if the record has it.
    pub(super) fn get(self, field: &str) -> Option<&'a Value> {
        if let Some(key) = self.source.fields.get(field) {
            return self.map.get(key).filter(|value| !value.is_null());
        }
        usual(field).iter().find_map(|key| self.map.get(*key)).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, field: &str) -> bool {
        self.get(field).is_some()
    }

    /// A field that must be there and be text.
    pub(super) fn text(self, field: &str) -> Result<String, String> {
        match self.get(field) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("`{}` is not text", self.key(field))),
            None => Err(format!("`{}` is missing", self.key(field))),
        }
    }

    /// The label in words, if there is one.
    pub(super) fn label(self) -> Result<Option<String>, String> {
        match self.get("label") {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
            Some(Value::Array(_) | Value::Object(_)) => Err(format!("`{}` is not one label", self.key("label"))),
            Some(value) => Ok(Some(value.to_string())),
        }
    }

    fn key<'b>(self, field: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.source.fields.get(field).map_or(field, String::as_str)
    }

    /// Both keys of the pair that the record holds.
    pub(super) fn pair(self) -> Option<(&'a str, &'a str)> {
        if let (Some(left), Some(right)) = (self.source.fields.get("left"), self.source.fields.get("right")) {
            return Some((left, right));
        }
        PAIRS
            .into_iter()
            .find(|(left, right)| [left, right].into_iter().all(|key| self.map.get(*key).is_some_and(|value| !value.is_null())))
    }
}
