//! reStructuredText, as in the documentation of many programs: roles, literals, references, emphasis, directives.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::text::edit::Edit;
use crate::text::example::Field;

static SIGNS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m):[a-zA-Z][\w+:.-]*:`[^`\n]+`|``[^`\n]+``|`[^`\n]+`_|^\.\. [\w-]+::|^\.\. _").expect("a fixed pattern")
});

/// Patterns in the order in which they are taken out. The first group stays; without one, nothing does.
static RULES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?m)^[ \t]*\.\. [\w-]+::.*$",
        r"(?m)^[ \t]*\.\. (?:_[^:\n]+:.*|\|.*)$",
        r":[a-zA-Z][\w+:.-]*:`[~!]*([^`<]+?)\s*<[^`>]*>`",
        r":[a-zA-Z][\w+:.-]*:`~(?:[^`]*\.)?([^`.]+)`",
        r":[a-zA-Z][\w+:.-]*:`!?([^`]+)`",
        r"``([^`\n]+(?:`[^`\n]+)*)``",
        r"`([^`<\n]+?)\s*<[^`>\n]*>`__?",
        r"`([^`\n]+)`(?:__?)?",
        r"\*\*([^*\s](?:[^*\n]*[^*\s])?)\*\*",
        r"\B\*([^*\s](?:[^*\n]*[^*\s])?)\*\B",
        r"\|([A-Za-z][\w -]*)\|_?",
        r"\\(?:[ \t]|([^\s\w]))",
        r"(:):[ \t]*$",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("a fixed pattern"))
    .collect()
});

pub(super) fn looks_like(text: &str) -> bool {
    SIGNS.is_match(text)
}

pub(super) fn strip(field: &mut Field) {
    for rule in RULES.iter() {
        let edits: Vec<Edit> = rule.captures_iter(&field.text).flat_map(|found| keep_group(&found)).collect();
        field.edit(&edits);
    }
}

/// Cuts what is before and after the group, so that positions inside of it stay true.
fn keep_group(found: &Captures<'_>) -> Vec<Edit> {
    let all = found.get_match().range();
    match found.get(1) {
        None => vec![Edit::removal(all)],
        Some(group) => {
            [all.start..group.start(), group.end()..all.end].into_iter().filter(|range| !range.is_empty()).map(Edit::removal).collect()
        }
    }
}
