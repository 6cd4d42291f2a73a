//! JSON, one record a line or all in one list. A list is cut into its elements first, so that a bad one costs only itself.

use std::io::Read;
use std::ops::Range;

use super::bytes::{Input, line};
use super::{Content, Raw, Records};

pub(super) fn lines(mut input: Input) -> Records {
    let mut number = 0;
    let mut failed = false;
    let next = move || {
        while !failed {
            number += 1;
            let content = match line(&mut input)? {
                Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(bytes) => Content::Json(bytes),
                Err(reason) => {
                    failed = true;
                    Content::Bad(reason)
                }
            };
            return Some(Raw { line: number, content });
        }
        None
    };
    Box::new(std::iter::from_fn(next))
}

/// The elements of a list. A file that begins with no bracket has a record a line, whatever it is called.
pub(super) fn array(mut input: Input) -> Records {
    let mut all = Vec::new();
    if let Err(error) = input.read_to_end(&mut all) {
        return Box::new(std::iter::once(Raw { line: 1, content: Content::Bad(format!("cannot be read: {error}")) }));
    }
    let start = all.iter().position(|byte| !byte.is_ascii_whitespace());
    match start {
        Some(start) if all[start] == b'[' => {
            let elements = elements(&all, start + 1);
            let mut counted = (0, 1);
            Box::new(elements.into_iter().map(move |range| {
                counted.1 += all[counted.0..range.start].iter().filter(|byte| **byte == b'\n').count() as u32;
                counted.0 = range.start;
                Raw { line: counted.1, content: Content::Json(all[range].to_vec()) }
            }))
        }
        _ => lines(Box::new(std::io::Cursor::new(all))),
    }
}

fn elements(all: &[u8], from: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    let mut start = from;
    let mut close = |range: Range<usize>| {
        let blank = |byte: &u8| byte.is_ascii_whitespace();
        let trimmed = range.start + all[range.clone()].iter().take_while(|byte| blank(byte)).count();
        if trimmed < range.end {
            found.push(trimmed..range.end);
        }
    };
    for (at, byte) in all.iter().enumerate().skip(from) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            b'[' | b'{' => depth += 1,
            b']' if depth == 0 => {
                close(start..at);
                return found;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                close(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    close(start..all.len());
    found
}
