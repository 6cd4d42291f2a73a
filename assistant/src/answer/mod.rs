//! Answers questions from what the car knows. What is not known is said to be so.

use std::sync::Arc;

use knowledge::{Hit, Kind, Query, Shelf};
use models::Embedder;

use crate::reply::Source;

/// An answer with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The words to say.
    pub text: String,
    /// Where they come from.
    pub sources: Vec<Source>,
    /// `curated` or `document`.
    pub tier: &'static str,
    /// 0 to 1.
    pub confidence: f64,
}

/// How near a wording must be when nothing was asked: a statement ("too bright") is no question for the handbook.
const STATEMENT_WORDS: f32 = 0.8;
/// The same for the cosine of the sentences.
const STATEMENT_COSINE: f32 = 0.9;

/// Looks a question up. `vector`: the question's, if it was computed already. `None`: nothing is sure enough.
///
/// # Errors
/// The database or the encoder fails; the sentence is for the log.
pub fn answer(
    knowledge: &Arc<Shelf>,
    embedder: Option<&Arc<Embedder>>,
    question: &str,
    language: &str,
    is_question: bool,
    vector: Option<Vec<f32>>,
) -> Result<(Option<Answer>, Vec<Hit>), String> {
    let vector = match (vector, embedder) {
        (Some(vector), _) => Some(vector),
        (None, Some(embedder)) if embedder.languages().iter().any(|known| known == language) => {
            Some(embedder.embed(question).map_err(|error| error.to_string())?)
        }
        _ => None,
    };
    let query = Query { text: question, vector: vector.as_deref(), language: Some(language), limit: 5, ..Query::new(question) };
    let hits = knowledge.search(&query, embedder.map(|embedder| embedder.identity())).map_err(|error| error.to_string())?;
    let is_near = |hit: &Hit| is_question || hit.keyword >= STATEMENT_WORDS || hit.vector >= STATEMENT_COSINE;
    let best = hits.iter().find(|hit| knowledge.confident(hit) && is_near(hit));
    Ok((best.map(from_hit), hits.clone()))
}

fn from_hit(hit: &Hit) -> Answer {
    let is_curated = hit.kind == Kind::Curated;
    Answer {
        text: hit.text.clone(),
        sources: vec![Source {
            kind: if is_curated { "curated" } else { "document" }.to_owned(),
            document: hit.document.clone(),
            section: if hit.section.is_empty() { hit.question.clone() } else { hit.section.clone() },
            page: hit.page,
            quote: hit.text.clone(),
            score: f64::from(hit.score),
        }],
        tier: if is_curated { "curated" } else { "document" },
        confidence: f64::from(hit.score).clamp(0.0, 0.99),
    }
}
