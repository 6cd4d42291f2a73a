//! Slots that are written into the sentence: `wake me at [time : seven]`, `来一首<singer>周华健</singer>的歌`.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::example::Span;

static BRACKETS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[\s*([\w-]+)\s*:\s*([^\[\]]*?)\s*\]").expect("a fixed pattern"));
static TAGS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<([\w-]+)>([^<>]*)</([\w-]+)>").expect("a fixed pattern"));

/// The slots of `text`, if `annotated` is the same sentence with slots written into it.
pub(super) fn slots(text: &str, annotated: &str) -> Option<Vec<Span>> {
    [&*BRACKETS, &*TAGS].into_iter().find_map(|pattern| {
        let mut plain = String::new();
        let mut spans = Vec::new();
        let mut done = 0;
        for found in pattern.captures_iter(annotated) {
            let all = found.get_match();
            plain.push_str(&annotated[done..all.start()]);
            let start = plain.len();
            plain.push_str(&found[2]);
            spans.push(Span { range: start..plain.len(), name: found[1].to_owned() });
            done = all.end();
        }
        plain.push_str(&annotated[done..]);
        (plain == text && !spans.is_empty()).then_some(spans)
    })
}
