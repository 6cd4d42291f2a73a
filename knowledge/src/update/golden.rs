//! `golden.toml`: questions that a bundle brings along, with what must be found for them. A generation that fails its own questions
//! in this car is not put to use here, whoever signed it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::UpdateError;
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::query::{Kind, Query};

/// The file's name.
pub(super) const GOLDEN: &str = "golden.toml";
/// Questions that a signer takes out of the curated pairs.
const QUESTIONS: usize = 20;
/// Questions that a bundle may bring.
const LIMIT: usize = 256;
/// Bytes of the file.
pub(super) const SIZE_LIMIT: u64 = 256 << 10;

/// The questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Golden {
    /// In the order they are asked.
    pub(super) question: Vec<Question>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// As a driver would ask.
    pub(super) text: String,
    /// Its language.
    pub(super) language: String,
    /// The id of what must be found first.
    pub(super) id: String,
}

impl Golden {
    /// Takes questions evenly out of a generation: those of its curated pairs, or the headings of its passages when there are none.
    /// Only such that are found first by words alone, because a car without the model has nothing else.
    pub(super) fn from(generation: &Generation) -> Result<Golden, UpdateError> {
        let mut all = generation.reader().samples(Kind::Curated).map_err(KnowledgeError::from)?;
        if all.is_empty() {
            all = generation.reader().samples(Kind::Document).map_err(KnowledgeError::from)?;
        }
        let mut question = Vec::new();
        for step in 0..QUESTIONS {
            // From each twentieth the first that is found first.
            for sample in all.iter().skip(step * all.len() / QUESTIONS).take((all.len() / QUESTIONS).max(1)) {
                let candidate = Question { text: sample.question.clone(), language: sample.language.clone(), id: sample.id.clone() };
                if !question.contains(&candidate) && candidate.ask(generation, None)? == sample.id {
                    question.push(candidate);
                    break;
                }
            }
        }
        Ok(Golden { question })
    }

    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Golden, UpdateError> {
        let text = std::fs::read_to_string(path).map_err(UpdateError::io(path))?;
        let golden: Golden = toml::from_str(&text).map_err(|error| UpdateError::malformed(GOLDEN, error.message()))?;
        if golden.question.is_empty() || golden.question.len() > LIMIT {
            return Err(UpdateError::malformed(GOLDEN, format!("it has {} questions; 1 to {LIMIT} are allowed", golden.question.len())));
        }
        Ok(golden)
    }

    /// Asks them all. `vector` makes a question's vector, where the car has a model for it.
    pub(super) fn ask(&self, generation: &Generation, vector: &dyn Fn(&str) -> Option<Vec<f32>>) -> Result<usize, UpdateError> {
        for question in &self.question {
            let found = question.ask(generation, vector(&question.text).as_deref())?;
            if found != question.id {
                return Err(UpdateError::Golden { question: question.text.clone(), found, wanted: question.id.clone() });
            }
        }
        Ok(self.question.len())
    }

    pub(super) fn to_toml(&self) -> String {
        toml::to_string(self).expect("questions are plain strings")
    }
}

impl Question {
    /// The id of what is found first; empty when nothing is.
    fn ask(&self, generation: &Generation, vector: Option<&[f32]>) -> Result<String, UpdateError> {
        let query = Query { vector, language: Some(&self.language), limit: 1, ..Query::new(&self.text) };
        Ok(generation.search(&query)?.pop().map_or(String::new(), |hit| hit.id))
    }
}
