//! Tables, with commas or tabs: the only place that reads CSV.

use csv::{ByteRecord, ReaderBuilder};

use super::bytes::Input;
use super::{Content, Raw, Records};

pub(super) fn rows(input: Input, delimiter: u8, columns: Option<Vec<String>>) -> Records {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(columns.is_none()).flexible(true).from_reader(input);
    let header = match columns {
        Some(columns) => Ok(columns),
        None => reader.byte_headers().map(|header| header.iter().map(name).collect()).map_err(|error| error.to_string()),
    };
    let header: Vec<String> = match header {
        Ok(header) => header,
        Err(reason) => return Box::new(std::iter::once(Raw { line: 1, content: Content::Bad(format!("no table: {reason}")) })),
    };
    let mut failed = false;
    let next = move || {
        if failed {
            return None;
        }
        let mut record = ByteRecord::new();
        match reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => Some(row(&header, &record)),
            Err(error) => {
                failed = true;
                Some(Raw {
                    line: reader.position().line() as u32,
                    content: Content::Bad(format!("the rest of the table cannot be read: {error}")),
                })
            }
        }
    };
    Box::new(std::iter::from_fn(next))
}

fn name(header: &[u8]) -> String {
    String::from_utf8_lossy(header).trim().to_owned()
}

fn row(header: &[String], record: &ByteRecord) -> Raw {
    let line = record.position().map_or(0, |position| position.line() as u32);
    let content = if record.len() == header.len() {
        Content::Row(header.iter().cloned().zip(record.iter().map(<[u8]>::to_vec)).collect())
    } else {
        Content::Bad(format!("{} columns where the table has {}", record.len(), header.len()))
    };
    Raw { line, content }
}
