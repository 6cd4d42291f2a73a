//! Every vector as 8-bit numbers, compared one by one: sees each row, and takes less time than the sentence took to encode.
//!
//! The rounding only chooses candidates, which are then compared by the vectors themselves. A graph misses a neighbor now and then,
//! even one that is equal to what was asked for.

use std::collections::HashSet;

use half::bf16;

/// Candidates beyond those wanted, because rounding may swap rows that lie close together.
const SPARE: usize = 32;
/// Rows that are compared before the lowest candidates are dropped.
const BLOCK: usize = 4096;

/// Vectors with a number each, in 16 and in 8 bits a component.
pub(crate) struct Flat {
    dimension: usize,
    keys: Vec<u64>,
    known: HashSet<u64>,
    rows: Vec<bf16>,
    codes: Vec<i8>,
    /// A row's step, divided by its length.
    scales: Vec<f32>,
}

impl Flat {
    /// Room for `rows` vectors of `dimension` components.
    pub(crate) fn with_room(dimension: usize, rows: usize) -> Self {
        let size = rows * dimension;
        Flat {
            dimension,
            keys: Vec::with_capacity(rows),
            known: HashSet::with_capacity(rows),
            rows: Vec::with_capacity(size),
            codes: Vec::with_capacity(size),
            scales: Vec::with_capacity(rows),
        }
    }

    /// Adds a row behind the others; its length does not matter, only its direction.
    pub(crate) fn push(&mut self, key: u64, vector: &[f32]) -> Result<(), &'static str> {
        if !self.known.insert(key) {
            return Err("the number is there already");
        }
        let row: Vec<bf16> = vector.iter().map(|value| bf16::from_f32(*value)).collect();
        self.add(key, &row);
        Ok(())
    }

    fn add(&mut self, key: u64, row: &[bf16]) {
        let vector: Vec<f32> = row.iter().map(|value| value.to_f32()).collect();
        let (codes, step) = rounded(&vector);
        self.keys.push(key);
        self.codes.extend(codes);
        self.scales.push(step / length(&vector));
        self.rows.extend(row);
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The `count` rows of highest cosine and some more, in no order.
    pub(crate) fn search(&self, query: &[f32], count: usize) -> Vec<(u64, f32)> {
        let size = length(query);
        let cosine = |place: usize| {
            let row = &self.rows[place * self.dimension..(place + 1) * self.dimension];
            let (mut dot, mut square) = (0.0, 0.0);
            for (asked, value) in query.iter().zip(row) {
                let value = value.to_f32();
                dot += asked * value;
                square += value * value;
            }
            dot / (size * square.sqrt())
        };
        self.candidates(query, count).into_iter().map(|place| (self.keys[place], cosine(place))).collect()
    }

    /// Numbers (u64) of all rows, then their components as bfloat16, in little-endian order.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let keys = self.keys.iter().flat_map(|key| key.to_le_bytes());
        keys.chain(self.rows.iter().flat_map(|value| value.to_le_bytes())).collect()
    }

    /// Reads what [`Flat::bytes`] wrote.
    pub(crate) fn read(dimension: usize, rows: usize, content: &[u8]) -> Result<Self, String> {
        let fits = rows.checked_mul(8 + 2 * dimension).is_some_and(|size| size == content.len());
        if !fits {
            return Err("its header does not fit its content".to_owned());
        }
        let (keys, values) = content.split_at(rows * 8);
        let values: Vec<bf16> = values.chunks_exact(2).map(|bytes| bf16::from_le_bytes([bytes[0], bytes[1]])).collect();
        let mut flat = Self::with_room(dimension, rows);
        for (key, row) in keys.chunks_exact(8).zip(values.chunks_exact(dimension)) {
            let key = u64::from_le_bytes(key.try_into().expect("chunks of eight"));
            if !flat.known.insert(key) {
                return Err(format!("the number {key} comes twice"));
            }
            flat.add(key, row);
        }
        Ok(flat)
    }

    /// Places of the rows that may be among the `count` of highest cosine, in no order.
    fn candidates(&self, query: &[f32], count: usize) -> Vec<usize> {
        let (codes, _) = rounded(query);
        let codes: Vec<i8> = codes.collect();
        let wanted = count + SPARE;
        let mut best: Vec<(f32, usize)> = Vec::with_capacity(wanted + BLOCK);
        let mut lowest = f32::MIN;
        for (place, row) in self.codes.chunks_exact(self.dimension).enumerate() {
            let score = product(&codes, row) as f32 * self.scales[place];
            if score > lowest {
                best.push((score, place));
            }
            if best.len() == wanted + BLOCK {
                lowest = keep(&mut best, wanted);
            }
        }
        if best.len() > wanted {
            keep(&mut best, wanted);
        }
        best.into_iter().map(|(_, place)| place).collect()
    }
}

/// Keeps the highest ones and tells the lowest of them.
fn keep(best: &mut Vec<(f32, usize)>, wanted: usize) -> f32 {
    best.select_nth_unstable_by(wanted - 1, |one, other| other.0.total_cmp(&one.0));
    best.truncate(wanted);
    best[wanted - 1].0
}

/// The components as shares of the largest one in 127 steps, and the size of a step.
fn rounded(vector: &[f32]) -> (impl Iterator<Item = i8>, f32) {
    let largest = vector.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let step = largest / 127.0;
    (vector.iter().map(move |value| (value / step).round() as i8), step)
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

/// Sum of products; 384 of at most 127 x 127 stay far below the limit of 32 bits.
fn product(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(&one, &other)| i32::from(i16::from(one) * i16::from(other))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1 that look random and are the same in every run.
    fn vectors(count: usize, dimension: usize) -> Vec<Vec<f32>> {
        let mut state = 7u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        (0..count).map(|_| (0..dimension).map(|_| next()).collect()).collect()
    }

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
    }

    #[test]
    fn the_nearest_are_always_among_the_candidates() {
        let rows = vectors(3 * BLOCK, 48);
        let mut flat = Flat::with_room(48, rows.len());
        for (key, row) in rows.iter().enumerate() {
            flat.push(key as u64, row).unwrap();
        }
        for query in vectors(40, 48).iter().chain(&rows[5000..5010]) {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|one, other| cosine(query, &rows[*other]).total_cmp(&cosine(query, &rows[*one])));
            let candidates = flat.candidates(query, 10);
            assert!(order[..10].iter().all(|place| candidates.contains(place)), "{:?} in {candidates:?}", &order[..10]);
        }
    }

    #[test]
    fn few_rows_are_all_candidates() {
        let mut flat = Flat::with_room(3, 2);
        flat.push(7, &[1.0, 0.0, 0.0]).unwrap();
        flat.push(9, &[0.0, 2.0, 0.0]).unwrap();
        assert!(flat.push(7, &[1.0, 1.0, 0.0]).is_err());
        let mut found = flat.search(&[0.3, 0.0, 0.4], 1);
        found.sort_by_key(|(key, _)| *key);
        assert_eq!(found, [(7, 0.6), (9, 0.0)]);
        let again = Flat::read(3, 2, &flat.bytes()).unwrap();
        assert_eq!(again.search(&[0.3, 0.0, 0.4], 1).len(), 2);
        assert!(Flat::read(3, 3, &flat.bytes()).is_err());
    }
}
