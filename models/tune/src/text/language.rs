//! Which language a text is in, by its scripts; long Latin texts also by their letters' statistics.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::{is_han, is_kana, units};

/// The language of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Language {
    /// Chinese.
    Zh = 0,
    /// English.
    En = 1,
    /// Both, each with a fifth of the text or more.
    Mixed = 2,
    /// Another one, or nothing that can be told.
    Other = 3,
}

impl Language {
    /// All of them; the position is the number in a shard.
    pub const ALL: [Self; 4] = [Self::Zh, Self::En, Self::Mixed, Self::Other];

    /// The name in settings and cards.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["zh", "en", "mixed", "other"][self as usize]
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The smaller language's share of the units from which a text counts as mixed.
const MIXED: f64 = 0.2;
/// Share of units in other scripts from which a text is neither Chinese nor English.
const FOREIGN: f64 = 0.3;
/// Share of kana among Han and kana from which the text is Japanese.
const JAPANESE: f64 = 0.1;
/// Letters that the statistics need: below, they call many English commands with names in them French or Latin.
const STATISTICS: usize = 120;

/// The language of `texts` taken together.
pub(crate) fn detect<'a>(texts: impl Iterator<Item = &'a str>) -> Language {
    let mut tally = Tally::default();
    let mut latin = String::new();
    for text in texts {
        tally.add(text);
        latin.push_str(text);
        latin.push('\n');
    }
    match tally.language() {
        Language::En if tally.letters >= STATISTICS && is_foreign(&latin) => Language::Other,
        language => language,
    }
}

#[derive(Default)]
struct Tally {
    han: f64,
    kana: f64,
    latin: f64,
    other: f64,
    letters: usize,
}

impl Tally {
    fn add(&mut self, text: &str) {
        for range in units(text) {
            let unit = &text[range];
            let Some(first) = unit.chars().find(|character| character.is_alphabetic()) else { continue };
            if is_han(first) {
                self.han += 1.0;
            } else if is_kana(first) {
                self.kana += 1.0;
            } else if is_latin(first) {
                self.latin += 1.0;
                self.letters += unit.len();
            } else {
                self.other += 1.0;
            }
        }
    }

    fn language(&self) -> Language {
        let all = self.han + self.kana + self.latin + self.other;
        let japanese = self.kana > 0.0 && self.kana >= JAPANESE * (self.han + self.kana);
        if all == 0.0 || japanese || self.other >= FOREIGN * all {
            return Language::Other;
        }
        let (less, more) = if self.han < self.latin { (self.han, Language::En) } else { (self.latin, Language::Zh) };
        if less >= MIXED * (self.han + self.latin) { Language::Mixed } else { more }
    }
}

fn is_latin(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(u32::from(character), 0xC0..=0x24F | 0x1E00..=0x1EFF | 0xFF21..=0xFF5A)
}

fn is_foreign(text: &str) -> bool {
    whatlang::detect(text).is_some_and(|found| found.lang() != whatlang::Lang::Eng && found.is_reliable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Language) {
        assert_eq!(detect(std::iter::once(text)), expected, "{text}");
    }

    #[test]
    fn languages_are_told_apart() {
        check("打开空调", Language::Zh);
        check("把空调调到23度", Language::Zh);
        check("用WiFi连接到我的手机热点", Language::Zh);
        check("turn on the air conditioning", Language::En);
        check("play 小幸运 by Hebe please", Language::Mixed);
        check("打开AC", Language::Mixed);
        check("navigate me to the closest parking lot near 外滩", Language::Mixed);
        check("カーナビを開いてください", Language::Other);
        check("включи кондиционер", Language::Other);
        check("23.5", Language::Other);
        check("add Cita Romántica to my playlist", Language::En);
        let german = "Das Fahrzeug darf nur von Personen gefahren werden, die eine gültige Fahrerlaubnis besitzen und nicht durch Alkohol \
                      oder andere Mittel beeinträchtigt sind; dies gilt auch für kurze Strecken auf dem eigenen Hof.";
        check(german, Language::Other);
    }
}
