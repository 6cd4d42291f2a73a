//! The source folder: `bundle.toml`, `qa/*.{jsonl,csv,toml}`, `manual/*.{md,txt}` and, optionally, `words/*.toml`.
//!
//! Sources are read strictly: an unknown key, a missing answer or an id used twice is an error that names file and line.

mod bundle;
mod document;
mod markdown;
mod pairs;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use bundle::Bundle;
pub(crate) use document::sentences;

use crate::error::KnowledgeError;
use crate::query::Kind;
use crate::terms::WordList;

/// Everything a source folder says.
#[derive(Debug)]
pub struct Source {
    /// Name, version, vehicle lines, languages, licence.
    pub bundle: Bundle,
    /// Pairs first, then passages, files in order of their names.
    pub entries: Vec<Entry>,
    /// The texts of the bundle's own word lists.
    pub(crate) words: Vec<String>,
}

/// One question and answer pair or one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Unique in the bundle.
    pub id: String,
    /// Pair or passage.
    pub kind: Kind,
    /// The document's title; for a pair the bundle's name.
    pub document: String,
    /// Headings from the outermost on, joined by ` > `; empty for a pair.
    pub section: String,
    /// Page, 0 when unknown.
    pub page: u32,
    /// `zh` or `en`.
    pub language: String,
    /// Subject, may be empty.
    pub module: String,
    /// The question and its other wordings; for a passage its heading.
    pub wordings: Vec<String>,
    /// The answer, or the passage.
    pub text: String,
}

impl Source {
    /// Reads the folder.
    ///
    /// # Errors
    /// [`KnowledgeError::Source`] names the file and line of the first thing that is wrong.
    pub fn read(folder: &Path) -> Result<Source, KnowledgeError> {
        let bundle = Bundle::read(&folder.join("bundle.toml"))?;
        let mut entries = Vec::new();
        let mut seen = HashMap::new();
        for path in files(&folder.join("qa"))? {
            for (line, entry) in pairs::read(&path, &bundle)? {
                if let Some(before) = seen.insert(entry.id.clone(), format!("{}:{line}", path.display())) {
                    return Err(KnowledgeError::at(&path, line, format!("id {:?} is taken by {before}", entry.id)));
                }
                entries.push(entry);
            }
        }
        for path in files(&folder.join("manual"))? {
            entries.extend(document::read(&path, &bundle)?);
        }
        let words = files(&folder.join("words"))?.iter().map(|path| word_list(path)).collect::<Result<_, _>>()?;
        Ok(Source { bundle, entries, words })
    }
}

/// The files of a folder by name, hidden ones left out; a folder that is missing has none.
fn files(folder: &Path) -> Result<Vec<PathBuf>, KnowledgeError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).map_err(KnowledgeError::io(folder))? {
        let file = file.map_err(KnowledgeError::io(folder))?;
        if !file.file_name().to_string_lossy().starts_with('.') {
            files.push(file.path());
        }
    }
    files.sort();
    Ok(files)
}

fn word_list(path: &Path) -> Result<String, KnowledgeError> {
    let text = text(path)?;
    parse_toml::<WordList>(path, &text)?;
    Ok(text)
}

/// A file's text without a byte order mark and with plain line ends.
fn text(path: &Path) -> Result<String, KnowledgeError> {
    let text = std::fs::read_to_string(path).map_err(KnowledgeError::io(path))?;
    Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}

/// Parses TOML; an error names the line.
fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, KnowledgeError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        KnowledgeError::at(path, line, error.message())
    })
}

/// Line number, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}
