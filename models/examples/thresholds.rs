//! Which cosine means "the same wish"? Shows for a model and a set of labeled sentences what each threshold lets through.
//!
//! `thresholds MODEL < SENTENCES`, where a sentence is a line of JSON with `text`, `intent` and `split`. Half of the
//! intents are taken as known, with a few training sentences each as their phrases; sentences of the other half, and those
//! that belong to no intent (`oos`), should find nothing. That is repeated with other halves.

use std::collections::BTreeMap;
use std::io::{BufRead, stdin};
use std::path::Path;

use serde::Deserialize;
use steward_models::{Embedder, ModelFolder, Runtime, RuntimeOptions};

const ROUNDS: u64 = 6;
const SIMILAR: [f32; 7] = [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85];
const MARGINS: [f32; 3] = [0.0, 0.05, 0.1];

#[derive(Deserialize)]
struct Row {
    text: String,
    intent: String,
    split: String,
    #[serde(skip)]
    vector: Vec<f32>,
}

/// What one sentence found: the best intent's cosine, how far the second-best intent is behind, and who it was.
struct Found<'rows> {
    cosine: f32,
    margin: f32,
    intent: &'rows str,
}

/// Shares of the sentences that pass a threshold.
#[derive(Default)]
struct Passed {
    right: f64,
    wrong: f64,
    unknown: f64,
    out_of_scope: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: thresholds MODEL < SENTENCES")?;
    let embedder = Embedder::load(&Runtime::load(RuntimeOptions::default())?, &ModelFolder::open(Path::new(&model))?)?;
    let lines = stdin().lock().lines();
    let mut rows = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Row>, Box<dyn std::error::Error>>>()?;
    let texts: Vec<String> = rows.iter().map(|row| row.text.clone()).collect();
    let vectors = embedder.embed_all(&texts, &mut |_| ())?;
    rows.iter_mut().zip(vectors).for_each(|(row, vector)| row.vector = vector);
    println!("phrases  similar  margin  right  wrong  unknown  out of scope");
    for phrases in [5, 10, 20] {
        let rounds: Vec<Vec<(&Row, bool, Found)>> = (0..ROUNDS).map(|round| round_of(&rows, phrases, round)).collect();
        for similar in SIMILAR {
            for margin in MARGINS {
                let Passed { right, wrong, unknown, out_of_scope } = passed(&rounds, similar, margin);
                println!("{phrases:7}  {similar:7}  {margin:6}  {right:.3}  {wrong:.3}  {unknown:7.3}  {out_of_scope:12.3}");
            }
        }
    }
    Ok(())
}

/// All held-out sentences with whether their intent is known in this round, and what they found.
fn round_of(rows: &[Row], phrases: usize, round: u64) -> Vec<(&Row, bool, Found<'_>)> {
    let mut by_intent: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.split == "train") {
        by_intent.entry(&row.intent).or_default().push(row);
    }
    let mut intents: Vec<&str> = by_intent.keys().copied().collect();
    let mut random = Random(round + 1);
    random.shuffle(&mut intents);
    intents.truncate(intents.len() / 2);
    let mut known = Vec::new();
    for intent in &intents {
        let mut candidates = by_intent[intent].clone();
        random.shuffle(&mut candidates);
        known.extend(candidates.into_iter().take(phrases));
    }
    let held_out = rows.iter().filter(|row| row.split != "train");
    held_out.map(|row| (row, intents.contains(&row.intent.as_str()), find(row, &known))).collect()
}

fn find<'rows>(query: &Row, known: &[&'rows Row]) -> Found<'rows> {
    let cosine = |row: &Row| row.vector.iter().zip(&query.vector).map(|(left, right)| left * right).sum::<f32>();
    let mut best: BTreeMap<&str, f32> = BTreeMap::new();
    for row in known {
        let highest = best.entry(&row.intent).or_insert(-1.0);
        *highest = highest.max(cosine(row));
    }
    let mut ranked: Vec<(&str, f32)> = best.into_iter().collect();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1));
    Found { cosine: ranked[0].1, margin: ranked[0].1 - ranked[1].1, intent: ranked[0].0 }
}

fn passed(rounds: &[Vec<(&Row, bool, Found)>], similar: f32, margin: f32) -> Passed {
    let mut counts = Passed::default();
    let (mut known_rows, mut unknown_rows, mut outside_rows) = (0.0, 0.0, 0.0);
    for (row, known, found) in rounds.iter().flatten() {
        let pass = f64::from(found.cosine >= similar && found.margin >= margin);
        if *known {
            known_rows += 1.0;
            *(if found.intent == row.intent { &mut counts.right } else { &mut counts.wrong }) += pass;
        } else if row.intent == "oos" {
            outside_rows += 1.0;
            counts.out_of_scope += pass;
        } else {
            unknown_rows += 1.0;
            counts.unknown += pass;
        }
    }
    Passed {
        right: counts.right / known_rows,
        wrong: counts.wrong / known_rows,
        unknown: counts.unknown / unknown_rows,
        out_of_scope: counts.out_of_scope / outside_rows,
    }
}

/// The same choices every time: a linear congruential generator (Knuth's MMIX constants) and Fisher-Yates.
struct Random(u64);

impl Random {
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            items.swap(last, (self.0 >> 33) as usize % (last + 1));
        }
    }
}
