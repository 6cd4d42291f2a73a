//! Durations and times of day.

use super::lexicon::{Lexicon, UNITS};
use super::number::{Form, integer, numeral};
use super::token::{Token, TokenKind};

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// "an hour and ten minutes", 一个半小时, 两分半: one past its end, and the seconds.
pub fn duration(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Option<(usize, f64)> {
    let (mut end, mut seconds) = one_duration(lexicon, tokens, at)?;
    loop {
        let next = if matches!(word(tokens, end), "and" | "零") { end + 1 } else { end };
        let Some((after, more)) = one_duration(lexicon, tokens, next) else { break };
        end = after;
        seconds += more;
    }
    Some((end, seconds))
}

fn one_duration(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Option<(usize, f64)> {
    let (mut value, mut end) = match (word(tokens, at), word(tokens, at + 1), word(tokens, at + 2)) {
        ("half", "an" | "a", _) => (0.5, at + 2),
        ("a" | "an", "half", _) => (0.5, at + 2),
        ("a", "quarter", "of") => (0.25, at + 3 + usize::from(matches!(word(tokens, at + 3), "an" | "a"))),
        ("three", "quarters", "of") => (0.75, at + 3 + usize::from(matches!(word(tokens, at + 3), "an" | "a"))),
        ("a" | "an" | "one", unit, "and")
            if is_time_unit(lexicon, tokens, at + 1) && word(tokens, at + 3) == "a" && word(tokens, at + 4) == "half" =>
        {
            let _ = unit;
            let (_, size) = unit_at(lexicon, tokens, at + 1)?;
            return Some((at + 5, size * 1.5));
        }
        ("a" | "an", _, _) => (1.0, at + 1),
        ("半", "个", _) => (0.5, at + 1),
        ("半", _, _) => (0.5, at + 1),
        ("一", "刻", "钟") => return Some((at + 3, 900.0)),
        _ => {
            let number = numeral(tokens, at).filter(|number| number.form == Form::Plain)?;
            (number.value, number.end)
        }
    };
    if word(tokens, end) == "个" && word(tokens, end + 1) == "半" {
        value += 0.5;
        end += 2;
    }
    let (after, size) = unit_at(lexicon, tokens, end)?;
    let half = usize::from(word(tokens, after) == "半");
    value += 0.5 * half as f64;
    Some((after + half, value * size))
}

fn is_time_unit(lexicon: &Lexicon, tokens: &[Token], at: usize) -> bool {
    unit_at(lexicon, tokens, at).is_some()
}

fn unit_at(lexicon: &Lexicon, tokens: &[Token], at: usize) -> Option<(usize, f64)> {
    let found = lexicon.units.all(tokens, at).find_map(|(end, unit)| Some((end, unit_seconds(UNITS[unit])?)));
    // Free-standing single letters are units only behind digits.
    found.filter(|_| tokens.get(at).is_some_and(|token| token.text.len() > 1 || at > 0 && tokens[at - 1].kind == TokenKind::Digits))
}

/// Seconds of a unit of time.
pub fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "second" => Some(1.0),
        "minute" => Some(60.0),
        "hour" => Some(3600.0),
        _ => None,
    }
}

/// "7:30 pm", "half past seven", "seven thirty", 下午三点半, 七点一刻: one past its end, and `HH:MM`.
pub fn time_of_day(tokens: &[Token], at: usize) -> Option<(usize, String)> {
    let at = if word(tokens, at) == "at" { at + 1 } else { at };
    let (start, part) = han_part_of_day(tokens, at);
    let special = match word(tokens, start) {
        "noon" | "midday" => Some((start + 1, 12, 0)),
        "midnight" => Some((start + 1, 0, 0)),
        "中" if word(tokens, start + 1) == "午" && numeral(tokens, start + 2).is_none() => Some((start + 2, 12, 0)),
        _ => None,
    };
    let (end, hour, minute) = special.or_else(|| past(tokens, start)).or_else(|| clock(tokens, start))?;
    let (end, hour) = meridiem(tokens, end, hour, part);
    (hour < 24 && minute < 60).then(|| (end, format!("{hour:02}:{minute:02}")))
}

/// Whether 下午, 晚上 and the like stand before; true: hours after noon.
fn han_part_of_day(tokens: &[Token], at: usize) -> (usize, Option<bool>) {
    match (word(tokens, at), word(tokens, at + 1)) {
        ("下", "午") | ("晚", "上") | ("傍", "晚") => (at + 2, Some(true)),
        ("上", "午") | ("早", "上") | ("凌", "晨") | ("早", "晨") | ("清", "晨") => (at + 2, Some(false)),
        ("中", "午") if numeral(tokens, at + 2).is_some() => (at + 2, Some(true)),
        _ => (at, None),
    }
}

fn whole(tokens: &[Token], at: usize) -> Option<(usize, u32)> {
    integer(tokens, at).filter(|number| number.value < 60.0).map(|number| (number.end, number.value as u32))
}

fn past(tokens: &[Token], at: usize) -> Option<(usize, u32, u32)> {
    let (after, minutes) = match (word(tokens, at), word(tokens, at + 1)) {
        ("half", _) => (at + 1, 30),
        ("quarter", _) => (at + 1, 15),
        ("a", "quarter") => (at + 2, 15),
        _ => {
            let (end, minutes) = whole(tokens, at)?;
            (end + usize::from(matches!(word(tokens, end), "minutes" | "minute")), minutes)
        }
    };
    let direction = word(tokens, after);
    if !matches!(direction, "past" | "to" | "after") {
        return None;
    }
    let (end, hour) = whole(tokens, after + 1)?;
    if direction == "to" { Some((end, (hour + 23) % 24, 60 - minutes)) } else { Some((end, hour, minutes)) }
}

fn clock(tokens: &[Token], at: usize) -> Option<(usize, u32, u32)> {
    let (end, hour) = whole(tokens, at).filter(|(_, hour)| *hour <= 24)?;
    match (word(tokens, end), word(tokens, end + 1)) {
        (":", _) => whole(tokens, end + 1).map(|(after, minute)| (after, hour, minute)),
        ("点" | "时", "半") => Some((end + 2, hour, 30)),
        ("点", "一") if word(tokens, end + 2) == "刻" => Some((end + 3, hour, 15)),
        ("点", "三") if word(tokens, end + 2) == "刻" => Some((end + 3, hour, 45)),
        ("点" | "时", _) => Some(match whole(tokens, end + 1) {
            Some((after, minute)) => (after + usize::from(word(tokens, after) == "分"), hour, minute),
            None => (end + 1 + usize::from(matches!(word(tokens, end + 1), "钟" | "整")), hour, 0),
        }),
        ("o'clock" | "oclock", _) => Some((end + 1, hour, 0)),
        ("o", "clock") => Some((end + 2, hour, 0)),
        ("am" | "pm", _) => Some((end, hour, 0)),
        ("a" | "p", "m") => Some((end, hour, 0)),
        _ => match whole(tokens, end).filter(|(_, minute)| *minute >= 10 || *minute == 0) {
            Some((after, minute)) => Some((after, hour, minute)),
            // "at six": an hour by itself, unless it counts something else. In Chinese an hour has its 点.
            None => (tokens[at].kind != TokenKind::Han && !is_counted(tokens, end)).then_some((end, hour, 0)),
        },
    }
}

fn is_counted(tokens: &[Token], at: usize) -> bool {
    let counted = ["minute", "minutes", "hour", "hours", "second", "seconds", "percent", "%", "degrees", "degree", "°", "point"];
    counted.contains(&word(tokens, at)) || tokens.get(at).is_some_and(|token| token.kind == TokenKind::Han)
}

fn meridiem(tokens: &[Token], end: usize, hour: u32, part: Option<bool>) -> (usize, u32) {
    let (end, part) = match (word(tokens, end), word(tokens, end + 1), word(tokens, end + 2)) {
        ("pm", _, _) => (end + 1, Some(true)),
        ("am", _, _) => (end + 1, Some(false)),
        ("p", "m", _) => (end + 2, Some(true)),
        ("a", "m", _) => (end + 2, Some(false)),
        ("in", "the", "afternoon" | "evening") => (end + 3, Some(true)),
        ("in", "the", "morning") => (end + 3, Some(false)),
        ("at", "night", _) => (end + 2, Some(true)),
        _ => (end, part),
    };
    let hour = match part {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    (end, hour)
}

#[cfg(test)]
mod tests {
    use super::super::token::tokenize;
    use super::*;

    #[test]
    fn times_of_day() {
        for (text, time) in [
            ("7:30 pm", "19:30"),
            ("half past seven", "07:30"),
            ("quarter to eight", "07:45"),
            ("seven am", "07:00"),
            ("6 o'clock", "06:00"),
            ("six", "06:00"),
            ("下午三点半", "15:30"),
            ("七点一刻", "07:15"),
            ("早上八点", "08:00"),
            ("晚上十点二十", "22:20"),
            ("noon", "12:00"),
        ] {
            assert_eq!(time_of_day(&tokenize(text), 0).map(|found| found.1).as_deref(), Some(time), "{text}");
        }
    }

    #[test]
    fn durations() {
        let lexicon = Lexicon::shipped();
        for (text, seconds) in [
            ("ten minutes", 600.0),
            ("half an hour", 1800.0),
            ("an hour and a half", 5400.0),
            ("one hour and ten minutes", 4200.0),
            ("半小时", 1800.0),
            ("半个小时", 1800.0),
            ("一个半小时", 5400.0),
            ("五分钟", 300.0),
            ("两分半", 150.0),
            ("90s", 90.0),
        ] {
            assert_eq!(duration(&lexicon, &tokenize(text), 0).map(|found| found.1), Some(seconds), "{text}");
        }
    }
}
