//! Shards: examples in a binary layout with random access, so that training reads any of them at once and in any order.
//!
//! A file is the 8 bytes `STWTEXT1`; the examples, each as in `code.rs`; an index, for each example and for the end of the
//! last one the offset as u64; and 24 bytes: the number of examples (u64), XXH3-64 of all that comes before these 24 bytes (u64),
//! `STWTEXTE`. Numbers are little-endian.

mod code;
mod read;
mod write;

pub use read::{Dataset, Shard};
pub(crate) use write::ShardWriter;

const MAGIC: &[u8; 8] = b"STWTEXT1";
const END: &[u8; 8] = b"STWTEXTE";
const FOOTER: usize = 24;

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::path::Path;

    use super::*;
    use crate::text::error::TextError;
    use crate::text::example::{Example, Field, Kind, Role, Span};
    use crate::text::language::Language;

    fn examples() -> Vec<Example> {
        let mut labeled = Example::new(Kind::Labeled, vec![Field::new(Role::Text, "播放稻香")], Some("music.play".to_owned()));
        labeled.fields[0].spans.push(Span { range: 6..12, name: "song".to_owned() });
        labeled.fields[0].tokens = vec![1, 200, 70_000];
        labeled.language = Language::Zh;
        labeled.source = "own".to_owned();
        (labeled.file, labeled.line, labeled.together, labeled.copy) = (3, 77, u64::MAX, 2);
        let chat = Example::new(Kind::Chat, vec![Field::new(Role::User, "hi"), Field::new(Role::Assistant, "")], None);
        vec![labeled, chat]
    }

    fn write(path: &Path) {
        let mut writer = ShardWriter::create(path).unwrap();
        examples().iter().for_each(|example| writer.add(example).unwrap());
        writer.publish().unwrap();
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.shard");
        write(&path);
        let shard = Shard::open(&path).unwrap();
        assert_eq!(shard.len(), 2);
        for (at, example) in examples().into_iter().enumerate().rev() {
            assert_eq!(shard.get(at).unwrap(), example);
        }
    }

    #[test]
    fn every_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.shard");
        write(&path);
        let size = std::fs::metadata(&path).unwrap().len();
        for place in 0..size {
            write(&path);
            let mut file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
            let old = std::fs::read(&path).unwrap()[place as usize];
            file.seek(SeekFrom::Start(place)).unwrap();
            file.write_all(&[old ^ 0x40]).unwrap();
            assert!(matches!(Shard::open(&path), Err(TextError::Shard { .. })), "byte {place} was changed");
        }
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(size - 1).unwrap();
        assert!(Shard::open(&path).is_err());
    }
}
