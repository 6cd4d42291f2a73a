//! Check digits and limits that tell personal data from other numbers.

/// ISO 3779 with the check digit of 49 CFR 565.15, which China's GB 16735 shares: position 9 holds the weighted sum modulo 11.
pub(super) fn is_vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let text = text.to_ascii_uppercase();
    let values: Option<Vec<u32>> = text.chars().map(vin_value).collect();
    let Some(values) = values.filter(|values| values.len() == 17) else { return false };
    let sum: u32 = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    let check = char::from_digit(sum % 11, 10).unwrap_or('X');
    text.chars().nth(8) == Some(check) && text.contains(|character: char| character.is_ascii_alphabetic()) && has_digits(&text, 3)
}

fn vin_value(character: char) -> Option<u32> {
    if let Some(digit) = character.to_digit(10) {
        return Some(digit);
    }
    let places = "ABCDEFGH JKLMN P R STUVWXYZ";
    let values = "12345678 12345 7 9 23456789";
    let at = places.find(character).filter(|_| character != ' ')?;
    values.chars().nth(at)?.to_digit(10)
}

pub(super) fn has_digits(text: &str, least: usize) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= least
}

/// GB 11643-1999: 17 digits, among them a date, and a check character by ISO 7064, MOD 11-2.
pub(super) fn is_resident_number(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let compact: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if compact.len() != 18 || !compact[..17].bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| compact[range].parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(6..10), number(10..12), number(12..14));
    let sum: u32 = compact.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight).sum();
    let check = "10X98765432".chars().nth((sum % 11) as usize);
    let date = (1880..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    date && check == compact[17..].to_ascii_uppercase().chars().next()
}

/// ISO/IEC 7812-1, annex B.
pub(super) fn satisfies_luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|character| character.to_digit(10)).collect();
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits.iter().rev().enumerate().map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit }).sum();
    (15..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

/// Whether two numbers can be latitude and longitude, in either order. Where both are below 10 is the open sea, but for the
/// coast from Lagos to Libreville, and so are most pairs of numbers that mean something else.
pub(super) fn is_position(text: &str) -> bool {
    let numbers: Vec<f64> = text
        .split(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-' | '+')))
        .filter_map(|part| part.parse().ok())
        .map(f64::abs)
        .collect();
    matches!(numbers[..], [one, two] if one.max(two) >= 10.0 && one.min(two) <= 90.0 && one.max(two) <= 180.0)
}
