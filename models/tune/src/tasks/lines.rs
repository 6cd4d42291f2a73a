//! Training files as lines of JSON, with the place of each line for whoever must mend it, and a part held out by meaning.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::text::prepared_lines;
use crate::{TuneError, file};

/// A line that was read.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// Its file and number, from 1.
    pub place: (PathBuf, usize),
    /// Lines of one group mean nearly the same, so all of them are held out or none is.
    pub group: String,
    /// What it says.
    pub value: T,
}

#[derive(Deserialize)]
struct Grouped {
    group: Option<String>,
}

impl<T> Line<T> {
    /// The error that this line is wrong.
    pub fn wrong(&self, reason: impl ToString) -> TuneError {
        TuneError::data(&self.place.0, self.place.1, reason)
    }
}

/// Reads JSONL files, and splits that `prepare` wrote (`FOLDER/train`); empty lines are passed over.
pub fn read<T: DeserializeOwned>(paths: &[PathBuf]) -> Result<Vec<Line<T>>, TuneError> {
    let mut lines = Vec::new();
    for path in paths {
        if let Some(prepared) = prepared_lines(path) {
            for (number, text) in prepared.map_err(|error| TuneError::Settings(error.to_string()))?.iter().enumerate() {
                lines.push(line(path, number + 1, text)?);
            }
            continue;
        }
        let text = file::read_text(path)?;
        for (number, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            lines.push(line(path, number + 1, text)?);
        }
    }
    if lines.is_empty() {
        return Err(TuneError::Settings("there is no example to learn from: the data files are empty".to_owned()));
    }
    Ok(lines)
}

fn line<T: DeserializeOwned>(path: &Path, number: usize, text: &str) -> Result<Line<T>, TuneError> {
    let wrong = |error: serde_json::Error| TuneError::data(path, number, error);
    let value = serde_json::from_str(text).map_err(wrong)?;
    let grouped: Grouped = serde_json::from_str(text).map_err(wrong)?;
    Ok(Line { place: (path.to_owned(), number), group: grouped.group.unwrap_or_else(|| text.to_owned()), value })
}

/// Splits off about `share` of the groups. A group's own hash decides, so more data moves no group to the other side.
pub fn held_out<T>(lines: Vec<Line<T>>, share: f64) -> (Vec<Line<T>>, Vec<Line<T>>) {
    lines.into_iter().partition(|line| {
        let hash = file::sha256(line.group.as_bytes());
        let place = u32::from_str_radix(&hash[..8], 16).unwrap_or(0);
        f64::from(place) / f64::from(u32::MAX) >= share
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Pair {
        left: String,
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        std::fs::write(&path, "{\"left\": \"a\"}\n\n{\"right\": \"b\"}\n").unwrap();
        let error = read::<Pair>(std::slice::from_ref(&path)).unwrap_err().to_string();
        assert!(error.contains("data.jsonl:3: missing field `left`"), "{error}");
    }

    #[test]
    fn a_group_is_never_split() {
        let text: String = (0..200).map(|number| format!("{{\"left\": \"{number}\", \"group\": \"{}\"}}\n", number / 2)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        std::fs::write(&path, text).unwrap();
        let (kept, out) = held_out(read::<Pair>(&[path]).unwrap(), 0.2);
        assert!((20..60).contains(&out.len()), "{}", out.len());
        assert!(out.iter().all(|line| kept.iter().all(|other| other.group != line.group)));
        assert_eq!(out[0].value.left.len(), out[0].value.left.trim().len());
    }
}
