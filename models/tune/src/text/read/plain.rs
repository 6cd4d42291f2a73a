//! Plain text, cut into lines, paragraphs or not at all.

use super::bytes::{Input, line};
use super::{Content, Per, Raw, Records};

pub(super) fn texts(mut input: Input, per: Per) -> Records {
    let mut number = 0;
    let mut ended = false;
    let next = move || {
        let mut text: Vec<u8> = Vec::new();
        let mut start = number + 1;
        while !ended {
            let bytes = match line(&mut input) {
                Some(Ok(bytes)) => bytes,
                Some(Err(reason)) => {
                    ended = true;
                    return Some(Raw { line: number + 1, content: Content::Bad(reason) });
                }
                None => {
                    ended = true;
                    break;
                }
            };
            number += 1;
            let blank = bytes.iter().all(u8::is_ascii_whitespace);
            if text.is_empty() {
                start = number;
            }
            if !(blank && text.is_empty()) {
                text.extend_from_slice(&bytes);
                text.push(b'\n');
            }
            if !text.is_empty() && (per == Per::Line || (per == Per::Paragraph && blank)) {
                break;
            }
        }
        (!text.is_empty()).then_some(Raw { line: start, content: Content::Plain(text) })
    };
    Box::new(std::iter::from_fn(next))
}
