//! A text as the rules look at it: full-width characters are narrow, and long numbers in Chinese digits are in figures.

use std::ops::Range;

use super::Personal;
use super::spoken::counts;
use crate::text::units::is_han;

/// From so many Chinese digits in a row on, they are a number that was read out. Years have four.
const READ_OUT: usize = 8;

pub(super) struct Shadow {
    text: String,
    /// For each byte of `text` and for its end, the byte of the original.
    origin: Vec<usize>,
    /// Numbers in Chinese digits, in the original.
    chinese: Vec<Range<usize>>,
}

impl Shadow {
    pub(super) fn new(original: &str) -> Self {
        let mut shadow =
            Self { text: String::with_capacity(original.len()), origin: Vec::with_capacity(original.len() + 1), chinese: Vec::new() };
        let mut at = 0;
        while at < original.len() {
            let digits: String = original[at..].chars().map_while(chinese_digit).collect();
            let long = digits.len() >= READ_OUT;
            let length = digits.len().max(1);
            let start = at;
            for character in original[at..].chars().take(length) {
                let seen = if long { chinese_digit(character) } else { None }.unwrap_or_else(|| narrow(character));
                shadow.push(seen, at);
                at += character.len_utf8();
            }
            if long && !counts(digits.bytes()) {
                shadow.chinese.push(start..at);
            }
        }
        shadow.origin.push(original.len());
        shadow
    }

    fn push(&mut self, character: char, from: usize) {
        self.text.push(character);
        self.origin.resize(self.text.len(), from);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of the original.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.origin[range.start]..self.origin[range.end]
    }

    pub(super) fn chinese_numbers(&self) -> Vec<Range<usize>> {
        self.chinese.clone()
    }

    /// A cheap look, since most texts have nothing of the kind.
    pub(super) fn may_have(&self, kind: Personal) -> bool {
        match kind {
            Personal::Email => self.text.contains('@') || self.text.contains(" dot "),
            Personal::Plate => self.text.bytes().filter(u8::is_ascii_digit).count() >= 2,
            Personal::Coordinates => self.text.bytes().filter(u8::is_ascii_digit).count() >= 3,
            _ => self.text.bytes().filter(u8::is_ascii_digit).count() >= 7,
        }
    }
}

fn narrow(character: char) -> char {
    match u32::from(character) {
        code @ 0xFF01..=0xFF5E if !is_han(character) => char::from_u32(code - 0xFEE0).unwrap_or(character),
        0x3000 => ' ',
        _ => character,
    }
}

fn chinese_digit(character: char) -> Option<char> {
    let value = match character {
        '零' | '〇' => 0,
        '一' | '幺' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    };
    char::from_digit(value, 10)
}
