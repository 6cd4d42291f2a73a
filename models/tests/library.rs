//! A library that cannot be loaded, in a process of its own, because a process keeps the first one that it loads.

use std::path::PathBuf;

use steward_models::{ModelError, Runtime, RuntimeOptions};

#[test]
fn a_file_that_is_no_library_is_an_error_and_does_not_stand_in_the_way() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "no library").unwrap();
    // A real library that is not ONNX Runtime: it loads, and has none of its functions.
    let other = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6"].map(PathBuf::from);
    for path in other.into_iter().filter(|path| path.is_file()).chain([file.path().to_owned()]) {
        let options = RuntimeOptions { library: Some(path.clone()), ..RuntimeOptions::default() };
        let error = Runtime::load(options).err().expect("this is not ONNX Runtime");
        assert!(matches!(error, ModelError::Library { .. }), "{}: {error}", path.display());
    }
    assert_eq!(Runtime::load(RuntimeOptions::default()).unwrap().provider(), "cpu");
}
