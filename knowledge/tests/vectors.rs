//! A generation with vectors: found by meaning, reproducible, and tied to the embedder that made them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use models::{Embedder, ModelFolder, Runtime, RuntimeOptions};
use steward_knowledge::{Generation, KnowledgeError, Progress, Query};

/// The encoder that is shipped, for English and Chinese; `make setup` fetches the library it runs on.
static EMBEDDER: LazyLock<Embedder> = LazyLock::new(|| {
    let folder = ModelFolder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/shipped/encoder")).unwrap();
    Embedder::load(&Runtime::load(RuntimeOptions { threads: 1, ..RuntimeOptions::default() }).unwrap(), &folder).unwrap()
});

const ROWS: &str = r#"{"id": "soft.en", "question": "The tyre is losing air", "also": ["I have a puncture"], "answer": "Stop.", "language": "en"}
{"id": "music.en", "question": "How do I play music?", "answer": "Press play.", "language": "en"}
{"id": "soft.zh", "question": "轮胎漏气怎么办", "answer": "停车。", "language": "zh"}
{"id": "soft.de", "question": "Der Reifen verliert Luft", "answer": "Anhalten.", "language": "de"}
"#;

fn built(folder: &Path, name: &str, progress: &mut dyn FnMut(Progress)) -> PathBuf {
    let source = folder.join("source");
    std::fs::create_dir_all(source.join("qa")).unwrap();
    let bundle = "name = \"Sample\"\nversion = \"1\"\nlanguages = [\"en\", \"zh\", \"de\"]\nlicense = \"CC0-1.0\"\n";
    std::fs::write(source.join("bundle.toml"), bundle).unwrap();
    std::fs::write(source.join("qa/a.jsonl"), ROWS).unwrap();
    let out = folder.join(name);
    Generation::build(&source, &out, Some(&EMBEDDER), progress).unwrap();
    out
}

#[test]
fn only_languages_of_the_embedder_have_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let mut steps = Vec::new();
    let generation = Generation::open(&built(folder.path(), "one", &mut |step| steps.push(step))).unwrap();
    assert_eq!(generation.manifest().counts.vectors, 4);
    assert_eq!(steps.first(), Some(&Progress::Read { pairs: 4, passages: 0 }));
    assert!(steps.contains(&Progress::Embedded { done: 4, total: 4 }));
    assert_eq!(steps.last(), Some(&Progress::Published));

    let text = "Reifen verliert Luft";
    let vector = EMBEDDER.embed(text).unwrap();
    let hits = generation.search(&Query { vector: Some(&vector), language: Some("de"), ..Query::new(text) }).unwrap();
    assert_eq!((hits.len(), hits[0].id.as_str(), hits[0].vector), (1, "soft.de", 0.0));
}

#[test]
fn a_question_without_a_common_word_is_found_by_meaning() {
    let folder = tempfile::tempdir().unwrap();
    let generation = Generation::open(&built(folder.path(), "one", &mut |_| {})).unwrap();
    let text = "one wheel went flat after hitting a nail";
    let vector = EMBEDDER.embed(text).unwrap();
    let query = Query { vector: Some(&vector), language: Some("en"), ..Query::new(text) };
    let hits = generation.search(&query).unwrap();
    assert_eq!(hits[0].id, "soft.en");
    assert!(hits.iter().skip(1).all(|hit| hit.vector < hits[0].vector), "{hits:#?}");
}

#[test]
fn another_embedders_identity_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let generation = Generation::open(&built(folder.path(), "one", &mut |_| {})).unwrap();
    generation.check_embedder(EMBEDDER.identity()).unwrap();
    let error = generation.check_embedder("another").unwrap_err();
    assert!(matches!(&error, KnowledgeError::OtherEmbedder { built_with, .. } if built_with == EMBEDDER.identity()), "{error}");
}

#[test]
fn a_vector_of_the_wrong_width_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let generation = Generation::open(&built(folder.path(), "one", &mut |_| {})).unwrap();
    let query = Query { vector: Some(&[1.0, 0.0]), ..Query::new("tyre") };
    assert!(matches!(generation.search(&query), Err(KnowledgeError::Model(_))));
}

#[test]
fn vectors_are_the_same_bytes_again_and_a_changed_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (built(folder.path(), "one", &mut |_| {}), built(folder.path(), "other", &mut |_| {}));
    for name in ["knowledge.sqlite", "vectors.usearch"] {
        assert!(std::fs::read(one.join(name)).unwrap() == std::fs::read(other.join(name)).unwrap(), "{name} differs");
    }
    let path = other.join("vectors.usearch");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Generation::open(&other), Err(KnowledgeError::Tampered { path: named }) if named == path));
}
