//! Searching a generation: words and vectors propose candidates, an absolute measure of both sorts them.

use std::collections::{BTreeSet, HashMap};

use crate::database::{Row, passage_terms};
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::query::{Hit, Kind, Query};
use crate::terms::{Lexicon, Measure, PassageTerms, Term, guess_language, terms};

/// Wordings and passages that are looked at closely, for each way of finding them.
const CANDIDATES: usize = 64;

impl Generation {
    /// Finds entries for the query, best first, each entry once with its best wording.
    ///
    /// A vector is compared only if the generation has vectors; whoever passes one has asked
    /// [`Generation::check_embedder`] before.
    ///
    /// # Errors
    /// If the database or the vector index fails, such as for a vector of the wrong width.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, KnowledgeError> {
        let asked = terms(query.text, &self.lexicon);
        let language = query.language.unwrap_or_else(|| guess_language(query.text));
        let near = self.nearest(query, language)?;
        let reader = self.reader();
        let mut rows = Vec::new();
        for kind in [Kind::Curated, Kind::Document] {
            if wanted(query, kind) {
                rows.extend(reader.matching(&looked_for(&asked), kind, query.language, CANDIDATES)?);
            }
        }
        let found: BTreeSet<u64> = rows.iter().map(|row| row.wording).collect();
        let more: Vec<u64> = near.cosines.keys().copied().filter(|number| !found.contains(number)).collect();
        let fits = |row: &Row| wanted(query, row.kind) && query.language.is_none_or(|language| language == row.language);
        rows.extend(reader.rows(&more)?.into_iter().filter(fits));

        let compared: Vec<Compared> = rows.iter().map(|row| Compared::new(row, &self.lexicon)).collect();
        let every: BTreeSet<&str> =
            asked.iter().chain(compared.iter().flat_map(Compared::weighed)).map(|term| term.text.as_str()).collect();
        let entries_with = reader.entries_with(language, &every)?;
        drop(reader);
        let entries = self.languages.get(language).copied().unwrap_or(0);
        let rarity = |term: &str| rarity(entries, entries_with.get(term).copied().unwrap_or(0));

        let measure = Measure::new(&asked, rarity);
        let hits = rows.into_iter().zip(&compared).map(|(row, compared)| {
            let keyword = match compared {
                Compared::Wording(terms) => measure.wording(terms, rarity),
                Compared::Passage(passage) => measure.passage(passage, rarity),
            };
            let vector = near.cosine(&row);
            self.hit(row, keyword, vector)
        });
        Ok(best(hits, query.limit))
    }

    /// The nearest wordings by vector; none if the embedder does not understand the query's language.
    fn nearest<'a>(&'a self, query: &Query, language: &str) -> Result<Near<'a>, KnowledgeError> {
        match (query.vector, &self.index, &self.manifest.embedder) {
            (Some(vector), Some(index), Some(embedder)) if embedder.languages.iter().any(|known| known == language) => {
                Ok(Near { cosines: index.search(vector, 4 * CANDIDATES)?.into_iter().collect(), languages: &embedder.languages })
            }
            _ => Ok(Near { cosines: HashMap::new(), languages: &[] }),
        }
    }

    fn hit(&self, row: Row, keyword: f32, vector: Option<f32>) -> Hit {
        Hit {
            score: self.thresholds.score(keyword, vector),
            keyword,
            vector: vector.unwrap_or(0.0),
            id: row.id,
            kind: row.kind,
            document: row.document,
            section: row.section,
            page: row.page,
            question: row.question,
            text: row.text,
            language: row.language,
            module: row.module,
        }
    }
}

/// The wordings nearest to the query's vector.
struct Near<'a> {
    cosines: HashMap<u64, f32>,
    languages: &'a [String],
}

impl Near<'_> {
    /// The row's cosine; for a row that was found by its words alone the lowest one seen, which is no less than its own.
    fn cosine(&self, row: &Row) -> Option<f32> {
        if !self.languages.contains(&row.language) {
            return None;
        }
        let lowest = || self.cosines.values().copied().min_by(f32::total_cmp);
        self.cosines.get(&row.wording).copied().or_else(lowest)
    }
}

/// A candidate's terms, in the form its kind is measured by.
enum Compared {
    Wording(Vec<Term>),
    Passage(PassageTerms),
}

impl Compared {
    fn new(row: &Row, lexicon: &Lexicon) -> Compared {
        match row.kind {
            Kind::Curated => Compared::Wording(terms(&row.question, lexicon)),
            Kind::Document => Compared::Passage(passage_terms(&row.section, &row.text, lexicon)),
        }
    }

    /// The terms whose rarity the measure asks for; those of a passage's sentences only count as present or not.
    fn weighed(&self) -> &[Term] {
        match self {
            Compared::Wording(terms) => terms,
            Compared::Passage(passage) => &passage.heading,
        }
    }
}

fn wanted(query: &Query, kind: Kind) -> bool {
    query.kinds.is_empty() || query.kinds.contains(&kind)
}

/// The informative terms; light ones only if the question has nothing else.
fn looked_for(asked: &[Term]) -> Vec<&str> {
    let informative: Vec<&str> = asked.iter().filter(|term| !term.light).map(|term| term.text.as_str()).collect();
    if informative.is_empty() { asked.iter().map(|term| term.text.as_str()).collect() } else { informative }
}

/// Inverse document frequency, scaled so that a term in no entry has 1 and one in every entry nearly 0. A handful of
/// entries tells nothing about how common a word is, so fewer than a hundred count as a hundred.
fn rarity(entries: i64, with_term: i64) -> f32 {
    let (entries, with_term) = (entries.max(100) as f32, with_term as f32);
    (((entries + 1.0) / (with_term + 0.5)).ln() / ((entries + 1.0) / 0.5).ln()).max(0.05)
}

/// Each entry once, by its best wording; best first, ties in order of their ids.
fn best(hits: impl Iterator<Item = Hit>, limit: usize) -> Vec<Hit> {
    let mut by_entry: HashMap<String, Hit> = HashMap::new();
    for hit in hits {
        match by_entry.get(&hit.id) {
            Some(before) if before.score >= hit.score => {}
            _ => {
                by_entry.insert(hit.id.clone(), hit);
            }
        }
    }
    let mut hits: Vec<Hit> = by_entry.into_values().filter(|hit| hit.score > 0.0).collect();
    hits.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.id.cmp(&other.id)));
    hits.truncate(limit);
    hits
}
