//! The dictionary of options that comes with a question: read strictly, so that a misspelt key is found by whoever wrote it.

use std::collections::HashMap;
use std::time::Duration;

use plugins::zone::Zone;
use zbus::{OwnedVariant, Variant};

use super::error::{Error, Result};
use crate::desk::{DEADLINE, Request};
use crate::turns::Defaults;

/// Bytes of an utterance, and of every other text that is to be understood.
pub(super) const TEXT_LIMIT: usize = 4096;
/// Entries of a dictionary of options.
const OPTIONS_LIMIT: usize = 64;
/// Texts, candidates and alternatives in one call.
pub(super) const LIST_LIMIT: usize = 256;
/// The longest time that may be asked for.
const LONGEST_DEADLINE_MS: u32 = 600_000;

/// A dictionary of options as it comes from the bus.
pub(super) type Options = HashMap<String, OwnedVariant>;

/// Reads the options of `Ask` and `Understand`.
pub(super) fn request(options: &Options, defaults: &Defaults) -> Result<Request> {
    let mut request = Request {
        language: defaults.language.clone(),
        zone: defaults.zone.unwrap_or(Zone::Driver),
        alternatives: Vec::new(),
        deadline: DEADLINE,
    };
    check_count(options)?;
    for (key, value) in options {
        match key.as_str() {
            "language" => request.language = language(value)?,
            "zone" => request.zone = zone(value)?,
            "source" => source(value)?,
            "alternatives" => request.alternatives = alternatives(value)?,
            "deadline-ms" => request.deadline = deadline(value)?,
            other => return Err(unknown(other, "language, zone, source, alternatives, deadline-ms")),
        }
    }
    Ok(request)
}

/// Reads the options of `OpenSession`: what its turns take when theirs do not say.
pub(super) fn session_defaults(options: &Options) -> Result<Defaults> {
    check_count(options)?;
    let mut defaults = Defaults::default();
    for (key, value) in options {
        match key.as_str() {
            "language" => defaults.language = language(value)?,
            "zone" => defaults.zone = Some(zone(value)?),
            other => return Err(unknown(other, "language, zone")),
        }
    }
    Ok(defaults)
}

/// Reads the options of `Search`: the language of what is wanted; empty: any.
pub(super) fn search_language(options: &Options) -> Result<String> {
    check_count(options)?;
    if let Some(other) = options.keys().find(|key| *key != "language") {
        return Err(unknown(other, "language"));
    }
    options.get("language").map_or_else(|| Ok(String::new()), language)
}

/// Refuses options where there are none.
pub(super) fn check_none(options: &Options) -> Result<()> {
    check_count(options)?;
    options.keys().next().map_or(Ok(()), |other| Err(unknown(other, "none")))
}

/// Refuses a text over the limit.
pub(super) fn check_text(text: &str) -> Result<()> {
    if text.len() > TEXT_LIMIT {
        return Err(Error::TooLarge(format!("the text has {} bytes; {TEXT_LIMIT} is the limit", text.len())));
    }
    Ok(())
}

/// Refuses a list over the limit, or one with a text over it.
pub(super) fn check_texts(texts: &[String]) -> Result<()> {
    if texts.len() > LIST_LIMIT {
        return Err(Error::TooLarge(format!("the list has {} texts; {LIST_LIMIT} is the limit", texts.len())));
    }
    texts.iter().try_for_each(|text| check_text(text))
}

fn check_count(options: &Options) -> Result<()> {
    if options.len() > OPTIONS_LIMIT {
        return Err(Error::TooLarge(format!("the options have {} entries; {OPTIONS_LIMIT} is the limit", options.len())));
    }
    Ok(())
}

fn unknown(key: &str, known: &str) -> Error {
    // A key may be as long as the bus allows; the sentence need not.
    let key: String = key.chars().take(64).collect();
    Error::BadRequest(format!("the option '{key}' is not known; known are {known}"))
}

fn wrong(key: &str, wanted: &str) -> Error {
    Error::BadRequest(format!("the option '{key}' must be {wanted}"))
}

fn text<'a>(key: &str, value: &'a OwnedVariant) -> Result<&'a str> {
    <&str>::try_from(value).map_err(|_| wrong(key, "a string"))
}

fn language(value: &OwnedVariant) -> Result<String> {
    match text("language", value)? {
        known @ ("" | "zh" | "en") => Ok(known.to_owned()),
        _ => Err(wrong("language", "'zh', 'en' or empty")),
    }
}

fn zone(value: &OwnedVariant) -> Result<Zone> {
    let name = text("zone", value)?;
    name.parse().map_err(|_| wrong("zone", "driver, passenger, rear-left, rear-middle or rear-right"))
}

/// Nothing depends on the source yet; it is checked, so that a client's mistake is found before something does.
fn source(value: &OwnedVariant) -> Result<()> {
    match text("source", value)? {
        "text" | "voice" => Ok(()),
        _ => Err(wrong("source", "'text' or 'voice'")),
    }
}

fn deadline(value: &OwnedVariant) -> Result<Duration> {
    match u32::try_from(value) {
        Ok(milliseconds @ 1..=LONGEST_DEADLINE_MS) => Ok(Duration::from_millis(milliseconds.into())),
        _ => Err(wrong("deadline-ms", "a number (u) from 1 to 600000")),
    }
}

fn alternatives(value: &OwnedVariant) -> Result<Vec<(String, f64)>> {
    let wanted = || wrong("alternatives", "a list (a(sd)) of readings with a confidence from 0 to 1");
    let Variant::Array(array) = &**value else { return Err(wanted()) };
    if array.len() > LIST_LIMIT {
        return Err(Error::TooLarge(format!("the option 'alternatives' has {} readings; {LIST_LIMIT} is the limit", array.len())));
    }
    array.iter().map(|row| reading(row).ok_or_else(wanted).and_then(|row| check_text(&row.0).map(|()| row))).collect()
}

fn reading(row: &Variant<'_>) -> Option<(String, f64)> {
    let Variant::Structure(structure) = row else { return None };
    match structure.fields() {
        [Variant::Str(text), Variant::F64(confidence)] if (0.0..=1.0).contains(confidence) => Some((text.to_string(), *confidence)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options<const N: usize>(entries: [(&str, Variant<'static>); N]) -> Options {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value.try_into_owned().unwrap())).collect()
    }

    fn read<const N: usize>(entries: [(&str, Variant<'static>); N]) -> Result<Request> {
        request(&options(entries), &Defaults::default())
    }

    fn refused<const N: usize>(entries: [(&str, Variant<'static>); N], key: &str) {
        match read(entries) {
            Err(Error::BadRequest(sentence)) => assert!(sentence.contains(key), "{sentence}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_is_the_driver_in_any_language() {
        let request = read([]).unwrap();
        assert_eq!((request.language.as_str(), request.zone, request.deadline), ("", Zone::Driver, DEADLINE));
    }

    #[test]
    fn everything_said_is_taken() {
        let readings = vec![("turn it up".to_owned(), 0.4_f64)];
        let read = read([
            ("language", "en".into()),
            ("zone", "rear-left".into()),
            ("source", "voice".into()),
            ("alternatives", readings.clone().into()),
            ("deadline-ms", 250_u32.into()),
        ]);
        let expected =
            Request { language: "en".into(), zone: Zone::RearLeft, alternatives: readings, deadline: Duration::from_millis(250) };
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn a_session_fills_what_a_turn_leaves_out() {
        let defaults = session_defaults(&options([("zone", "passenger".into()), ("language", "zh".into())])).unwrap();
        let filled = request(&options([("language", "en".into())]), &defaults).unwrap();
        assert_eq!((filled.language.as_str(), filled.zone), ("en", Zone::Passenger));
    }

    #[test]
    fn mistakes_name_the_key() {
        refused([("langauge", "en".into())], "langauge");
        refused([("language", "fr".into())], "language");
        refused([("language", 1_u32.into())], "language");
        refused([("zone", "boot".into())], "zone");
        refused([("source", "radio".into())], "source");
        refused([("deadline-ms", 0_u32.into())], "deadline-ms");
        refused([("deadline-ms", 5_i32.into())], "deadline-ms");
        refused([("alternatives", "x".into())], "alternatives");
        refused([("alternatives", vec!["x"].into())], "alternatives");
        refused([("alternatives", vec![("x".to_owned(), f64::NAN)].into())], "alternatives");
    }

    #[test]
    fn too_much_is_too_large() {
        let many: Options = (0..65).map(|number| (format!("k{number}"), 1_u32.into())).collect();
        assert!(matches!(request(&many, &Defaults::default()), Err(Error::TooLarge(_))));
        let readings: Vec<(String, f64)> = (0..257).map(|_| ("x".to_owned(), 0.5)).collect();
        assert!(matches!(read([("alternatives", readings.into())]), Err(Error::TooLarge(_))));
        let long = vec![("x".repeat(TEXT_LIMIT + 1), 0.5)];
        assert!(matches!(read([("alternatives", long.into())]), Err(Error::TooLarge(_))));
    }

    #[test]
    fn texts_are_measured_in_bytes() {
        assert!(check_text(&"x".repeat(TEXT_LIMIT)).is_ok());
        assert!(check_text(&"窗".repeat(TEXT_LIMIT / 3 + 1)).is_err());
        assert!(check_texts(&vec![String::new(); LIST_LIMIT]).is_ok());
        assert!(check_texts(&vec![String::new(); LIST_LIMIT + 1]).is_err());
    }

    #[test]
    fn a_search_knows_one_option() {
        assert_eq!(search_language(&options([("language", "zh".into())])).unwrap(), "zh");
        assert!(search_language(&options([("zone", "driver".into())])).is_err());
    }
}
