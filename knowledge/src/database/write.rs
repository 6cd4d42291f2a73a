//! Making the database. The same entries in the same order give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, Statement, params};

use super::{DatabaseError, SCHEMA, kind_number};
use crate::query::Kind;
use crate::source::Entry;
use crate::terms::{Lexicon, PassageTerms, Term, terms};

/// A language and the number of a kind.
type Scope = (String, i64);

/// A database under construction.
pub(crate) struct Writer {
    connection: Connection,
    /// Entries per language and kind, and of those the ones with a term.
    entries: BTreeMap<Scope, i64>,
    with_term: BTreeMap<(Scope, String), i64>,
    wordings: i64,
}

impl Writer {
    /// Creates the file; it must not exist.
    pub(crate) fn create(path: &Path) -> Result<Writer, DatabaseError> {
        let connection = Connection::open(path)?;
        // No journal: a build that is cut off is thrown away whole. The page size is part of "the same bytes".
        connection.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch("BEGIN")?;
        Ok(Writer { connection, entries: BTreeMap::new(), with_term: BTreeMap::new(), wordings: 0 })
    }

    /// Stores all entries and returns their wordings' numbers in order: those that vectors are filed under.
    pub(crate) fn add(&mut self, entries: &[Entry], lexicon: &Lexicon) -> Result<Vec<Vec<u64>>, DatabaseError> {
        let mut numbers = Vec::with_capacity(entries.len());
        let connection = &self.connection;
        let mut statements = Statements {
            entry: connection.prepare("INSERT INTO entry VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            wording: connection.prepare("INSERT INTO wording VALUES(?, ?, ?)")?,
            terms: connection.prepare("INSERT INTO word_term(rowid, terms) VALUES(?, ?)")?,
        };
        for (number, entry) in (1i64..).zip(entries) {
            statements.entry(number, entry)?;
            let scope = (entry.language.clone(), kind_number(entry.kind));
            *self.entries.entry(scope.clone()).or_default() += 1;
            let mut own = Vec::new();
            let mut distinct = BTreeSet::new();
            for wording in &entry.wordings {
                self.wordings += 1;
                let indexed = indexed_terms(entry, wording, lexicon);
                statements.wording(self.wordings, number, wording, &indexed)?;
                distinct.extend(indexed);
                own.push(self.wordings as u64);
            }
            for term in distinct {
                *self.with_term.entry((scope.clone(), term)).or_default() += 1;
            }
            numbers.push(own);
        }
        Ok(numbers)
    }

    /// Writes the statistics and the word lists, and closes the file.
    pub(crate) fn finish(self, word_lists: &[String]) -> Result<(), DatabaseError> {
        let connection = self.connection;
        for (number, text) in (1i64..).zip(word_lists) {
            connection.execute("INSERT INTO word_list VALUES(?, ?)", params![number, text])?;
        }
        for ((language, kind), entries) in &self.entries {
            connection.execute("INSERT INTO scope VALUES(?, ?, ?)", params![language, kind, entries])?;
        }
        {
            let mut insert = connection.prepare("INSERT INTO term VALUES(?, ?, ?, ?)")?;
            for (((language, kind), term), entries) in &self.with_term {
                insert.execute(params![language, kind, term, entries])?;
            }
        }
        connection.execute_batch("INSERT INTO word_term(word_term) VALUES('optimize'); COMMIT; VACUUM;")?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(())
    }
}

struct Statements<'a> {
    entry: Statement<'a>,
    wording: Statement<'a>,
    terms: Statement<'a>,
}

impl Statements<'_> {
    fn entry(&mut self, number: i64, entry: &Entry) -> Result<(), DatabaseError> {
        let Entry { id, kind, document, section, page, language, module, text, wordings: _ } = entry;
        self.entry.execute(params![number, id, kind_number(*kind), document, section, page, language, module, text])?;
        Ok(())
    }

    fn wording(&mut self, number: i64, entry: i64, wording: &str, terms: &[String]) -> Result<(), DatabaseError> {
        self.wording.execute(params![number, entry, wording])?;
        self.terms.execute(params![number, terms.join(" ")])?;
        Ok(())
    }
}

/// What a wording is found by: its own terms; for a passage those of its headings and its text.
fn indexed_terms(entry: &Entry, wording: &str, lexicon: &Lexicon) -> Vec<String> {
    let texts = |terms: Vec<Term>| terms.into_iter().map(|term| term.text);
    match entry.kind {
        Kind::Curated => texts(terms(wording, lexicon)).collect(),
        Kind::Document => {
            let passage = passage_terms(&entry.section, &entry.text, lexicon);
            texts(passage.heading).chain(passage.sentences.into_iter().flat_map(texts)).collect()
        }
    }
}

/// A passage's terms, by heading and sentence.
pub(crate) fn passage_terms(section: &str, text: &str, lexicon: &Lexicon) -> PassageTerms {
    let sentences = crate::source::sentences(text).iter().map(|sentence| terms(sentence, lexicon)).collect();
    PassageTerms { heading: terms(section, lexicon), sentences }
}
