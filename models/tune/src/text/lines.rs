//! A prepared split as lines of JSON, with the keys that training and evaluation read: `FOLDER/train`, or of one source alone
//! `FOLDER/train/SOURCE`.

use std::path::Path;

use serde_json::{Value, json};

use super::error::TextError;
use super::example::{Example, Field, Kind, Role};
use super::shard::Dataset;
use super::split::Part;

/// The lines behind such a path; nothing if the path is of something else.
///
/// # Errors
/// If a shard cannot be read or is damaged.
pub fn prepared_lines(path: &Path) -> Option<Result<Vec<String>, TextError>> {
    let part = |path: &Path| Part::ALL.into_iter().find(|part| path.file_name().is_some_and(|name| name == part.name()));
    let at = |path: &Path| Some((path.parent().filter(|folder| folder.join("card.json").is_file())?.to_owned(), part(path)?));
    let (folder, part, source) = match at(path) {
        Some((folder, part)) => (folder, part, None),
        None => {
            let (folder, part) = at(path.parent()?)?;
            (folder, part, path.file_name()?.to_str())
        }
    };
    Some(read(&folder, part, source))
}

fn read(folder: &Path, part: Part, source: Option<&str>) -> Result<Vec<String>, TextError> {
    let mut lines = Vec::new();
    for example in Dataset::open(folder, part)?.iter() {
        let example = example?;
        if source.is_none_or(|source| example.source == source) {
            lines.push(example.line_of_json().to_string());
        }
    }
    Ok(lines)
}

impl Example {
    /// The example as one line for training. Of several answers in a passage it has the first one.
    #[must_use]
    pub fn line_of_json(&self) -> Value {
        let text = |role: Role| self.texts(role).next().unwrap_or_default();
        let all = |role: Role| self.texts(role).collect::<Vec<_>>();
        let mut line = match (self.kind, &self.label) {
            (Kind::Text, _) => json!({"text": text(Role::Text)}),
            (Kind::Labeled, label) => json!({"text": text(Role::Text), "label": label, "slots": slots(&self.fields[0])}),
            (Kind::Pair, Some(label)) => json!({"premise": text(Role::Left), "hypothesis": text(Role::Right), "label": label}),
            (Kind::Pair, None) => {
                let (question, right) = (text(Role::Left), text(Role::Right));
                json!({"question": question, "positive": right, "right": [right], "wrong": all(Role::Negative)})
            }
            (Kind::Span, _) => reading(&self.fields[0], text(Role::Question)),
            (Kind::Chat, _) => json!({"messages": messages(&self.fields)}),
            (Kind::Preference, _) => {
                json!({"messages": messages(&self.fields), "chosen": text(Role::Chosen), "rejected": text(Role::Rejected)})
            }
        };
        if self.together != 0 {
            line["group"] = json!(format!("{:016x}", self.together));
        }
        line
    }
}

fn characters(field: &Field, byte: usize) -> usize {
    field.text[..byte].chars().count()
}

fn slots(field: &Field) -> Vec<Value> {
    let slot = |span: &super::Span| {
        json!({"start": characters(field, span.range.start), "end": characters(field, span.range.end), "label": span.name})
    };
    field.spans.iter().map(slot).collect()
}

fn reading(passage: &Field, question: &str) -> Value {
    let answer = passage.spans.first().map(|span| (&passage.text[span.range.clone()], characters(passage, span.range.start) as i64));
    let (answer, start) = answer.unwrap_or(("", -1));
    json!({"passage": passage.text, "question": question, "answer": answer, "start": start})
}

fn messages(fields: &[Field]) -> Vec<Value> {
    let name = |role| match role {
        Role::System => Some("system"),
        Role::User => Some("user"),
        Role::Assistant => Some("assistant"),
        _ => None,
    };
    fields.iter().filter_map(|field| Some(json!({"role": name(field.role)?, "content": field.text}))).collect()
}
