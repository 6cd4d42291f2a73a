//! Searching the database, read-only.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};

use super::guard::{self, Patience};
use super::{DatabaseError, kind_number};
use crate::query::Kind;

/// A database that is only read.
pub(crate) struct Reader {
    connection: Connection,
    patience: Patience,
}

/// One entry by its first wording.
pub(crate) struct Sample {
    pub(crate) wording: u64,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) language: String,
    pub(crate) question: String,
    pub(crate) text: String,
}

/// One wording with the entry it belongs to.
pub(crate) struct Row {
    pub(crate) wording: u64,
    pub(crate) entry: i64,
    pub(crate) question: String,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) document: String,
    pub(crate) section: String,
    pub(crate) page: u32,
    pub(crate) language: String,
    pub(crate) module: String,
    pub(crate) text: String,
}

const ROW: &str =
    "SELECT wording.number, wording.text, entry.id, entry.kind, document, section, page, language, module, entry.text, entry.number";

impl Reader {
    /// Opens the file as one that nobody changes, and with SQLite's guards against prepared files up.
    pub(crate) fn open(path: &Path) -> Result<Reader, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(immutable_uri(path), flags)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        let patience = guard::put_up(&mut connection)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;")?;
        guard::check_schema(&connection)?;
        Ok(Reader { connection, patience })
    }

    /// Lets the next queries take as long as a search may.
    pub(crate) fn begin(&self) {
        self.patience.begin(guard::SEARCH);
    }

    /// What SQLite finds wrong inside of the file, if anything. Reads all of it.
    pub(crate) fn check_integrity(&self) -> Result<Option<String>, DatabaseError> {
        self.patience.begin(guard::WHOLE_FILE);
        let mut statement = self.connection.prepare("PRAGMA integrity_check(1)")?;
        let verdict: String = statement.query_row([], |row| row.get(0))?;
        Ok(Some(verdict).filter(|verdict| verdict != "ok"))
    }

    /// Every entry of a kind by its first wording, in the order of the source.
    pub(crate) fn samples(&self, kind: Kind) -> Result<Vec<Sample>, DatabaseError> {
        let sql = "SELECT min(wording.number), wording.text, entry.id, entry.language, entry.text
             FROM entry JOIN wording ON wording.entry = entry.number WHERE kind = ? GROUP BY entry.number ORDER BY entry.number";
        let mut statement = self.connection.prepare(sql)?;
        let sample = |row: &rusqlite::Row| {
            let wording = row.get::<_, i64>(0)? as u64;
            Ok(Sample { wording, question: row.get(1)?, id: row.get(2)?, language: row.get(3)?, text: row.get(4)?, kind })
        };
        Ok(statement.query_map([kind_number(kind)], sample)?.collect::<Result<_, _>>()?)
    }

    /// The word lists it was built with, in order.
    pub(crate) fn word_lists(&self) -> Result<Vec<String>, DatabaseError> {
        let mut statement = self.connection.prepare("SELECT text FROM word_list ORDER BY number")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// How many entries of this kind the language has.
    pub(crate) fn entries(&self, language: &str, kind: Kind) -> Result<i64, DatabaseError> {
        let mut statement = self.connection.prepare_cached("SELECT entries FROM scope WHERE language = ? AND kind = ?")?;
        let mut rows = statement.query(params![language, kind_number(kind)])?;
        Ok(rows.next()?.map_or(Ok(0), |row| row.get(0))?)
    }

    /// In how many of them each term is; terms that are in none are left out.
    pub(crate) fn entries_with(&self, language: &str, kind: Kind, terms: &BTreeSet<&str>) -> Result<HashMap<String, i64>, DatabaseError> {
        let sql = "SELECT entries FROM term WHERE language = ? AND kind = ? AND text = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found = HashMap::with_capacity(terms.len());
        for term in terms {
            let mut rows = statement.query(params![language, kind_number(kind), term])?;
            if let Some(row) = rows.next()? {
                found.insert((*term).to_owned(), row.get(0)?);
            }
        }
        Ok(found)
    }

    /// The wordings of this kind that share most with the terms, best first.
    pub(crate) fn matching(&self, terms: &[&str], kind: Kind, language: Option<&str>, limit: usize) -> Result<Vec<Row>, DatabaseError> {
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "{ROW} FROM word_term JOIN wording ON wording.number = word_term.rowid JOIN entry ON entry.number = wording.entry
             WHERE word_term MATCH ? AND kind = ? AND (?3 IS NULL OR language = ?3) ORDER BY rank, wording.number LIMIT ?"
        );
        // Quoted, a term is never an operator of the query language; terms hold letters, digits, "." and "_".
        let wanted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![wanted.join(" OR "), kind_number(kind), language, limit as i64], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All wordings of an entry.
    pub(crate) fn wordings(&self, entry: i64) -> Result<Vec<String>, DatabaseError> {
        let mut statement = self.connection.prepare_cached("SELECT text FROM wording WHERE entry = ? ORDER BY number")?;
        Ok(statement.query_map([entry], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// The first `limit` of these wordings, in their order, that are of this kind and language.
    pub(crate) fn nearest(&self, order: &[u64], kind: Kind, language: Option<&str>, limit: usize) -> Result<Vec<Row>, DatabaseError> {
        const CHUNK: usize = 128;
        let marks = vec!["?"; CHUNK].join(",");
        let sql = format!(
            "{ROW} FROM wording JOIN entry ON entry.number = wording.entry
             WHERE kind = ?1 AND (?2 IS NULL OR language = ?2) AND wording.number IN ({marks})"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = Vec::new();
        // Mostly the first chunk has enough, so later ones need not be read.
        for chunk in order.chunks(CHUNK) {
            let numbers = (0..CHUNK).map(|index| chunk.get(index).map(|number| *number as i64));
            let values = [Value::from(kind_number(kind)), language.map(str::to_owned).into()].into_iter().chain(numbers.map(Value::from));
            let mut found: HashMap<u64, Row> = statement
                .query_map(params_from_iter(values), row)?
                .map(|row| row.map(|row| (row.wording, row)))
                .collect::<Result<_, _>>()?;
            rows.extend(chunk.iter().filter_map(|number| found.remove(number)));
            if rows.len() >= limit {
                break;
            }
        }
        rows.truncate(limit);
        Ok(rows)
    }
}

fn row(row: &rusqlite::Row) -> rusqlite::Result<Row> {
    let kind = if row.get::<_, i64>(3)? == kind_number(Kind::Curated) { Kind::Curated } else { Kind::Document };
    Ok(Row {
        wording: row.get::<_, i64>(0)? as u64,
        entry: row.get(10)?,
        question: row.get(1)?,
        id: row.get(2)?,
        kind,
        document: row.get(4)?,
        section: row.get(5)?,
        page: row.get(6)?,
        language: row.get(7)?,
        module: row.get(8)?,
        text: row.get(9)?,
    })
}

/// The path as a URI that tells SQLite not to look for journals and locks. `?`, `#` and `%` would end the path.
fn immutable_uri(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?mode=ro&immutable=1")
}
