//! A question to a generation, and what it finds.

use serde::{Deserialize, Serialize};

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A question and answer pair that a person wrote.
    Curated,
    /// A passage of a document.
    Document,
}

impl Kind {
    /// The name used in replies: `curated` or `document`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Curated => "curated",
            Kind::Document => "document",
        }
    }
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The question as spoken.
    pub text: &'a str,
    /// Its vector, made by the generation's embedder; without it only words are compared.
    pub vector: Option<&'a [f32]>,
    /// Only entries in this language (`zh`, `en`); `None`: all.
    pub language: Option<&'a str>,
    /// At most this many hits.
    pub limit: usize,
    /// Only these kinds; empty: all.
    pub kinds: &'a [Kind],
}

impl<'a> Query<'a> {
    /// A query by words alone: any language, any kind, at most eight hits.
    pub fn new(text: &'a str) -> Query<'a> {
        Query { text, vector: None, language: None, limit: 8, kinds: &[] }
    }
}

/// One entry that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The pair's id, or the passage's (`manual/en#17`).
    pub id: String,
    /// Curated or from a document.
    pub kind: Kind,
    /// The document's title; for a curated pair the bundle's name.
    pub document: String,
    /// Section path, `Wheels > Tyre pressures`; empty for a curated pair.
    pub section: String,
    /// Page of the document, 0 when unknown.
    pub page: u32,
    /// The wording that matched best; for a passage its heading.
    pub question: String,
    /// The answer, or the passage.
    pub text: String,
    /// `zh` or `en`.
    pub language: String,
    /// The subject the source files it under; may be empty.
    pub module: String,
    /// 0 to 1: how much of the query's informative words the wording covers and the other way round.
    pub keyword: f32,
    /// Cosine similarity of the vectors; 0 when there are none.
    pub vector: f32,
    /// 0 to 1, both together; hits are sorted by it.
    pub score: f32,
}
