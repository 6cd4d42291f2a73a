//! Splitting: each label gets its share in each split, and what belongs together stays together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::random::Dice;
use super::settings::Shares;

/// A split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To report.
    Test,
}

impl Part {
    /// All splits.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in settings, cards and file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["train", "validation", "test"][self as usize]
    }
}

/// One example, as far as splitting goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Members of one group go to one split.
    pub(crate) group: u32,
    /// What gets its share in each split: the number of a source with a label.
    pub(crate) stratum: u32,
    /// Where its source says that it goes.
    pub(crate) pinned: Option<Part>,
    /// A number made of its content: chance depends on it, not on its place.
    pub(crate) key: u64,
}

struct Group {
    members: Vec<usize>,
    /// How many members each stratum has in it.
    strata: BTreeMap<u32, f64>,
    pinned: Option<Part>,
    order: u64,
}

/// For each member its split, or nothing if it is too close to something that was pinned elsewhere.
///
/// Groups are dealt in random order, the ones that are large for their stratum first, each to the split that lacks most of
/// what it brings (after Sechidis, Tsoumakas, Vlahavas: On the stratification of multi-label data, 2011).
pub(crate) fn split(members: &[Member], shares: &Shares, seed: u64) -> Vec<Option<Part>> {
    let groups = groups(members, seed);
    let mut needs = Needs::new(members, shares);
    let mut parts = vec![None; members.len()];
    for group in in_order(groups, &needs) {
        let part = group.pinned.unwrap_or_else(|| needs.most(&group));
        for at in group.members {
            // Whoever is free or pinned elsewhere, and near to something pinned, would leak.
            if group.pinned.is_none() || members[at].pinned == Some(part) || part == Part::Train {
                parts[at] = Some(part);
                needs.take(members[at].stratum, part);
            }
        }
    }
    parts
}

fn groups(members: &[Member], seed: u64) -> Vec<Group> {
    let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        let group = groups.entry(member.group).or_insert_with(|| Group {
            members: Vec::new(),
            strata: BTreeMap::new(),
            pinned: None,
            order: Dice::new(seed, "split", member.key).next(),
        });
        group.members.push(at);
        *group.strata.entry(member.stratum).or_default() += 1.0;
        // The later split is the one that must stay unseen.
        group.pinned = group.pinned.max(member.pinned);
    }
    groups.into_values().collect()
}

fn in_order(mut groups: Vec<Group>, needs: &Needs) -> Vec<Group> {
    let large = |group: &Group| {
        let quota = |stratum: &u32| needs.smallest_quota(*stratum);
        let exceeds = group.strata.iter().any(|(stratum, count)| *count > 1.0 && *count * 2.0 > quota(stratum));
        if exceeds { group.members.len() } else { 0 }
    };
    groups.sort_by_cached_key(|group| (group.pinned.is_none(), std::cmp::Reverse(large(group)), group.order));
    groups
}

/// How many members of each stratum each split still wants.
struct Needs {
    wanted: BTreeMap<u32, [f64; 3]>,
    open: [bool; 3],
    smallest: f64,
}

impl Needs {
    fn new(members: &[Member], shares: &Shares) -> Self {
        let shares = [shares.train, shares.validation, shares.test];
        let total: f64 = shares.iter().sum();
        let mut wanted: BTreeMap<u32, [f64; 3]> = BTreeMap::new();
        for member in members {
            let needs = wanted.entry(member.stratum).or_default();
            needs.iter_mut().zip(shares).for_each(|(need, share)| *need += share / total);
        }
        let smallest = shares.iter().filter(|share| **share > 0.0).fold(f64::MAX, |least, share| least.min(share / total));
        Self { wanted, open: shares.map(|share| share > 0.0), smallest }
    }

    fn smallest_quota(&self, stratum: u32) -> f64 {
        self.wanted.get(&stratum).map_or(0.0, |needs| needs.iter().sum::<f64>() * self.smallest)
    }

    fn most(&self, group: &Group) -> Part {
        let lack = |part: Part| -> f64 {
            group.strata.iter().map(|(stratum, count)| count * self.wanted.get(stratum).map_or(0.0, |needs| needs[part as usize])).sum()
        };
        let open = Part::ALL.into_iter().filter(|part| self.open[*part as usize]);
        // Of equals the first: small strata are for training.
        open.map(|part| (part, lack(part)))
            .reduce(|best, next| if next.1 > best.1 + 1e-9 { next } else { best })
            .map_or(Part::Train, |best| best.0)
    }

    fn take(&mut self, stratum: u32, part: Part) {
        if let Some(needs) = self.wanted.get_mut(&stratum) {
            needs[part as usize] -= 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `strata` gives the size of each stratum; every `together` members in a row are one group.
    fn members(strata: &[usize], together: usize) -> Vec<Member> {
        let all = strata.iter().enumerate().flat_map(|(stratum, size)| std::iter::repeat_n(stratum as u32, *size));
        all.enumerate()
            .map(|(at, stratum)| Member { group: (at / together) as u32, stratum, pinned: None, key: (at / together) as u64 })
            .collect()
    }

    fn counts(members: &[Member], parts: &[Option<Part>], stratum: u32) -> [usize; 3] {
        Part::ALL.map(|part| members.iter().zip(parts).filter(|(member, found)| member.stratum == stratum && **found == Some(part)).count())
    }

    #[test]
    fn every_stratum_gets_its_shares() {
        let members = members(&[1000, 100, 20, 10], 1);
        let parts = split(&members, &Shares::default(), 1);
        assert_eq!(counts(&members, &parts, 0), [800, 100, 100]);
        assert_eq!(counts(&members, &parts, 1), [80, 10, 10]);
        assert_eq!(counts(&members, &parts, 2), [16, 2, 2]);
        assert_eq!(counts(&members, &parts, 3), [8, 1, 1]);
    }

    #[test]
    fn small_strata_are_for_training() {
        let members = members(&[3], 1);
        assert_eq!(counts(&members, &split(&members, &Shares::default(), 1), 0), [3, 0, 0]);
    }

    #[test]
    fn groups_stay_together_and_shares_hold_nearly() {
        let members = members(&[5000, 3000], 7);
        let parts = split(&members, &Shares::default(), 9);
        for pair in members.iter().zip(&parts).collect::<Vec<_>>().windows(2) {
            assert!(pair[0].0.group != pair[1].0.group || pair[0].1 == pair[1].1);
        }
        let [train, validation, test] = counts(&members, &parts, 0);
        assert!(train.abs_diff(4000) < 10 && validation.abs_diff(500) < 10 && test.abs_diff(500) < 10, "{train} {validation} {test}");
    }

    #[test]
    fn a_group_that_is_most_of_its_stratum_is_for_training() {
        let mut members = members(&[100], 1);
        members[..60].iter_mut().for_each(|member| member.group = 0);
        let parts = split(&members, &Shares::default(), 3);
        assert_eq!(parts[0], Some(Part::Train));
        assert_eq!(counts(&members, &parts, 0), [80, 10, 10]);
    }

    #[test]
    fn seeds_decide() {
        let members = members(&[500], 1);
        assert_eq!(split(&members, &Shares::default(), 1), split(&members, &Shares::default(), 1));
        assert_ne!(split(&members, &Shares::default(), 1), split(&members, &Shares::default(), 2));
    }

    #[test]
    fn what_is_pinned_to_a_test_keeps_its_neighbors_out() {
        let mut members = members(&[30], 3);
        members[0].pinned = Some(Part::Test);
        members[3].pinned = Some(Part::Train);
        members[4].pinned = Some(Part::Test);
        members[6].pinned = Some(Part::Train);
        let parts = split(&members, &Shares::default(), 1);
        assert_eq!(
            parts[..9],
            [Some(Part::Test), None, None, None, Some(Part::Test), None, Some(Part::Train), Some(Part::Train), Some(Part::Train)]
        );
    }
}
