//! First stage: records become clean examples, in parts that a run which was stopped finds again.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Preparation;
use super::identity::{Identity, WORK};
use crate::text::clean::Markup;
use crate::text::error::TextError;
use crate::text::ledger::{Bad, Ledger, event};
use crate::text::progress::Progress;
use crate::text::read::{self, Raw};
use crate::text::refine::{Refined, Refiner};
use crate::text::shard::{Dataset, Shard, ShardWriter};
use crate::text::tokenizer::Tokens;
use crate::text::whole;

/// Records that are worked on at a time.
const BATCH: usize = 2048;
/// Records or examples after which a part is closed: what a stop loses at most.
const PART: usize = 32_768;

/// All examples of all sources, in order.
pub(super) struct Gathered {
    pub(super) examples: Dataset,
    pub(super) ledger: Ledger,
}

/// How far a part goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    source: usize,
    file: usize,
    record: usize,
}

/// What is noted beside a part. The part counts only once this is there.
#[derive(Serialize, Deserialize)]
struct Note {
    until: Cursor,
    ledger: Ledger,
}

pub(super) fn gather(run: &Preparation, identity: &Identity, tokens: Option<&Tokens>, progress: &Progress) -> Result<Gathered, TextError> {
    let mut gathering = Gathering::found(&run.out.join(WORK))?;
    let sizes = |source: usize| identity.inputs[source].iter().map(|input| input.size).sum::<u64>();
    progress.begin("reading and cleaning", (0..identity.inputs.len()).map(sizes).sum());
    for (at, source) in run.settings.source.iter().enumerate() {
        let refiner = Refiner { settings: &run.settings, source, tokens };
        for (number, input) in identity.inputs[at].iter().enumerate() {
            let here = Cursor { source: at, file: number, record: 0 };
            let begun = (gathering.cursor.source, gathering.cursor.file) == (at, number);
            if !begun && (gathering.cursor.source, gathering.cursor.file) > (at, number) {
                progress.advance(input.size);
                continue;
            }
            if !begun {
                gathering.cursor = here;
            }
            let reading = Reading { refiner: &refiner, path: &input.path, file: number as u32, name: &input.name, strict: run.strict };
            gathering.read(&reading, progress)?;
            progress.advance(input.size);
        }
    }
    gathering.cursor = Cursor { source: run.settings.source.len(), file: 0, record: 0 };
    gathering.close()?;
    gathering.finish()
}

/// A file that is being read.
struct Reading<'a> {
    refiner: &'a Refiner<'a>,
    path: &'a Path,
    file: u32,
    name: &'a str,
    strict: bool,
}

struct Gathering {
    work: PathBuf,
    /// Parts that are closed.
    parts: usize,
    /// All parts' ledgers.
    ledger: Ledger,
    /// Where the next record is.
    cursor: Cursor,
    /// Of the part that is open.
    records: usize,
    examples: usize,
    writer: Option<ShardWriter>,
    noted: Ledger,
}

impl Gathering {
    /// Begins, or goes on behind the parts that are there.
    fn found(work: &Path) -> Result<Self, TextError> {
        let mut gathering = Self {
            work: work.to_owned(),
            parts: 0,
            ledger: Ledger::default(),
            cursor: Cursor::default(),
            records: 0,
            examples: 0,
            writer: None,
            noted: Ledger::default(),
        };
        loop {
            let path = gathering.path("json");
            if !path.is_file() {
                return Ok(gathering);
            }
            let bytes = std::fs::read(&path).map_err(TextError::read(&path))?;
            let note: Note = serde_json::from_slice(&bytes).map_err(|error| TextError::Shard { path, reason: error.to_string() })?;
            gathering.ledger.add(&note.ledger);
            gathering.cursor = note.until;
            gathering.parts += 1;
        }
    }

    /// Of the part with the next number.
    fn path(&self, extension: &str) -> PathBuf {
        self.work.join(format!("part-{:05}.{extension}", self.parts))
    }

    fn read(&mut self, reading: &Reading<'_>, progress: &Progress) -> Result<(), TextError> {
        let source = reading.refiner.source;
        let markup = read::markup(reading.path, source);
        let mut records = read::records(reading.path, source)?.skip(self.cursor.record);
        loop {
            let batch: Vec<Raw> = records.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.cursor.record += batch.len();
            self.records += batch.len();
            self.noted.count(&source.name, event::RECORDS, batch.len() as u64);
            let refined: Vec<(u32, Result<Refined, String>)> =
                batch.into_par_iter().map(|raw| (raw.line, refine(reading, raw, markup))).collect();
            for (line, refined) in refined {
                match refined {
                    Ok(mut refined) => {
                        for reason in std::mem::take(&mut refined.bad) {
                            self.bad(reading, line, reason, progress)?;
                        }
                        self.take(&source.name, refined)?;
                    }
                    Err(reason) => self.bad(reading, line, reason, progress)?,
                }
            }
            if self.records.max(self.examples) >= PART {
                self.close()?;
            }
        }
    }

    fn take(&mut self, source: &str, refined: Refined) -> Result<(), TextError> {
        refined.events.iter().for_each(|(event, number)| self.noted.count(source, event, *number));
        for example in &refined.examples {
            let path = self.path("shard");
            let writer = match &mut self.writer {
                Some(writer) => writer,
                none => none.insert(ShardWriter::create(&path)?),
            };
            writer.add(example)?;
            self.examples += 1;
        }
        Ok(())
    }

    fn bad(&mut self, reading: &Reading<'_>, line: u32, reason: String, progress: &Progress) -> Result<(), TextError> {
        let file = reading.path.display().to_string();
        if reading.strict {
            return Err(TextError::BadData { file, line, reason });
        }
        /// Bad records that are shown while the run goes on; all are in `bad.jsonl`.
        const SHOWN: u64 = 20;
        let before = self.ledger.total(event::BAD) + self.noted.total(event::BAD);
        match before {
            _ if before < SHOWN => progress.say(&format!("{file}:{line}: {reason}; it is left out")),
            SHOWN => progress.say("more bad records: all of them are listed in bad.jsonl"),
            _ => {}
        }
        self.noted.count(&reading.refiner.source.name, event::BAD, 1);
        let source = &reading.refiner.source.name;
        self.noted.bad.push(Bad { file: format!("{source}/{}", reading.name), line, reason });
        Ok(())
    }

    fn close(&mut self) -> Result<(), TextError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => ShardWriter::create(&self.path("shard"))?,
        };
        writer.publish()?;
        let note = Note { until: self.cursor, ledger: std::mem::take(&mut self.noted) };
        let path = self.path("json");
        let bytes = serde_json::to_vec(&note).map_err(|error| TextError::write(&path)(error.into()))?;
        whole::write(&path, &bytes)?;
        self.ledger.add(&note.ledger);
        self.parts += 1;
        (self.records, self.examples) = (0, 0);
        Ok(())
    }

    fn finish(self) -> Result<Gathered, TextError> {
        let shards = (0..self.parts).map(|part| Shard::open(&self.work.join(format!("part-{part:05}.shard")))).collect::<Result<_, _>>()?;
        Ok(Gathered { examples: Dataset::of(shards), ledger: self.ledger })
    }
}

fn refine(reading: &Reading<'_>, raw: Raw, markup: Markup) -> Result<Refined, String> {
    let mut found = read::examples(raw, reading.refiner.source)?;
    found.examples.iter_mut().for_each(|example| example.file = reading.file);
    let mut refined = reading.refiner.refine(found.examples, markup);
    if found.guessed {
        refined.count(event::GUESSED, 1);
    }
    refined.bad = found.bad;
    Ok(refined)
}
