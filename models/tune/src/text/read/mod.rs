//! From files to examples: each format gives records with their lines, each layout makes examples of a record.

mod annotated;
mod bytes;
mod decode;
mod json;
mod keys;
mod layout;
mod plain;
mod table;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clean::Markup;
use super::error::TextError;
use super::example::{Example, Field, Kind, Role};
use super::settings::Source;
pub(crate) use keys::FIELDS;

/// What a source's records are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Each record shows by its keys what it is.
    #[default]
    Auto,
    /// Text for language modeling.
    Text,
    /// Text with an intent, perhaps with slots.
    Labeled,
    /// Two texts, perhaps with a label, perhaps with wrong answers.
    Pair,
    /// A passage with questions and answers in it.
    Span,
    /// Turns as strings, or as objects with role and content.
    Chat,
    /// `instruction`, `input`, `output`, as the Alpaca data has them.
    Alpaca,
    /// `conversations` of `from` and `value`, as ShareGPT exports have them.
    Sharegpt,
    /// A prompt with a chosen and a rejected answer.
    Preference,
}

/// What one example of a plain text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// A line.
    Line,
    /// Lines up to an empty one.
    Paragraph,
    /// The whole file.
    File,
}

/// A record as it stands in its file.
pub(crate) struct Raw {
    /// Where it begins, from 1.
    pub(crate) line: u32,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Json(Vec<u8>),
    Row(Vec<(String, Vec<u8>)>),
    Plain(Vec<u8>),
    /// What stands there is no record at all.
    Bad(String),
}

/// Records in the order of the file.
pub(crate) type Records = Box<dyn Iterator<Item = Raw> + Send>;

/// Kinds of files, by the end of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    JsonLines,
    Json,
    Table(u8),
    Plain(Per, Markup),
}

fn format(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = name.strip_suffix(".xz").unwrap_or(&name);
    Some(match name.rsplit_once('.')?.1 {
        "jsonl" | "ndjson" => Format::JsonLines,
        "json" => Format::Json,
        "csv" => Format::Table(b','),
        "tsv" => Format::Table(b'\t'),
        "txt" | "text" => Format::Plain(Per::Line, Markup::Auto),
        "md" | "markdown" => Format::Plain(Per::File, Markup::Markdown),
        "rst" => Format::Plain(Per::File, Markup::Rst),
        "html" | "htm" => Format::Plain(Per::File, Markup::Html),
        _ => return None,
    })
}

/// The files of a source, in the order of their paths.
///
/// # Errors
/// If there is none of a known kind.
pub(crate) fn files(source: &Source) -> Result<Vec<PathBuf>, TextError> {
    let mut found = Vec::new();
    collect(&source.path, &mut found)?;
    found.sort();
    if found.is_empty() || (source.path.is_file() && format(&source.path).is_none()) {
        let reason =
            format!("{} has no file ending in jsonl, json, csv, tsv, txt, md, rst or html, with or without xz", source.path.display());
        return Err(TextError::Settings { place: format!("source {}", source.name), reason });
    }
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), TextError> {
    if !path.is_dir() {
        std::fs::metadata(path).map_err(TextError::read(path))?;
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(TextError::read(path))? {
        let path = entry.map_err(TextError::read(path))?.path();
        if path.is_dir() || format(&path).is_some() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

/// The records of one file.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn records(path: &Path, source: &Source) -> Result<Records, TextError> {
    let input = bytes::open(path)?;
    Ok(match format(path) {
        Some(Format::Json) => json::array(input),
        Some(Format::Table(delimiter)) => table::rows(input, delimiter, source.columns.clone()),
        Some(Format::Plain(per, _)) => plain::texts(input, source.per.unwrap_or(per)),
        Some(Format::JsonLines) | None => json::lines(input),
    })
}

/// How texts of this file are marked up, where the source does not say.
pub(crate) fn markup(path: &Path, source: &Source) -> Markup {
    let usual = match format(path) {
        Some(Format::Plain(_, markup)) => markup,
        _ => Markup::Auto,
    };
    source.markup.unwrap_or(usual)
}

/// The JSON in a record.
///
/// # Errors
/// If there is none.
pub(crate) fn value(raw: Raw) -> Result<Value, String> {
    match raw.content {
        Content::Json(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("not JSON: {error}")),
        Content::Bad(reason) => Err(reason),
        Content::Row(_) | Content::Plain(_) => Err("not JSON".to_owned()),
    }
}

/// What a record holds.
pub(crate) struct Found {
    pub(crate) examples: Vec<Example>,
    /// What else was in it, and why that is none.
    pub(crate) bad: Vec<String>,
    /// Whether its encoding had to be guessed.
    pub(crate) guessed: bool,
}

/// The examples in a record.
///
/// # Errors
/// If the record is none: why, as the end of a sentence that begins with the place.
pub(crate) fn examples(raw: Raw, source: &Source) -> Result<Found, String> {
    let (all, guessed) = match raw.content {
        Content::Bad(reason) => return Err(reason),
        Content::Plain(bytes) => {
            let (text, guessed) = decode::decode(bytes)?;
            (vec![Ok(Example::new(Kind::Text, vec![Field::new(Role::Text, text)], None))], guessed)
        }
        Content::Json(bytes) => {
            let (text, guessed) = decode::decode(bytes)?;
            let value: Value = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
            (layout::examples(&value, source)?, guessed)
        }
        Content::Row(columns) => {
            let mut guessed = false;
            let mut record = serde_json::Map::new();
            for (name, bytes) in columns {
                let (text, by_guess) = decode::decode(bytes)?;
                guessed |= by_guess;
                record.insert(name, Value::String(text));
            }
            (layout::examples(&Value::Object(record), source)?, guessed)
        }
    };
    let mut found = Found { examples: Vec::new(), bad: Vec::new(), guessed };
    for one in all {
        match one {
            Ok(example) => found.examples.push(Example { line: raw.line, source: source.name.clone(), ..example }),
            Err(reason) => found.bad.push(reason),
        }
    }
    Ok(found)
}
