//! Folders that are not what they should be, and what a model's identity depends on.

use std::fs;
use std::path::Path;

use steward_models::{Embedder, ModelError, ModelFolder, Pooling};

use crate::{copy_of, data, runtime};

fn refused(folder: &Path) -> ModelError {
    ModelFolder::open(folder).expect_err("the folder must be refused")
}

/// Opens a copy of a small model whose `model.toml` has `from` replaced by `to`.
fn edited(from: &str, to: &str) -> Result<ModelFolder, ModelError> {
    let folder = copy_of("tiny-mean");
    let manifest = folder.path().join("model.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains(from), "{from:?} is not in model.toml");
    fs::write(&manifest, text.replace(from, to)).unwrap();
    ModelFolder::open(folder.path())
}

#[test]
fn a_missing_folder_says_what_a_folder_must_have() {
    let error = refused(Path::new("/nonexistent/model"));
    assert!(matches!(error, ModelError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("modules.json"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    for name in ["model.onnx", "tokenizer.json"] {
        let folder = copy_of("tiny-mean");
        fs::remove_file(folder.path().join(name)).unwrap();
        let error = refused(folder.path());
        assert!(matches!(&error, ModelError::Missing { path, .. } if path.ends_with(name)), "{error}");
    }
}

#[test]
fn one_changed_byte_is_found_before_the_file_is_used() {
    for name in ["model.onnx", "tokenizer.json"] {
        let folder = copy_of("tiny-mean");
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = refused(folder.path());
        assert!(matches!(&error, ModelError::Corrupt { path, .. } if path.ends_with(name)), "{error}");
        assert!(error.to_string().contains("sha256"), "{error}");
    }
}

#[test]
fn a_file_that_nobody_vouches_for_is_refused() {
    let folder = copy_of("tiny-mean");
    fs::write(folder.path().join("CARD.md"), "prose is fine").unwrap();
    ModelFolder::open(folder.path()).unwrap();
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/weights.bin"), "not listed").unwrap();
    let error = refused(folder.path());
    assert!(matches!(&error, ModelError::Corrupt { path, .. } if path.ends_with("more/weights.bin")), "{error}");
}

#[test]
fn a_manifest_with_mistakes_names_the_file_and_the_mistake() {
    for (from, to, said) in [
        ("normalize = true", "normalise = true", "normalise"),
        ("[thresholds]", "[threshold]", "threshold"),
        ("pooling = \"mean\"", "pooling = \"max\"", "max"),
        ("role = \"encoder\"", "role = \"oracle\"", "oracle"),
        ("dimension = 6", "dimension = 0", "dimension"),
        ("similar = 0.7", "similar = 7.0", "cosines"),
        ("\"model.onnx\" =", "\"other.onnx\" =", "does not list model.onnx"),
        ("[files]", "[files]\n\"../model.onnx\" = \"00\"", "not inside the folder"),
    ] {
        let error = edited(from, to).expect_err(to).to_string();
        assert!(error.contains("model.toml") && error.contains(said), "{to}: {error}");
    }
}

#[test]
fn thresholds_may_be_left_out() {
    let plain = edited("[thresholds]\nsimilar = 0.7\nsimilar-margin = 0.1\nquestion = 0.75\n", "").unwrap();
    assert!(plain.manifest().thresholds.similar > 0.8, "a model that nobody tuned must be trusted less");
}

#[test]
fn the_identity_follows_what_changes_vectors() {
    let original = ModelFolder::open(&data("tiny-mean")).unwrap();
    assert_eq!(original.identity().len(), 64);
    let same = edited("name = \"tiny-mean\"", "name = \"renamed\"").unwrap();
    assert_eq!(same.identity(), original.identity());
    for (from, to) in
        [("pooling = \"mean\"", "pooling = \"cls\""), ("normalize = true", "normalize = false"), ("max-tokens = 7", "max-tokens = 6")]
    {
        assert_ne!(edited(from, to).unwrap().identity(), original.identity(), "{to}");
    }
    let other_graph = ModelFolder::open(&data("tiny-mean-raw")).unwrap();
    assert_ne!(other_graph.identity(), original.identity());
}

#[test]
fn a_plain_export_is_understood() {
    let folder = ModelFolder::open(&data("tiny-export")).unwrap();
    let encoder = folder.encoder().unwrap();
    assert_eq!((encoder.pooling, encoder.normalize, encoder.max_tokens, encoder.dimension), (Pooling::Mean, true, 7, 6));
    assert!(folder.model_file().ends_with("onnx/model.onnx"));
}

#[test]
fn a_plain_export_that_asks_for_more_is_refused() {
    for (file, from, to, said) in [
        ("modules.json", "models.Normalize", "models.Dense", "Transformer, Pooling and Normalize"),
        ("1_Pooling/config.json", "\"pooling_mode_max_tokens\": false", "\"pooling_mode_max_tokens\": true", "max_tokens"),
        ("sentence_bert_config.json", "7", "null", "max_seq_length"),
        ("sentence_bert_config.json", "false", "true", "do_lower_case"),
    ] {
        let folder = copy_of("tiny-export");
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = refused(folder.path());
        assert!(matches!(&error, ModelError::Unsupported { path, .. } if path.ends_with(file)), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_plain_export_names_its_pooling_in_either_way() {
    let folder = copy_of("tiny-export");
    for (config, expected) in [
        (r#"{"word_embedding_dimension": 6, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, Pooling::Cls),
        (r#"{"word_embedding_dimension": 6, "pooling_mode": "lasttoken", "include_prompt": true}"#, Pooling::LastToken),
        (r#"{"word_embedding_dimension": 6, "pooling_mode": "mean"}"#, Pooling::Mean),
    ] {
        fs::write(folder.path().join("1_Pooling/config.json"), config).unwrap();
        assert_eq!(ModelFolder::open(folder.path()).unwrap().encoder().unwrap().pooling, expected);
    }
}

/// Loads a plain export (there are no hashes to fail first) after `spoil` has changed it.
fn load_spoiled(spoil: impl Fn(&Path)) -> ModelError {
    let folder = copy_of("tiny-export");
    spoil(folder.path());
    let opened = ModelFolder::open(folder.path()).unwrap();
    Embedder::load(&runtime(1), &opened).err().expect("the model must be refused")
}

#[test]
fn a_broken_graph_or_tokenizer_is_an_error_and_no_crash() {
    for name in ["onnx/model.onnx", "tokenizer.json"] {
        for content in ["", "this is neither a graph nor a tokenizer"] {
            let error = load_spoiled(|folder| fs::write(folder.join(name), content).unwrap());
            assert!(matches!(&error, ModelError::Corrupt { path, .. } if path.ends_with(name)), "{error}");
        }
        let error = load_spoiled(|folder| {
            let bytes = fs::read(folder.join(name)).unwrap();
            fs::write(folder.join(name), &bytes[..bytes.len() / 2]).unwrap();
        });
        assert!(matches!(&error, ModelError::Corrupt { path, .. } if path.ends_with(name)), "{error}");
    }
}

#[test]
fn settings_that_the_graph_does_not_fit_are_found_when_it_is_loaded() {
    let error = load_spoiled(|folder| {
        fs::write(folder.join("1_Pooling/config.json"), r#"{"word_embedding_dimension": 8, "pooling_mode": "mean"}"#).unwrap();
    });
    assert!(matches!(&error, ModelError::Run { .. }) && error.to_string().contains("[1, 3, 8]"), "{error}");
    let error = load_spoiled(|folder| fs::write(folder.join("sentence_bert_config.json"), r#"{"max_seq_length": 2}"#).unwrap());
    assert!(error.to_string().contains("special tokens"), "{error}");
}

#[test]
fn a_graph_with_unknown_inputs_is_refused() {
    let error = load_spoiled(|folder| {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probe.onnx"), folder.join("onnx/model.onnx")).unwrap();
    });
    assert!(matches!(&error, ModelError::Unsupported { .. }) && error.to_string().contains("\"x\""), "{error}");
}
