//! The files that are loaded.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::Workbook;

use crate::people::{self, Employee, Names};

/// Generates a file of valid employees; returns its size in bytes.
pub(crate) fn valid(path: &Path, rows: u64) -> Result<u64> {
    from(path, 1, rows)
}

/// Generates a file of valid employees with ids from `first`; returns its size in bytes.
pub(super) fn from(path: &Path, first: u64, rows: u64) -> Result<u64> {
    let mut output = BufWriter::new(File::create(path)?);
    for row in (first..first + rows).map(|id| people::employee(id, Names::Usual)) {
        output.write_all(row.csv().as_bytes())?;
    }
    output.flush()?;
    Ok(fs::metadata(path)?.len())
}

/// Generates a file in which every row breaks one rule, each rule in turn; returns its size in
/// bytes. A name that is too long is not among them: it would make the file twice as large.
pub(super) fn rejected(path: &Path, rows: u64) -> Result<u64> {
    let mut output = BufWriter::new(File::create(path)?);
    for Employee { id, name, datetime, department, job } in employees(rows) {
        match id % 6 {
            0 => writeln!(output, "{id},,{datetime},{department},{job}")?,
            1 => writeln!(output, "E{id},{name},{datetime},{department},{job}")?,
            2 => writeln!(output, "{id},{name},{},{department},{job}", datetime.replace('T', "?"))?,
            3 => writeln!(output, "{id},{name},{datetime},{department}")?,
            4 => writeln!(output, "{id},{name},{datetime},{department},99999999999")?,
            _ => {
                write!(output, "{id},")?;
                output.write_all(b"\xff")?;
                writeln!(output, "{name},{datetime},{department},{job}")?;
            }
        }
    }
    output.flush()?;
    Ok(fs::metadata(path)?.len())
}

/// Compresses a file as gzip does by default.
pub(super) fn gzip(from: &Path, to: &Path) -> Result<u64> {
    let mut output = GzEncoder::new(BufWriter::new(File::create(to)?), Compression::default());
    std::io::copy(&mut File::open(from)?, &mut output)?;
    output.finish()?.flush()?;
    Ok(fs::metadata(to)?.len())
}

/// Compresses a file as zstd does by default.
pub(super) fn zstd(from: &Path, to: &Path) -> Result<u64> {
    zstd::stream::copy_encode(File::open(from)?, File::create(to)?, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    Ok(fs::metadata(to)?.len())
}

/// Generates a workbook of valid employees, the date-times as text.
pub(super) fn workbook(path: &Path, rows: u64) -> Result<u64> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, Employee { id, name, datetime, department, job }) in (0..).zip(employees(rows)) {
        for (column, number) in [(0, id), (3, department), (4, job)] {
            sheet.write_number(row, column, u32::try_from(number)?)?;
        }
        sheet.write_string(row, 1, name)?;
        sheet.write_string(row, 2, datetime)?;
    }
    workbook.save(path)?;
    Ok(fs::metadata(path)?.len())
}

fn employees(rows: u64) -> impl Iterator<Item = Employee> {
    (1..=rows).map(|id| people::employee(id, Names::Usual))
}
