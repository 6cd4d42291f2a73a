//! How one example is written: numbers as LEB128, texts with their length first, fields in the order of the struct.

use crate::text::example::{Example, Field, Kind, Role, Span};
use crate::text::language::Language;

pub(super) fn encode(example: &Example, into: &mut Vec<u8>) {
    let mut code = Encoder(into);
    code.number(example.kind as u64);
    code.number(example.language as u64);
    code.text(&example.source);
    code.number(u64::from(example.file));
    code.number(u64::from(example.line));
    code.number(example.together);
    code.number(u64::from(example.copy));
    match &example.label {
        None => code.number(0),
        Some(label) => {
            code.number(1);
            code.text(label);
        }
    }
    code.number(example.fields.len() as u64);
    for field in &example.fields {
        code.field(field);
    }
}

struct Encoder<'a>(&'a mut Vec<u8>);

impl Encoder<'_> {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn field(&mut self, field: &Field) {
        self.number(field.role as u64);
        self.text(&field.text);
        self.number(field.spans.len() as u64);
        for span in &field.spans {
            self.number(span.range.start as u64);
            self.number(span.range.end as u64);
            self.text(&span.name);
        }
        self.number(field.tokens.len() as u64);
        field.tokens.iter().for_each(|token| self.number(u64::from(*token)));
    }
}

/// Nothing if the bytes are no example.
pub(super) fn decode(bytes: &[u8]) -> Option<Example> {
    let mut code = Decoder(bytes);
    let kind = *Kind::ALL.get(code.size()?)?;
    let language = *Language::ALL.get(code.size()?)?;
    let source = code.text()?;
    let (file, line) = (code.small()?, code.small()?);
    let together = code.number()?;
    let copy = code.small()?;
    let label = if code.number()? == 0 { None } else { Some(code.text()?) };
    let count = code.size()?;
    let fields = (0..count).map(|_| code.field()).collect::<Option<Vec<_>>>()?;
    code.0.is_empty().then_some(Example { kind, fields, label, language, source, file, line, together, copy })
}

struct Decoder<'a>(&'a [u8]);

impl Decoder<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn size(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    fn text(&mut self) -> Option<String> {
        let length = self.size()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn field(&mut self) -> Option<Field> {
        let mut field = Field::new(*Role::ALL.get(self.size()?)?, self.text()?);
        for _ in 0..self.size()? {
            let range = self.size()?..self.size()?;
            field.text.get(range.clone())?;
            field.spans.push(Span { range, name: self.text()? });
        }
        for _ in 0..self.size()? {
            field.tokens.push(self.small()?);
        }
        Some(field)
    }
}
