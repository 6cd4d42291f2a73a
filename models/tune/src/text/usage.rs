//! A usage log: how often people ask for what, so that training may follow it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::error::TextError;
use super::read;
use super::settings::Source;

/// What a log says: how often each label stands in it, and the lines that are no entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) labels: BTreeMap<String, u64>,
    pub(crate) bad: Vec<(u32, String)>,
}

/// Reads a log, one JSON object a line.
pub(crate) fn read(path: &Path, key: Option<&str>) -> Result<Usage, TextError> {
    let mut usage = Usage::default();
    for raw in read::records(path, &Source::default())? {
        let line = raw.line;
        match read::value(raw).and_then(|value| labels(&value, key)) {
            Ok(labels) => labels.into_iter().for_each(|label| *usage.labels.entry(label).or_default() += 1),
            Err(reason) => usage.bad.push((line, reason)),
        }
    }
    Ok(usage)
}

/// The labels in one entry: none for a turn in which nothing was done.
fn labels(entry: &Value, key: Option<&str>) -> Result<Vec<String>, String> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(key) = key {
        return text(entry, key).map(|label| vec![label]).ok_or_else(|| format!("no text under `{key}`"));
    }
    let action = |value: &Value| match (text(value, "plugin"), text(value, "action")) {
        (Some(plugin), Some(action)) => Some(format!("{plugin}.{action}")),
        _ => None,
    };
    if let Some(Value::Array(actions)) = entry.get("actions") {
        return Ok(actions.iter().filter_map(action).collect());
    }
    let label = text(entry, "label").or_else(|| text(entry, "intent")).or_else(|| action(entry));
    label.map(|label| vec![label]).ok_or_else(|| "neither `label` nor `intent` nor `plugin` with `action`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_all_shapes_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.jsonl");
        let lines = [
            r#"{"intent": "music.play"}"#,
            r#"{"plugin": "climate", "action": "on"}"#,
            r#"{"text": "...", "actions": [{"plugin": "climate", "action": "on"}, {"plugin": "seats", "action": "heat"}]}"#,
            r#"{"actions": []}"#,
            r#"{"text": "?"}"#,
            "{",
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let usage = read(&path, None).unwrap();
        let expected = [("climate.on", 2), ("music.play", 1), ("seats.heat", 1)];
        assert_eq!(usage.labels, expected.map(|(label, count)| (label.to_owned(), count)).into());
        assert_eq!(usage.bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(read(&path, Some("intent")).unwrap().labels.len(), 1);
    }
}
