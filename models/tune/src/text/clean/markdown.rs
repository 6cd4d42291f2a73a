//! Markdown: what a reader would see of it, one line a block.

use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::text::edit::Edit;
use crate::text::example::Field;

static SIGNS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^#{1,6} +\S|^```|\[[^\]\n]+\]\((https?:|/|#|\.)[^)\n]*\)").expect("a fixed pattern"));

pub(super) fn looks_like(text: &str) -> bool {
    SIGNS.is_match(text)
}

pub(super) fn strip(field: &mut Field) {
    let mut seen = Seen::default();
    for (event, range) in Parser::new_ext(&field.text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter() {
        seen.event(&field.text, event, range);
    }
    if seen.done < field.text.len() {
        seen.edits.push(Edit::removal(seen.done..field.text.len()));
    }
    let edits = seen.edits;
    field.edit(&edits);
}

/// What the events so far have shown. All source text that no event shows is cut.
#[derive(Default)]
struct Seen {
    edits: Vec<Edit>,
    /// Up to here the source is dealt with.
    done: usize,
    /// What separates the next text from the one before.
    pending: String,
    /// The next item's number in each open list; none in a bulleted one.
    lists: Vec<Option<u64>>,
}

impl Seen {
    fn event(&mut self, source: &str, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Text(text) => self.show(source, &text, range),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.show(source, &text, range),
            Event::SoftBreak => self.pending.push(' '),
            Event::HardBreak | Event::Rule => self.pending.push('\n'),
            Event::Start(Tag::List(first)) => self.lists.push(first),
            Event::Start(Tag::Item) => self.item(),
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
                self.pending.push('\n');
            }
            Event::End(TagEnd::TableCell) => self.pending.push(' '),
            Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead | TagEnd::HtmlBlock) => self.pending.push('\n'),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock) => self.pending.push_str("\n\n"),
            // Inline HTML: a tag that has no place among texts. It is cut like everything that is not shown.
            _ => {}
        }
    }

    fn item(&mut self) {
        if !self.pending.contains('\n') {
            self.pending.push('\n');
        }
        if let Some(Some(number)) = self.lists.last_mut() {
            self.pending.push_str(&format!("{number}. "));
            *number += 1;
        }
    }

    fn show(&mut self, source: &str, text: &str, range: Range<usize>) {
        if range.start < self.done {
            return;
        }
        // Where the text stands unchanged inside its range, positions in it stay true.
        let start = source[range.clone()].find(text).map_or(range.start, |offset| range.start + offset);
        let same = source[start..].starts_with(text);
        let pending = std::mem::take(&mut self.pending);
        self.edits.push(Edit::new(self.done..start, pending));
        if same {
            self.done = start + text.len();
        } else {
            self.edits.push(Edit::new(range.clone(), text));
            self.done = range.end;
        }
    }
}
