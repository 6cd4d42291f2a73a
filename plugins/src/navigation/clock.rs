//! The local time of day, for arrival times. The standard library knows no time zones; this reads the system's own zone file
//! (TZif, RFC 9636) with the rule at its end (POSIX `TZ`).

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// The time of day `minutes` from now, `HH:MM`. A system without a zone file counts in UTC.
pub(crate) fn time_in(minutes: f64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let zone = std::fs::read("/etc/localtime").ok();
    let then = now + (minutes * 60.0).round() as i64;
    time_of_day(then + zone.and_then(|zone| offset(&zone, then)).unwrap_or(0))
}

fn time_of_day(seconds: i64) -> String {
    let minutes = seconds.rem_euclid(DAY) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Seconds east of Greenwich at a moment (seconds since 1970). `None`: not a zone file.
fn offset(file: &[u8], at: i64) -> Option<i64> {
    let (header, first) = (Header::read(file)?, 44);
    if header.version == 0 {
        return header.offset(file.get(first..)?, 4, at);
    }
    // From version 2 on, the same comes again with wider numbers, and then the rule for later times.
    let file = file.get(first + header.length(4)..)?;
    let header = Header::read(file)?;
    let block = file.get(first..)?;
    let last = (header.times > 0).then(|| number(block, 8 * (header.times - 1), 8)).flatten();
    if last.is_none_or(|last| at >= last) {
        let rule = std::str::from_utf8(block.get(header.length(8)..)?).ok()?.trim_matches('\n');
        if let Some(offset) = Rule::read(rule).map(|rule| rule.offset(at)) {
            return Some(offset);
        }
    }
    header.offset(block, 8, at)
}

/// The counts at the beginning of each part of the file.
struct Header {
    version: u8,
    others: usize,
    leaps: usize,
    times: usize,
    types: usize,
    letters: usize,
}

impl Header {
    fn read(part: &[u8]) -> Option<Self> {
        let count = |index: usize| number(part, 20 + 4 * index, 4).and_then(|count| usize::try_from(count).ok());
        let version = *part.get(4)?;
        (part.get(..4)? == b"TZif").then_some(())?;
        Some(Header { version, others: count(0)? + count(1)?, leaps: count(2)?, times: count(3)?, types: count(4)?, letters: count(5)? })
    }

    /// Bytes of the part after its header, for times of this width.
    fn length(&self, width: usize) -> usize {
        self.times * (width + 1) + self.types * 6 + self.letters + self.leaps * (width + 4) + self.others
    }

    fn offset(&self, block: &[u8], width: usize, at: i64) -> Option<i64> {
        let before = (0..self.times).rev().find(|index| number(block, width * index, width).is_some_and(|time| time <= at));
        let kind = match before {
            Some(index) => usize::from(*block.get(width * self.times + index)?),
            None => 0,
        };
        number(block, (width + 1) * self.times + 6 * kind, 4)
    }
}

/// A signed big-endian number of four or eight bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let bytes = bytes.get(at..at + width)?;
    Some(match width {
        4 => i64::from(i32::from_be_bytes(bytes.try_into().ok()?)),
        _ => i64::from_be_bytes(bytes.try_into().ok()?),
    })
}

/// A rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Debug, PartialEq)]
struct Rule {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Debug, PartialEq)]
struct Summer {
    offset: i64,
    begin: Turn,
    end: Turn,
}

/// A weekday of a month, and the seconds after its midnight.
#[derive(Debug, PartialEq)]
struct Turn {
    month: i64,
    week: i64,
    weekday: i64,
    seconds: i64,
}

impl Rule {
    fn read(text: &str) -> Option<Self> {
        let (standard, rest) = clock_time(after_name(text)?)?;
        let standard = -standard;
        if rest.is_empty() {
            return Some(Rule { standard, summer: None });
        }
        let rest = after_name(rest)?;
        let (offset, rest) =
            if rest.starts_with(',') { (standard + 3600, rest) } else { clock_time(rest).map(|(west, rest)| (-west, rest))? };
        let (begin, end) = rest.strip_prefix(',')?.split_once(',')?;
        Some(Rule { standard, summer: Some(Summer { offset, begin: Turn::read(begin)?, end: Turn::read(end)? }) })
    }

    fn offset(&self, at: i64) -> i64 {
        let Some(summer) = &self.summer else { return self.standard };
        let year = year_of(at);
        let (begin, end) = (summer.begin.moment(year) - self.standard, summer.end.moment(year) - summer.offset);
        // South of the equator summer begins late in the year and ends early.
        let inside = if begin < end { at >= begin && at < end } else { at >= begin || at < end };
        if inside { summer.offset } else { self.standard }
    }
}

impl Turn {
    fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('/').unwrap_or((text, "2"));
        let mut parts = date.strip_prefix('M')?.split('.').map(str::parse);
        let (month, week, weekday) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        Some(Turn { month, week, weekday, seconds: clock_time(time)?.0 })
    }

    /// Local seconds since 1970 in this year.
    fn moment(&self, year: i64) -> i64 {
        let first = days(year, self.month);
        let next = if self.month == 12 { days(year + 1, 1) } else { days(year, self.month + 1) };
        // The first of January 1970 was a Thursday, day 4 of the week.
        let mut day = first + (self.weekday - (first + 4)).rem_euclid(7) + 7 * (self.week - 1);
        while day >= next {
            day -= 7;
        }
        day * DAY + self.seconds
    }
}

/// What follows a zone's name: letters, or anything between `<` and `>`.
fn after_name(text: &str) -> Option<&str> {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').map(|(_, rest)| rest),
        None => Some(text.trim_start_matches(|c: char| c.is_ascii_alphabetic())).filter(|rest| rest.len() < text.len()),
    }
}

/// `[+-]h[:m[:s]]` in seconds, and what follows.
fn clock_time(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c)).unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    let (sign, time) = match time.strip_prefix('-') {
        Some(time) => (-1, time),
        None => (1, time.strip_prefix('+').unwrap_or(time)),
    };
    let mut seconds = 0;
    for (part, worth) in time.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i64>().ok()? * worth;
    }
    Some((sign * seconds, rest))
}

/// Days from the first of January 1970 to the first of a month in the Gregorian calendar.
fn days(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let is_leap = leaps(year) > leaps(year - 1);
    let within = BEFORE[usize::try_from((month - 1).clamp(0, 11)).unwrap_or(0)] + i64::from(is_leap && month > 2);
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + within
}

fn year_of(at: i64) -> i64 {
    let day = at.div_euclid(DAY);
    let guess = 1970 + day.div_euclid(366);
    (guess..).take_while(|year| days(*year, 1) <= day).last().unwrap_or(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        assert_eq!((days(1970, 1), days(2000, 3), days(2024, 1), days(2026, 11)), (0, 11_017, 19_723, 20_758));
        assert_eq!((year_of(0), year_of(days(2024, 1) * DAY - 1), year_of(days(2024, 1) * DAY)), (1970, 2023, 2024));
    }

    #[test]
    fn rules_turn_the_clock() {
        let berlin = Rule::read("CET-1CEST,M3.5.0,M10.5.0/3").expect("a rule");
        // 29 March and 25 October 2026, 01:00 UTC.
        let (spring, autumn) = (1_774_746_000, 1_792_890_000);
        assert_eq!([spring - 1, spring, autumn - 1, autumn].map(|at| berlin.offset(at)), [3600, 7200, 7200, 3600]);
        let sydney = Rule::read("AEST-10AEDT,M10.1.0,M4.1.0/3").expect("a rule");
        assert_eq!([days(2026, 1) * DAY, days(2026, 7) * DAY].map(|at| sydney.offset(at)), [39_600, 36_000]);
        assert_eq!(Rule::read("CST-8").expect("a rule").offset(0), 28_800);
        assert_eq!(Rule::read("<+0545>-5:45").expect("a rule").offset(0), 20_700);
        assert_eq!(Rule::read("nonsense"), None);
    }

    /// A file of version 2 with one change, to two hours at 1000 s, and then a rule.
    fn file(rule: &str) -> Vec<u8> {
        let header = |times: u8, types: u8| {
            let mut bytes = b"TZif2".to_vec();
            bytes.extend([0; 15]);
            [0, 0, 0, times, types, 4].iter().for_each(|count| bytes.extend([0, 0, 0, *count]));
            bytes
        };
        let mut bytes = header(0, 1);
        bytes.extend([0, 0, 0, 0, 0, 0]);
        bytes.extend(*b"UTC\0");
        bytes.extend(header(1, 2));
        bytes.extend(1000_i64.to_be_bytes());
        bytes.push(1);
        for seconds in [3600_i32, 7200] {
            bytes.extend(seconds.to_be_bytes());
            bytes.extend([0, 0]);
        }
        bytes.extend(*b"ABC\0");
        bytes.extend(format!("\n{rule}\n").bytes());
        bytes
    }

    #[test]
    fn zone_files_are_read() {
        assert_eq!(offset(&file(""), 999), Some(3600));
        assert_eq!(offset(&file(""), 1000), Some(7200));
        assert_eq!(offset(&file("CST-8"), 2000), Some(28_800));
        assert_eq!(offset(b"not a zone", 0), None);
        assert_eq!(offset(&file("")[..60], 0), None, "cut short");
    }

    #[test]
    fn times_have_hours_and_minutes() {
        assert_eq!(time_of_day(0), "00:00");
        assert_eq!(time_of_day(-60), "23:59");
        assert_eq!(time_of_day(14 * 3600 + 5 * 60 + 59), "14:05");
    }
}
