//! Documents cut into passages: by heading first, then so that a passage fits into an encoder and can be quoted.

use std::path::Path;

use super::markdown::{self, Section};
use super::{Bundle, Entry, text};
use crate::error::KnowledgeError;
use crate::query::Kind;

/// Longest passage in characters; a Chinese character says about three times as much as a Latin letter.
fn longest(language: &str) -> usize {
    if language == "zh" { 320 } else { 900 }
}

/// The passages of one document, in order. The language is the last part of the file's name before its ending:
/// `wheels.en.md`, `zh.md`.
pub(super) fn read(path: &Path, bundle: &Bundle) -> Result<Vec<Entry>, KnowledgeError> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let language = stem.rsplit('.').next().unwrap_or_default().to_owned();
    bundle
        .check_language(&language)
        .map_err(|message| KnowledgeError::at(path, 1, format!("{message}; a document is named like wheels.en.md")))?;
    let text = text(path)?;
    let document = match path.extension().and_then(|extension| extension.to_str()) {
        Some("md") => markdown::read(&text),
        Some("txt") => Ok(plain(&text, &stem)),
        _ => Err((1, "documents are read from .md and .txt files".to_owned())),
    };
    let document = document.map_err(|(line, message)| KnowledgeError::at(path, line, message))?;
    let mut entries = Vec::new();
    for section in document.sections {
        for (page, text) in passages(&section, longest(&language)) {
            entries.push(Entry {
                id: format!("manual/{stem}#{}", entries.len() + 1),
                kind: Kind::Document,
                document: document.title.clone(),
                section: section.path.join(" > "),
                page,
                language: language.clone(),
                module: section.module.clone(),
                wordings: vec![section.path.last().unwrap_or(&document.title).clone()],
                text,
            });
        }
    }
    Ok(entries)
}

/// Packs the section's lines into passages of at most `longest` characters; a longer line is cut between sentences.
fn passages(section: &Section, longest: usize) -> Vec<(u32, String)> {
    let mut passages: Vec<(u32, String)> = Vec::new();
    let mut length = usize::MAX;
    for line in &section.lines {
        for (index, piece) in pieces(&line.text, longest).into_iter().enumerate() {
            let piece_length = piece.chars().count();
            match passages.last_mut().filter(|_| length.saturating_add(piece_length) < longest) {
                Some((_, text)) => {
                    if index == 0 {
                        text.push('\n');
                    }
                    text.push_str(piece);
                    length += piece_length + 1;
                }
                None => {
                    passages.push((line.page, piece.trim_start().to_owned()));
                    length = piece_length;
                }
            }
        }
    }
    passages
}

fn pieces(line: &str, longest: usize) -> Vec<&str> {
    if line.chars().count() <= longest { vec![line] } else { sentences(line) }
}

/// Sentences with the space before them, so that joining them gives the text again.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((index, c)) = chars.next() {
        let end = match c {
            '。' | '！' | '？' | '；' | '\n' => true,
            '.' | '!' | '?' => chars.peek().is_some_and(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if end {
            sentences.push(&text[start..index + c.len_utf8()]);
            start = index + c.len_utf8();
        }
    }
    if !text[start..].trim().is_empty() {
        sentences.push(&text[start..]);
    }
    sentences
}

/// Plain text: paragraphs between blank lines, a form feed begins a new page.
fn plain(text: &str, stem: &str) -> markdown::Document {
    let title = stem.rsplit_once('.').map_or(stem, |(name, _)| name).to_owned();
    let paged = text.contains('\u{c}');
    let mut section = Section { path: vec![title.clone()], module: String::new(), lines: Vec::new() };
    for (index, page) in text.split('\u{c}').enumerate() {
        for paragraph in page.split("\n\n").map(markdown::join_lines).filter(|paragraph| !paragraph.is_empty()) {
            section.lines.push(markdown::Line { page: if paged { index as u32 + 1 } else { 0 }, text: paragraph });
        }
    }
    markdown::Document { title, sections: vec![section] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_in_both_languages_but_not_inside_numbers() {
        assert_eq!(sentences("Use 2.4 bar. Then drive."), ["Use 2.4 bar.", " Then drive."]);
        assert_eq!(sentences("胎压2.4。然后出发！"), ["胎压2.4。", "然后出发！"]);
    }

    #[test]
    fn long_sections_are_packed_up_to_the_limit() {
        let lines = (1..=4).map(|page| markdown::Line { page, text: "一二三四五六七八九。".repeat(2) }).collect();
        let section = Section { path: vec!["章".to_owned()], module: String::new(), lines };
        let passages = passages(&section, 45);
        assert_eq!(passages.iter().map(|(page, _)| *page).collect::<Vec<_>>(), [1, 3]);
        assert!(passages.iter().all(|(_, text)| text.chars().count() <= 45));
    }

    #[test]
    fn plain_text_counts_pages_by_form_feed() {
        let document = plain("First\nline.\n\nSecond.\u{c}Third.", "guide.en");
        let lines: Vec<_> = document.sections[0].lines.iter().map(|line| (line.page, line.text.as_str())).collect();
        assert_eq!(document.title, "guide");
        assert_eq!(lines, [(1, "First line."), (1, "Second."), (2, "Third.")]);
    }
}
