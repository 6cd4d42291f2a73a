//! Pooling, normalization, token types, cutting and threads, against vectors computed without ONNX Runtime.

use steward_models::{Embedder, ModelFolder};

use crate::{cases, check, data, embedder, runtime};

#[test]
fn every_kind_of_encoder_gives_the_computed_vectors() {
    for name in ["tiny-mean", "tiny-mean-raw", "tiny-cls", "tiny-cls-raw", "tiny-last", "tiny-last-raw", "tiny-export"] {
        println!("{name}");
        check(&embedder(&data(name)), &cases(&data(&format!("{name}.json"))), 1e-6);
    }
}

#[test]
fn sixteen_bit_vectors_are_read() {
    check(&embedder(&data("tiny-half")), &cases(&data("tiny-half.json")), 1e-3);
}

#[test]
fn the_kinds_differ() {
    let vector = |name: &str| embedder(&data(name)).embed("open the window").unwrap();
    assert_ne!(vector("tiny-mean-raw"), vector("tiny-cls-raw"));
    assert_ne!(vector("tiny-cls-raw"), vector("tiny-last-raw"));
    let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    assert!((length(&vector("tiny-mean")) - 1.0).abs() < 1e-6);
    assert!((length(&vector("tiny-mean-raw")) - 1.0).abs() > 0.1);
}

#[test]
fn many_sentences_come_back_in_order_from_all_threads() {
    let folder = ModelFolder::open(&data("tiny-mean")).unwrap();
    let embedder = Embedder::load(&runtime(3), &folder).unwrap();
    let cases = cases(&data("tiny-mean.json"));
    let texts: Vec<String> = cases.iter().cycle().take(100).map(|case| case.text.clone()).collect();
    let mut steps = Vec::new();
    let vectors = embedder.embed_all(&texts, &mut |done| steps.push(done)).unwrap();
    assert_eq!(steps, (1..=100).collect::<Vec<_>>());
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(*vector, embedder.embed(text).unwrap(), "{text:?}");
    }
    assert!(embedder.embed_all(&[], &mut |_| panic!("nothing to report")).unwrap().is_empty());
}

#[test]
fn an_embedder_tells_what_its_folder_says() {
    let embedder = embedder(&data("tiny-cls"));
    assert_eq!(embedder.dimension(), 6);
    assert_eq!(embedder.languages(), ["en", "zh"]);
    let thresholds = embedder.thresholds();
    assert_eq!((thresholds.similar, thresholds.similar_margin, thresholds.question), (0.7, 0.1, 0.75));
    assert_eq!(embedder.tokenizer().count("open the window").unwrap(), 5);
}

#[test]
fn a_bulk_job_does_not_shut_others_out() {
    let folder = ModelFolder::open(&data("tiny-mean")).unwrap();
    let embedder = Embedder::load(&runtime(1), &folder).unwrap();
    let texts = vec!["open the window".to_owned(); 3000];
    std::thread::scope(|scope| {
        let bulk = scope.spawn(|| embedder.embed_all(&texts, &mut |_| ()));
        while !bulk.is_finished() {
            embedder.embed("close the roof please").unwrap();
        }
        assert_eq!(bulk.join().unwrap().unwrap().len(), texts.len());
    });
}
