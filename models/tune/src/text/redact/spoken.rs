//! Numbers that were read out digit by digit in English.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// From so many digits on, it is a telephone number.
const SHORTEST: usize = 7;

static RUN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b[ ,-]*){5,}").expect("a fixed pattern")
});

pub(super) fn english(text: &str) -> Vec<Range<usize>> {
    let runs = RUN.find_iter(text).filter(|run| {
        let digits = digits(run.as_str());
        digits.len() >= SHORTEST && !counts(digits.iter().copied())
    });
    runs.map(|run| run.start()..run.start() + run.as_str().trim_end_matches([' ', ',', '-']).len()).collect()
}

fn digits(run: &str) -> Vec<u8> {
    let mut found = Vec::new();
    let mut times = 1;
    for word in run.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase();
        let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"];
        match (word.as_str(), names.iter().position(|name| *name == word)) {
            ("double", _) => times = 2,
            ("triple", _) => times = 3,
            (_, Some(digit)) => {
                found.extend(std::iter::repeat_n((digit % 10) as u8, times));
                times = 1;
            }
            _ => {}
        }
    }
    found
}

/// Whether somebody counts up or down, or repeats one digit.
pub(super) fn counts(digits: impl Iterator<Item = u8> + Clone) -> bool {
    let steps = digits.clone().zip(digits.skip(1)).map(|(one, next)| i16::from(next) - i16::from(one));
    let mut steps = steps.peekable();
    let Some(first) = steps.peek().copied() else { return true };
    first.abs() <= 1 && steps.all(|step| step == first)
}
