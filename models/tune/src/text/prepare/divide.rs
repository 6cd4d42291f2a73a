//! Third stage: which split each example goes to, and how often training takes it.

use std::collections::{BTreeMap, HashMap};

use super::sift::Sifted;
use crate::text::error::TextError;
use crate::text::example::Kind;
use crate::text::ledger::{Bad, Ledger, event};
use crate::text::mix::{Candidate, times};
use crate::text::settings::Settings;
use crate::text::split::{Member, Part, split};
use crate::text::usage;

pub(super) struct Divided {
    /// The split of each row, if it has one.
    pub(super) parts: Vec<Option<Part>>,
    /// How often each row is taken: 1 outside of training.
    pub(super) times: Vec<usize>,
    /// The usage log, if one was given: each label's count.
    pub(super) usage: Option<BTreeMap<String, u64>>,
}

pub(super) fn divide(sifted: &Sifted, settings: &Settings, ledger: &mut Ledger) -> Result<Divided, TextError> {
    let name = |source: usize| settings.source[source].name.as_str();
    let parts = split(&members(sifted, settings), &settings.split, settings.seed);
    for (row, part) in sifted.rows.iter().zip(&parts) {
        if part.is_none() {
            ledger.count(name(row.source), &format!("{}near to a source that was held out", event::DROPPED), 1);
        } else {
            ledger.count(name(row.source), event::KEPT, 1);
        }
    }
    let usage = read_usage(settings, ledger)?;
    let training: Vec<usize> = (0..parts.len()).filter(|row| parts[*row] == Some(Part::Train)).collect();
    let candidates: Vec<Candidate<'_>> = training
        .iter()
        .map(|row| &sifted.rows[*row])
        .map(|row| {
            let label = row.label.filter(|_| row.kind == Kind::Labeled).map(|label| sifted.labels[label as usize].as_str());
            Candidate { source: row.source, label, key: row.key }
        })
        .collect();
    let mut all = vec![1; parts.len()];
    for (row, taken) in training.iter().zip(times(&candidates, &settings.source, &settings.mix, usage.as_ref(), settings.seed)) {
        all[*row] = taken;
        ledger.count(name(sifted.rows[*row].source), event::TAKEN, taken as u64);
    }
    Ok(Divided { parts, times: all, usage })
}

fn members(sifted: &Sifted, settings: &Settings) -> Vec<Member> {
    let mut strata: HashMap<u64, u32> = HashMap::new();
    sifted
        .rows
        .iter()
        .map(|row| {
            let source = &settings.source[row.source];
            let next = strata.len() as u32;
            let stratum = *strata.entry(row.stratum(&sifted.labels, &source.name)).or_insert(next);
            Member { group: row.group, stratum, pinned: source.into, key: row.key }
        })
        .collect()
}

fn read_usage(settings: &Settings, ledger: &mut Ledger) -> Result<Option<BTreeMap<String, u64>>, TextError> {
    let Some(path) = &settings.mix.usage else { return Ok(None) };
    let usage = usage::read(path, settings.mix.usage_key.as_deref())?;
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    ledger.bad.extend(usage.bad.into_iter().map(|(line, reason)| Bad { file: file.clone(), line, reason }));
    Ok(Some(usage.labels))
}
