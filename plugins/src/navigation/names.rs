//! How names of places are compared: as people say them, in two scripts, with a small slip of the tongue or of the ear.

/// How well a name fits what was said, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// The same.
    Exact,
    /// What was said is a part of the name.
    Part,
    /// Nearly the same: this many of a hundred letters differ.
    Near(u32),
}

/// At most this share of the letters may differ.
const NEAR: f64 = 0.2;

/// Lower case, one blank between words, none around Chinese characters, no punctuation, no article.
pub(crate) fn normal(name: &str) -> String {
    let mut text = String::new();
    let mut gap = false;
    for c in name.chars().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            // An apostrophe is within a word: Xi'an, People's Square.
            gap |= c != '\'' && c != '’';
            continue;
        }
        if gap && !is_han(c) && text.chars().next_back().is_some_and(|last| !is_han(last)) {
            text.push(' ');
        }
        gap = false;
        text.push(c);
    }
    text.strip_prefix("the ").map(str::to_owned).unwrap_or(text)
}

/// How `name` fits what was `said`; both in [`normal`] form.
pub(crate) fn fit(said: &str, name: &str) -> Option<Fit> {
    if said == name {
        return Some(Fit::Exact);
    }
    if is_part(said, name) {
        return Some(Fit::Part);
    }
    let (said, name): (Vec<char>, Vec<char>) = (said.chars().collect(), name.chars().collect());
    let longer = said.len().max(name.len());
    // A short word with one letter changed is another word.
    if said.len().min(name.len()) < if name.iter().copied().any(is_han) { 4 } else { 5 } {
        return None;
    }
    let share = edits(&said, &name) as f64 / longer as f64;
    (share <= NEAR + 1e-9).then_some(Fit::Near((share * 100.0).round() as u32))
}

/// Whole words of a name, or at least two characters of a Chinese one.
fn is_part(said: &str, name: &str) -> bool {
    if said.chars().any(is_han) {
        return said.chars().count() >= 2 && name.contains(said);
    }
    said.chars().count() >= 4 && format!(" {name} ").contains(&format!(" {said} "))
}

fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

/// Letters to insert, delete or change to get from one to the other (Levenshtein).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// An address in [`normal`] form as street and house number: "15 baker street", "station road 3", "中山路120号", "中山路一百二十号".
pub(crate) fn address(said: &str) -> Option<(String, u32)> {
    let said = said.strip_suffix('号').unwrap_or(said);
    let words: Vec<&str> = said.split(' ').collect();
    if let [first, rest @ ..] = words.as_slice()
        && let Ok(number) = first.parse()
        && !rest.is_empty()
    {
        return Some((rest.join(" "), number));
    }
    let numeral = |c: char| c.is_ascii_digit() || DIGITS.contains(c) || "十百千".contains(c);
    let street = said.trim_end_matches(numeral);
    let number = whole(&said[street.len()..])?;
    let street = street.trim_end();
    (!street.is_empty()).then(|| (street.to_owned(), number))
}

const DIGITS: &str = "零一二三四五六七八九";

/// A whole number in digits or in Chinese numerals up to thousands.
fn whole(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (mut sum, mut digit): (u32, Option<u32>) = (0, None);
    for c in text.chars() {
        match "十百千".chars().position(|unit| unit == c) {
            Some(power) => sum += digit.take().unwrap_or(1) * [10, 100, 1000][power],
            None => digit = Some(u32::try_from(DIGITS.chars().position(|d| d == c)?).ok()?),
        }
    }
    (!text.is_empty()).then(|| sum + digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(said: &str, name: &str) -> Option<Fit> {
        fit(&normal(said), &normal(name))
    }

    #[test]
    fn names_fit_as_people_say_them() {
        assert_eq!(fits("the Opera house", "Opera House"), Some(Fit::Exact));
        assert_eq!(fits("peoples square", "People's Square"), Some(Fit::Exact));
        assert_eq!(fits("人民 广场", "人民广场"), Some(Fit::Exact));
        assert_eq!(fits("silver birch", "Hotel Silver Birch"), Some(Fit::Part));
        assert_eq!(fits("红隼充电", "红隼充电中心"), Some(Fit::Part));
        assert!(matches!(fits("centrel station", "Central Station"), Some(Fit::Near(_))));
    }

    #[test]
    fn other_places_do_not_fit() {
        for (said, name) in [
            ("berlin central station", "Central Station"),
            ("bar", "Barcelona"),
            ("rome", "rote"),
            ("ark", "City Park"),
            ("天安门", "天台山"),
            ("虹桥", "桥街"),
            ("lake garda", "Willow Lake"),
        ] {
            assert_eq!(fits(said, name), None, "{said}: {name}");
        }
    }

    #[test]
    fn addresses_have_a_street_and_a_number() {
        let parts = |said: &str| address(&normal(said));
        assert_eq!(parts("15 Baker Street"), Some(("baker street".into(), 15)));
        assert_eq!(parts("station road 3"), Some(("station road".into(), 3)));
        assert_eq!(parts("中山路120号"), Some(("中山路".into(), 120)));
        assert_eq!(parts("中山路一百二十号"), Some(("中山路".into(), 120)));
        assert_eq!(parts("人民路三十五号"), Some(("人民路".into(), 35)));
        assert_eq!(parts("baker street"), None);
        assert_eq!(parts("12"), None);
    }
}
