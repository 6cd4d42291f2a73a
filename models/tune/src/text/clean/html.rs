//! HTML tags and entities. Only names that HTML has count as tags, so that "a < b" and "<name>" stay.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::edit::Edit;
use crate::text::example::Field;

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "details",
    "div",
    "dl",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "title",
    "ul",
];
/// Each begins a line and the next one ends it.
const ITEMS: &[&str] = &["dd", "dt", "li", "option", "tr"];
const CELLS: &[&str] = &["td", "th"];
const INLINE: &[&str] = &[
    "a", "abbr", "audio", "b", "big", "button", "cite", "code", "data", "del", "em", "font", "i", "iframe", "img", "input", "ins", "kbd",
    "label", "link", "mark", "meta", "path", "q", "s", "samp", "select", "small", "source", "span", "strike", "strong", "sub", "sup",
    "svg", "textarea", "time", "tt", "u", "var", "video", "wbr",
];
/// Their content is not text either.
const CODE: &[&str] = &["script", "style", "template", "noscript"];

static ENTITY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});").expect("a fixed pattern"));

pub(super) fn looks_like(text: &str) -> bool {
    (text.contains('<') && !tags(text).is_empty()) || (text.contains('&') && ENTITY.is_match(text))
}

pub(super) fn strip(field: &mut Field) {
    let tags = tags(&field.text);
    field.edit(&tags);
    let entities: Vec<Edit> = ENTITY
        .find_iter(&field.text)
        .filter_map(|found| {
            let decoded = html_escape::decode_html_entities(found.as_str());
            (decoded != found.as_str()).then(|| Edit::new(found.range(), decoded))
        })
        .collect();
    field.edit(&entities);
}

fn tags(text: &str) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        match tag(text, start) {
            Some((range, with)) => {
                at = range.end;
                edits.push(Edit::new(range, with));
            }
            None => at = start + 1,
        }
    }
    edits
}

/// The tag, comment or script that begins at `start`, and what comes in its place.
fn tag(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let rest = &text[start + 1..];
    if rest.starts_with("!--") {
        let end = rest.find("-->").map_or(text.len(), |at| start + 1 + at + 3);
        return Some((start..end, ""));
    }
    if rest.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("!doctype")) {
        return Some((start..start + 1 + closing(rest)?, ""));
    }
    let closes = rest.starts_with('/');
    let name: String = rest[usize::from(closes)..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let after = rest[usize::from(closes) + name.len()..].chars().next()?;
    if !(after == '>' || after == '/' || after.is_whitespace()) {
        return None;
    }
    let end = start + 1 + closing(rest)?;
    if CODE.contains(&name.as_str()) {
        return Some((start..if closes { end } else { code_end(text, end, &name) }, ""));
    }
    let (block, cell, item) = (BLOCKS.contains(&name.as_str()), CELLS.contains(&name.as_str()), ITEMS.contains(&name.as_str()));
    let with = match (block || item, cell) {
        (true, _) if item && closes => "",
        (true, _) => "\n",
        (false, true) => " ",
        (false, false) => "",
    };
    (block || cell || item || INLINE.contains(&name.as_str())).then_some((start..end, with))
}

/// Just behind the `>` that is not inside quotes.
fn closing(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in rest.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

fn code_end(text: &str, from: usize, name: &str) -> usize {
    let closing_tag = format!("</{name}");
    let lower = text[from..].to_ascii_lowercase();
    lower.find(&closing_tag).map_or(text.len(), |at| lower[at..].find('>').map_or(text.len(), |end| from + at + end + 1))
}
