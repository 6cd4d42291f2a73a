//! Writing one shard.

use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use super::{END, MAGIC, code};
use crate::text::error::TextError;
use crate::text::example::Example;
use crate::text::whole::Whole;

pub(crate) struct ShardWriter {
    file: Whole,
    hash: Xxh3,
    offsets: Vec<u64>,
    buffer: Vec<u8>,
}

impl ShardWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, TextError> {
        let mut writer = Self { file: Whole::create(path)?, hash: Xxh3::new(), offsets: vec![MAGIC.len() as u64], buffer: Vec::new() };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), TextError> {
        self.hash.update(bytes);
        self.file.write(bytes)
    }

    pub(crate) fn add(&mut self, example: &Example) -> Result<(), TextError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        code::encode(example, &mut buffer);
        let end = self.offsets.last().copied().unwrap_or_default() + buffer.len() as u64;
        self.offsets.push(end);
        let put = self.put(&buffer);
        self.buffer = buffer;
        put
    }

    pub(crate) fn publish(mut self) -> Result<(), TextError> {
        let index: Vec<u8> = self.offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        self.put(&index)?;
        let count = self.offsets.len() as u64 - 1;
        self.file.write(&count.to_le_bytes())?;
        self.file.write(&self.hash.digest().to_le_bytes())?;
        self.file.write(END)?;
        self.file.publish()
    }
}
