//! Searching a generation: words and vectors propose candidates, an absolute measure of both sorts them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use crate::database::{Reader, Row, passage_terms};
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::query::{Hit, Kind, Query};
use crate::terms::{Lexicon, Measure, PassageTerms, Term, guess_language, terms};

/// Wordings and passages that are looked at closely, for each kind and each way of finding them.
const CANDIDATES: usize = 48;
/// Entries of a kind that are measured to the end.
const FINALISTS: usize = 16;
/// Nearest vectors that are asked for: kinds and languages share the index, so more than are looked at.
const NEAREST: usize = 1024;

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
        hits.sort_by(best_first);
        hits.truncate(query.limit);
        Ok(hits)
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
    /// The best candidates of one kind, measured.
    fn kind(&self, kind: Kind, reader: &Reader) -> Result<Vec<Hit>, KnowledgeError> {
        let lexicon = &self.generation.lexicon;
        let rows = self.candidates(kind, reader)?;
        let compared: Vec<Compared> = rows.iter().map(|row| Compared::new(row, lexicon)).collect();
        let weighed = self.asked.iter().chain(compared.iter().flat_map(Compared::weighed));
        let every: BTreeSet<&str> = weighed.map(|term| term.text.as_str()).collect();
        let entries = reader.entries(self.language, kind)?;
        let entries_with = reader.entries_with(self.language, kind, &every)?;
        let rarity = |term: &str| rarity(entries, entries_with.get(term).copied().unwrap_or(0));

        let measure = Measure::new(self.asked, rarity);
        let measured = rows.into_iter().zip(&compared).map(|(row, compared)| match compared {
            Compared::Wording(terms) => (row.entry, self.hit(row, measure.wording(terms, rarity))),
            Compared::Passage(passage) => (row.entry, self.hit(row, measure.passage(passage, rarity))),
        });
        let mut hits = best(measured.collect(), FINALISTS.max(self.query.limit));
        if kind == Kind::Curated {
            for (entry, hit) in &mut hits {
                let covered = measure.covered(said(*entry, hit, reader, lexicon)?.iter());
                hit.keyword *= 1.0 - WHOLE + WHOLE * covered;
                hit.score = self.score(hit);
            }
        }
        Ok(hits.into_iter().map(|(_, hit)| hit).collect())
    }

    /// What shares words with the query or is near to it.
    fn candidates(&self, kind: Kind, reader: &Reader) -> Result<Vec<Row>, KnowledgeError> {
        let language = self.query.language;
        let mut rows = reader.matching(&looked_for(self.asked), kind, language, CANDIDATES)?;
        let found: BTreeSet<u64> = rows.iter().map(|row| row.wording).collect();
        let near = reader.nearest(&self.near.order, kind, language, CANDIDATES)?;
        rows.extend(near.into_iter().filter(|row| !found.contains(&row.wording)));
        Ok(rows)
    }

    fn score(&self, hit: &Hit) -> f32 {
        let vector = Some(hit.vector).filter(|vector| *vector != 0.0);
        self.generation.thresholds.score(hit.kind, hit.keyword, vector)
    }

    fn hit(&self, row: Row, keyword: f32) -> Hit {
        let mut hit = Hit {
            score: 0.0,
            keyword,
            vector: self.near.cosine(&row).unwrap_or(0.0),
            id: row.id,
            kind: row.kind,
            document: row.document,
            section: row.section,
            page: row.page,
            question: row.question,
            text: row.text,
            language: row.language,
            module: row.module,
        };
        hit.score = self.score(&hit);
        hit
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

/// Everything that a pair says, wordings and answer.
fn said(entry: i64, hit: &Hit, reader: &Reader, lexicon: &Lexicon) -> Result<Vec<Term>, KnowledgeError> {
    let wordings = reader.wordings(entry)?;
    Ok(wordings.iter().chain([&hit.text]).flat_map(|text| terms(text, lexicon)).collect())
}

/// The informative terms. Light ones are in half of all wordings, so they are looked for only if there is little else.
fn looked_for(asked: &[Term]) -> Vec<&str> {
    let informative = asked.iter().filter(|term| !term.light).count();
    asked.iter().filter(|term| informative < 3 || !term.light).map(|term| term.text.as_str()).collect()
}

/// Inverse document frequency, scaled so that a term in no entry has 1 and one in every entry nearly 0. A handful of
/// entries tells nothing about how common a word is, so fewer than a hundred count as a hundred.
fn rarity(entries: i64, with_term: i64) -> f32 {
    let (entries, with_term) = (entries.max(100) as f32, with_term as f32);
    (((entries + 1.0) / (with_term + 0.5)).ln() / ((entries + 1.0) / 0.5).ln()).max(0.05)
}

/// Each entry once, by its best wording; best first, ties in order of their ids.
fn best(hits: Vec<(i64, Hit)>, limit: usize) -> Vec<(i64, Hit)> {
    let mut by_entry: HashMap<i64, Hit> = HashMap::new();
    for (entry, hit) in hits {
        match by_entry.get(&entry) {
            Some(before) if before.score >= hit.score => {}
            _ => {
                by_entry.insert(entry, hit);
            }
        }
    }
    let mut hits: Vec<(i64, Hit)> = by_entry.into_iter().filter(|(_, hit)| hit.score > 0.0).collect();
    hits.sort_by(|(_, one), (_, other)| best_first(one, other));
    hits.truncate(limit);
    hits
}

fn best_first(one: &Hit, other: &Hit) -> Ordering {
    other.score.total_cmp(&one.score).then_with(|| one.id.cmp(&other.id))
}
