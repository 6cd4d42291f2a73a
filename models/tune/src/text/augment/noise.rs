//! Words that get lost between mouth and recognizer, and fillers that get in.

use std::ops::Range;

use super::words::WORDS;
use crate::text::edit::Edit;
use crate::text::example::Field;
use crate::text::language::Language;
use crate::text::random::Dice;
use crate::text::units::{is_han, units};

fn is_marked(field: &Field, range: &Range<usize>) -> bool {
    field.spans.iter().any(|span| span.range.start < range.end && range.start < span.range.end) || field.text[..range.start].ends_with('[')
}

/// Drops words with this probability, at most a fifth of them. Slots, numbers and negations stay.
pub(super) fn dropped(field: &Field, rate: f64, dice: &mut Dice) -> Vec<Edit> {
    let units = units(&field.text);
    let mut room = units.len() / 5;
    let mut edits = Vec::new();
    for (at, range) in units.iter().enumerate() {
        let lost = dice.chance(rate) && room > 0 && !WORDS.carries(&field.text[range.clone()]) && !is_marked(field, range);
        if lost {
            room -= 1;
            let next = units.get(at + 1).map_or(field.text.len(), |next| next.start);
            let space = field.text[range.end..next].trim_start().len();
            edits.push(Edit::removal(range.start..next - space));
        }
    }
    edits
}

/// Han characters after which a word is at its end more often than not.
const ENDINGS: &str = "把的了到请想要给在和就吧呢";

/// One filler, at the beginning half of the time, else between two words.
pub(super) fn filler(field: &Field, language: Language, dice: &mut Dice) -> Vec<Edit> {
    let units = units(&field.text);
    let Some(filler) = dice.pick(WORDS.fillers(language)) else { return Vec::new() };
    let first = units.first().map_or(0, |unit| unit.start);
    let open = |at: usize| !field.spans.iter().any(|span| span.range.start < at && at < span.range.end) && !field.text[..at].ends_with('[');
    // Chinese writes no spaces, and a filler inside of a word is nothing that people say.
    let apart = |at: usize| match field.text[..at].chars().next_back() {
        Some(before) if is_han(before) => ENDINGS.contains(before) || !field.text[at..].starts_with(is_han),
        _ => true,
    };
    let places: Vec<usize> = units.iter().map(|unit| unit.start).filter(|at| open(*at) && apart(*at)).collect();
    let at = if dice.chance(0.5) { first } else { dice.pick(&places).copied().unwrap_or(first) };
    let spaced = filler.is_ascii() || !field.text[at..].starts_with(is_han);
    vec![Edit::new(at..at, if spaced { format!("{filler} ") } else { filler.clone() })]
}
