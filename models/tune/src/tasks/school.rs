//! Tiny networks learn tiny tasks: after a few steps they know what they were taught.

use std::path::PathBuf;

use super::classes::{ClassesTask, Labeled};
use super::embedding::{EmbeddingTask, Near};
use super::lines::{self, Line};
use super::pair::{PairTask, Question};
use super::reading::{Reading, ReadingTask};
use super::tags::{Tagged, TagsTask, tags};
use super::words::{Text, WordsTask};
use super::{EncoderTask, Objective, Tokens};
use crate::network::{EncoderConfig, Head, HeadKind, Learning, Pooling, shapes};
use crate::training::{Settings, Trained, train};
use crate::weights::Weights;

const WORDS: [&str; 18] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "it", "is", "warm", "cold", "heat", "cool", "now", "the", "set", "to", "red", "blue", "?",
];

/// A folder with a tokenizer that knows eighteen words, and what else a test needs.
struct School {
    folder: tempfile::TempDir,
    tokens: Tokens,
    config: EncoderConfig,
}

impl School {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let special: Vec<serde_json::Value> = (0..5)
            .map(|id| {
                serde_json::json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true})
            })
            .collect();
        let vocabulary: serde_json::Map<String, serde_json::Value> =
            WORDS.iter().enumerate().map(|(id, word)| ((*word).to_owned(), id.into())).collect();
        let json = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": special, "normalizer": null,
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
            "decoder": null, "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
        });
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, json.to_string()).unwrap();
        let tokens = Tokens::load(&path, 16).unwrap();
        let config = EncoderConfig { vocab_size: WORDS.len(), ..crate::onnx::parity::tiny("bert") };
        Self { folder, tokens, config }
    }

    fn lines<T: serde::de::DeserializeOwned>(&self, lines: &[&str]) -> Vec<Line<T>> {
        let path: PathBuf = self.folder.path().join("data.jsonl");
        std::fs::write(&path, lines.join("\n")).unwrap();
        lines::read(&[path]).unwrap()
    }

    fn learn(&self, head: &Head, objective: Box<dyn Objective<Learning> + '_>, steps: u64) -> Trained {
        self.learn_all(std::slice::from_ref(head), vec![(objective, 1.0)], steps)
    }

    fn learn_all(&self, heads: &[Head], parts: Vec<(Box<dyn Objective<Learning> + '_>, f64)>, steps: u64) -> Trained {
        let settings =
            Settings { steps, batch: 8, rate: 5e-3, dropout: 0.0, weight_decay: 0.0, check_every: 0, save_every: 0, ..Settings::default() };
        let mut wanted = shapes::encoder(&self.config);
        wanted.extend(heads.iter().flat_map(|head| shapes::head(head, &self.config)));
        let (start, _) = shapes::filled(&wanted, &Weights::new(), 1).unwrap();
        let task = EncoderTask::new(&self.config, &self.tokens, &settings, parts).unwrap();
        let run = tempfile::tempdir().unwrap();
        train::<Learning>(run.path(), &settings, &start, &task, false).unwrap()
    }
}

fn head(name: &str, kind: HeadKind) -> Head {
    Head { name: name.to_owned(), kind }
}

fn score(trained: &Trained) -> f64 {
    trained.progress.best.unwrap().0
}

const INFERENCES: [&str; 4] = [
    r#"{"premise": "it is warm", "hypothesis": "cool now", "label": "entailment"}"#,
    r#"{"premise": "it is warm", "hypothesis": "heat now", "label": "contradiction"}"#,
    r#"{"premise": "it is cold", "hypothesis": "heat now", "label": "entailment"}"#,
    r#"{"premise": "it is cold", "hypothesis": "cool now", "label": "contradiction"}"#,
];

const QUESTIONS: [&str; 3] = [
    r#"{"question": "is it warm ?", "right": ["cool"], "wrong": ["heat", "red"]}"#,
    r#"{"question": "is it cold ?", "right": ["heat"], "wrong": ["cool"]}"#,
    r#"{"question": "the set ?", "right": ["blue"], "wrong": ["red"]}"#,
];

const READINGS: [&str; 4] = [
    r#"{"passage": "the set is red now", "question": "the set ?", "answer": "red", "start": 11}"#,
    r#"{"passage": "it is blue now", "question": "it ?", "answer": "blue", "start": 6}"#,
    r#"{"passage": "cold now to it", "question": "the set ?", "answer": "", "start": -1}"#,
    r#"{"passage": "warm is the heat", "question": "it ?", "answer": "", "start": -1}"#,
];

fn labels() -> HeadKind {
    HeadKind::Classes { labels: vec!["entailment".to_owned(), "contradiction".to_owned()], pooling: Pooling::Mean }
}

#[test]
fn labels_of_pairs_are_learnt() {
    let school = School::new();
    let head = head("nli", labels());
    let lines = || school.lines::<Labeled>(&INFERENCES);
    let task = ClassesTask::new(head.clone(), lines(), lines()).unwrap();
    assert_eq!(score(&school.learn(&head, Box::new(task), 80)), 1.0);
}

#[test]
fn three_heads_learn_on_one_trunk() {
    let school = School::new();
    let heads = [head("nli", labels()), head("match", HeadKind::Pair { pooling: Pooling::Mean }), head("answer", HeadKind::Span)];
    let inferences = || school.lines::<Labeled>(&INFERENCES);
    let questions = || school.lines::<Question>(&QUESTIONS);
    let readings = || school.lines::<Reading>(&READINGS);
    let parts: Vec<(Box<dyn Objective<Learning>>, f64)> = vec![
        (Box::new(ClassesTask::new(heads[0].clone(), inferences(), inferences()).unwrap()), 1.0),
        (Box::new(PairTask::new(heads[1].clone(), 2, questions(), questions()).unwrap()), 1.0),
        (Box::new(ReadingTask::new(heads[2].clone(), &school.tokens, readings(), readings()).unwrap()), 1.0),
    ];
    let found = score(&school.learn_all(&heads, parts, 600));
    assert!(found > 0.95, "{found}");
}

#[test]
fn slots_are_learnt() {
    let school = School::new();
    let lines = school.lines::<Tagged>(&[
        r#"{"text": "set it to red", "slots": [{"start": 10, "end": 13, "label": "color"}]}"#,
        r#"{"text": "heat the blue", "slots": [{"start": 0, "end": 4, "label": "act"}, {"start": 9, "end": 13, "label": "color"}]}"#,
    ]);
    let head = head("slots", HeadKind::Tags { labels: tags(&lines) });
    let task = TagsTask::new(head.clone(), &school.tokens, &lines, &lines).unwrap();
    assert_eq!(score(&school.learn(&head, Box::new(task), 200)), 1.0);
}

#[test]
fn sentences_that_mean_the_same_come_together() {
    let school = School::new();
    let head = head("embedding", HeadKind::Embedding { pooling: Pooling::Mean });
    let lines = || {
        school.lines::<Near>(&[
            r#"{"en": "it is warm", "zh": "cool"}"#,
            r#"{"en": "it is cold", "zh": "heat"}"#,
            r#"{"en": "the red", "zh": "blue"}"#,
            r#"{"anchor": "set now", "positive": "to ?", "negatives": ["red"]}"#,
        ])
    };
    let task = EmbeddingTask::new(Pooling::Mean, None, true, lines(), lines()).unwrap();
    assert_eq!(score(&school.learn(&head, Box::new(task), 200)), 1.0);
}

#[test]
fn hidden_words_are_guessed() {
    let school = School::new();
    let head = head("words", HeadKind::Words);
    let lines = || school.lines::<Text>(&[r#"{"text": "it is warm cool now"}"#, r#"{"text": "the set to red blue ?"}"#]);
    let task = WordsTask::new(&school.tokens, false, lines(), lines()).unwrap();
    let loss = -score(&school.learn(&head, Box::new(task), 150));
    // Guessing among eighteen words without knowing anything costs 2.9.
    assert!(loss < 1.2, "{loss}");
}

#[test]
fn wrong_data_is_named_by_file_and_line() {
    let school = School::new();
    let lines = school.lines::<Reading>(&[READINGS[0], r#"{"passage": "it is red", "question": "?", "answer": "red", "start": 5}"#]);
    let error = ReadingTask::new(head("answer", HeadKind::Span), &school.tokens, lines, vec![]).err().unwrap().to_string();
    assert!(error.contains("data.jsonl:2: the passage has \" re\" at character 5, and the answer is \"red\""), "{error}");
    let lines = school.lines::<Labeled>(&[r#"{"text": "it", "label": "perhaps"}"#]);
    let error = ClassesTask::new(head("nli", labels()), lines, vec![]).err().unwrap().to_string();
    assert!(error.contains("data.jsonl:1: the label \"perhaps\" is none of entailment, contradiction"), "{error}");
}
