//! Numerals in both languages, read in place: the tokens stay as they are, since 一 is also the first half of 一下.

use super::token::{Token, TokenKind};

/// How a number was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 23, twenty-three, 二十三.
    Plain,
    /// 1/3, half, 一半: a share of the range.
    Share,
    /// 50 %, 百分之五十, 五成.
    Percent,
}

/// A number at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numeral {
    /// One past its last token.
    pub end: usize,
    /// Its value; a share is 0 to 1, a percentage 0 to 100.
    pub value: f64,
    /// How it was said.
    pub form: Form,
}

/// Reads the longest number that begins at token `at`.
pub fn numeral(tokens: &[Token], at: usize) -> Option<Numeral> {
    let (start, sign) = sign(tokens, at);
    let share = if start == at { share(tokens, at) } else { None };
    let found = share.or_else(|| plain(tokens, start))?;
    let found = percent_sign(tokens, found);
    Some(Numeral { value: found.value * sign, ..found })
}

/// Reads a whole number without a fraction: in 七点一刻 the 点 belongs to the time.
pub fn integer(tokens: &[Token], at: usize) -> Option<Numeral> {
    match tokens.get(at)?.kind {
        TokenKind::Han => chinese_integer(tokens, at),
        _ => plain(tokens, at).filter(|number| number.value.fract() == 0.0),
    }
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn sign(tokens: &[Token], at: usize) -> (usize, f64) {
    match (word(tokens, at), word(tokens, at + 1)) {
        ("零", "下") => (at + 2, -1.0),
        ("负" | "-" | "minus" | "negative", _) => (at + 1, -1.0),
        _ => (at, 1.0),
    }
}

fn percent_sign(tokens: &[Token], found: Numeral) -> Numeral {
    let is_percent = match word(tokens, found.end) {
        "%" | "percent" | "趴" => 1,
        "per" if word(tokens, found.end + 1) == "cent" => 2,
        _ => 0,
    };
    if is_percent > 0 && found.form == Form::Plain {
        return Numeral { end: found.end + is_percent, form: Form::Percent, ..found };
    }
    found
}

/// Halves, thirds, quarters; 百分之, 成, 一半.
fn share(tokens: &[Token], at: usize) -> Option<Numeral> {
    let made = |end: usize, value: f64, form: Form| Some(Numeral { end, value, form });
    if word(tokens, at) == "百" && word(tokens, at + 1) == "分" && word(tokens, at + 2) == "之" {
        let inner = plain(tokens, at + 3)?;
        return made(inner.end, inner.value, Form::Percent);
    }
    match (word(tokens, at), word(tokens, at + 1)) {
        ("一", "半") => return made(at + 2, 0.5, Form::Share),
        ("half", "way") | ("half", "open") => return made(at + 2, 0.5, Form::Share),
        ("a" | "one", "half") => return made(at + 2, 0.5, Form::Share),
        ("a" | "one", "third") => return made(at + 2, 1.0 / 3.0, Form::Share),
        ("two", "thirds") => return made(at + 2, 2.0 / 3.0, Form::Share),
        ("a" | "one", "quarter") => return made(at + 2, 0.25, Form::Share),
        ("three", "quarters") => return made(at + 2, 0.75, Form::Share),
        ("half" | "halfway" | "midway", _) => return made(at + 1, 0.5, Form::Share),
        _ => {}
    }
    let top = chinese(tokens, at)?;
    match (word(tokens, top.end), word(tokens, top.end + 1)) {
        ("分", "之") => {
            let numerator = chinese(tokens, top.end + 2)?;
            (top.value != 0.0).then_some(())?;
            made(numerator.end, numerator.value / top.value, Form::Share)
        }
        ("成", next) if !next.is_empty() || top.value <= 10.0 => made(top.end + 1, top.value * 10.0, Form::Percent),
        _ => None,
    }
}

fn plain(tokens: &[Token], at: usize) -> Option<Numeral> {
    let token = tokens.get(at)?;
    match token.kind {
        TokenKind::Digits => digits(tokens, at),
        TokenKind::Han => chinese(tokens, at),
        TokenKind::Word => english(tokens, at),
        _ => None,
    }
}

fn digits(tokens: &[Token], at: usize) -> Option<Numeral> {
    let value: f64 = tokens[at].text.parse().ok()?;
    // 2万, 3千: digits before a Chinese multiplier.
    let scale = match word(tokens, at + 1) {
        "万" => Some(10_000.0),
        "千" if word(tokens, at + 2) != "米" && word(tokens, at + 2) != "瓦" => Some(1_000.0),
        _ => None,
    };
    let (mut end, mut value) = scale.map_or((at + 1, value), |scale| (at + 2, value * scale));
    if let Some(after) = and_a_half(tokens, end) {
        end = after;
        value += 0.5;
    }
    Some(Numeral { end, value, form: Form::Plain })
}

fn and_a_half(tokens: &[Token], at: usize) -> Option<usize> {
    match (word(tokens, at), word(tokens, at + 1), word(tokens, at + 2)) {
        ("and", "a", "half") => Some(at + 3),
        ("and", "half", _) => Some(at + 2),
        _ => None,
    }
}

fn han_digit(text: &str) -> Option<f64> {
    "零一二三四五六七八九".chars().position(|c| text.chars().eq([c])).map(|position| position as f64).or(match text {
        "两" | "俩" => Some(2.0),
        "〇" => Some(0.0),
        "幺" => Some(1.0),
        _ => None,
    })
}

fn han_scale(text: &str) -> Option<f64> {
    match text {
        "十" => Some(10.0),
        "百" => Some(100.0),
        "千" => Some(1_000.0),
        "万" => Some(10_000.0),
        _ => None,
    }
}

/// 十六点五, 一零三点七.
fn chinese(tokens: &[Token], at: usize) -> Option<Numeral> {
    let whole = chinese_integer(tokens, at)?;
    let (end, value) = han_fraction(tokens, whole.end, whole.value);
    Some(Numeral { end, value, ..whole })
}

/// 二十三, 一百零五, 两千五, 一零三 (digit by digit).
fn chinese_integer(tokens: &[Token], at: usize) -> Option<Numeral> {
    let mut end = at;
    let (mut total, mut section, mut digit) = (0.0, 0.0, None::<f64>);
    let (mut spelled, mut has_scale, mut last_scale) = (0.0, false, 0.0);
    while let Some(token) = tokens.get(end).filter(|token| token.kind == TokenKind::Han) {
        if let Some(value) = han_digit(&token.text) {
            spelled = spelled * 10.0 + value;
            digit = Some(value);
        } else if let Some(scale) = han_scale(&token.text) {
            has_scale = true;
            if scale == 10_000.0 {
                total += (section + digit.unwrap_or(0.0)).max(1.0) * scale;
                section = 0.0;
            } else {
                section += digit.unwrap_or(1.0) * scale;
            }
            last_scale = scale;
            digit = None;
        } else {
            break;
        }
        end += 1;
    }
    if end == at {
        return None;
    }
    // 两百五 is 250, 一百零五 is 105.
    let after_zero = end >= 2 && word(tokens, end - 2) == "零";
    let tail = match digit {
        Some(value) if last_scale >= 100.0 && !after_zero => value * last_scale / 10.0,
        Some(value) => value,
        None => 0.0,
    };
    let value = if has_scale { total + section + tail } else { spelled };
    Some(Numeral { end, value, form: Form::Plain })
}

/// 点五 after a number. 七点半 is a time and is not read here.
fn han_fraction(tokens: &[Token], at: usize, value: f64) -> (usize, f64) {
    if word(tokens, at) != "点" {
        return (at, value);
    }
    let (mut end, mut fraction, mut weight) = (at + 1, 0.0, 0.1);
    while let Some(digit) = tokens.get(end).and_then(|token| han_digit(&token.text)) {
        fraction += digit * weight;
        weight /= 10.0;
        end += 1;
    }
    if end == at + 1 { (at, value) } else { (end, value + fraction) }
}

fn english_small(text: &str) -> Option<f64> {
    const SMALL: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    SMALL.iter().position(|name| *name == text).map(|position| position as f64)
}

fn english_tens(text: &str) -> Option<f64> {
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    TENS.iter().position(|name| *name == text).map(|position| (position as f64 + 2.0) * 10.0)
}

/// twenty-two and a half, one hundred and five, ninety eight point five.
fn english(tokens: &[Token], at: usize) -> Option<Numeral> {
    let (mut end, mut total, mut current, mut any) = (at, 0.0, 0.0, false);
    loop {
        let text = word(tokens, end);
        if let Some(value) = english_tens(text) {
            if any && current % 100.0 != 0.0 {
                break;
            }
            current += value;
        } else if let Some(value) = english_small(text) {
            let follows_tens = current % 10.0 == 0.0 && (value < 10.0 || current % 100.0 == 0.0);
            if any && !(follows_tens && value > 0.0) {
                break;
            }
            current += value;
        } else if text == "hundred" && any {
            current *= 100.0;
        } else if text == "thousand" && any {
            total += current * 1_000.0;
            current = 0.0;
        } else if text == "a" && !any && matches!(word(tokens, end + 1), "hundred" | "thousand") {
            current = 1.0;
        } else if text == "and" && any && current % 100.0 == 0.0 && current > 0.0 && english_value(word(tokens, end + 1)) {
            // one hundred and five
        } else {
            break;
        }
        any = true;
        end += 1;
    }
    if !any {
        return None;
    }
    let (end, value) = english_fraction(tokens, end, total + current);
    Some(Numeral { end, value, form: Form::Plain })
}

fn english_value(text: &str) -> bool {
    english_small(text).is_some() || english_tens(text).is_some()
}

fn english_fraction(tokens: &[Token], at: usize, value: f64) -> (usize, f64) {
    if let Some(end) = and_a_half(tokens, at) {
        return (end, value + 0.5);
    }
    if word(tokens, at) != "point" {
        return (at, value);
    }
    let (mut end, mut fraction, mut weight) = (at + 1, 0.0, 0.1);
    while let Some(digit) = english_small(word(tokens, end)).filter(|digit| *digit < 10.0) {
        fraction += digit * weight;
        weight /= 10.0;
        end += 1;
    }
    if end == at + 1 { (at, value) } else { (end, value + fraction) }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokenize;
    use super::*;

    #[test]
    fn numbers_of_both_languages() {
        use Form::{Percent, Plain, Share};
        for (text, value, form, end) in [
            ("23.5", 23.5, Plain, 1),
            ("二十三", 23.0, Plain, 3),
            ("十六点五", 16.5, Plain, 4),
            ("两百五", 250.0, Plain, 3),
            ("一百零五", 105.0, Plain, 4),
            ("一零三点七", 103.7, Plain, 5),
            ("零下五", -5.0, Plain, 3),
            ("百分之五十", 50.0, Percent, 5),
            ("三分之一", 1.0 / 3.0, Share, 4),
            ("一半", 0.5, Share, 2),
            ("五成", 50.0, Percent, 2),
            ("twenty-two and a half", 22.5, Plain, 5),
            ("one hundred and five", 105.0, Plain, 4),
            ("ninety eight point five", 98.5, Plain, 4),
            ("80 percent", 80.0, Percent, 2),
            ("80%", 80.0, Percent, 2),
            ("halfway", 0.5, Share, 1),
            ("three quarters", 0.75, Share, 2),
            ("minus 3", -3.0, Plain, 2),
        ] {
            let found = numeral(&tokenize(text), 0).unwrap_or_else(|| panic!("{text} is a number"));
            assert!((found.value - value).abs() < 1e-9 && found.form == form && found.end == end, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["打开", "and", "the", "度", ""] {
            assert_eq!(numeral(&tokenize(text), 0), None, "{text}");
        }
    }
}
