//! Control characters, look-alike spaces and loose accents.

use unicode_normalization::UnicodeNormalization;

use crate::text::edit::Edit;
use crate::text::units::is_mark;

/// What makes `text` tidy: no control, direction, zero-width or private characters; one space between words, one line break
/// between lines, two between paragraphs, none at the ends; composed accents (NFC).
pub(super) fn tidy(text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let blank = run(rest, |character| is_blank(character) || is_unwanted(character));
        let (length, new) = if blank > 0 {
            let ends = at == 0 || at + blank == text.len();
            (blank, if ends { String::new() } else { spacing(&rest[..blank]).to_owned() })
        } else {
            let cluster = cluster(rest);
            (cluster.len(), cluster.nfc().collect())
        };
        if rest[..length] != new {
            edits.push(Edit::new(at..at + length, new));
        }
        at += length;
    }
    edits
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// The first character with the accents written onto it.
fn cluster(text: &str) -> &str {
    let first = text.chars().next().map_or(0, char::len_utf8);
    &text[..first + run(&text[first..], is_mark)]
}

fn spacing(blank: &str) -> &'static str {
    let mut breaks = blank.replace("\r\n", "\n");
    breaks.retain(is_break);
    match breaks.chars().count() {
        0 if !blank.contains(is_blank) => "",
        0 => " ",
        1 => "\n",
        _ => "\n\n",
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    character.is_whitespace()
}

/// Controls, soft hyphens, zero-width and direction marks, annotations, byte-order marks, private use, the replacement character.
fn is_unwanted(character: char) -> bool {
    let code = u32::from(character);
    (character.is_control() && !is_blank(character))
        || matches!(code, 0xAD | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFD)
        || matches!(code, 0xE000..=0xF8FF | 0xF0000..=0x10FFFF)
}
