//! Tests through the crate's public door, on small models that `models/export/fixtures.py` makes, on the shipped
//! encoder, and on its unquantized original.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bilingual;
mod encoder;
mod folder;
mod index;
mod parity;
mod runtime;
mod shipped;
mod vectors;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use steward_models::{Embedder, ModelFolder, Runtime, RuntimeOptions};

/// A sentence with the vector that it must get.
#[derive(Deserialize)]
struct Case {
    text: String,
    vector: Vec<f32>,
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

fn runtime(threads: usize) -> Runtime {
    Runtime::load(RuntimeOptions { threads, ..RuntimeOptions::default() }).unwrap()
}

fn embedder(folder: &Path) -> Embedder {
    Embedder::load(&runtime(1), &ModelFolder::open(folder).unwrap()).unwrap()
}

/// Every sentence gets its vector, no component further off than `tolerance`.
fn check(embedder: &Embedder, cases: &[Case], tolerance: f32) {
    assert!(!cases.is_empty());
    for Case { text, vector } in cases {
        let found = embedder.embed(text).unwrap();
        assert_eq!(found.len(), vector.len(), "{text:?}");
        let worst = found.iter().zip(vector).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
        assert!(worst <= tolerance, "{text:?}: a component is off by {worst}");
    }
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |left: &[f32], right: &[f32]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// A copy of one of the small models that a test may spoil.
fn copy_of(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(&data(name), copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_into(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
