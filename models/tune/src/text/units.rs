//! Text as units, which is how lengths, windows and duplicates are measured in both languages alike.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

/// Whether a character is Han: one that Chinese is written with.
pub(crate) fn is_han(character: char) -> bool {
    matches!(u32::from(character), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF | 0x3007)
}

pub(crate) fn is_kana(character: char) -> bool {
    matches!(u32::from(character), 0x3041..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9D)
}

/// A unit is one Han or kana character, or one word or number of any other script; punctuation and spaces are none.
/// An apostrophe or a point between letters or digits belongs to the word.
pub(crate) fn units(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        if is_han(character) || is_kana(character) {
            found.push(at..end);
            open = false;
        } else if character.is_alphanumeric() || (open && is_mark(character)) {
            match found.last_mut() {
                Some(last) if open => last.end = end,
                _ => found.push(at..end),
            }
            open = true;
        } else {
            let joins = matches!(character, '\'' | '’' | '.');
            open = open && joins && characters.peek().is_some_and(|(_, next)| next.is_alphanumeric() && !is_han(*next));
        }
    }
    found
}

/// Whether a character is written onto the one before it.
pub(crate) fn is_mark(character: char) -> bool {
    unicode_normalization::char::canonical_combining_class(character) != 0
}

/// Each unit as a number that does not depend on case, width or accents' encoding.
pub(crate) fn numbers(text: &str) -> Vec<u64> {
    units(text).into_iter().map(|range| number(&text[range])).collect()
}

fn number(unit: &str) -> u64 {
    if unit.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return xxh3_64(unit.as_bytes());
    }
    let folded: String =
        unit.nfkc().flat_map(char::to_lowercase).map(|character| if character == '’' { '\'' } else { character }).collect();
    xxh3_64(folded.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = units(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn both_languages_have_units() {
        check("打开AC，谢谢！", &["打", "开", "AC", "谢", "谢"]);
        check("Don't set 22.5 degrees.", &["Don't", "set", "22.5", "degrees"]);
        check("调到23度", &["调", "到", "23", "度"]);
        check("[PHONE] … ok", &["PHONE", "ok"]);
        check("cafe\u{301} au lait", &["cafe\u{301}", "au", "lait"]);
        check("  ...!?", &[]);
        check("rock 'n' roll", &["rock", "n", "roll"]);
    }

    #[test]
    fn case_and_width_do_not_count() {
        assert_eq!(numbers("Turn ON the ＡＣ!"), numbers("turn on, the ac"));
        assert_eq!(numbers("it’s"), numbers("It's"));
        assert_ne!(numbers("on"), numbers("off"));
    }
}
