//! Second stage: what was said before is dropped, and what belongs together is found.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::identity::Identity;
use crate::text::augment::Characters;
use crate::text::duplicates::{Fingerprint, Keys, Rarity, Search, Verdict, binding, fingerprint};
use crate::text::error::TextError;
use crate::text::example::{Example, Kind};
use crate::text::language::Language;
use crate::text::ledger::{Bad, Ledger, event};
use crate::text::progress::Progress;
use crate::text::settings::Settings;
use crate::text::shard::Dataset;
use crate::text::units::is_han;

/// Examples that are worked on at a time.
const BATCH: usize = 8192;

/// An example that was kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its number among all that were gathered.
    pub(super) number: usize,
    pub(super) source: usize,
    pub(super) kind: Kind,
    pub(super) language: Language,
    pub(super) label: Option<u32>,
    /// Rows of one group belong together.
    pub(super) group: u32,
    /// Made of its texts; no two rows have the same.
    pub(super) key: u64,
}

pub(super) struct Sifted {
    pub(super) rows: Vec<Row>,
    /// Labels by the numbers in the rows.
    pub(super) labels: Vec<String>,
    /// How often each Han character stands in what was kept.
    pub(super) characters: Characters,
    /// By which similar texts meet.
    pub(super) keys: Keys,
}

pub(super) fn sift(
    examples: &Dataset,
    settings: &Settings,
    ledger: &mut Ledger,
    identity: &Identity,
    progress: &Progress,
) -> Result<Sifted, TextError> {
    let keys = keys(examples, settings, progress)?;
    progress.begin("looking for duplicates", examples.len() as u64);
    let sources: HashMap<&str, usize> = settings.source.iter().enumerate().map(|(at, source)| (source.name.as_str(), at)).collect();
    let mut sieve = Sieve {
        search: Search::new(settings.duplicates),
        groups: HashMap::new(),
        labels: BTreeMap::new(),
        rows: Vec::new(),
        characters: Characters::new(),
    };
    for start in (0..examples.len()).step_by(BATCH) {
        let numbers = start..(start + BATCH).min(examples.len());
        let read = |number| examples.get(number).map(|example| (number, fingerprint(&example, &keys), example));
        let batch: Vec<(usize, Fingerprint, Example)> = numbers.into_par_iter().map(read).collect::<Result<_, _>>()?;
        progress.advance(batch.len() as u64);
        for (number, print, example) in batch {
            let source = sources.get(example.source.as_str()).copied().unwrap_or(0);
            if let Some((reason, first)) = sieve.take(number, print, &example, source) {
                ledger.count(&example.source, &format!("{}{reason}", event::DROPPED), 1);
                if let Some(first) = first {
                    let first = place(&examples.get(first)?, identity, &sources);
                    let (file, line) = place(&example, identity, &sources);
                    ledger.bad.push(Bad { file, line, reason: format!("the texts of {}:{} with another label", first.0, first.1) });
                }
            }
        }
    }
    sieve.finish(ledger, settings, keys)
}

/// Keys by which similar texts meet; for them, all texts are counted first.
fn keys(examples: &Dataset, settings: &Settings, progress: &Progress) -> Result<Keys, TextError> {
    progress.begin("counting words", examples.len() as u64);
    let mut rarity = Rarity::new();
    for start in (0..examples.len()).step_by(BATCH) {
        let numbers = start..(start + BATCH).min(examples.len());
        progress.advance(numbers.len() as u64);
        let sets: Vec<Vec<Box<[u32]>>> =
            numbers.into_par_iter().map(|number| examples.get(number).map(|example| binding(&example))).collect::<Result<_, _>>()?;
        sets.iter().flatten().for_each(|set| rarity.count(set));
    }
    Ok(Keys::new(settings.duplicates.together, rarity))
}

/// File and line as the card names them.
fn place(example: &Example, identity: &Identity, sources: &HashMap<&str, usize>) -> (String, u32) {
    let file = sources.get(example.source.as_str()).and_then(|source| identity.inputs[*source].get(example.file as usize));
    (format!("{}/{}", example.source, file.map_or("?", |file| &file.name)), example.line)
}

struct Sieve {
    search: Search,
    /// The first row of what belongs together by the source's word.
    groups: HashMap<u64, u32>,
    labels: BTreeMap<String, u32>,
    rows: Vec<Row>,
    characters: Characters,
}

impl Sieve {
    /// Keeps an example, or says why not; for a conflict also with which one.
    fn take(&mut self, number: usize, print: Fingerprint, example: &Example, source: usize) -> Option<(&'static str, Option<usize>)> {
        let row = self.rows.len() as u32;
        let key = print.exact as u64;
        match self.search.add(row, print) {
            Verdict::Duplicate(_) => return Some(("duplicate", None)),
            Verdict::Near(_) => return Some(("near duplicate", None)),
            Verdict::Conflict(first) => return Some(("other label than before", Some(self.rows[first as usize].number))),
            Verdict::Keep => {}
        }
        if example.together != 0 {
            let first = *self.groups.entry(example.together).or_insert(row);
            self.search.bind(row, first);
        }
        let known = self.labels.len() as u32;
        let label = example.label.as_ref().map(|label| *self.labels.entry(label.clone()).or_insert(known));
        for character in example.fields.iter().flat_map(|field| field.text.chars()).filter(|character| is_han(*character)) {
            *self.characters.entry(character).or_default() += 1;
        }
        self.rows.push(Row { number, source, kind: example.kind, language: example.language, label, group: row, key });
        None
    }

    fn finish(mut self, ledger: &mut Ledger, settings: &Settings, keys: Keys) -> Result<Sifted, TextError> {
        for row in &mut self.rows {
            row.group = self.search.group(row.group);
            ledger.count(&settings.source[row.source].name, &format!("{}{}", event::LANGUAGE, row.language), 1);
        }
        if self.rows.is_empty() {
            let dropped =
                ledger.beginning(event::DROPPED).into_iter().map(|(reason, number)| format!("{number} {reason}")).collect::<Vec<_>>();
            let reason = format!("{} bad records, dropped: {}", ledger.total(event::BAD), dropped.join(", "));
            return Err(TextError::Nothing { reason });
        }
        let mut labels = vec![String::new(); self.labels.len()];
        self.labels.into_iter().for_each(|(label, number)| labels[number as usize] = label);
        Ok(Sifted { rows: self.rows, labels, characters: self.characters, keys })
    }
}

impl Row {
    /// What gets its share in each split: a label within a source, or the source in this language.
    pub(super) fn stratum(&self, labels: &[String], source: &str) -> u64 {
        let label = self.label.map_or(self.language.name(), |label| labels[label as usize].as_str());
        xxh3_64(format!("{source}\n{}\n{label}", self.kind.name()).as_bytes())
    }
}
