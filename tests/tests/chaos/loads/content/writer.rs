//! Writes files of CSV and Excel, and reads CSV.

use std::io::Write;

use anyhow::Result;
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::Workbook;

use super::{Format, Record, Shape};

/// Writes a file and knows where it is.
pub(super) struct Writer<'s> {
    shape: &'s Shape,
    text: Vec<u8>,
    book: Workbook,
    /// The line, or row, that comes next, and the bytes of content before it.
    line: u64,
    length: u64,
}

impl<'s> Writer<'s> {
    pub(super) fn new(shape: &'s Shape) -> Self {
        let mut book = Workbook::new();
        book.add_worksheet();
        let mut writer = Self { shape, text: Vec::new(), book, line: 1, length: 0 };
        if shape.byte_order_mark && shape.format != Format::Xlsx {
            writer.push("\u{FEFF}".as_bytes());
        }
        writer
    }

    /// Writes a record, and notes in it where it is.
    pub(super) fn put(&mut self, mut record: Record, random: &mut Rng) -> Result<Record> {
        (record.line, record.start) = (self.line, self.length);
        match &record.raw {
            Some(raw) => {
                self.push(raw);
                self.push(self.line_end());
            }
            None => self.record(&record.fields, random)?,
        }
        Ok(record)
    }

    pub(super) fn record(&mut self, fields: &[Vec<u8>], random: &mut Rng) -> Result<()> {
        if self.shape.format == Format::Xlsx {
            return self.row(fields, random);
        }
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.push(b",");
            }
            let must = field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
            if must || random.u8(..20) == 0 {
                self.push(b"\"");
                for byte in field {
                    self.push(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
                }
                self.push(b"\"");
            } else {
                self.push(field);
            }
        }
        self.push(self.line_end());
        Ok(())
    }

    fn row(&mut self, fields: &[Vec<u8>], random: &mut Rng) -> Result<()> {
        let sheet = self.book.worksheet_from_index(0)?;
        for (column, field) in fields.iter().enumerate() {
            let (row, column, text) =
                (u32::try_from(self.line - 1)?, u16::try_from(column)?, std::str::from_utf8(field)?);
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
            if is_number && random.u8(..4) > 0 {
                sheet.write_number(row, column, text.parse::<f64>()?)?;
            } else if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
        }
        self.line += 1;
        self.length += 4 + fields.iter().map(|field| 4 + field.len() as u64).sum::<u64>();
        Ok(())
    }

    pub(super) fn blank_line(&mut self, random: &mut Rng) {
        if self.shape.blank_lines && random.u8(..50) == 0 {
            if self.shape.format == Format::Xlsx {
                self.line += 1;
            } else {
                self.push(self.line_end());
            }
        }
    }

    fn line_end(&self) -> &'static [u8] {
        if self.shape.crlf { b"\r\n" } else { b"\n" }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.length += bytes.len() as u64;
        self.text.extend_from_slice(bytes);
    }

    /// The file, and the length of its content.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, u64)> {
        let is_text = self.shape.format != Format::Xlsx;
        if self.shape.ends_without_line_end && is_text {
            self.text.truncate(self.text.len() - self.line_end().len());
            self.length = self.text.len() as u64;
        }
        let file = match self.shape.format {
            Format::Csv => self.text,
            Format::Gzip => {
                // Two files in a row are one to gzip.
                let (first, second) = self.text.split_at(self.text.len() / 3);
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(first)?;
                let mut encoder = GzEncoder::new(encoder.finish()?, Compression::default());
                encoder.write_all(second)?;
                encoder.finish()?
            }
            Format::Zstd => zstd::encode_all(&self.text[..], 3)?,
            Format::Xlsx => self.book.save_to_buffer()?,
        };
        Ok((file, self.length))
    }
}

/// The records of CSV text, by the rules of RFC 4180 and nothing else.
pub(in super::super) fn parse(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quoted, mut bytes) = (false, text.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => field.push(b'"'),
            b'"' => quoted = !quoted,
            _ if quoted => field.push(byte),
            b',' => record.push(std::mem::take(&mut field)),
            b'\r' => {}
            b'\n' => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            _ => field.push(byte),
        }
    }
    records
}
