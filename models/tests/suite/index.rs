//! The vector index: right neighbors, same bytes, many callers, and files that are not what they should be.

use std::fs;
use std::path::Path;

use steward_models::{ModelError, VectorIndex};

use crate::cosine;

const DIMENSION: usize = 48;

/// Vectors that look random and are the same every time. Their mean is not zero, as with real sentences.
fn vectors(count: usize, mut seed: u64) -> Vec<Vec<f32>> {
    let mut next = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 40) as f32 / (1u64 << 24) as f32 - 0.4
    };
    (0..count).map(|_| (0..DIMENSION).map(|_| next()).collect()).collect()
}

fn build(vectors: &[Vec<f32>]) -> VectorIndex {
    VectorIndex::build(DIMENSION, vectors.iter().enumerate().map(|(row, vector)| (row as u64 * 10, vector.clone()))).unwrap()
}

/// The share of the true ten nearest rows that are found, with their cosines.
fn recall(index: &VectorIndex, vectors: &[Vec<f32>], queries: &[Vec<f32>]) -> f32 {
    let mut hits = 0;
    for query in queries {
        let mut expected: Vec<(u64, f32)> = (0..).map(|row| row * 10).zip(vectors.iter().map(|vector| cosine(vector, query))).collect();
        expected.sort_by(|left, right| right.1.total_cmp(&left.1));
        let found = index.search(query, 10).unwrap();
        assert_eq!(found.len(), 10);
        assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1), "nearest first: {found:?}");
        for (key, found) in found {
            let exact = cosine(&vectors[key as usize / 10], query);
            assert!((found - exact).abs() < 0.01, "row {key}: {found} instead of {exact}");
            hits += usize::from(expected[..10].iter().any(|row| row.0 == key));
        }
    }
    hits as f32 / (10 * queries.len()) as f32
}

#[test]
fn small_and_large_indexes_find_the_nearest_rows() {
    for (rows, at_least) in [(500, 0.97), (17000, 0.9)] {
        let vectors = vectors(rows, 7);
        let share = recall(&build(&vectors), &vectors, &self::vectors(50, 8));
        assert!(share >= at_least, "{rows} rows: {share}");
    }
}

#[test]
fn a_row_finds_itself() {
    let vectors = vectors(300, 1);
    let index = build(&vectors);
    for (row, vector) in vectors.iter().enumerate() {
        let (key, cosine) = index.search(vector, 1).unwrap()[0];
        assert_eq!(key, row as u64 * 10);
        assert!((cosine - 1.0).abs() < 1e-3, "{cosine}");
    }
}

#[test]
fn asking_for_more_than_there_is_gives_what_there_is() {
    let vectors = vectors(3, 1);
    let index = build(&vectors);
    assert_eq!((index.len(), index.search(&vectors[0], 100).unwrap().len(), index.search(&vectors[0], 0).unwrap().len()), (3, 3, 0));
    let empty = build(&[]);
    assert!(empty.is_empty() && empty.search(&vectors[0], 5).unwrap().is_empty());
}

#[test]
fn what_is_no_vector_of_this_index_is_refused() {
    let row = |vector: Vec<f32>| VectorIndex::build(DIMENSION, [(1, vector)].into_iter()).map(|_| ());
    let mut not_a_number = vec![1.0; DIMENSION];
    not_a_number[3] = f32::NAN;
    for vector in [vec![1.0; DIMENSION - 1], not_a_number, vec![0.0; DIMENSION], vec![]] {
        assert!(matches!(row(vector.clone()), Err(ModelError::Vector { .. })), "{vector:?}");
        assert!(matches!(build(&vectors(5, 1)).search(&vector, 1), Err(ModelError::Vector { .. })), "{vector:?}");
    }
    let twice = VectorIndex::build(DIMENSION, [(1, vec![1.0; DIMENSION]), (1, vec![2.0; DIMENSION])].into_iter());
    assert!(matches!(twice, Err(ModelError::Vector { .. })));
}

#[test]
fn a_saved_index_is_the_same_and_so_are_the_bytes_of_two_builds() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let (vectors, queries) = (vectors(17000, 3), vectors(20, 4));
    let index = build(&vectors);
    index.save(&first).unwrap();
    build(&vectors).save(&second).unwrap();
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap(), "the same rows must make the same bytes");
    let loaded = VectorIndex::load(&first, DIMENSION).unwrap();
    assert_eq!((loaded.len(), loaded.dimension()), (17000, DIMENSION));
    for query in &queries {
        assert_eq!(loaded.search(query, 10).unwrap(), index.search(query, 10).unwrap());
    }
    loaded.save(&second).unwrap();
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left behind");
}

#[test]
fn an_empty_index_can_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty");
    build(&[]).save(&path).unwrap();
    assert!(VectorIndex::load(&path, DIMENSION).unwrap().is_empty());
}

fn load_error(path: &Path) -> ModelError {
    VectorIndex::load(path, DIMENSION).err().expect("the file must be refused")
}

#[test]
fn a_cut_or_changed_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    assert!(matches!(load_error(&path), ModelError::Missing { .. }));
    build(&vectors(200, 3)).save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    for length in [0, 5, 30, 60, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(matches!(load_error(&path), ModelError::Corrupt { .. }), "cut to {length}");
    }
    for place in [0, 9, 60, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        fs::write(&path, &changed).unwrap();
        assert!(matches!(load_error(&path), ModelError::Corrupt { .. }), "changed at {place}");
    }
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(VectorIndex::load(&path, DIMENSION + 1), Err(ModelError::Corrupt { .. })));
    VectorIndex::load(&path, DIMENSION).unwrap();
}

#[test]
fn more_callers_than_room_was_reserved_for_take_turns() {
    for rows in [200, 17000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let vectors = vectors(rows, 3);
        build(&vectors).save(&path).unwrap();
        let index = VectorIndex::load(&path, DIMENSION).unwrap();
        std::thread::scope(|scope| {
            for caller in 0..40 {
                let (index, vectors) = (&index, &vectors);
                scope.spawn(move || {
                    for vector in &vectors[caller..caller + 30] {
                        index.search(vector, 5).unwrap();
                    }
                });
            }
        });
    }
}
