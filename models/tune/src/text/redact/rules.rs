//! What each kind of personal data looks like.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Personal;
use super::Personal::{Card, Coordinates, Email, IdNumber, Phone, Plate, Vin};
use super::checks::{has_digits, is_position, is_resident_number, is_vin, satisfies_luhn};

struct Rule {
    kind: Personal,
    /// The last group is what is redacted; without groups, all of it.
    pattern: Regex,
    /// Whether what was found is one.
    accepts: fn(&str) -> bool,
}

/// Kind, what it looks like, and whether what was found is one.
type Pattern = (Personal, &'static str, fn(&str) -> bool);

const PATTERNS: &[Pattern] = &[
    (Email, r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}", always),
    (Email, r"(?i)[a-z0-9._]+ at [a-z0-9-]+(?: dot [a-z0-9-]+)? dot (?:com|net|org|edu|cn|uk|de|io)", always),
    (Coordinates, r"[+-]?\d{1,3}\.\d{4,}°?\s?[NSns]?\s*[,;/ 、]\s*[+-]?\d{1,3}\.\d{4,}°?(?:\s?[EWew]\b)?", is_position),
    (Coordinates, r#"\d{1,3}°\s?\d{1,2}\s?[′'’](?:\s?\d{1,2}(?:\.\d+)?\s?(?:″|"|”|''|’’))?(?:\s?[NSEW])?"#, always),
    (
        Coordinates,
        r"(?:[北南]纬|[东西]经|经度|纬度)\s*(?:是|为|[:=])?\s*-?\d{1,3}(?:\.\d{2,}度?|度\d{1,2}分(?:\d{1,2}(?:\.\d+)?秒)?)",
        always,
    ),
    (Coordinates, r"(?i)\b(?:lat|latitude|lon|lng|long|longitude)\b\s*(?:is|[:=])?\s*[+-]?\d{1,3}\.\d{2,}", always),
    (Vin, r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}", is_vin),
    (Vin, r"(?i)(?:\bVIN\b|车架号码?|车辆识别代号|chassis number)\s*(?:is|是|为|:)?\s*([A-HJ-NPR-Z0-9]{17})", always),
    (IdNumber, r"[1-9]\d{5}[ -]?(?:18|19|20|21)\d{6}[ -]?\d{3}[\dXx]", is_resident_number),
    (IdNumber, r"身份证(?:件)?(?:号码|号)?\s*(?:是|为|:)?\s*(\d{17}[\dXx]|\d{15})", always),
    (Card, r"[3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?", satisfies_luhn),
    (Card, r"3[47]\d{2}[ -]?\d{6}[ -]?\d{5}", satisfies_luhn),
    (Phone, r"(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}", always),
    (Phone, r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){1,6}", has_length_of_number),
    (Phone, r"(?:\(0\d{2,3}\) ?|0\d{2,3}[ -])\d{7,10}", always),
    (Phone, r"(?:400|800)(?:[ -]?\d{3}[ -]?\d{4}|[ -]?\d{4}[ -]?\d{3})", always),
    (
        Phone,
        r"(?i)(?:电话|手机|座机|热线|传真|号码|phone|mobile|number is|fax)号?(?:码| number)?\s*(?:is|是|为|:)?\s*(\d[\d -]{5,16}\d)",
        has_seven_digits,
    ),
    (Phone, r"(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}", always),
    (Phone, r"0\d{2} \d{4} \d{4}|0\d{3} \d{3} \d{4}|0\d{4} ?\d{6}", always),
    (
        Plate,
        r"(?i)[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·•.-]?(?:[A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[学警港澳挂领])",
        has_three_digits,
    ),
    (Plate, r"[A-HJ-PR-Y]{2}\d{2} ?[A-HJ-PR-Z]{3}", always),
    (
        Plate,
        r"(?i)(?:licen[cs]e plate|number plate|plate number|registration number|车牌号码?|车牌)\s*(?:is|是|为|:)?\s*([A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,4})",
        has_two_digits,
    ),
];

fn always(_: &str) -> bool {
    true
}

fn has_two_digits(text: &str) -> bool {
    has_digits(text, 2)
}

fn has_three_digits(text: &str) -> bool {
    has_digits(text, 3)
}

fn has_seven_digits(text: &str) -> bool {
    has_digits(text, 7)
}

/// ITU-T E.164: at most 15 digits.
fn has_length_of_number(text: &str) -> bool {
    has_digits(text, 8) && !has_digits(text, 16)
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compile = |(kind, pattern, accepts): &Pattern| Rule {
        kind: *kind,
        pattern: Regex::new(pattern).expect("a fixed pattern"),
        accepts: *accepts,
    };
    PATTERNS.iter().map(compile).collect()
});

/// Bytes of `text` that are of this kind.
pub(super) fn find(kind: Personal, text: &str) -> Vec<Range<usize>> {
    RULES.iter().filter(|rule| rule.kind == kind).flat_map(|rule| rule.find(text)).collect()
}

impl Rule {
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(captures) = self.pattern.captures_at(text, at) {
            let all = captures.get_match().range();
            let range = captures.iter().skip(1).flatten().last().map_or(all.clone(), |group| group.range());
            if stands_alone(text, &range) && (self.accepts)(&text[range.clone()]) {
                at = range.end.max(all.start + 1);
                found.push(range);
            } else {
                at = all.start + text[all.start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        found
    }
}

/// Whether no Latin letter, digit or decimal point makes it a part of something longer, and no further figures of a row.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let belongs = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut before = text[..range.start].chars().rev();
    let mut after = text[range.end..].chars();
    let first = text[range.clone()].starts_with(|character: char| character.is_ascii_alphanumeric());
    let row = text[range.clone()].contains(' ');
    let joined_before = match (before.next(), before.next()) {
        (Some(last), _) if belongs(last) => first,
        (Some('.' | '-' | '+'), Some(digit)) => first && digit.is_ascii_digit(),
        (Some(' '), Some(digit)) => row && first && digit.is_ascii_digit(),
        _ => false,
    };
    let joined_after = match (after.next(), after.next()) {
        (Some(next), _) if belongs(next) => true,
        (Some('.' | '-'), Some(digit)) => digit.is_ascii_digit(),
        (Some(' '), Some(digit)) => row && digit.is_ascii_digit(),
        _ => false,
    };
    !joined_before && !joined_after
}
