//! Makes one file of a bundle's folder: metadata first, so that a reader can check everything after it while it passes by.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ruzstd::encoding::{CompressionLevel, compress};

use super::tar::header;
use crate::update::disk;
use crate::update::error::UpdateError;

/// Packs `folder` into the new file `out`, and returns its path.
pub(crate) fn pack(folder: &Path, out: &Path) -> Result<PathBuf, UpdateError> {
    let mut archive: Box<dyn Read> = Box::new(io::empty());
    for name in ["metadata", "targets"].iter().map(|top| files(folder, top)).collect::<Result<Vec<_>, _>>()?.concat() {
        archive = Box::new(archive.chain(member(folder, &name)?));
    }
    // Two blocks of zeros are the end.
    archive = Box::new(archive.chain(io::repeat(0).take(1024)));
    let file = File::create_new(out).map_err(UpdateError::io(out))?;
    // The compressor knows no errors, so they are kept here until it is through.
    let trouble = RefCell::new(None);
    let source = Kept { inner: archive, trouble: &trouble };
    let mut drain = Kept { inner: BufWriter::new(file), trouble: &trouble };
    compress(source, &mut drain, CompressionLevel::Fastest);
    let flushed = drain.inner.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    trouble.into_inner().map_or(flushed, Err).map_err(UpdateError::io(out))?;
    Ok(out.to_owned())
}

/// The files below `name`, with their whole names, in order.
fn files(folder: &Path, name: &str) -> Result<Vec<String>, UpdateError> {
    if !folder.join(name).is_dir() {
        return Ok(vec![name.to_owned()]);
    }
    let mut found = Vec::new();
    for part in disk::list(&folder.join(name))? {
        found.extend(files(folder, &format!("{name}/{}", part.to_string_lossy()))?);
    }
    Ok(found)
}

fn member(folder: &Path, name: &str) -> Result<impl Read + 'static, UpdateError> {
    let path = folder.join(name);
    let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (size, file) = opened.map_err(UpdateError::io(&path))?;
    let too_large = || UpdateError::TooLarge { name: name.to_owned(), size, limit: u64::from(u32::MAX) };
    let header = header(name, size).ok_or_else(too_large)?;
    let padding = size.next_multiple_of(512) - size;
    Ok(io::Cursor::new(header).chain(file.take(size)).chain(io::repeat(0).take(padding)))
}

/// Keeps the first error, and goes on as if nothing more came or everything was written.
struct Kept<'a, T> {
    inner: T,
    trouble: &'a RefCell<Option<io::Error>>,
}

impl<T> Kept<'_, T> {
    fn keep(&self, error: io::Error) {
        self.trouble.borrow_mut().get_or_insert(error);
    }
}

impl<T: Read> Read for Kept<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        Ok(read.unwrap_or_else(|error| {
            self.keep(error);
            0
        }))
    }
}

impl<T: Write> Write for Kept<'_, T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.inner.write_all(buffer) {
            self.keep(error);
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The same compression for bytes.
#[cfg(test)]
pub(crate) fn compress_for_tests(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Back again.
#[cfg(test)]
pub(crate) fn unpack_for_tests(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(bytes).unwrap().read_to_end(&mut unpacked).unwrap();
    unpacked
}
