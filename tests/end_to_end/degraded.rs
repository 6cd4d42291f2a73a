//! Without a model, without ONNX Runtime or without knowledge the daemon starts all the same, says what is missing, and patterns work.

use std::path::Path;

use serde_json::Value;
use steward_tests::prepared::ENCODER;
use steward_tests::stand::Options;
use steward_tests::{Checkout, Stand};
use tempfile::TempDir;

use crate::setting::{ask, kind, stand, stand_with};

/// The status, with the sentence about the one thing that is missing.
async fn missing(stand: &Stand, what: &str) -> String {
    let (status, detail) = stand.client().status().await.unwrap();
    assert_eq!(status, "degraded", "{detail}");
    detail["missing"][what].as_str().unwrap_or_else(|| panic!("{what} is not named in {detail}")).to_owned()
}

async fn patterns_work(stand: &Stand) {
    let reply = ask(stand, "turn on the air conditioning").await;
    assert_eq!((kind(&reply), reply["tier"].as_str()), ("done", Some("pattern")), "{reply}");
}

/// A copy of the shipped model folder, to be spoiled.
fn model_copy(spoil: impl FnOnce(&Path)) -> TempDir {
    let place = TempDir::new().unwrap();
    let (from, to) = (Checkout::find().unwrap().path(ENCODER), place.path().join("encoder"));
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    spoil(&to);
    place
}

#[tokio::test]
async fn with_everything_it_is_ready() {
    let stand = stand().await;
    let (status, detail) = stand.client().status().await.unwrap();
    assert_eq!(status, "ready", "{detail}");
    assert_eq!(detail["missing"], Value::Object(serde_json::Map::default()));
    assert_eq!(detail["provider"], "cpu");
}

#[tokio::test]
async fn a_model_that_is_not_there_is_named() {
    let empty = TempDir::new().unwrap();
    let stand = stand_with(Options { models: Some(empty.path().to_owned()), ..Options::default() }).await;
    let sentence = missing(&stand, "model").await;
    assert!(sentence.contains("encoder"), "{sentence}");
    patterns_work(&stand).await;
}

#[tokio::test]
async fn a_corrupt_model_is_never_loaded() {
    let models = model_copy(|folder| {
        let file = folder.join("model.onnx");
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    });
    let stand = stand_with(Options { models: Some(models.path().to_owned()), ..Options::default() }).await;
    let sentence = missing(&stand, "model").await;
    assert!(sentence.contains("model.onnx"), "{sentence}");
    patterns_work(&stand).await;
}

#[tokio::test]
async fn a_model_file_that_is_missing_is_named() {
    let models = model_copy(|folder| std::fs::remove_file(folder.join("tokenizer.json")).unwrap());
    let stand = stand_with(Options { models: Some(models.path().to_owned()), ..Options::default() }).await;
    let sentence = missing(&stand, "model").await;
    assert!(sentence.contains("tokenizer.json"), "{sentence}");
    patterns_work(&stand).await;
}

#[tokio::test]
async fn without_onnx_runtime_it_says_what_to_do() {
    let stand = stand_with(Options { onnxruntime: Some("/nowhere/libonnxruntime.so".into()), ..Options::default() }).await;
    let sentence = missing(&stand, "onnxruntime").await;
    assert!(sentence.contains("/nowhere/libonnxruntime.so"), "{sentence}");
    patterns_work(&stand).await;
}

#[tokio::test]
async fn without_knowledge_questions_stay_unanswered_and_commands_work() {
    let empty = TempDir::new().unwrap();
    let stand = stand_with(Options { knowledge: Some(empty.path().join("none")), ..Options::default() }).await;
    missing(&stand, "knowledge").await;
    assert_eq!(kind(&ask(&stand, "how do I jump start the car").await), "unknown");
    patterns_work(&stand).await;
}
