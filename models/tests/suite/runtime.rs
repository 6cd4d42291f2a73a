//! Loading ONNX Runtime and choosing a provider.

use std::path::PathBuf;

use steward_models::{ModelError, Runtime, RuntimeOptions};

use crate::runtime;

fn with_providers(providers: &[&str]) -> Result<Runtime, ModelError> {
    let providers = providers.iter().map(|&name| name.to_owned()).collect();
    Runtime::load(RuntimeOptions { providers, ..RuntimeOptions::default() })
}

#[test]
fn a_missing_library_says_what_to_do() {
    let options = RuntimeOptions { library: Some(PathBuf::from("/nonexistent/libonnxruntime.so")), ..RuntimeOptions::default() };
    let error = Runtime::load(options).err().expect("there is no such library");
    assert!(matches!(error, ModelError::Library { .. }), "{error}");
    for part in ["/nonexistent/libonnxruntime.so", "make setup", "STEWARD_ORT_LIB"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_second_library_is_refused() {
    runtime(1);
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = RuntimeOptions { library: Some(file.path().to_owned()), ..RuntimeOptions::default() };
    let error = Runtime::load(options).err().expect("one is loaded already");
    assert!(error.to_string().contains("loaded already"), "{error}");
}

#[test]
fn accelerators_that_are_not_here_are_skipped_with_a_reason() {
    let runtime = with_providers(&["tensorrt", "cuda", "cpu"]).unwrap();
    let skipped: Vec<&str> = runtime.skipped().iter().map(|(name, _)| name.as_str()).collect();
    match runtime.provider() {
        "cpu" => assert_eq!(skipped, ["tensorrt", "cuda"]),
        "cuda" => assert_eq!(skipped, ["tensorrt"]),
        other => assert_eq!((other, skipped), ("tensorrt", vec![])),
    }
    assert!(runtime.skipped().iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn without_the_processor_in_the_list_an_accelerator_must_work() {
    match with_providers(&["cuda"]) {
        Ok(runtime) => assert_eq!(runtime.provider(), "cuda"),
        Err(error) => assert!(error.to_string().contains("cuda: "), "{error}"),
    }
}

#[test]
fn an_unknown_provider_is_a_mistake() {
    let error = with_providers(&["abacus", "cpu"]).err().expect("there is no such provider").to_string();
    assert!(error.contains("abacus") && error.contains("tensorrt"), "{error}");
}

#[test]
fn no_list_means_the_processor() {
    let runtime = with_providers(&[]).unwrap();
    assert_eq!(runtime.provider(), "cpu");
    assert!(runtime.skipped().is_empty() && runtime.threads() > 0);
}

#[test]
fn the_version_is_a_number() {
    let version = runtime(1).version();
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{version:?}"))).collect();
    assert!(numbers.len() == 3 && numbers[0] == 1 && numbers[1] >= 24, "{version}");
}
