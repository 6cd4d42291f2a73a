//! Guards around a database that somebody else made: it may hold exactly our tables and nothing that acts, and no query runs for ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::limits::Limit;

use super::{DatabaseError, SCHEMA};

/// Time for one search.
pub(super) const SEARCH: Duration = Duration::from_secs(10);
/// Time for reading all of the file.
pub(super) const WHOLE_FILE: Duration = Duration::from_secs(600);
/// Steps of SQLite's machine between two looks at the time.
const STEPS: i32 = 10_000;

/// When the queries under way have to be through.
pub(super) struct Patience {
    start: Instant,
    until: Arc<AtomicU64>,
}

impl Patience {
    /// Counts from now.
    pub(super) fn begin(&self, time: Duration) {
        self.until.store((self.start.elapsed() + time).as_millis() as u64, Ordering::Relaxed);
    }
}

/// Limits what the connection can do and how long.
pub(super) fn put_up(connection: &mut Connection) -> Result<Patience, DatabaseError> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_LENGTH, 64 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1024),
    ] {
        connection.set_limit(limit, value)?;
    }
    let patience = Patience { start: Instant::now(), until: Arc::default() };
    patience.begin(SEARCH);
    let (start, until) = (patience.start, Arc::clone(&patience.until));
    connection.progress_handler(STEPS, Some(move || start.elapsed().as_millis() as u64 > until.load(Ordering::Relaxed)))?;
    Ok(patience)
}

/// Fails unless the schema is, statement by statement, the one that this version makes: no view, no trigger, no further table.
pub(super) fn check_schema(connection: &Connection) -> Result<(), DatabaseError> {
    let own = Connection::open_in_memory()?;
    own.execute_batch(SCHEMA)?;
    let (wanted, found) = (schema(&own)?, schema(connection)?);
    let what = |entry: &(String, String, String)| format!("{} {}", entry.0, entry.1);
    if let Some(extra) = found.difference(&wanted).next() {
        return Err(DatabaseError::Schema(format!("{} is not ours", what(extra))));
    }
    if let Some(missing) = wanted.difference(&found).next() {
        return Err(DatabaseError::Schema(format!("{} is missing", what(missing))));
    }
    Ok(())
}

/// Kind, name and text of everything in a schema.
fn schema(connection: &Connection) -> Result<BTreeSet<(String, String, String)>, DatabaseError> {
    let mut statement = connection.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
