//! Tape archives, as much of them as a bundle needs: plain files and folders with short names. Everything else that the format can
//! say (links, devices, sparse files, long names, attributes) is refused by its type, before a byte of it is read.

use std::io::{self, Read};

use crate::update::error::UpdateError;
use crate::update::names;

const BLOCK: usize = 512;

/// One file or folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, checked.
    pub(super) name: String,
    /// Bytes; a folder has none.
    pub(super) size: u64,
    /// Whether it is a folder.
    pub(super) folder: bool,
}

/// Reads an archive member by member; reading from it gives the content of the last one.
pub(super) struct Members<R> {
    input: R,
    left: u64,
    padding: usize,
}

impl<R: Read> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Members { input, left: 0, padding: 0 }
    }

    /// The next member; `None` at the end. What was not read of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Member>, UpdateError> {
        io::copy(&mut self.by_ref().take(u64::MAX), &mut io::sink()).map_err(broken)?;
        self.pass_padding()?;
        let mut block = [0; BLOCK];
        self.input.read_exact(&mut block).map_err(broken)?;
        if block.iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        let member = parse(&block)?;
        self.left = member.size;
        self.padding = (BLOCK - (member.size % BLOCK as u64) as usize) % BLOCK;
        Ok(Some(member))
    }

    /// Padding belongs to nothing that is signed, so it has to be what everybody writes.
    fn pass_padding(&mut self) -> Result<(), UpdateError> {
        let mut block = [0; BLOCK];
        let padding = &mut block[..std::mem::take(&mut self.padding)];
        self.input.read_exact(padding).map_err(broken)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(UpdateError::Altered { name: ARCHIVE.to_owned() });
        }
        Ok(())
    }

    /// After the first block of zeros comes nothing but more of them, up to a full record.
    fn end(&mut self) -> Result<(), UpdateError> {
        const RECORD: u64 = 1 << 20;
        let mut rest = Vec::new();
        self.input.by_ref().take(RECORD + 1).read_to_end(&mut rest).map_err(broken)?;
        if rest.len() as u64 > RECORD {
            return Err(UpdateError::Bomb { limit: RECORD });
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(UpdateError::Altered { name: ARCHIVE.to_owned() });
        }
        Ok(())
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let length = self.input.read(&mut buffer[..most])?;
        if length == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= length as u64;
        Ok(length)
    }
}

/// What the whole file is called in messages.
pub(super) const ARCHIVE: &str = "the archive";

/// A stream that cannot be decoded was altered, unless it just ends.
pub(super) fn broken(error: io::Error) -> UpdateError {
    match super::read_error(ARCHIVE)(error) {
        UpdateError::Carrier { source, .. } if source.raw_os_error().is_none() => UpdateError::Altered { name: ARCHIVE.to_owned() },
        other => other,
    }
}

fn parse(block: &[u8; BLOCK]) -> Result<Member, UpdateError> {
    let altered = || UpdateError::Altered { name: ARCHIVE.to_owned() };
    let sum: u64 = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    if octal(&block[148..156]) != Some(sum) || &block[257..262] != b"ustar" {
        return Err(altered());
    }
    let prefix = text(&block[345..500]);
    // The format of GNU has times where others have the rest of the name.
    let prefix = if &block[257..263] == b"ustar\0" { prefix } else { String::new() };
    let name = if prefix.is_empty() { text(&block[..100]) } else { format!("{prefix}/{}", text(&block[..100])) };
    let folder = match block[156] {
        b'0' | 0 => false,
        b'5' => true,
        b'1' | b'2' => return Err(UpdateError::Link { name }),
        b'3' | b'4' => return Err(UpdateError::Special { name, what: "a device" }),
        b'6' => return Err(UpdateError::Special { name, what: "a pipe" }),
        b'S' => return Err(UpdateError::Special { name, what: "a sparse file" }),
        b'L' | b'x' | b'g' => return Err(UpdateError::Special { name, what: "a long name or an attribute" }),
        _ => return Err(UpdateError::Special { name, what: "of an unknown kind" }),
    };
    let size = octal(&block[124..136]).ok_or_else(altered)?;
    let name = name.strip_suffix('/').filter(|_| folder).map_or(name.clone(), str::to_owned);
    // `tar c .` calls everything `./name`.
    let name = name.strip_prefix("./").map_or(name.clone(), str::to_owned);
    if !(folder && name == ".") {
        names::check(&name)?;
    }
    if folder && size != 0 {
        return Err(altered());
    }
    Ok(Member { name, size, folder })
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// A number in octal digits. The other way of writing numbers is for sizes above what a bundle may have.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(digits, 8).ok()
}

/// The header of a plain file, with nothing in it that differs from one machine or day to another.
pub(super) fn header(name: &str, size: u64) -> Option<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    if name.len() > 100 || size >= 1 << 33 {
        return None;
    }
    put(0, name.as_bytes());
    for (at, text) in [(100, "0000644"), (108, "0000000"), (116, "0000000"), (136, "00000000000"), (148, "        ")] {
        put(at, text.as_bytes());
    }
    put(124, format!("{size:011o}").as_bytes());
    put(156, b"0ustar\0");
    // Type, then the magic at its place.
    block[157..163].fill(0);
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let mut all = Vec::new();
        for (name, kind, content) in members {
            let mut block = header(name, content.len() as u64).unwrap();
            block[156] = *kind;
            block[148..156].fill(b' ');
            let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            all.extend(block);
            all.extend(*content);
            all.resize(all.len().next_multiple_of(BLOCK), 0);
        }
        all.resize(all.len() + 2 * BLOCK, 0);
        all
    }

    fn first(bytes: &[u8]) -> Result<Option<Member>, UpdateError> {
        Members::new(bytes).next()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = archive(&[("a/b.json", b'0', b"hello"), ("c", b'5', b""), ("d", b'0', b"")]);
        let mut members = Members::new(bytes.as_slice());
        let member = members.next().unwrap().unwrap();
        assert_eq!((member.name.as_str(), member.size, member.folder), ("a/b.json", 5, false));
        let mut content = String::new();
        members.by_ref().take(9).read_to_string(&mut content).unwrap();
        assert_eq!(content, "hello");
        assert!(members.next().unwrap().unwrap().folder);
        assert_eq!(members.next().unwrap().unwrap().name, "d");
        assert_eq!(members.next().unwrap(), None);
    }

    #[test]
    fn every_other_kind_is_refused() {
        for kind in *b"1234567SLKDMNVxgAX" {
            let refused = first(&archive(&[("a", kind, b"")]));
            let fine = kind == b'5' && refused.is_ok();
            assert!(fine || matches!(refused, Err(UpdateError::Link { .. } | UpdateError::Special { .. })), "{}", kind as char);
        }
    }

    #[test]
    fn a_header_with_a_wrong_sum_and_a_dirty_padding_are_refused() {
        let good = archive(&[("a", b'0', b"x")]);
        for at in [0, 5, 124, 156, 200, 257, 400, 511] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(first(&bad).is_err(), "{at}");
        }
        let mut bad = good.clone();
        bad[BLOCK + 7] = 1;
        let mut members = Members::new(bad.as_slice());
        members.next().unwrap();
        assert!(matches!(members.next(), Err(UpdateError::Altered { .. })));
    }

    #[test]
    fn an_archive_that_is_cut_is_incomplete() {
        let good = archive(&[("a", b'0', b"x")]);
        assert!(matches!(first(&good[..100]), Err(UpdateError::Partial { .. })));
        let mut members = Members::new(&good[..BLOCK]);
        members.next().unwrap();
        assert!(matches!(members.next(), Err(UpdateError::Partial { .. })));
    }
}
