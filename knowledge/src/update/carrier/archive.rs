//! A bundle as one file: a tape archive, mostly in Zstandard. The decompressor is written in Rust, because what it reads was not
//! verified yet. The metadata has to come first, so that the targets can be checked while they pass by, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};

use ruzstd::decoding::StreamingDecoder;

use super::tar::{ARCHIVE, Member, Members, broken};
use super::{Collected, FILES_LIMIT, FromStart, Metadata, Take, Wanted};
use crate::update::error::UpdateError;

/// How far back the decompressor may have to look, which is what it needs in memory.
const WINDOW_LIMIT: u64 = 64 << 20;
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

type Input = Box<dyn Read + Send>;

/// The archive, at its first target.
pub(super) struct Archive {
    members: Members<Input>,
    first: Option<Member>,
    seen: usize,
}

impl Archive {
    /// Reads up to the first target.
    pub(super) fn open(file: File) -> Result<(Archive, Metadata), UpdateError> {
        let mut archive = Archive { members: Members::new(unpacked(file)?), first: None, seen: 0 };
        let mut collected = Collected::default();
        while let Some(member) = archive.next()? {
            match member.name.strip_prefix("metadata/") {
                Some(name) if name.contains('/') => return Err(UpdateError::Unsigned { name: member.name }),
                Some(name) => collected.add(name, member.size, &mut archive.members)?,
                None => {
                    archive.first = Some(member);
                    break;
                }
            }
        }
        Ok((archive, collected.files))
    }

    /// The next file.
    fn next(&mut self) -> Result<Option<Member>, UpdateError> {
        loop {
            self.seen += 1;
            if self.seen > FILES_LIMIT {
                return Err(UpdateError::TooMany { limit: FILES_LIMIT });
            }
            match self.members.next()? {
                Some(member) if member.folder => {}
                other => return Ok(other),
            }
        }
    }

    /// Hands over the targets in the archive's order.
    pub(super) fn targets(mut self, wanted: &BTreeMap<String, Wanted>, take: Take) -> Result<(), UpdateError> {
        let mut missing: BTreeSet<&str> = wanted.keys().map(String::as_str).collect();
        let mut next = self.first.take();
        while let Some(member) = next {
            let name = member.name.strip_prefix("targets/").unwrap_or(&member.name);
            let target = wanted.get(name).filter(|_| member.name.starts_with("targets/"));
            let target = target.ok_or_else(|| UpdateError::Unsigned { name: member.name.clone() })?;
            if !missing.remove(name) {
                return Err(UpdateError::malformed(name, "it comes twice"));
            }
            match member.size.cmp(&target.length) {
                std::cmp::Ordering::Less => return Err(UpdateError::Partial { name: name.to_owned() }),
                std::cmp::Ordering::Greater => {
                    return Err(UpdateError::TooLarge { name: name.to_owned(), size: member.size, limit: target.length });
                }
                std::cmp::Ordering::Equal => take(name, target, &mut self.members)?,
            }
            next = self.next()?;
        }
        missing.first().map_or(Ok(()), |name| Err(UpdateError::Partial { name: (*name).to_owned() }))
    }
}

/// The archive's bytes, decompressed if they are compressed.
fn unpacked(file: File) -> Result<Input, UpdateError> {
    let mut input = BufReader::with_capacity(1 << 16, FromStart { file, at: 0 });
    let start = std::io::BufRead::fill_buf(&mut input).map_err(broken)?;
    if !start.starts_with(&ZSTANDARD) {
        return Ok(Box::new(input));
    }
    let decoder = StreamingDecoder::new_with_max_window_size(input, WINDOW_LIMIT);
    let decoder = decoder.map_err(|_| UpdateError::Altered { name: ARCHIVE.to_owned() })?;
    Ok(Box::new(OneFrame { decoder }))
}

/// One frame and nothing after it.
struct OneFrame<R: Read> {
    decoder: StreamingDecoder<R, ruzstd::decoding::FrameDecoder>,
}

impl<R: Read> Read for OneFrame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The decompressor may not lose its temper over what a stranger wrote.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.decoder.read(buffer)));
        let altered = || io::Error::other(UpdateError::Altered { name: ARCHIVE.to_owned() });
        let length =
            read.map_err(|_| altered())?.map_err(|error| if error.raw_os_error().is_some() { error } else { cut_or(altered(), &error) })?;
        if length > 0 || buffer.is_empty() {
            return Ok(length);
        }
        let sums = (self.decoder.decoder.get_checksum_from_data(), self.decoder.decoder.get_calculated_checksum());
        if matches!(sums, (Some(said), Some(found)) if said != found) {
            return Err(altered());
        }
        match self.decoder.get_mut().read(&mut [0]) {
            Ok(0) => Ok(0),
            Ok(_) => Err(altered()),
            Err(error) => Err(error),
        }
    }
}

/// Whether the decompressor's complaint comes from a file that just ends.
fn cut_or(altered: io::Error, error: &io::Error) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
            return io::ErrorKind::UnexpectedEof.into();
        }
        cause = inner.source();
    }
    altered
}
