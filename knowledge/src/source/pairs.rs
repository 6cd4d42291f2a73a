//! Question and answer pairs: one JSON object a line, a CSV table with a header, or TOML `[[pair]]` tables.

use std::path::Path;

use serde::Deserialize;

use super::{Bundle, Entry, line_of, parse_toml, text};
use crate::error::KnowledgeError;
use crate::query::Kind;

/// A pair as written. In CSV the other wordings share a field, separated by `|`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    question: String,
    #[serde(default)]
    also: Vec<String>,
    answer: String,
    #[serde(default)]
    module: String,
    language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvRow {
    id: String,
    question: String,
    #[serde(default)]
    also: String,
    answer: String,
    #[serde(default)]
    module: String,
    language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    pair: Vec<toml::Spanned<Row>>,
}

/// The pairs of one file with their line numbers.
pub(super) fn read(path: &Path, bundle: &Bundle) -> Result<Vec<(usize, Entry)>, KnowledgeError> {
    let text = text(path)?;
    let rows = match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl") => json_lines(path, &text)?,
        Some("csv") => csv(path, &text)?,
        Some("toml") => {
            let tables: Tables = parse_toml(path, &text)?;
            tables.pair.into_iter().map(|row| (line_of(&text, row.span().start), row.into_inner())).collect()
        }
        _ => return Err(KnowledgeError::at(path, 1, "pairs are read from .jsonl, .csv and .toml files")),
    };
    rows.into_iter()
        .map(|(line, row)| row.into_entry(bundle).map(|entry| (line, entry)).map_err(|message| KnowledgeError::at(path, line, message)))
        .collect()
}

fn json_lines(path: &Path, text: &str) -> Result<Vec<(usize, Row)>, KnowledgeError> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| serde_json::from_str(line).map(|row| (number, row)).map_err(|error| KnowledgeError::at(path, number, error)))
        .collect()
}

fn csv(path: &Path, text: &str) -> Result<Vec<(usize, Row)>, KnowledgeError> {
    let mut rows = Vec::new();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let wrong = |error: csv::Error| KnowledgeError::at(path, error.position().map_or(1, |position| position.line() as usize), error);
    let headers = reader.headers().map_err(wrong)?.clone();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let row: CsvRow = record.deserialize(Some(&headers)).map_err(wrong)?;
        let also = row.also.split('|').map(str::trim).filter(|wording| !wording.is_empty()).map(str::to_owned).collect();
        let CsvRow { id, question, answer, module, language, .. } = row;
        let line = record.position().map_or(1, |position| position.line() as usize);
        rows.push((line, Row { id, question, also, answer, module, language }));
    }
    Ok(rows)
}

impl Row {
    fn into_entry(self, bundle: &Bundle) -> Result<Entry, String> {
        for (key, value) in [("id", &self.id), ("question", &self.question), ("answer", &self.answer)] {
            if value.trim().is_empty() {
                return Err(format!("{key} is empty"));
            }
        }
        if self.also.iter().any(|wording| wording.trim().is_empty()) {
            return Err("also has an empty wording".to_owned());
        }
        bundle.check_language(&self.language)?;
        let mut wordings = vec![self.question];
        wordings.extend(self.also);
        Ok(Entry {
            id: self.id,
            kind: Kind::Curated,
            document: bundle.name.clone(),
            section: String::new(),
            page: 0,
            language: self.language,
            module: self.module,
            wordings,
            text: self.answer,
        })
    }
}
