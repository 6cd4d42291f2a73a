//! The search: one example after another is compared with those that were kept.

use std::collections::HashMap;

use super::fingerprint::Fingerprint;
use super::jaccard;
use crate::text::settings::Duplicates;

/// What is to become of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing like it was kept.
    Keep,
    /// The same texts with the same label were kept as this example.
    Duplicate(u32),
    /// The same texts were kept with another label.
    Conflict(u32),
    /// Every text of it is nearly the same as in this example.
    Near(u32),
}

/// A set of a kept example.
struct Entry {
    example: u32,
    shingles: Box<[u32]>,
}

/// No entry.
const NONE: u32 = u32::MAX;

/// All that was kept so far.
pub(crate) struct Search {
    limits: Duplicates,
    exact: HashMap<u128, u32>,
    /// The label and the first entry of each kept example.
    kept: HashMap<u32, (u64, usize)>,
    entries: Vec<Entry>,
    /// The last link of each key's chain.
    heads: HashMap<u64, u32>,
    /// Entry, and the link before.
    links: Vec<(u32, u32)>,
    /// For each example the smallest one known to be bound to it.
    bound: HashMap<u32, u32>,
}

impl Search {
    pub(crate) fn new(limits: Duplicates) -> Self {
        Self {
            limits,
            exact: HashMap::new(),
            kept: HashMap::new(),
            entries: Vec::new(),
            heads: HashMap::new(),
            links: Vec::new(),
            bound: HashMap::new(),
        }
    }

    /// Judges an example, and keeps it if it is new. `number` is larger than all before.
    pub(crate) fn add(&mut self, number: u32, print: Fingerprint) -> Verdict {
        if let Some(first) = self.exact.get(&print.exact) {
            let same = self.kept.get(first).is_some_and(|(label, _)| *label == print.label);
            return if same { Verdict::Duplicate(*first) } else { Verdict::Conflict(*first) };
        }
        let similar = self.similar(&print);
        if let Some(near) = similar.iter().find(|other| self.is_near(**other, &print)) {
            return Verdict::Near(*near);
        }
        similar.into_iter().for_each(|other| self.bind(number, other));
        self.keep(number, print);
        Verdict::Keep
    }

    /// Whether something kept has a text that is so similar that both belong in one split.
    pub(crate) fn has_similar(&self, print: &Fingerprint) -> bool {
        self.exact.contains_key(&print.exact) || !self.similar(print).is_empty()
    }

    /// Kept examples with a text similar to one of these, ascending.
    fn similar(&self, print: &Fingerprint) -> Vec<u32> {
        let mut found = Vec::new();
        for set in &print.sets {
            let mut candidates: Vec<u32> = set.keys.iter().flat_map(|key| self.chain(*key)).collect();
            candidates.sort_unstable();
            candidates.dedup();
            for candidate in candidates {
                let entry = &self.entries[candidate as usize];
                if jaccard(&entry.shingles, &set.shingles) >= self.limits.together {
                    found.push(entry.example);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn chain(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let first = self.heads.get(&key).copied().unwrap_or(NONE);
        let links = std::iter::successors(Some(first), |link| self.links.get(*link as usize).map(|(_, before)| *before));
        links.map_while(|link| self.links.get(link as usize)).map(|(entry, _)| *entry)
    }

    /// Whether every text of the kept example is nearly the same, and the label is the same.
    fn is_near(&self, other: u32, print: &Fingerprint) -> bool {
        let Some((label, first)) = self.kept.get(&other) else { return false };
        let entries = self.entries[*first..].iter().take_while(|entry| entry.example == other);
        *label == print.label
            && entries.clone().count() == print.sets.len()
            && entries.zip(&print.sets).all(|(entry, set)| jaccard(&entry.shingles, &set.shingles) >= self.limits.remove)
    }

    fn keep(&mut self, number: u32, print: Fingerprint) {
        self.exact.insert(print.exact, number);
        self.kept.insert(number, (print.label, self.entries.len()));
        for set in print.sets {
            let entry = self.entries.len() as u32;
            for key in set.keys {
                let link = self.links.len() as u32;
                let before = self.heads.insert(key, link).unwrap_or(NONE);
                self.links.push((entry, before));
            }
            self.entries.push(Entry { example: number, shingles: set.shingles });
        }
    }

    /// Puts two examples into one group.
    pub(crate) fn bind(&mut self, one: u32, other: u32) {
        let (one, other) = (self.group(one), self.group(other));
        self.bound.insert(one.max(other), one.min(other));
    }

    /// The smallest number in the example's group.
    pub(crate) fn group(&mut self, example: u32) -> u32 {
        let mut root = example;
        while let Some(next) = self.bound.get(&root).copied().filter(|next| *next != root) {
            root = next;
        }
        let mut at = example;
        while at != root {
            at = self.bound.insert(at, root).unwrap_or(root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::duplicates::fingerprint::fingerprint;
    use crate::text::duplicates::keys::{Keys, Rarity};
    use crate::text::example::{Example, Field, Kind, Role};

    fn labeled(text: &str, label: &str) -> Example {
        Example::new(Kind::Labeled, vec![Field::new(Role::Text, text)], Some(label.to_owned()))
    }

    fn pair(left: &str, right: &str) -> Example {
        Example::new(Kind::Pair, vec![Field::new(Role::Left, left), Field::new(Role::Right, right)], None)
    }

    fn asked(context: &str, question: &str) -> Example {
        Example::new(Kind::Span, vec![Field::new(Role::Context, context), Field::new(Role::Question, question)], None)
    }

    /// Verdicts on the examples in order, and groups as lists.
    fn check(examples: &[Example], verdicts: &[Verdict], groups: &[&[u32]]) {
        let keys = Keys::new(0.75, Rarity::new());
        let mut search = Search::new(Duplicates { remove: 0.9, together: 0.75 });
        let judged = examples.iter().enumerate().map(|(at, example)| search.add(at as u32, fingerprint(example, &keys)));
        assert_eq!(judged.collect::<Vec<_>>(), verdicts);
        for group in groups {
            let root = search.group(group[0]);
            let members: Vec<u32> = (0..examples.len() as u32).filter(|at| search.group(*at) == root).collect();
            assert_eq!(&members, group);
        }
    }

    const LONG: &str = "if the tire pressure warning lamp lights up, stop as soon as it is safe and check the pressure of all four tires; if one of them is low, fill it up \
                        to the value on the sticker inside the fuel flap";

    #[test]
    fn the_same_words_are_duplicates_and_labels_may_conflict() {
        use Verdict::{Conflict, Duplicate, Keep};
        let examples = [
            labeled("Turn on the radio", "on"),
            labeled("turn ON, the radio!", "on"),
            labeled("turn on the radio", "music"),
            labeled("turn off the radio", "off"),
        ];
        check(&examples, &[Keep, Duplicate(0), Conflict(0), Keep], &[&[0], &[3]]);
    }

    #[test]
    fn nearly_the_same_is_one_too_many_under_one_label() {
        use Verdict::{Keep, Near};
        let near = LONG.replace("four ", "");
        let other = LONG.replace("all ", "");
        let examples = [labeled(LONG, "a"), labeled(&near, "a"), labeled(&other, "b"), labeled("打开空调", "a")];
        check(&examples, &[Keep, Near(0), Keep, Keep], &[&[0, 2], &[3]]);
    }

    #[test]
    fn one_similar_side_binds_pairs() {
        use Verdict::Keep;
        let examples =
            [pair("How are you?", "你好吗？"), pair("how are you", "你怎么样"), pair("I'm fine", "你怎么样？"), pair("Good night", "晚安")];
        check(&examples, &[Keep; 4], &[&[0, 1, 2], &[3]]);
    }

    #[test]
    fn passages_bind_and_questions_do_not() {
        use Verdict::{Duplicate, Keep};
        let other = "the parking brake is released by pulling the lever up and pressing the button";
        let examples = [
            asked(LONG, "what lights up?"),
            asked(LONG, "how many tires?"),
            asked(LONG, "How many tires"),
            asked(other, "what lights up?"),
        ];
        check(&examples, &[Keep, Keep, Duplicate(1), Keep], &[&[0, 1], &[3]]);
    }
}
