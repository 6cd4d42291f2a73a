//! Augmentation: copies of training examples that say the same in other words, or as a recognizer would have understood them.

mod homophones;
mod noise;
mod synonyms;
pub(crate) mod vocabulary;
mod words;

pub(crate) use homophones::Characters;

use homophones::Homophones;
use synonyms::Synonyms;
use vocabulary::Group;

use super::edit::Edit;
use super::example::{Example, Field, Kind, Role};
use super::language::{self, Language};
use super::random::Dice;
use super::settings::Augment;

/// All that a copy can be varied with.
pub(crate) struct Augmenter {
    rates: Augment,
    synonyms: Synonyms,
    homophones: Homophones,
    seed: u64,
}

impl Augmenter {
    pub(crate) fn new(rates: &Augment, groups: Vec<Group>, characters: &Characters, seed: u64) -> Self {
        Self { rates: rates.clone(), synonyms: Synonyms::new(groups), homophones: Homophones::new(characters), seed }
    }

    /// The copy with this number, from 1; nothing if chance left all words as they are each time, or the example is of a kind
    /// that nobody speaks. `key` is made of the example's content.
    pub(crate) fn vary(&self, example: &Example, key: u64, copy: u32) -> Option<Example> {
        let mut dice = Dice::new(self.seed, "augment", key ^ u64::from(copy).rotate_left(32));
        (0..TRIES).find_map(|_| self.try_to(example, copy, &mut dice))
    }

    fn try_to(&self, example: &Example, copy: u32, dice: &mut Dice) -> Option<Example> {
        let mut varied = Example { copy, ..example.clone() };
        for field in varied.fields.iter_mut().filter(|field| is_spoken(example.kind, field.role)) {
            let language = language::detect(std::iter::once(field.text.as_str()));
            self.vary_field(field, example.label.as_deref(), language, dice);
            // What was lost may have left a comma or a space at an end.
            let dangling = |character: char| character.is_whitespace() || "，、。,;；".contains(character);
            let start = field.text.len() - field.text.trim_start_matches(dangling).len();
            let end = field.text.trim_end().len().max(start);
            let edits =
                [0..start, end..field.text.len()].into_iter().filter(|range| !range.is_empty()).map(Edit::removal).collect::<Vec<_>>();
            field.edit(&edits);
            if field.text.is_empty() {
                return None;
            }
        }
        // A slot that is gone would be a wrong lesson.
        let slots = |example: &Example| example.fields.iter().map(|field| field.spans.len()).sum::<usize>();
        (varied.fields != example.fields && slots(&varied) == slots(example)).then_some(varied)
    }

    fn vary_field(&self, field: &mut Field, label: Option<&str>, language: Language, dice: &mut Dice) {
        let edits = self.synonyms.edits(field, label, self.rates.synonyms, dice);
        field.edit(&edits);
        let edits = self.homophones.edits(&field.text, self.rates.homophones, dice);
        field.edit(&edits);
        let edits = noise::dropped(field, self.rates.dropped, dice);
        field.edit(&edits);
        if dice.chance(self.rates.fillers) {
            let edits = noise::filler(field, language, dice);
            field.edit(&edits);
        }
    }
}

/// How often chance gets another chance to change anything: short sentences seldom change at the first try.
const TRIES: usize = 8;

/// Whether any field of such examples is spoken.
pub(crate) fn varies(kind: Kind) -> bool {
    Role::ALL.into_iter().any(|role| is_spoken(kind, role))
}

/// Fields that a person says aloud.
fn is_spoken(kind: Kind, role: Role) -> bool {
    match kind {
        Kind::Labeled => role == Role::Text,
        Kind::Pair => role == Role::Left,
        Kind::Span => role == Role::Question,
        Kind::Chat | Kind::Preference => role == Role::User,
        Kind::Text => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::example::Span;

    fn augmenter(rates: Augment) -> Augmenter {
        let group = |plugin: &str, language, words: &[&str]| Group {
            plugin: plugin.to_owned(),
            language,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let groups = vec![
            group("climate", Language::Zh, &["空调", "冷气"]),
            group("climate", Language::En, &["air conditioning", "climate control"]),
            group("seats", Language::Zh, &["座椅", "椅子"]),
            group("words", Language::En, &["turn on", "switch on"]),
            group("media", Language::Zh, &["椅子", "歌曲"]),
        ];
        Augmenter::new(&rates, groups, &Characters::new(), 3)
    }

    fn none() -> Augment {
        Augment { synonyms: 0.0, homophones: 0.0, dropped: 0.0, fillers: 0.0, ..Augment::default() }
    }

    fn labeled(text: &str, label: &str, slot: Option<&str>) -> Example {
        let mut field = Field::new(Role::Text, text);
        if let Some(at) = slot.and_then(|slot| text.find(slot)) {
            field.spans.push(Span { range: at..at + slot.unwrap().len(), name: "slot".to_owned() });
        }
        Example { language: Language::Zh, ..Example::new(Kind::Labeled, vec![field], Some(label.to_owned())) }
    }

    fn variants(augmenter: &Augmenter, example: &Example) -> BTreeSet<String> {
        (1..60).filter_map(|copy| augmenter.vary(example, 9, copy)).map(|varied| varied.fields[0].text.clone()).collect()
    }

    #[test]
    fn synonyms_come_from_the_labels_plugin() {
        let augmenter = augmenter(Augment { synonyms: 1.0, ..none() });
        let all = |text: &str, label: &str| variants(&augmenter, &labeled(text, label, None)).into_iter().collect::<Vec<_>>();
        assert_eq!(all("打开空调", "climate.on"), ["打开冷气"]);
        assert_eq!(all("Turn on the air conditioning", "climate.on"), ["switch on the climate control"]);
        assert_eq!(all("椅子", "seats.heat"), ["座椅"]);
        assert!(all("椅子", "other").is_empty(), "two plugins mean different things by it");
        assert!(all("空调", "seats.heat").is_empty());
        assert_eq!(all("空调", "other"), ["冷气"]);
    }

    #[test]
    fn slots_are_not_replaced_and_move() {
        let augmenter = augmenter(Augment { synonyms: 1.0, fillers: 1.0, ..none() });
        let example = labeled("打开空调播放空调", "climate.on", Some("播放空调"));
        for copy in 1..50 {
            let varied = augmenter.vary(&example, 4, copy).unwrap();
            let field = &varied.fields[0];
            assert_eq!(&field.text[field.spans[0].range.clone()], "播放空调", "{}", field.text);
            assert!(field.text.contains("冷气"));
        }
    }

    #[test]
    fn numbers_and_negations_are_not_dropped() {
        let augmenter = augmenter(Augment { dropped: 0.9, ..none() });
        let found = variants(&augmenter, &labeled("please do not set it to 23 for me now ok", "x", None));
        assert!(found.len() > 5);
        assert!(found.iter().all(|text| text.contains("not") && text.contains("23") && !text.contains("  ")), "{found:?}");
    }

    #[test]
    fn only_what_is_spoken_varies() {
        let augmenter = augmenter(Augment { fillers: 1.0, ..none() });
        let fields = vec![Field::new(Role::Context, "空调"), Field::new(Role::Question, "空调在哪")];
        let varied = augmenter.vary(&Example::new(Kind::Span, fields, None), 1, 1).unwrap();
        assert_eq!(varied.fields[0].text, "空调");
        assert_ne!(varied.fields[1].text, "空调在哪");
        assert!(augmenter.vary(&Example::new(Kind::Text, vec![Field::new(Role::Text, "空调")], None), 1, 1).is_none());
    }

    #[test]
    fn copies_repeat_with_the_seed() {
        let augmenter = augmenter(Augment::default());
        let example = labeled("请把空调打开然后播放周华健的歌曲", "climate.on", None);
        for copy in 1..20 {
            assert_eq!(augmenter.vary(&example, 7, copy), augmenter.vary(&example, 7, copy));
        }
        assert!(variants(&augmenter, &example).len() > 10);
    }
}
