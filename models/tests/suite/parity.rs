//! The whole road, from text to vector, against sentence-transformers on the same weights.

use std::path::Path;

use crate::{cases, check, data, embedder};

#[test]
fn the_unquantized_model_gives_the_reference_vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.steward/models/minilm-l6-fp32");
    assert!(folder.is_dir(), "the unquantized model is not there; run models/export/fp32.sh and test again");
    check(&embedder(&folder), &cases(&data("minilm-reference.json")), 1e-5);
}
