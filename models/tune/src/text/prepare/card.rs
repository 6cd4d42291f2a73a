//! The data card: for people as `CARD.md`, for programs as `card.json`, and every bad record in `bad.jsonl`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::divide::Divided;
use super::identity::Identity;
use super::sift::Sifted;
use crate::text::error::TextError;
use crate::text::ledger::{Ledger, event};
use crate::text::settings::Settings;
use crate::text::split::Part;
use crate::text::whole;

/// Labels that the card lists; `card.json` has all.
const LISTED: usize = 40;

/// Writes all three, `card.json` last: with it, the folder is finished.
pub(super) fn write(
    out: &Path,
    settings: &Settings,
    identity: &Identity,
    ledger: &Ledger,
    sifted: &Sifted,
    divided: &Divided,
) -> Result<(), TextError> {
    let labels = labels(sifted, divided);
    let mut bad = String::new();
    for record in &ledger.bad {
        let _ = writeln!(bad, "{}", json!(record));
    }
    whole::write(&out.join("bad.jsonl"), bad.as_bytes())?;
    whole::write(&out.join("CARD.md"), markdown(settings, identity, ledger, &labels, divided).as_bytes())?;
    let sources = settings.source.iter().zip(&identity.inputs).map(|(source, files)| {
        json!({"name": source.name, "license": source.license, "origin": source.origin, "weight": source.weight, "files": files})
    });
    let card = json!({
        "identity": identity.hash,
        "seed": settings.seed,
        "sources": sources.collect::<Vec<_>>(),
        "labels": labels,
        "counts": ledger.counts,
        "bad": ledger.bad.len(),
    });
    let text = serde_json::to_string_pretty(&card).map_err(|error| TextError::write(out)(error.into()))?;
    whole::write(&out.join("card.json"), text.as_bytes())
}

/// How many examples of each label each split has, as written.
fn labels(sifted: &Sifted, divided: &Divided) -> BTreeMap<String, [u64; 3]> {
    let mut labels: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for (row, part) in sifted.rows.iter().zip(&divided.parts) {
        if let (Some(label), Some(part)) = (row.label, part) {
            labels.entry(sifted.labels[label as usize].clone()).or_default()[*part as usize] += 1;
        }
    }
    labels
}

fn markdown(settings: &Settings, identity: &Identity, ledger: &Ledger, labels: &BTreeMap<String, [u64; 3]>, divided: &Divided) -> String {
    let mut card = String::from("# Data card\n\nPrepared by `steward-tune prepare`. Same settings and files, same bytes.\n\n");
    let _ = writeln!(card, "Seed {}, identity `{}`.\n", settings.seed, identity.hash);
    sources(&mut card, settings, identity, ledger);
    splits(&mut card, settings, ledger);
    counted(&mut card, ledger, "Dropped, and why", "dropped", event::DROPPED);
    counted(&mut card, ledger, "Personal data that placeholders took the place of", "kind", event::REDACTED);
    counted(&mut card, ledger, "Languages", "language", event::LANGUAGE);
    repairs(&mut card, ledger);
    mixing(&mut card, settings, ledger, divided);
    if !labels.is_empty() {
        listed(&mut card, labels);
    }
    if !ledger.bad.is_empty() {
        let _ = writeln!(card, "## Bad records\n\n{}; all of them with file, line and reason in `bad.jsonl`.\n", ledger.bad.len());
    }
    card
}

fn sources(card: &mut String, settings: &Settings, identity: &Identity, ledger: &Ledger) {
    card.push_str(
        "## Sources\n\n| source | license | origin | records | bad | examples | kept |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for source in &settings.source {
        let count = |event| ledger.of(&source.name, event);
        let told = |text: &str| if text.is_empty() { "not stated".to_owned() } else { text.replace('|', "/") };
        let (license, origin) = (told(&source.license), told(&source.origin));
        let (records, bad, examples, kept) = (count(event::RECORDS), count(event::BAD), count(event::EXAMPLES), count(event::KEPT));
        let _ = writeln!(card, "| {} | {license} | {origin} | {records} | {bad} | {examples} | {kept} |", source.name);
    }
    card.push_str("\nFiles, with the first half of their SHA-256:\n\n");
    for (source, files) in settings.source.iter().zip(&identity.inputs) {
        for file in files.iter().take(LISTED) {
            let _ = writeln!(card, "- {}: `{}` {}", source.name, file.name, &file.sha256[..32]);
        }
        if files.len() > LISTED {
            let _ = writeln!(card, "- {}: {} more, in `card.json`", source.name, files.len() - LISTED);
        }
    }
    card.push('\n');
}

fn splits(card: &mut String, settings: &Settings, ledger: &Ledger) {
    card.push_str("## Splits\n\nWindows of long documents count one by one, varied copies too.\n\n| source | train | validation | test |\n| --- | --- | --- | --- |\n");
    let line = |name: &str, count: &dyn Fn(&str) -> u64| {
        let cells = Part::ALL.map(|part| count(&format!("{}{}", event::SPLIT, part.name())));
        format!("| {name} | {} | {} | {} |\n", cells[0], cells[1], cells[2])
    };
    for source in &settings.source {
        card.push_str(&line(&source.name, &|event| ledger.of(&source.name, event)));
    }
    card.push_str(&line("**all**", &|event| ledger.total(event)));
    let _ = writeln!(
        card,
        "\nNo two examples in different splits have texts of a similarity of {} or more (Jaccard's index over pairs of neighboring words).\n",
        settings.duplicates.together
    );
}

fn counted(card: &mut String, ledger: &Ledger, title: &str, column: &str, prefix: &str) {
    let found = ledger.beginning(prefix);
    if found.is_empty() {
        return;
    }
    let _ = writeln!(card, "## {title}\n\n| {column} | number |\n| --- | --- |");
    for (name, number) in found {
        let _ = writeln!(card, "| {name} | {number} |");
    }
    card.push('\n');
}

fn repairs(card: &mut String, ledger: &Ledger) {
    let events = [event::GUESSED, event::REPAIRED, event::MARKUP, event::WINDOWED, event::WINDOWS];
    let found: Vec<(&str, u64)> = events.into_iter().map(|event| (event, ledger.total(event))).filter(|(_, number)| *number > 0).collect();
    if !found.is_empty() {
        card.push_str("## Cleaning\n\n| what | records |\n| --- | --- |\n");
        found.iter().for_each(|(event, number)| card.push_str(&format!("| {event} | {number} |\n")));
        card.push('\n');
    }
}

fn mixing(card: &mut String, settings: &Settings, ledger: &Ledger, divided: &Divided) {
    let weighted = settings.source.iter().any(|source| source.weight.is_some());
    if weighted || divided.usage.is_some() || settings.mix.examples.is_some() {
        card.push_str("## Mixing\n\n| source | weight | taken for training | share |\n| --- | --- | --- | --- |\n");
        let all = ledger.total(event::TAKEN).max(1) as f64;
        for source in &settings.source {
            let taken = ledger.of(&source.name, event::TAKEN);
            let weight = source.weight.map_or("-".to_owned(), |weight| weight.to_string());
            let _ = writeln!(card, "| {} | {weight} | {taken} | {:.1} % |", source.name, taken as f64 * 100.0 / all);
        }
        let _ = writeln!(card, "\nAn example is taken at most {} times.", settings.mix.max_repeats);
        if let Some(usage) = &divided.usage {
            let _ = writeln!(card, "Labels follow a usage log of {} entries with {} labels.", usage.values().sum::<u64>(), usage.len());
        }
        card.push('\n');
    }
    if settings.augment.copies > 0 {
        card.push_str("## Varied copies\n\n| what | number |\n| --- | --- |\n");
        for event in [event::VARIED, event::UNVARIED, event::LEAKING] {
            let _ = writeln!(card, "| {event} | {} |", ledger.total(event));
        }
        card.push('\n');
    }
}

fn listed(card: &mut String, labels: &BTreeMap<String, [u64; 3]>) {
    card.push_str(
        "## Labels\n\nAs written, before mixing and copies.\n\n| label | train | validation | test |\n| --- | --- | --- | --- |\n",
    );
    let mut order: Vec<(&String, &[u64; 3])> = labels.iter().collect();
    order.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
    for (label, counts) in order.iter().take(LISTED) {
        let _ = writeln!(card, "| {} | {} | {} | {} |", label.replace('|', "/"), counts[0], counts[1], counts[2]);
    }
    if order.len() > LISTED {
        let _ = writeln!(card, "| {} more, in `card.json` | | | |", order.len() - LISTED);
    }
    card.push('\n');
}
