//! Searching a generation: words and vectors propose candidates, an absolute measure of both sorts them.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use crate::database::{Reader, Row, passage_terms};
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::query::{Hit, Kind, Query};
use crate::terms::{Lexicon, Measure, PassageTerms, Term, guess_language, terms};

/// Wordings and passages that are looked at closely, for each kind and each way of finding them.
const CANDIDATES: usize = 64;
/// Nearest vectors that are asked for: kinds and languages share the index, so more than are looked at.
const NEAREST: usize = 16 * CANDIDATES;

/// How much the best wording's measure depends on the rest of the pair covering the question too: a wording may fit by
/// chance, but then the answer speaks of something else.
const WHOLE: f32 = 0.4;

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
        let search = Search { generation: self, query, asked: &asked, language, near: &near };
        let mut hits = Vec::new();
        let reader = self.reader();
        for kind in [Kind::Curated, Kind::Document] {
            if query.kinds.is_empty() || query.kinds.contains(&kind) {
                hits.extend(search.kind(kind, &reader)?);
            }
        }
        Ok(best(hits, query.limit))
    }

    /// The nearest wordings by vector; none if the embedder does not understand the query's language.
    fn nearest<'a>(&'a self, query: &Query, language: &str) -> Result<Near<'a>, KnowledgeError> {
        match (query.vector, &self.index, &self.manifest.embedder) {
            (Some(vector), Some(index), Some(embedder)) if embedder.languages.iter().any(|known| known == language) => {
                let nearest = index.search(vector, NEAREST)?;
                let order = nearest.iter().map(|(number, _)| *number).collect();
                Ok(Near { order, cosines: nearest.into_iter().collect(), languages: &embedder.languages })
            }
            _ => Ok(Near::default()),
        }
    }
}

/// The wordings nearest to the query's vector, nearest first.
#[derive(Default)]
struct Near<'a> {
    order: Vec<u64>,
    cosines: HashMap<u64, f32>,
    languages: &'a [String],
}

impl Near<'_> {
    /// The row's cosine; for a row that was found by its words alone the lowest one seen, which is no less than its own.
    fn cosine(&self, row: &Row) -> Option<f32> {
        if !self.languages.contains(&row.language) {
            return None;
        }
        let lowest = || self.order.last().and_then(|last| self.cosines.get(last));
        self.cosines.get(&row.wording).or_else(lowest).copied()
    }
}

/// One query on its way.
struct Search<'a> {
    generation: &'a Generation,
    query: &'a Query<'a>,
    asked: &'a [Term],
    language: &'a str,
    near: &'a Near<'a>,
}

impl Search<'_> {
    /// All candidates of one kind, measured.
    fn kind(&self, kind: Kind, reader: &Reader) -> Result<Vec<Hit>, KnowledgeError> {
        let lexicon = &self.generation.lexicon;
        let rows = self.candidates(kind, reader)?;
        let compared: Vec<Compared> = rows.iter().map(|row| Compared::new(row, lexicon)).collect();
        let weighed = self.asked.iter().chain(compared.iter().flat_map(Compared::weighed));
        let every: BTreeSet<&str> = weighed.map(|term| term.text.as_str()).collect();
        let entries = reader.entries(self.language, kind)?;
        let entries_with = reader.entries_with(self.language, kind, &every)?;
        let rarity = |term: &str| rarity(entries, entries_with.get(term).copied().unwrap_or(0));

        let said = said(reader, &rows, lexicon)?;
        let measure = Measure::new(self.asked, rarity);
        let measured = rows.into_iter().zip(&compared).map(|(row, compared)| {
            let keyword = match compared {
                Compared::Wording(terms) => {
                    let covered = said.get(&row.entry).map_or(0.0, |said| measure.covered(said.iter()));
                    measure.wording(terms, rarity) * (1.0 - WHOLE + WHOLE * covered)
                }
                Compared::Passage(passage) => measure.passage(passage, rarity),
            };
            self.hit(row, keyword)
        });
        Ok(measured.collect())
    }

    /// What shares words with the query or is near to it.
    fn candidates(&self, kind: Kind, reader: &Reader) -> Result<Vec<Row>, KnowledgeError> {
        let mut rows = reader.matching(&looked_for(self.asked), kind, self.query.language, CANDIDATES)?;
        let found: BTreeSet<u64> = rows.iter().map(|row| row.wording).collect();
        let more: Vec<u64> = self.near.order.iter().copied().filter(|number| !found.contains(number)).collect();
        let fits = |row: &Row| row.kind == kind && self.query.language.is_none_or(|language| language == row.language);
        let mut near: Vec<Row> = reader.rows(&more)?.into_iter().filter(fits).collect();
        near.sort_by(|one, other| self.near.cosine(other).partial_cmp(&self.near.cosine(one)).unwrap_or(Ordering::Equal));
        near.truncate(CANDIDATES);
        rows.extend(near);
        Ok(rows)
    }

    fn hit(&self, row: Row, keyword: f32) -> Hit {
        let vector = self.near.cosine(&row);
        Hit {
            score: self.generation.thresholds.score(row.kind, keyword, vector),
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

/// Everything that each curated candidate says, wordings and answer.
fn said(reader: &Reader, rows: &[Row], lexicon: &Lexicon) -> Result<HashMap<i64, Vec<Term>>, KnowledgeError> {
    let mut said = HashMap::new();
    for row in rows.iter().filter(|row| row.kind == Kind::Curated) {
        if let Entry::Vacant(entry) = said.entry(row.entry) {
            let texts = reader.wordings(row.entry)?;
            entry.insert(texts.iter().chain([&row.text]).flat_map(|text| terms(text, lexicon)).collect());
        }
    }
    Ok(said)
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
fn best(hits: Vec<Hit>, limit: usize) -> Vec<Hit> {
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
