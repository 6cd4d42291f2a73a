//! Bytes to text: UTF-8, else what the bytes look like.

use encoding_rs::{GB18030, WINDOWS_1252};

use crate::text::units::is_han;

/// The text, and whether its encoding had to be guessed.
///
/// # Errors
/// If no encoding fits; where the first wrong byte is.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(String, bool), String> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok((text, false)),
        Err(error) => error,
    };
    let valid = error.utf8_error().valid_up_to();
    match chinese(error.as_bytes()).or_else(|| western(error.as_bytes())) {
        Some(text) => Ok((text, true)),
        None => Err(format!("neither UTF-8 nor GB 18030 nor Windows-1252 (byte {} of the record)", valid + 1)),
    }
}

/// Accepted if three in four of the characters beyond ASCII are Han or Chinese punctuation.
fn chinese(bytes: &[u8]) -> Option<String> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    let foreign = text.chars().filter(|character| !character.is_ascii());
    let usual = |character: &char| {
        is_han(*character) || matches!(u32::from(*character), 0x2010..=0x203F | 0x3000..=0x301F | 0xFF00..=0xFFEF | 0xB7)
    };
    let (all, fitting) = (foreign.clone().count(), foreign.filter(usual).count());
    (fitting * 4 >= all * 3).then(|| text.into_owned())
}

/// Accepted if what is beyond ASCII are letters, quotes and dashes, and most of the text is ASCII.
fn western(bytes: &[u8]) -> Option<String> {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let foreign = text.chars().filter(|character| !character.is_ascii());
    let usual = |character: char| matches!(u32::from(character), 0xA0 | 0xA3 | 0xB0 | 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0xFF | 0x2013..=0x2026 | 0x20AC);
    (foreign.clone().count() * 4 <= text.chars().count() && foreign.clone().all(usual)).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, ()>) {
        let found = decode(bytes.to_vec()).map(|(text, _)| text);
        assert_eq!(found.as_deref().map_err(|_| ()), expected, "{bytes:?}");
    }

    #[test]
    fn encodings_are_recognized() {
        check("打开空调".as_bytes(), Ok("打开空调"));
        check(&[0xB4, 0xF2, 0xBF, 0xAA, 0xBF, 0xD5, 0xB5, 0xF7], Ok("打开空调"));
        check(b"say caf\xE9 or na\xEFve", Ok("say café or naïve"));
        check(b"ok \xFF\xFE\x80\x81", Err(()));
    }
}
