//! What a recognizer hears instead: Chinese characters of one sound, by pinyin, and English words that sound alike.

use std::collections::{BTreeMap, HashMap};

use encoding_rs::GBK;
use pinyin::ToPinyin;

use super::words::WORDS;
use crate::text::edit::Edit;
use crate::text::random::Dice;
use crate::text::units::{is_han, units};

/// How often each character stands in the data.
pub(crate) type Characters = BTreeMap<char, u64>;

/// Characters by their sound. A recognizer writes common ones, so each counts as often as the data has it.
pub(super) struct Homophones {
    /// By sound and tone, by sound alone, and by sound as regional accents merge it.
    tables: [HashMap<String, Vec<(char, u64)>>; 3],
}

/// Which table is used, in parts of ten.
const CHOICE: [(usize, u64); 3] = [(0, 7), (1, 2), (2, 1)];

impl Homophones {
    pub(super) fn new(characters: &Characters) -> Self {
        let mut tables: [HashMap<String, Vec<(char, u64)>>; 3] = Default::default();
        for character in everyday() {
            let Some(keys) = keys(character) else { continue };
            let weight = 1 + characters.get(&character).copied().unwrap_or(0);
            for (table, key) in tables.iter_mut().zip(keys) {
                table.entry(key).or_default().push((character, weight));
            }
        }
        Self { tables }
    }

    /// Mishears each character or word that sounds like another with this probability.
    pub(super) fn edits(&self, text: &str, rate: f64, dice: &mut Dice) -> Vec<Edit> {
        let mut edits = Vec::new();
        for range in units(text) {
            let unit = &text[range.clone()];
            if !dice.chance(rate) || WORDS.carries(unit) || text[..range.start].ends_with('[') {
                continue;
            }
            let heard = match unit.chars().next().filter(|first| is_han(*first)) {
                Some(character) => self.character(character, dice).map(String::from),
                None => WORDS.sounds.get(&unit.to_lowercase()).and_then(|others| dice.pick(others).cloned()),
            };
            edits.extend(heard.map(|heard| Edit::new(range, heard)));
        }
        edits
    }

    fn character(&self, character: char, dice: &mut Dice) -> Option<char> {
        let which = *dice.pick_weighted(&CHOICE)?;
        let key = &keys(character)?[which];
        let others: Vec<(char, u64)> = self.tables[which].get(key)?.iter().filter(|(other, _)| *other != character).copied().collect();
        dice.pick_weighted(&others).copied()
    }
}

/// The first level of GB 2312: the 3,755 most used characters.
fn everyday() -> impl Iterator<Item = char> {
    let rows = (0xB0..=0xD7_u8).flat_map(|high| (0xA1..=0xFE_u8).map(move |low| [high, low]));
    rows.filter_map(|bytes| {
        GBK.decode_without_bom_handling_and_without_replacement(&bytes)?.chars().next().filter(|character| is_han(*character))
    })
}

fn keys(character: char) -> Option<[String; 3]> {
    let toned = character.to_pinyin()?.with_tone_num_end();
    let plain = toned.trim_end_matches(|character: char| character.is_ascii_digit());
    Some([toned.to_owned(), plain.to_owned(), merged(plain)])
}

/// A syllable as accents merge it: zh, ch, sh with z, c, s; n with l; and -ng with -n after a, e and i.
fn merged(syllable: &str) -> String {
    let mut merged = syllable.to_owned();
    for (one, other) in [("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")] {
        if let Some(rest) = merged.strip_prefix(one) {
            merged = format!("{other}{rest}");
            break;
        }
    }
    for ending in ["ang", "eng", "ing"] {
        if merged.ends_with(ending) {
            merged.pop();
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_merge_as_accents_do() {
        let check = |one: &str, other: &str| assert_eq!(merged(one), merged(other));
        check("zhang", "zan");
        check("nan", "lang");
        check("shi", "si");
        check("xing", "xin");
        assert_ne!(merged("gong"), merged("gen"));
    }

    #[test]
    fn what_is_heard_sounds_alike() {
        assert_eq!(everyday().count(), 3755);
        let homophones = Homophones::new(&Characters::new());
        let text = "播放周华健的歌曲";
        for key in 0..200 {
            for edit in homophones.edits(text, 0.5, &mut Dice::new(1, "test", key)) {
                let (old, new) = (text[edit.range].chars().next().unwrap(), edit.with.chars().next().unwrap());
                assert_ne!(old, new);
                assert_eq!(keys(old).unwrap()[2], keys(new).unwrap()[2], "{old} {new}");
            }
        }
    }

    #[test]
    fn common_characters_are_heard_more_often() {
        let heard = |characters: &Characters| {
            let homophones = Homophones::new(characters);
            (0..2000)
                .filter(|key| homophones.edits("是", 1.0, &mut Dice::new(1, "test", *key)).iter().any(|edit| edit.with == "事"))
                .count()
        };
        assert!(heard(&Characters::from([('事', 500)])) > 3 * heard(&Characters::new()));
    }

    #[test]
    fn numbers_and_negations_are_heard_right() {
        let homophones = Homophones::new(&Characters::new());
        for key in 0..50 {
            assert!(homophones.edits("不 二十 three3 off [PHONE]", 1.0, &mut Dice::new(1, "test", key)).is_empty());
        }
    }
}
