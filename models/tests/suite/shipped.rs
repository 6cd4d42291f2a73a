//! The encoder that is shipped: quantized, and still close to its original.

use std::path::PathBuf;

use steward_models::{Embedder, ModelFolder};

use crate::{cases, cosine, data, embedder, runtime};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("shipped/minilm-l6")
}

#[test]
fn its_vectors_are_close_to_the_reference() {
    let embedder = embedder(&folder());
    // Only texts that the shorter limit of the shipped model does not cut.
    let cases: Vec<_> = cases(&data("minilm-reference.json")).into_iter().filter(|case| case.text.len() < 300).collect();
    let cosines: Vec<f32> = cases.iter().map(|case| cosine(&embedder.embed(&case.text).unwrap(), &case.vector)).collect();
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    assert!(cosines.len() > 15 && mean > 0.98, "{mean}: {cosines:?}");
}

#[test]
fn the_same_wish_in_other_words_is_nearer_than_another_wish() {
    let embedder = embedder(&folder());
    let vector = |text: &str| embedder.embed(text).unwrap();
    for (wish, same, other) in [
        ("open the window", "please roll down my window", "turn up the volume"),
        ("I am cold", "it is freezing in here", "call my mother"),
        ("find a gas station", "where can I get fuel", "play some jazz"),
    ] {
        let (near, far) = (cosine(&vector(wish), &vector(same)), cosine(&vector(wish), &vector(other)));
        assert!(near > far + 0.05, "{wish}: {near} and {far}");
    }
}

#[test]
fn each_sentence_runs_alone_so_its_company_does_not_matter() {
    let opened = ModelFolder::open(&folder()).unwrap();
    let embedder = Embedder::load(&runtime(2), &opened).unwrap();
    let texts: Vec<String> =
        ["open the sunroof", "a very much longer sentence about nothing in particular", ""].map(str::to_owned).to_vec();
    let together = embedder.embed_all(&texts, &mut |_| ()).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        assert_eq!(*vector, embedder.embed(text).unwrap(), "{text:?}");
    }
}
