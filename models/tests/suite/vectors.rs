//! The cache of vectors: what is kept, and what is thrown away.

use std::fs;

use steward_models::VectorCache;

#[test]
fn what_was_saved_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let mut cache = VectorCache::open(&path, "one", 3);
    assert!(cache.is_empty());
    cache.insert("open the window", vec![1.0, -2.5, f32::MIN_POSITIVE]).unwrap();
    cache.insert("打开车窗", vec![0.0, 0.5, 1.0]).unwrap();
    cache.insert("", vec![3.0, 3.0, 3.0]).unwrap();
    cache.save().unwrap();
    let again = VectorCache::open(&path, "one", 3);
    assert_eq!(again.len(), 3);
    assert_eq!(again.get("open the window"), Some(&[1.0, -2.5, f32::MIN_POSITIVE][..]));
    assert_eq!(again.get("打开车窗"), Some(&[0.0, 0.5, 1.0][..]));
    assert_eq!(again.get(""), Some(&[3.0, 3.0, 3.0][..]));
    assert_eq!(again.get("Open the window"), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left behind");
}

#[test]
fn another_encoders_file_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let mut cache = VectorCache::open(&path, "one", 3);
    cache.insert("text", vec![1.0; 3]).unwrap();
    cache.save().unwrap();
    assert!(VectorCache::open(&path, "two", 3).is_empty());
    assert!(VectorCache::open(&path, "one", 2).is_empty());
    assert!(VectorCache::open(&path, "on", 3).is_empty());
    assert_eq!(VectorCache::open(&path, "one", 3).len(), 1);
}

#[test]
fn a_damaged_file_is_the_same_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let mut cache = VectorCache::open(&path, "one", 3);
    cache.insert("text", vec![1.0; 3]).unwrap();
    cache.save().unwrap();
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(VectorCache::open(&path, "one", 3).is_empty(), "cut to {length}");
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert!(VectorCache::open(&path, "one", 3).is_empty(), "changed at {place}");
    }
    let mut rebuilt = VectorCache::open(&path, "one", 3);
    rebuilt.insert("text", vec![2.0; 3]).unwrap();
    rebuilt.save().unwrap();
    assert_eq!(VectorCache::open(&path, "one", 3).get("text"), Some(&[2.0; 3][..]));
}

#[test]
fn only_changes_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let mut cache = VectorCache::open(&path, "one", 2);
    cache.save().unwrap();
    assert!(!path.exists());
    cache.insert("kept", vec![1.0; 2]).unwrap();
    cache.insert("gone", vec![1.0; 2]).unwrap();
    cache.save().unwrap();
    cache.retain(["kept", "never seen"].into_iter());
    cache.save().unwrap();
    let again = VectorCache::open(&path, "one", 2);
    assert_eq!((again.len(), again.get("kept").is_some()), (1, true));
    assert!(cache.insert("wrong", vec![1.0; 3]).is_err());
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = VectorCache::open(&folder.path().join("missing/vectors"), "one", 1);
    cache.insert("text", vec![1.0]).unwrap();
    assert!(cache.save().unwrap_err().to_string().contains("missing/vectors"));
}
