//! Labelled questions against the knowledge in `kestrel/`: how often a confident answer is right, and how often there
//! is one. `expect` names the pairs that answer a question, without the language; empty: nothing does, say so.
//!
//! `cargo test -p steward-knowledge --release --test questions -- --nocapture` prints the figures and every answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use models::{Embedder, ModelFolder, Runtime, RuntimeOptions};
use serde::Deserialize;
use steward_knowledge::{Generation, Hit, Kind, Query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    text: String,
    language: String,
    expect: Vec<String>,
    /// `tune`: the thresholds were chosen with it; `test`: they were not.
    split: String,
}

/// Questions for the curated pairs.
static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| labelled("questions.jsonl"));

/// Questions for the manual, with the last heading of the passages that answer them, and those that nothing answers.
static PASSAGES: LazyLock<Vec<Question>> = LazyLock::new(|| {
    let unanswerable = labelled("questions.jsonl").into_iter().filter(|question| question.expect.is_empty());
    labelled("passages.jsonl").into_iter().chain(unanswerable).collect()
});

fn labelled(name: &str) -> Vec<Question> {
    let text = std::fs::read_to_string(root().join("tests/data").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

static KESTREL: LazyLock<Generation> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("generation");
    Generation::build(&root().join("kestrel"), &out, Some(&EMBEDDER), &mut |_| {}).unwrap();
    let generation = Generation::open(&out).unwrap();
    // The open database stays readable after its folder is gone.
    drop(folder);
    generation
});

/// The encoder that is shipped; `make setup` fetches the library it runs on.
static EMBEDDER: LazyLock<Embedder> = LazyLock::new(|| {
    let folder = ModelFolder::open(&root().join("../models/shipped/encoder")).unwrap();
    Embedder::load(&Runtime::load(RuntimeOptions::default()).unwrap(), &folder).unwrap()
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

fn evaluate(kind: Kind, language: &str, split: &str, by: By) -> Outcome {
    let mut outcome = Outcome::default();
    let questions = if kind == Kind::Curated { &QUESTIONS } else { &PASSAGES };
    for question in questions.iter().filter(|question| question.language == language && question.split == split) {
        let vector = matches!(by, By::WordsAndVectors).then(|| EMBEDDER.embed(&question.text).unwrap());
        let vector = vector.as_deref();
        let query = Query { vector, language: Some(language), kinds: &[kind], ..Query::new(&question.text) };
        let hits = KESTREL.search(&query).unwrap();
        let fits = |hit: &Hit| match kind {
            Kind::Curated => question.expect.iter().any(|expected| hit.id == format!("{expected}.{language}")),
            Kind::Document => question.expect.contains(&hit.question),
        };
        let first = hits.first();
        let confident = first.is_some_and(|hit| KESTREL.confident(hit));
        let right = first.is_some_and(fits);
        let found = first.map_or(String::new(), |hit| {
            format!("{} ({:?}, {:.2}, {:.2}, {:.2})", hit.id, hit.question, hit.keyword, hit.vector, hit.score)
        });
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
        println!("{mark} {kind:?} {language} {split} {by:?}: {:?} wants {:?}, found {found}", question.text, question.expect);
    }
    let answerable = outcome.answerable();
    println!(
        "{kind:?} {language} {split} {by:?}: precision {:.3}, recall {:.3}, first {:.3}, unknown {}/{}",
        outcome.precision(),
        outcome.recall(),
        outcome.first / answerable,
        outcome.unknown,
        outcome.unknown + outcome.invented
    );
    outcome
}

/// How a question is compared.
#[derive(Debug, Clone, Copy)]
enum By {
    Words,
    WordsAndVectors,
}

/// What was measured, less a little: a change that costs more than that has to be looked at.
#[test]
fn confident_answers_are_right_and_frequent_enough() {
    let wanted = [
        (Kind::Curated, "en", "tune", By::WordsAndVectors, 0.9, 0.67),
        (Kind::Curated, "en", "test", By::WordsAndVectors, 0.86, 0.61),
        (Kind::Curated, "zh", "tune", By::WordsAndVectors, 0.88, 0.77),
        (Kind::Curated, "zh", "test", By::WordsAndVectors, 0.87, 0.75),
        (Kind::Curated, "en", "tune", By::Words, 0.86, 0.44),
        (Kind::Curated, "en", "test", By::Words, 0.8, 0.44),
        (Kind::Curated, "zh", "tune", By::Words, 0.86, 0.66),
        (Kind::Curated, "zh", "test", By::Words, 0.84, 0.62),
        (Kind::Document, "en", "tune", By::WordsAndVectors, 0.78, 0.6),
        (Kind::Document, "en", "test", By::WordsAndVectors, 0.73, 0.75),
        (Kind::Document, "zh", "tune", By::WordsAndVectors, 0.85, 0.7),
        (Kind::Document, "zh", "test", By::WordsAndVectors, 0.85, 0.75),
        (Kind::Document, "en", "tune", By::Words, 0.7, 0.6),
        (Kind::Document, "en", "test", By::Words, 0.76, 0.65),
        (Kind::Document, "zh", "tune", By::Words, 0.85, 0.6),
        (Kind::Document, "zh", "test", By::Words, 0.75, 0.6),
    ];
    let measured = wanted.map(|(kind, language, split, by, ..)| evaluate(kind, language, split, by));
    for ((kind, language, split, by, precision, recall), outcome) in wanted.into_iter().zip(measured) {
        assert!(outcome.precision() >= precision, "{kind:?} {language} {split} {by:?}: {outcome:?}");
        assert!(outcome.recall() >= recall, "{kind:?} {language} {split} {by:?}: {outcome:?}");
    }
}

#[test]
fn every_label_names_a_pair_or_passage() {
    let source = steward_knowledge::Source::read(&root().join("kestrel")).unwrap();
    for question in QUESTIONS.iter() {
        for id in &question.expect {
            let id = format!("{id}.{}", question.language);
            assert!(source.entries.iter().any(|entry| entry.id == id), "{:?} expects {id}", question.text);
        }
    }
    for question in PASSAGES.iter() {
        for heading in &question.expect {
            let known = source.entries.iter().any(|entry| entry.language == question.language && entry.wordings.contains(heading));
            assert!(known, "{:?} expects {heading}", question.text);
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
