//! Files as streams of bytes: packed or not, and UTF-16 turned into UTF-8.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};
use lzma_rust2::XzReader;

use crate::text::error::TextError;

/// What formats read from.
pub(super) type Input = Box<dyn BufRead + Send>;

pub(super) fn open(path: &Path) -> Result<Input, TextError> {
    let file = File::open(path).map_err(TextError::read(path))?;
    let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xz"));
    let mut input: Input = if packed {
        Box::new(BufReader::with_capacity(1 << 16, XzReader::new(BufReader::new(file), true)))
    } else {
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    // A broken stream shows itself again when its records are read, with the line.
    let head = input.fill_buf().unwrap_or_default();
    match Encoding::for_bom(head) {
        Some((encoding, length)) if encoding == UTF_8 => input.consume(length),
        Some((encoding, _)) => {
            // UTF-16 has line breaks inside of characters, so it is read as a whole.
            let mut all = Vec::new();
            input.read_to_end(&mut all).map_err(TextError::read(path))?;
            let (text, _, _) = encoding.decode(&all);
            return Ok(Box::new(Cursor::new(text.into_owned().into_bytes())));
        }
        None => {}
    }
    Ok(input)
}

/// The next line without its end; none at the end of the file.
pub(super) fn line(input: &mut Input) -> Option<Result<Vec<u8>, String>> {
    let mut bytes = Vec::new();
    match input.read_until(b'\n', &mut bytes) {
        Ok(0) => None,
        Ok(_) => {
            while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                bytes.pop();
            }
            Some(Ok(bytes))
        }
        Err(error) => Some(Err(format!("the rest of the file cannot be read: {error}"))),
    }
}
