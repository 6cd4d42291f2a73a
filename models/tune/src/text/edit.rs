//! Changes to a text as a list, so that slots and answers marked in it can move along.

use std::ops::Range;

/// Bytes `range` of a text become `with`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

impl Edit {
    pub(crate) fn new(range: Range<usize>, with: impl Into<String>) -> Self {
        Self { range, with: with.into() }
    }

    pub(crate) fn removal(range: Range<usize>) -> Self {
        Self { range, with: String::new() }
    }
}

/// Which end of a span a position is. A span that an edit cuts into takes in all of what is put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
}

/// `edits` are in order and do not overlap.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut new = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        new.push_str(&text[done..edit.range.start]);
        new.push_str(&edit.with);
        done = edit.range.end;
    }
    new.push_str(&text[done..]);
    new
}

/// Where `position` of the old text is in the new one.
pub(crate) fn moved(position: usize, edits: &[Edit], edge: Edge) -> usize {
    let mut new = position;
    for edit in edits {
        let (Range { start, end }, length) = (edit.range.clone(), edit.with.len());
        let before = end <= position && (start < position || edge == Edge::Start);
        if before {
            new = new + length - (end - start);
        } else if start < position {
            let offset = if edge == Edge::Start { 0 } else { length };
            return new - (position - start) + offset;
        } else {
            break;
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::example::{Field, Role, Span};

    /// `marked` has the span in square brackets; so has what is expected, `-` if the span is gone.
    fn check(marked: &str, edits: &[(&str, &str)], expected: &str) {
        let start = marked.find('[').unwrap();
        let end = marked.find(']').unwrap() - 1;
        let mut field = Field::new(Role::Text, marked.replace(['[', ']'], ""));
        field.spans.push(Span { range: start..end, name: "slot".to_owned() });
        let edits: Vec<Edit> = edits
            .iter()
            .map(|(old, new)| {
                let at = field.text.find(old).unwrap();
                Edit::new(at..at + old.len(), *new)
            })
            .collect();
        field.edit(&edits);
        let shown = match field.spans.first() {
            None => format!("-{}", field.text),
            Some(span) => {
                format!("{}[{}]{}", &field.text[..span.range.start], &field.text[span.range.clone()], &field.text[span.range.end..])
            }
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn spans_move_with_their_text() {
        check("call [bob] now", &[("now", "later")], "call [bob] later");
        check("call [bob] now", &[("call", "phone")], "phone [bob] now");
        check("call [bob] now", &[("call ", "")], "[bob] now");
        check("call [bob] now", &[("bob", "robert")], "call [robert] now");
        check("call [bob] now", &[("bob now", "X")], "call [X]");
        check("call [bob] now", &[("l bob", "X")], "cal[X] now");
        check("call [bob] now", &[("bob", "")], "-call  now");
        check("call [bob smith] now", &[("b s", "-")], "call [bo-mith] now");
        check("a [b] c", &[("a", "aaa"), (" c", "")], "aaa [b]");
    }
}
