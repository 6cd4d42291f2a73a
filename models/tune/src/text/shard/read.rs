//! Reading shards, one by one and as a whole split.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::{END, FOOTER, MAGIC, code};
use crate::text::error::TextError;
use crate::text::example::Example;
use crate::text::split::Part;

/// One file of examples. It is checked as a whole when it is opened, and can be read from many threads.
#[derive(Debug)]
pub struct Shard {
    path: PathBuf,
    file: File,
    offsets: Vec<u64>,
}

impl Shard {
    /// Opens a shard and compares its checksum.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn open(path: &Path) -> Result<Self, TextError> {
        let file = File::open(path).map_err(TextError::read(path))?;
        let refuse = |reason: &str| TextError::Shard { path: path.to_owned(), reason: reason.to_owned() };
        let size = file.metadata().map_err(TextError::read(path))?.len();
        let body = size.checked_sub(FOOTER as u64).ok_or_else(|| refuse("it is cut short"))?;
        let mut footer = [0; FOOTER];
        file.read_exact_at(&mut footer, body).map_err(TextError::read(path))?;
        if footer[16..] != END[..] {
            return Err(refuse("it is no shard, or it is cut short"));
        }
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| footer[at + byte]));
        let (count, hash) = (number(0), number(8));
        if hash_of(&file, body).map_err(TextError::read(path))? != hash {
            return Err(refuse("its checksum is another one"));
        }
        let index = count.checked_add(1).and_then(|entries| entries.checked_mul(8)).filter(|bytes| bytes + MAGIC.len() as u64 <= body);
        let index = index.ok_or_else(|| refuse("its index is longer than the file"))?;
        let mut bytes = vec![0; index as usize];
        file.read_exact_at(&mut bytes, body - index).map_err(TextError::read(path))?;
        let offsets: Vec<u64> = bytes.chunks_exact(8).map(|eight| u64::from_le_bytes(std::array::from_fn(|byte| eight[byte]))).collect();
        let ordered = offsets.is_sorted() && offsets.first() == Some(&(MAGIC.len() as u64)) && offsets.last() == Some(&(body - index));
        if !ordered {
            return Err(refuse("its index does not fit"));
        }
        Ok(Self { path: path.to_owned(), file, offsets })
    }

    /// How many examples it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The example at this place.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn get(&self, at: usize) -> Result<Example, TextError> {
        let refuse = |reason: String| TextError::Shard { path: self.path.clone(), reason };
        let (Some(start), Some(end)) = (self.offsets.get(at), self.offsets.get(at + 1)) else {
            return Err(refuse(format!("it has {} examples, not {}", self.len(), at + 1)));
        };
        let mut bytes = vec![0; (end - start) as usize];
        self.file.read_exact_at(&mut bytes, *start).map_err(TextError::read(&self.path))?;
        code::decode(&bytes).ok_or_else(|| refuse(format!("example {at} is not readable")))
    }
}

fn hash_of(file: &File, length: u64) -> std::io::Result<u64> {
    let mut hash = Xxh3::new();
    let mut reader = BufReader::with_capacity(1 << 18, file).take(length);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.digest());
        }
        hash.update(&buffer[..read]);
    }
}

/// One split of a prepared folder: all its shards, as one list of examples.
#[derive(Debug)]
pub struct Dataset {
    shards: Vec<Shard>,
    /// The number of the first example in each shard.
    firsts: Vec<usize>,
    len: usize,
}

impl Dataset {
    /// Opens the shards of a split in the folder that `prepare` wrote. A split may be empty.
    ///
    /// # Errors
    /// If the folder holds no finished data, or a shard is damaged.
    pub fn open(folder: &Path, part: Part) -> Result<Self, TextError> {
        let card = folder.join("card.json");
        if !card.is_file() {
            let reason = "it has no card.json, so nothing was prepared there, or that did not finish".to_owned();
            return Err(TextError::Folder { path: folder.to_owned(), reason });
        }
        let start = format!("{}-", part.name());
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(TextError::read(folder))? {
            let path = entry.map_err(TextError::read(folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(&start) && name.ends_with(".shard") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(Self::of(paths.iter().map(|path| Shard::open(path)).collect::<Result<_, _>>()?))
    }

    pub(crate) fn of(shards: Vec<Shard>) -> Self {
        let mut len = 0;
        let mut firsts = Vec::with_capacity(shards.len());
        for shard in &shards {
            firsts.push(len);
            len += shard.len();
        }
        Self { shards, firsts, len }
    }

    /// How many examples it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The example with this number, from 0.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn get(&self, number: usize) -> Result<Example, TextError> {
        let shard = self.firsts.partition_point(|first| *first <= number).saturating_sub(1);
        match self.shards.get(shard) {
            Some(found) => found.get(number - self.firsts[shard]),
            None => Err(TextError::Nothing { reason: "the split is empty".to_owned() }),
        }
    }

    /// All examples in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<Example, TextError>> + '_ {
        (0..self.len).map(|number| self.get(number))
    }
}
