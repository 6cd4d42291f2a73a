//! Labelled questions against the knowledge in `kestrel/`: how often a confident answer is right, and how often there
//! is one. `expect` names the pairs that answer a question, without the language; empty: nothing does, say so.
//!
//! `cargo test -p steward-knowledge --release --test questions -- --nocapture` prints the figures and every answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;
use steward_knowledge::{Generation, Kind, Query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    text: String,
    language: String,
    expect: Vec<String>,
    /// `tune`: the thresholds were chosen with it; `test`: they were not.
    split: String,
}

static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    let text = std::fs::read_to_string(root().join("tests/data/questions.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
});

static KESTREL: LazyLock<Generation> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("generation");
    Generation::build(&root().join("kestrel"), &out, None, &mut |_| {}).unwrap();
    let generation = Generation::open(&out).unwrap();
    // The open database stays readable after its folder is gone.
    drop(folder);
    generation
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// What became of the questions of one language and split.
#[derive(Debug, Default)]
struct Outcome {
    /// Answered confidently and rightly, with an answer that is wrong, or not at all although there is one.
    right: f32,
    wrong: f32,
    missed: f32,
    /// Without an answer: recognized as such, or answered nevertheless.
    unknown: f32,
    invented: f32,
    /// The right pair is the first hit, whatever the confidence.
    first: f32,
}

impl Outcome {
    fn precision(&self) -> f32 {
        self.right / (self.right + self.wrong + self.invented)
    }

    fn recall(&self) -> f32 {
        self.right / self.answerable()
    }

    fn answerable(&self) -> f32 {
        self.right + self.wrong + self.missed
    }
}

fn evaluate(language: &str, split: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for question in QUESTIONS.iter().filter(|question| question.language == language && question.split == split) {
        let query = Query { language: Some(language), kinds: &[Kind::Curated], ..Query::new(&question.text) };
        let hits = KESTREL.search(&query).unwrap();
        let fits = |id: &str| question.expect.iter().any(|expected| id == format!("{expected}.{language}"));
        let first = hits.first();
        let confident = first.is_some_and(|hit| KESTREL.confident(hit));
        let right = first.is_some_and(|hit| fits(&hit.id));
        let found = first.map_or(String::new(), |hit| format!("{} ({:?}, {:.2})", hit.id, hit.question, hit.keyword));
        outcome.first += f32::from(u8::from(right));
        let counted = match (question.expect.is_empty(), confident, right) {
            (true, true, _) => &mut outcome.invented,
            (true, false, _) => &mut outcome.unknown,
            (false, false, _) => &mut outcome.missed,
            (false, true, true) => &mut outcome.right,
            (false, true, false) => &mut outcome.wrong,
        };
        *counted += 1.0;
        let mark = match (question.expect.is_empty(), confident, right) {
            (true, false, _) | (false, true, true) => "fine  ",
            (false, false, _) => "missed",
            (_, true, _) => "WRONG ",
        };
        println!("{mark} {language} {split}: {:?} wants {:?}, found {found}", question.text, question.expect);
    }
    let answerable = outcome.answerable();
    println!(
        "{language} {split}: precision {:.3}, recall {:.3}, first {:.3}, unknown {}/{}",
        outcome.precision(),
        outcome.recall(),
        outcome.first / answerable,
        outcome.unknown,
        outcome.unknown + outcome.invented
    );
    outcome
}

/// What was measured, less a little: a change that costs more than that has to be looked at.
#[test]
fn confident_answers_are_right_and_frequent_enough() {
    let wanted = [("en", "tune", 0.9, 0.5), ("en", "test", 0.9, 0.5), ("zh", "tune", 0.9, 0.5), ("zh", "test", 0.9, 0.5)];
    for ((language, split, precision, recall), outcome) in wanted.map(|wanted| (wanted, evaluate(wanted.0, wanted.1))) {
        assert!(outcome.precision() >= precision, "{language} {split}: {outcome:?}");
        assert!(outcome.recall() >= recall, "{language} {split}: {outcome:?}");
    }
}

#[test]
fn every_label_names_a_pair() {
    let source = steward_knowledge::Source::read(&root().join("kestrel")).unwrap();
    for question in QUESTIONS.iter() {
        for id in &question.expect {
            let id = format!("{id}.{}", question.language);
            assert!(source.entries.iter().any(|entry| entry.id == id), "{:?} expects {id}", question.text);
        }
    }
}

#[test]
fn every_pair_is_found_by_each_of_its_own_wordings() {
    let source = steward_knowledge::Source::read(&root().join("kestrel")).unwrap();
    let mut lost = Vec::new();
    for entry in source.entries.iter().filter(|entry| entry.kind == Kind::Curated) {
        for wording in &entry.wordings {
            let query = Query { language: Some(&entry.language), kinds: &[Kind::Curated], ..Query::new(wording) };
            let hits = KESTREL.search(&query).unwrap();
            if hits.first().is_none_or(|hit| hit.id != entry.id) {
                lost.push(format!("{}: {wording:?} finds {:?}", entry.id, hits.first().map(|hit| (&hit.id, &hit.question))));
            }
        }
    }
    assert!(lost.is_empty(), "{} wordings:\n{}", lost.len(), lost.join("\n"));
}
