//! Texts that were once decoded with the wrong table: UTF-8 read as Windows-1252 or as GBK.

use encoding_rs::{Encoding, GBK, WINDOWS_1252};

use crate::text::units::is_han;

/// The text as it was meant, if all of it turns out to be UTF-8 that was read as something else.
pub(super) fn repair(text: &str) -> Option<String> {
    let once = from_latin(text).or_else(|| from_gbk(text))?;
    Some(from_latin(&once).unwrap_or(once))
}

fn from_latin(text: &str) -> Option<String> {
    let suspect = |character: char| matches!(u32::from(character), 0x80..=0xFF);
    if !text.contains(suspect) {
        return None;
    }
    let bytes = encode(text, WINDOWS_1252)?;
    String::from_utf8(bytes).ok()
}

/// Chinese text in GBK is by chance valid UTF-8 now and then, so this asks for more: the result is at least two Han characters,
/// all of them everyday ones, while what stands there has a rare one.
fn from_gbk(text: &str) -> Option<String> {
    if text.is_ascii() || text.chars().filter(|character| is_han(*character)).all(is_everyday) {
        return None;
    }
    let meant = String::from_utf8(encode(text, GBK)?).ok()?;
    let mut han = meant.chars().filter(|character| is_han(*character)).peekable();
    let enough = meant.chars().filter(|character| is_han(*character)).nth(1).is_some();
    han.peek()?;
    (enough && han.all(is_everyday)).then_some(meant)
}

fn encode(text: &str, encoding: &'static Encoding) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = encoding.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}

/// Whether a Han character is in the first level of GB 2312: the 3,755 most used ones.
pub(super) fn is_everyday(character: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, _) = GBK.encode(character.encode_utf8(&mut buffer));
    matches!(bytes.as_ref(), [0xB0..=0xD7, 0xA1..=0xFE])
}

/// Whether characters were lost for good. A long document may have lost one in a thousand.
pub(super) fn is_broken(text: &str) -> bool {
    let lost = text.matches('\u{FFFD}').count();
    lost * 1000 > text.chars().count() || ["锟斤拷", "烫烫烫", "屯屯屯", "ï¿½"].iter().any(|sign| text.contains(sign))
}
