//! One training example, whatever it is for: the value that every stage of preparing hands to the next one.

use std::ops::Range;

use super::edit::{self, Edge, Edit};
use super::language::Language;

/// What an example teaches, and with that which fields it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// One [`Role::Text`]: text for language modeling.
    Text = 0,
    /// One [`Role::Text`] with a label and, as spans, slots: intents and tagging.
    Labeled = 1,
    /// [`Role::Left`] and [`Role::Right`], perhaps [`Role::Negative`]s, perhaps a label: translations, paraphrases, inference, answers.
    Pair = 2,
    /// [`Role::Context`] whose spans are the answers (none: it cannot be answered), and [`Role::Question`].
    Span = 3,
    /// Turns of [`Role::System`], [`Role::User`] and [`Role::Assistant`], in order.
    Chat = 4,
    /// Turns as in a chat, then one [`Role::Chosen`] and one [`Role::Rejected`] answer.
    Preference = 5,
}

impl Kind {
    /// All kinds; the position is the number in a shard.
    pub const ALL: [Self; 6] = [Self::Text, Self::Labeled, Self::Pair, Self::Span, Self::Chat, Self::Preference];

    /// The name in settings and cards.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["text", "labeled", "pair", "span", "chat", "preference"][self as usize]
    }
}

/// What a field is in its example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "Kind says which example has which of them, and what they are there")]
pub enum Role {
    Text = 0,
    Left = 1,
    Right = 2,
    Negative = 3,
    Context = 4,
    Question = 5,
    System = 6,
    User = 7,
    Assistant = 8,
    Chosen = 9,
    Rejected = 10,
}

impl Role {
    /// All roles; the position is the number in a shard.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Left,
        Self::Right,
        Self::Negative,
        Self::Context,
        Self::Question,
        Self::System,
        Self::User,
        Self::Assistant,
        Self::Chosen,
        Self::Rejected,
    ];
}

/// A named stretch of a field's text: a slot, or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the text, on character boundaries.
    pub range: Range<usize>,
    /// The slot's name; `answer` for answers.
    pub name: String,
}

/// One text of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// Slots or answers in it, in the order of the source.
    pub spans: Vec<Span>,
    /// The text in token numbers, without special tokens; empty unless a tokenizer was set.
    pub tokens: Vec<u32>,
}

impl Field {
    /// A field with nothing marked in it.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), spans: Vec::new(), tokens: Vec::new() }
    }

    /// Changes the text, and moves the spans along. A span whose text is all gone goes too.
    /// `edits` are in order and do not overlap.
    pub(crate) fn edit(&mut self, edits: &[Edit]) {
        if edits.is_empty() {
            return;
        }
        self.text = edit::apply(&self.text, edits);
        for span in &mut self.spans {
            span.range = edit::moved(span.range.start, edits, Edge::Start)..edit::moved(span.range.end, edits, Edge::End);
        }
        self.spans.retain(|span| span.range.start < span.range.end);
    }
}

/// One training example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it teaches.
    pub kind: Kind,
    /// Its texts, in the order that [`Kind`] gives.
    pub fields: Vec<Field>,
    /// Intent, class or score, as the source writes it.
    pub label: Option<String>,
    /// Of all fields together.
    pub language: Language,
    /// The source's name in the settings.
    pub source: String,
    /// Which of the source's files, from 0, in the card's order.
    pub file: u32,
    /// The line in that file, from 1.
    pub line: u32,
    /// Examples with the same number stay in one split: windows of one document, questions about one passage. 0: on its own.
    pub together: u64,
    /// 0 as written, else the number of the augmented copy.
    pub copy: u32,
}

impl Example {
    /// An example that no source has claimed yet.
    #[must_use]
    pub fn new(kind: Kind, fields: Vec<Field>, label: Option<String>) -> Self {
        Self { kind, fields, label, language: Language::Other, source: String::new(), file: 0, line: 0, together: 0, copy: 0 }
    }

    /// The texts of one role.
    pub fn texts(&self, role: Role) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |field| field.role == role).map(|field| field.text.as_str())
    }
}
