//! `knowledge.sqlite`: the only place that speaks SQLite. [`Writer`] makes the file once, [`Reader`] never changes it.

mod guard;
mod read;
mod write;

pub(crate) use read::{Reader, Row};
pub(crate) use write::{Writer, passage_terms};

/// SQLite's complaint, or ours about what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite's.
    #[error("the knowledge database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A table, index, view or trigger that this version does not make, or one that is missing.
    #[error("the knowledge database has another schema than this version makes: {0}")]
    Schema(String),
}

/// `word_term` holds the space-separated terms of `terms`, not text: the tokenizer only has to cut at spaces, and
/// because its content is never stored, only the index takes room. `scope` and `term` are what rarity is reckoned
/// from, for pairs and passages apart: a word that is in every passage may still tell pairs apart.
const SCHEMA: &str = "
CREATE TABLE word_list(number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE scope(language TEXT NOT NULL, kind INTEGER NOT NULL, entries INTEGER NOT NULL,
  PRIMARY KEY(language, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE term(language TEXT NOT NULL, kind INTEGER NOT NULL, text TEXT NOT NULL, entries INTEGER NOT NULL,
  PRIMARY KEY(language, kind, text)) STRICT, WITHOUT ROWID;
CREATE TABLE entry(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, document TEXT NOT NULL,
  section TEXT NOT NULL, page INTEGER NOT NULL, language TEXT NOT NULL, module TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE wording(number INTEGER PRIMARY KEY, entry INTEGER NOT NULL REFERENCES entry(number), text TEXT NOT NULL) STRICT;
CREATE INDEX wording_of ON wording(entry);
CREATE VIRTUAL TABLE word_term USING fts5(terms, content='', contentless_delete=1, tokenize=\"ascii tokenchars '._'\");
";

/// How a kind is stored.
fn kind_number(kind: crate::query::Kind) -> i64 {
    match kind {
        crate::query::Kind::Curated => 0,
        crate::query::Kind::Document => 1,
    }
}

/// Changes a database as this crate never does.
#[cfg(test)]
pub(crate) fn execute_for_tests(path: &std::path::Path, statement: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
}
