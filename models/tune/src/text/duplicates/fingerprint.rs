//! What of an example is compared.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use super::keys::Keys;
use crate::text::example::{Example, Kind, Role};
use crate::text::units;

/// An example as the search for duplicates sees it.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprint {
    /// Of all its texts, without case, width and punctuation.
    pub(crate) exact: u128,
    /// Of its label; what is the same under another label is no duplicate.
    pub(crate) label: u64,
    /// Its texts, one set each.
    pub(crate) sets: Vec<Set>,
}

#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// Hashes of pairs of neighboring units, ascending, each once.
    pub(crate) shingles: Box<[u32]>,
    /// Keys under which similar sets meet. None where similarity does not bind two examples together, as with the questions
    /// about a passage, which may well be asked about another one.
    pub(crate) keys: Vec<u64>,
}

/// Which texts are compared, and whether a similar one keeps two examples in one split.
fn compared(example: &Example) -> Vec<(bool, String)> {
    let joined = |roles: &[Role]| roles.iter().flat_map(|role| example.texts(*role)).collect::<Vec<_>>().join("\n");
    match example.kind {
        Kind::Text | Kind::Labeled => vec![(true, joined(&[Role::Text]))],
        Kind::Pair => vec![(true, joined(&[Role::Left])), (true, joined(&[Role::Right])), (false, joined(&[Role::Negative]))],
        Kind::Span => vec![(true, joined(&[Role::Context])), (false, joined(&[Role::Question]))],
        Kind::Chat => vec![(true, joined(&[Role::User])), (false, joined(&[Role::Assistant])), (false, joined(&[Role::System]))],
        Kind::Preference => vec![(true, joined(&[Role::User])), (false, joined(&[Role::Chosen])), (false, joined(&[Role::Rejected]))],
    }
}

pub(crate) fn fingerprint(example: &Example, keys: &Keys) -> Fingerprint {
    let mut content = vec![example.kind as u8];
    let mut sets = Vec::new();
    for (binds, text) in compared(example) {
        let numbers = units::numbers(&text);
        content.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        content.extend([0xFF; 8]);
        let shingles = shingles(&numbers);
        let keys = if binds && !shingles.is_empty() { keys.of(&shingles) } else { Vec::new() };
        sets.push(Set { shingles, keys });
    }
    let label = example.label.as_ref().map_or(0, |label| xxh3_64(label.as_bytes()));
    Fingerprint { exact: xxh3_128(&content), label, sets }
}

/// The sets of the texts that bind an example to others.
pub(crate) fn binding(example: &Example) -> Vec<Box<[u32]>> {
    compared(example).into_iter().filter(|(binds, _)| *binds).map(|(_, text)| shingles(&units::numbers(&text))).collect()
}

fn shingles(numbers: &[u64]) -> Box<[u32]> {
    if numbers.is_empty() {
        return Box::new([]);
    }
    let ends = 0_u64;
    let padded = std::iter::once(&ends).chain(numbers).chain(std::iter::once(&ends));
    let pair = |(one, next): (&u64, &u64)| xxh3_64_with_seed(&one.to_le_bytes(), *next) as u32;
    let mut shingles: Vec<u32> = padded.clone().zip(padded.skip(1)).map(pair).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles.into_boxed_slice()
}
