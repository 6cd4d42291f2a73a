//! One word for another that a plugin takes for the same.

use std::collections::HashMap;

use super::vocabulary::{Group, SHARED};
use crate::text::edit::Edit;
use crate::text::example::Field;
use crate::text::language::Language;
use crate::text::random::Dice;
use crate::text::units::{is_han, units};

/// Words to their groups. A word in two groups is in none: which meaning is meant cannot be told.
type Index = HashMap<String, Option<usize>>;

/// All vocabularies, ready to be looked up in.
pub(super) struct Synonyms {
    groups: Vec<Group>,
    /// For examples whose label names a plugin: its own words and the shared ones.
    plugins: HashMap<String, Index>,
    /// For all others: long words of all plugins.
    all: Index,
}

/// Letters from which an English word alone is taken for what a plugin means by it, in a sentence that is about something else.
const LONG: usize = 6;

impl Synonyms {
    pub(super) fn new(groups: Vec<Group>) -> Self {
        let mut plugins: HashMap<String, Index> = HashMap::new();
        for plugin in groups.iter().map(|group| &group.plugin).filter(|plugin| *plugin != SHARED) {
            if !plugins.contains_key(plugin) {
                plugins.insert(plugin.clone(), index(&groups, |group, _| group.plugin == *plugin || group.plugin == SHARED));
            }
        }
        let telling = |_: &Group, word: &str| word.starts_with(is_han) || word.contains(' ') || word.len() >= LONG;
        let all = index(&groups, telling);
        Self { groups, plugins, all }
    }

    /// Changes each word that has synonyms with this probability. Slots stay as they are.
    pub(super) fn edits(&self, field: &Field, label: Option<&str>, rate: f64, dice: &mut Dice) -> Vec<Edit> {
        let plugin = label.and_then(|label| label.split(['.', '/', ':']).next());
        let index = plugin.and_then(|plugin| self.plugins.get(plugin)).unwrap_or(&self.all);
        let units = units(&field.text);
        let mut edits = Vec::new();
        let mut at = 0;
        while at < units.len() {
            // The longest word that begins here.
            let longest = (at..units.len().min(at + 8)).rev().find_map(|last| {
                let range = units[at].start..units[last].end;
                let word = field.text[range.clone()].to_lowercase();
                index.get(&word).map(|group| (last, range, word, *group))
            });
            let Some((last, range, word, group)) = longest else {
                at += 1;
                continue;
            };
            at = last + 1;
            let marked = field.spans.iter().any(|span| span.range.start < range.end && range.start < span.range.end);
            let Some(group) = group.filter(|_| !marked && dice.chance(rate)) else { continue };
            let others: Vec<&String> = self.groups[group].words.iter().filter(|other| **other != word).collect();
            if let Some(other) = dice.pick(&others) {
                edits.push(Edit::new(range, other.as_str()));
            }
        }
        edits
    }
}

fn index(groups: &[Group], belongs: impl Fn(&Group, &str) -> bool) -> Index {
    let mut index = Index::new();
    for (at, group) in groups.iter().enumerate() {
        let english = group.language == Language::En;
        for word in group.words.iter().filter(|word| belongs(group, word)) {
            let word = if english { word.to_lowercase() } else { word.clone() };
            index.entry(word).and_modify(|first| *first = first.filter(|first| groups[*first].words == group.words)).or_insert(Some(at));
        }
    }
    index
}
