//! From what a record says to what is fit to learn from: clean, redacted, in a known language, neither too short nor too long.

use std::collections::BTreeMap;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::clean::{self, Markup};
use super::example::{Example, Kind, Role};
use super::language;
use super::ledger::event;
use super::redact;
use super::settings::{Settings, Source};
use super::tokenizer::Tokens;
use super::units::units;
use super::window;

/// Everything that decides about one source's records.
pub(crate) struct Refiner<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) source: &'a Source,
    pub(crate) tokens: Option<&'a Tokens>,
}

/// What came of one record.
#[derive(Debug, Default)]
pub(crate) struct Refined {
    pub(crate) examples: Vec<Example>,
    /// Why parts of the record are no examples.
    pub(crate) bad: Vec<String>,
    pub(crate) events: BTreeMap<String, u64>,
}

impl Refined {
    pub(crate) fn count(&mut self, event: &str, number: u64) {
        *self.events.entry(event.to_owned()).or_default() += number;
    }
}

impl Refiner<'_> {
    pub(crate) fn refine(&self, examples: Vec<Example>, markup: Markup) -> Refined {
        let mut refined = Refined::default();
        refined.count(event::EXAMPLES, examples.len() as u64);
        for (at, example) in examples.into_iter().enumerate() {
            let document = xxh3_64(format!("{}\n{}\n{}\n{at}", example.source, example.file, example.line).as_bytes());
            match self.cleaned(example, markup, &mut refined) {
                Ok(example) => self.windows(example, document, &mut refined),
                Err(reason) => refined.count(&format!("{}{reason}", event::DROPPED), 1),
            }
        }
        refined
    }

    /// The example without what should not be in it, or why it is dropped.
    fn cleaned(&self, mut example: Example, markup: Markup, refined: &mut Refined) -> Result<Example, String> {
        let marked = |example: &Example| example.fields.iter().filter(|field| !field.spans.is_empty()).count();
        let before = marked(&example);
        let (mut repaired, mut stripped) = (false, false);
        for field in &mut example.fields {
            let cleaned = clean::clean(field, markup);
            if cleaned.broken {
                return Err("broken characters".to_owned());
            }
            repaired |= cleaned.repaired;
            stripped |= cleaned.markup;
            for kind in redact::redact(field, &self.settings.redact) {
                refined.count(&format!("{}{}", event::REDACTED, kind.name()), 1);
            }
        }
        refined.count(event::REPAIRED, u64::from(repaired));
        refined.count(event::MARKUP, u64::from(stripped));
        example.fields.retain(|field| field.role != Role::Negative || !units(&field.text).is_empty());
        if example.fields.iter().any(|field| units(&field.text).is_empty()) {
            return Err("empty".to_owned());
        }
        if example.kind == Kind::Span && marked(&example) < before {
            return Err("answer lost".to_owned());
        }
        example.language = language::detect(example.fields.iter().map(|field| field.text.as_str()));
        if !self.settings.languages.contains(&example.language) {
            return Err(format!("language {}", example.language));
        }
        let length: usize = example.fields.iter().map(|field| units(&field.text).len()).sum();
        if length < self.settings.length.min { Err("too short".to_owned()) } else { Ok(example) }
    }

    fn windows(&self, example: Example, document: u64, refined: &mut Refined) {
        let by_tokens = |text: &str| -> Vec<Range<usize>> {
            // What the tokenizer refuses is measured in units.
            self.tokens.and_then(|tokens| tokens.ranges(text).ok()).unwrap_or_else(|| window::by_units(text))
        };
        let windows = window::cut(example, &self.settings.window, &by_tokens, document);
        if windows.len() > 1 {
            refined.count(event::WINDOWED, 1);
            refined.count(event::WINDOWS, windows.len() as u64);
        }
        for window in windows {
            let lengths: Vec<usize> = window.fields.iter().map(|field| units(&field.text).len()).collect();
            if lengths.iter().any(|length| *length > self.settings.length.max) {
                refined.count(&format!("{}too long", event::DROPPED), 1);
            } else if lengths.iter().sum::<usize>() < self.settings.length.min.max(1) {
                refined.count(&format!("{}too short", event::DROPPED), 1);
            } else {
                refined.examples.push(window);
            }
        }
    }
}
