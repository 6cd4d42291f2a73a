//! Duplicates: what was said before, word for word or nearly so.
//!
//! Similarity is Jaccard's, over pairs of neighboring units with the ends marked (`^ turn`, `turn on`, `on $`), so that
//! "turn on the radio" and "turn off the radio" are far apart. Candidates are found by keys, for long texts by MinHash (Broder:
//! On the resemblance and containment of documents, 1997), and each is then compared exactly, so nothing is taken for similar
//! by chance.

mod fingerprint;
mod keys;
mod minhash;
mod search;

pub(crate) use fingerprint::{Fingerprint, binding, fingerprint};
pub(crate) use keys::{Keys, Rarity};
pub(crate) use search::{Search, Verdict};

/// Shared members over all members, of two ascending lists.
pub(crate) fn jaccard(one: &[u32], other: &[u32]) -> f64 {
    let (mut left, mut right, mut shared) = (0, 0, 0_usize);
    while left < one.len() && right < other.len() {
        match one[left].cmp(&other[right]) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                left += 1;
                right += 1;
            }
        }
    }
    let all = one.len() + other.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}
