//! When a hit is good enough to be an answer. The figures are data, `words/confidence.toml`, tuned on the labelled
//! questions in `tests/data`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::query::{Hit, Kind};

/// How keyword and vector are joined into a score, and from where on a hit is an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// For curated pairs.
    pub curated: Scale,
    /// For passages.
    pub document: Scale,
}

/// The figures of one kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Share of the keyword measure in the score where there is a vector too; the rest is the vector's.
    pub keyword_share: f32,
    /// Cosine that counts as nothing and as everything.
    pub cosine: [f32; 2],
    /// From where on a hit is an answer, by language.
    pub confident: BTreeMap<String, Threshold>,
}

/// From where on a hit is an answer.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Keyword measure, where there are no vectors.
    pub keyword: f32,
    /// Score, where there are.
    pub score: f32,
}

impl Thresholds {
    /// The figures this crate ships.
    pub(crate) fn built_in() -> Result<Thresholds, toml::de::Error> {
        toml::from_str(include_str!("../words/confidence.toml"))
    }

    fn scale(&self, kind: Kind) -> &Scale {
        match kind {
            Kind::Curated => &self.curated,
            Kind::Document => &self.document,
        }
    }

    /// Joins both measures; `vector` is a cosine, `None` without vectors.
    pub(crate) fn score(&self, kind: Kind, keyword: f32, vector: Option<f32>) -> f32 {
        let Some(vector) = vector else { return keyword };
        let Scale { keyword_share, cosine: [low, high], .. } = self.scale(kind);
        let vector = ((vector - low) / (high - low)).clamp(0.0, 1.0);
        keyword_share * keyword + (1.0 - keyword_share) * vector
    }

    /// Whether the hit may be given as an answer. Languages without figures never are.
    pub fn confident(&self, hit: &Hit) -> bool {
        self.scale(hit.kind).confident.get(&hit.language).is_some_and(|threshold| match hit.vector {
            0.0 => hit.keyword >= threshold.keyword,
            _ => hit.score >= threshold.score,
        })
    }
}
