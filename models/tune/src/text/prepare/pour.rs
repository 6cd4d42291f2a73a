//! Fourth stage: shards are written, each with its examples in random order, training with its varied copies.

use std::path::PathBuf;

use rayon::prelude::*;

use super::Preparation;
use super::divide::Divided;
use super::identity::WORK;
use super::sift::Sifted;
use crate::text::augment::{self, Augmenter};
use crate::text::duplicates::{Search, fingerprint};
use crate::text::error::TextError;
use crate::text::example::Example;
use crate::text::ledger::{Ledger, event};
use crate::text::progress::Progress;
use crate::text::random::Dice;
use crate::text::shard::{Dataset, ShardWriter};
use crate::text::split::Part;
use crate::text::tokenizer::Tokens;
use crate::text::whole;

pub(super) struct Pour<'a> {
    pub(super) preparation: &'a Preparation,
    pub(super) examples: &'a Dataset,
    pub(super) sifted: &'a Sifted,
    pub(super) divided: &'a Divided,
    pub(super) augmenter: &'a Augmenter,
    pub(super) tokens: Option<&'a Tokens>,
}

/// A row of the sieve, and which copy of it.
type Drop = (usize, u32);

impl Pour<'_> {
    pub(super) fn pour(&self, ledger: &mut Ledger, progress: &Progress) -> Result<(), TextError> {
        let settings = &self.preparation.settings;
        let held_out = if settings.augment.copies > 0 { Some(self.held_out()?) } else { None };
        let orders = Part::ALL.map(|part| self.order(part));
        progress.begin("writing shards", orders.iter().map(|order| order.len() as u64).sum());
        for (part, order) in Part::ALL.into_iter().zip(orders) {
            for (number, drops) in order.chunks(settings.shard.examples).enumerate() {
                ledger.add(&self.shard(part, number, drops, held_out.as_ref())?);
                progress.advance(drops.len() as u64);
            }
        }
        Ok(())
    }

    /// All that goes into a split, in random order.
    fn order(&self, part: Part) -> Vec<Drop> {
        let rows = (0..self.sifted.rows.len()).filter(|row| self.divided.parts[*row] == Some(part));
        let mut order: Vec<Drop> = rows.flat_map(|row| (0..self.copies(row, part)).map(move |copy| (row, copy))).collect();
        let seed = self.preparation.settings.seed;
        order.sort_by_cached_key(|(row, copy)| {
            let key = self.sifted.rows[*row].key ^ u64::from(*copy).rotate_left(32);
            (Dice::new(seed, part.name(), key).next(), *row, *copy)
        });
        order
    }

    fn copies(&self, row: usize, part: Part) -> u32 {
        (self.divided.times[row] * if part == Part::Train { self.each(row) } else { 1 }) as u32
    }

    /// Copies for each time that a row is taken: the one as written, and the varied ones.
    fn each(&self, row: usize) -> usize {
        let settings = &self.preparation.settings;
        let row = &self.sifted.rows[row];
        if settings.source[row.source].augment && augment::varies(row.kind) { 1 + settings.augment.copies } else { 1 }
    }

    /// What validation and test hold, to compare copies with.
    fn held_out(&self) -> Result<Search, TextError> {
        let mut search = Search::new(self.preparation.settings.duplicates);
        for (at, row) in self.sifted.rows.iter().enumerate() {
            if matches!(self.divided.parts[at], Some(Part::Validation | Part::Test)) {
                search.add(at as u32, fingerprint(&self.examples.get(row.number)?, &self.sifted.keys));
            }
        }
        Ok(search)
    }

    /// Writes one shard, unless it is there, and says what is in it.
    fn shard(&self, part: Part, number: usize, drops: &[Drop], held_out: Option<&Search>) -> Result<Ledger, TextError> {
        let out = &self.preparation.out;
        let path = out.join(format!("{}-{number:05}.shard", part.name()));
        let note: PathBuf = out.join(WORK).join(format!("{}-{number:05}.json", part.name()));
        if note.is_file() && path.is_file() {
            let bytes = std::fs::read(&note).map_err(TextError::read(&note))?;
            return serde_json::from_slice(&bytes).map_err(|error| TextError::Shard { path: note, reason: error.to_string() });
        }
        let mut ledger = Ledger::default();
        let mut writer = ShardWriter::create(&path)?;
        let made: Vec<Result<Made, TextError>> = drops.par_iter().map(|drop| self.example(*drop, held_out)).collect();
        for made in made {
            match made? {
                Made::Example(example) => {
                    ledger.count(&example.source, &format!("{}{}", event::SPLIT, part.name()), 1);
                    ledger.count(&example.source, event::VARIED, u64::from(example.copy > 0));
                    writer.add(&example)?;
                }
                Made::Nothing(source, reason) => ledger.count(&source, reason, 1),
            }
        }
        writer.publish()?;
        let bytes = serde_json::to_vec(&ledger).map_err(|error| TextError::write(&note)(error.into()))?;
        whole::write(&note, &bytes)?;
        Ok(ledger)
    }

    fn example(&self, (row, copy): Drop, held_out: Option<&Search>) -> Result<Made, TextError> {
        let written = self.examples.get(self.sifted.rows[row].number)?;
        let each = self.each(row) as u32;
        let varied = if copy == 0 || each == 1 { None } else { self.varied(&written, row, copy) };
        let mut example = match varied {
            Some(varied) if held_out.is_some_and(|held| held.has_similar(&fingerprint(&varied, &self.sifted.keys))) => {
                return Ok(Made::Nothing(written.source, event::LEAKING));
            }
            Some(varied) => varied,
            // What is taken again is there again, even if it could not be varied.
            None if copy % each == 0 => written,
            None => return Ok(Made::Nothing(written.source, event::UNVARIED)),
        };
        if let Some(tokens) = self.tokens {
            for field in &mut example.fields {
                field.tokens = tokens.encode(&field.text)?;
            }
        }
        Ok(Made::Example(example))
    }

    /// The copy, unless an earlier one says the same.
    fn varied(&self, written: &Example, row: usize, copy: u32) -> Option<Example> {
        let key = self.sifted.rows[row].key;
        let varied = self.augmenter.vary(written, key, copy)?;
        let earlier = (1..copy).filter_map(|earlier| self.augmenter.vary(written, key, earlier));
        (!earlier.into_iter().any(|earlier| earlier.fields == varied.fields)).then_some(varied)
    }
}

enum Made {
    Example(Example),
    /// Nothing came of it: the source, and which event that is.
    Nothing(String, &'static str),
}
