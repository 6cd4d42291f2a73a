//! Windows: long texts are cut into overlapping stretches, at the end of a sentence where one is near.

use std::ops::Range;

use super::example::{Example, Field, Kind, Role};
use super::settings::Window;
use super::units::units;

/// How a text's length is measured: its units, or a tokenizer's tokens, as bytes of the text, on character boundaries. Tokens
/// that share a character overlap.
pub(crate) type Measure<'a> = &'a dyn Fn(&str) -> Vec<Range<usize>>;

/// What becomes of an example: itself if it is short enough, else its windows. Windows stay together.
/// `document` is a number for all that is cut out of this one.
pub(crate) fn cut(example: Example, settings: &Window, measure: Measure<'_>, document: u64) -> Vec<Example> {
    if settings.size == 0 {
        return vec![example];
    }
    let mut windows = match example.kind {
        Kind::Text => text(&example, settings, measure),
        Kind::Span => passage(&example, settings, measure),
        Kind::Chat => chat(&example, settings, measure),
        Kind::Labeled | Kind::Pair | Kind::Preference => return vec![example],
    };
    if windows.len() == 1 && windows[0] == example {
        return windows;
    }
    for window in &mut windows {
        if window.together == 0 {
            window.together = document.max(1);
        }
    }
    windows
}

fn text(example: &Example, settings: &Window, measure: Measure<'_>) -> Vec<Example> {
    let field = &example.fields[0];
    let windows = ranges(&field.text, settings, measure);
    windows.into_iter().map(|range| Example { fields: vec![part(field, range)], ..example.clone() }).collect()
}

/// A window keeps the answers that lie in it whole.
fn passage(example: &Example, settings: &Window, measure: Measure<'_>) -> Vec<Example> {
    let (context, rest) = (&example.fields[0], &example.fields[1..]);
    let windows = ranges(&context.text, settings, measure);
    let alone = windows.len() == 1;
    let window = |range| {
        let mut fields = vec![part(context, range)];
        fields.extend_from_slice(rest);
        Example { fields, ..example.clone() }
    };
    let keep = |window: &Example| alone || settings.unanswered || context.spans.is_empty() || !window.fields[0].spans.is_empty();
    windows.into_iter().map(window).filter(keep).collect()
}

/// A window of a chat begins with a turn of the user and ends with one of the assistant. The system's word is in all of them.
fn chat(example: &Example, settings: &Window, measure: Measure<'_>) -> Vec<Example> {
    let lengths: Vec<usize> = example.fields.iter().map(|field| measure(&field.text).len()).collect();
    if lengths.iter().sum::<usize>() <= settings.size {
        return vec![example.clone()];
    }
    let first = usize::from(example.fields.first().is_some_and(|field| field.role == Role::System));
    let room = settings.size.saturating_sub(lengths[..first].iter().sum());
    let mut windows = Vec::new();
    let mut start = first;
    while start < example.fields.len() {
        let mut end = start;
        let mut length = 0;
        while end < example.fields.len() && (length + lengths[end] <= room || end < start + 2) {
            length += lengths[end];
            end += 1;
        }
        let last = (start..end).rev().find(|at| example.fields[*at].role == Role::Assistant).map_or(end, |at| at + 1);
        windows.push(example.fields[..first].iter().chain(&example.fields[start..last]).cloned().collect::<Vec<_>>());
        if end == example.fields.len() {
            break;
        }
        start = next_turn(example, &lengths, start, last, settings.overlap);
    }
    let whole = |fields: &Vec<Field>| [Role::User, Role::Assistant].iter().all(|role| fields.iter().any(|field| field.role == *role));
    windows.into_iter().filter(whole).map(|fields| Example { fields, ..example.clone() }).collect()
}

/// The user's turn with which the window after `start..end` begins: the earliest that repeats no more than `overlap`.
fn next_turn(example: &Example, lengths: &[usize], start: usize, end: usize, overlap: usize) -> usize {
    let users =
        |from: usize| (from..example.fields.len()).find(|at| example.fields[*at].role == Role::User).unwrap_or(example.fields.len());
    let repeats = |at: usize| lengths[at.min(end)..end].iter().sum::<usize>();
    (start + 1..=end).map(users).find(|at| repeats(*at) <= overlap).unwrap_or_else(|| users(end)).max(start + 1)
}

fn part(field: &Field, range: Range<usize>) -> Field {
    let mut part = Field::new(field.role, field.text[range.clone()].trim_end());
    let end = range.start + part.text.len();
    let inside = field.spans.iter().filter(|span| span.range.start >= range.start && span.range.end <= end);
    part.spans = inside.cloned().collect();
    for span in &mut part.spans {
        span.range = span.range.start - range.start..span.range.end - range.start;
    }
    part
}

/// Whether a sentence ends with the text between two units.
fn ends_sentence(between: &str) -> bool {
    between.contains(['。', '！', '？', '；', '!', '?', '\n']) || between.starts_with(". ")
}

/// Bytes of the windows over `text`.
pub(crate) fn ranges(text: &str, settings: &Window, measure: Measure<'_>) -> Vec<Range<usize>> {
    let units = measure(text);
    if units.len() <= settings.size {
        return std::iter::once(0..text.len()).collect();
    }
    let begin = |unit: usize| if unit == 0 { 0 } else { units[unit].start };
    let end = |unit: usize| if unit == units.len() { text.len() } else { units[unit].start };
    let boundary = |unit: usize| unit == units.len() || text.get(units[unit - 1].end..units[unit].start).is_some_and(ends_sentence);
    let mut windows = Vec::new();
    let mut start = 0;
    loop {
        let limit = (start + settings.size).min(units.len());
        // A quarter of the window is given up for a whole sentence.
        let stop = (limit - settings.size / 4..=limit).rev().find(|unit| *unit > start && boundary(*unit)).unwrap_or(limit);
        windows.push(begin(start)..end(stop));
        if stop == units.len() {
            return windows;
        }
        let earliest = stop.saturating_sub(settings.overlap).max(start + 1);
        start = (earliest..=stop).find(|unit| boundary(*unit)).filter(|unit| *unit < stop).unwrap_or(earliest);
    }
}

/// The measure without a tokenizer.
pub(crate) fn by_units(text: &str) -> Vec<Range<usize>> {
    units(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::example::Span;

    fn check(text: &str, size: usize, overlap: usize, expected: &[&str]) {
        let found = ranges(text, &Window { size, overlap, unanswered: false }, &by_units);
        let found: Vec<&str> = found.into_iter().map(|range| text[range].trim_end()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn windows_end_with_sentences_and_overlap() {
        check("one two three", 4, 1, &["one two three"]);
        check("a b c d e f g h", 4, 1, &["a b c d", "d e f g", "g h"]);
        check("a b c d e f g h", 4, 0, &["a b c d", "e f g h"]);
        check("一二三四。五六七八。九十", 5, 0, &["一二三四。", "五六七八。", "九十"]);
        check("We stop. Then we go on. And on it goes.", 6, 3, &["We stop. Then we go on.", "we go on. And on it", "And on it goes."]);
    }

    #[test]
    fn no_word_is_lost_and_no_window_is_too_long() {
        let text: String = (0..1000).map(|number| format!("w{number}{} ", if number % 13 == 0 { "." } else { "" })).collect();
        let settings = Window { size: 50, overlap: 20, unanswered: false };
        let windows = ranges(&text, &settings, &by_units);
        assert_eq!((windows[0].start, windows[windows.len() - 1].end), (0, text.len()));
        for pair in windows.windows(2) {
            assert!(pair[0].start < pair[1].start && pair[1].start <= pair[0].end, "{pair:?}");
            assert!(units(&text[pair[1].start..pair[0].end]).len() <= 20);
        }
        assert!(windows.iter().all(|range| units(&text[range.clone()]).len() <= 50));
    }

    #[test]
    fn answers_stay_whole() {
        let context = "a b c d e f g h i j k l";
        let mut field = Field::new(Role::Context, context);
        let at = context.find("i j").unwrap();
        field.spans.push(Span { range: at..at + 3, name: "answer".to_owned() });
        let example = Example::new(Kind::Span, vec![field, Field::new(Role::Question, "which?")], None);
        let cut_into = |unanswered| cut(example.clone(), &Window { size: 6, overlap: 2, unanswered }, &by_units, 5);
        let answered = cut_into(false);
        assert_eq!(answered.len(), 2);
        for window in &answered {
            let context = &window.fields[0];
            assert_eq!((&context.text[context.spans[0].range.clone()], window.together), ("i j", 5));
        }
        assert_eq!(cut_into(true).len(), 3);
    }

    #[test]
    fn chats_are_cut_between_turns() {
        let turn = |at: usize| Field::new(if at.is_multiple_of(2) { Role::User } else { Role::Assistant }, format!("a b c t{at}"));
        let mut fields = vec![Field::new(Role::System, "be brief")];
        fields.extend((0..8).map(turn));
        let windows = cut(Example::new(Kind::Chat, fields, None), &Window { size: 18, overlap: 8, unanswered: false }, &by_units, 1);
        let shown: Vec<String> = windows
            .iter()
            .map(|window| window.fields.iter().map(|field| field.text.rsplit(' ').next().unwrap()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(shown, ["brief t0 t1 t2 t3", "brief t2 t3 t4 t5", "brief t4 t5 t6 t7"]);
    }
}
