//! Holding table, ledger and rejects files against what must be.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use testkit::TestDatabase;

use crate::bucket::Bucket;
use crate::content::{Content, Rows, Table, parse};
use crate::oracle::{Brought, Chunk, cut};

/// A load as the ledger has it.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) load: String,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
    /// Read, loaded, rejected, unknown references.
    figures: [u64; 4],
    chunks: Vec<Committed>,
}

/// A committed chunk as the ledger has it.
#[derive(Debug)]
struct Committed {
    number: u64,
    first_line: u64,
    bytes: Range<u64>,
    figures: [u64; 4],
    rejects: Option<String>,
}

/// The loads of a key.
pub(crate) async fn ledger(database: &TestDatabase, key: &str) -> Result<Vec<Ledger>> {
    let loads = database
        .sql(&format!(
            "SELECT load_id, status, error, rows_read, rows_loaded, rows_rejected, unknown_references \
             FROM rowgate_loads WHERE object_key = '{key}' ORDER BY seq"
        ))
        .await?;
    let mut found = Vec::new();
    for load in loads {
        let id = load[0].clone().context("an id")?;
        let chunks = database
            .sql(&format!(
                "SELECT chunk_no, first_line, start_byte, end_byte, rows_read, rows_loaded, rows_rejected, \
                 unknown_references, rejects_key FROM rowgate_load_chunks WHERE load_id = '{id}' ORDER BY chunk_no"
            ))
            .await?;
        let chunks = chunks
            .into_iter()
            .map(|chunk| {
                Ok(Committed {
                    number: number(&chunk[0])?,
                    first_line: number(&chunk[1])?,
                    bytes: number(&chunk[2])?..number(&chunk[3])?,
                    figures: figures(&chunk[4..8])?,
                    rejects: chunk[8].clone(),
                })
            })
            .collect::<Result<_>>()?;
        found.push(Ledger {
            load: id,
            status: load[1].clone().unwrap_or_default(),
            error: load[2].clone(),
            figures: figures(&load[3..7])?,
            chunks,
        });
    }
    Ok(found)
}

/// The rows of a table.
pub(crate) async fn rows(database: &TestDatabase, table: Table) -> Result<Rows> {
    let sql = format!("SELECT {} FROM {} ORDER BY id", table.columns().join(", "), table.name());
    let rows = database.sql(&sql).await?.into_iter().map(|row| {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let id = cells.next().context("an id")?.parse()?;
        Ok((id, cells.collect()))
    });
    rows.collect()
}

/// Holds a table against the rows that it must have.
pub(crate) fn same_rows(found: &Rows, expected: &Rows) -> Result<()> {
    let missing: Vec<_> = expected.keys().filter(|id| !found.contains_key(id)).collect();
    let surplus: Vec<_> = found.keys().filter(|id| !expected.contains_key(id)).collect();
    let other: Vec<_> =
        expected.iter().filter(|(id, cells)| found.get(id).is_some_and(|found| found != *cells)).collect();
    ensure!(
        missing.is_empty() && surplus.is_empty() && other.is_empty(),
        "the table has {} rows instead of {}: {} missing {:?}, {} too many {:?}, {} with other values {:?}",
        found.len(),
        expected.len(),
        missing.len(),
        &missing[..missing.len().min(5)],
        surplus.len(),
        &surplus[..surplus.len().min(5)],
        other.len(),
        &other[..other.len().min(2)],
    );
    Ok(())
}

impl Ledger {
    /// The records of each chunk; see [`cut`].
    pub(crate) fn cut(&self, content: &Content, chunk_bytes: u64) -> Result<Vec<Range<usize>>> {
        let bytes: Vec<Range<u64>> = self.chunks.iter().map(|chunk| chunk.bytes.clone()).collect();
        cut(content, chunk_bytes, &bytes)
    }

    /// The lines of the records in all of its rejects files.
    pub(crate) async fn rejected_lines(&self, bucket: &Bucket, content: &Content) -> Result<BTreeSet<u64>> {
        let mut lines = BTreeSet::new();
        for key in self.chunks.iter().filter_map(|chunk| chunk.rejects.as_deref()) {
            for record in parse(&bucket.get(key).await?).iter().skip(1) {
                let line = record.get(content.columns.len()).context("a line")?;
                lines.insert(std::str::from_utf8(line)?.parse()?);
            }
        }
        Ok(lines)
    }

    /// Whether the load has ended as it must.
    pub(crate) fn has_ended(&self, is_broken: bool) -> Result<()> {
        let expected = if is_broken { "failed" } else { "completed" };
        let ended = self.status == expected && self.error.is_some() == is_broken;
        ensure!(ended, "{} ({:?}) instead of {expected}", self.status, self.error);
        Ok(())
    }

    /// Holds the ledger and the rejects files of a load that has ended against what it must have brought.
    pub(crate) async fn check(
        &self,
        bucket: &Bucket,
        content: &Content,
        chunks: &[Range<usize>],
        brought: &Brought,
    ) -> Result<()> {
        let [read, loaded, rejected, _] = self.figures;
        ensure!(read == loaded + rejected, "{read} read, {loaded} loaded, {rejected} rejected");
        let expected = of_chunk(&Chunk {
            read: brought.sum(|chunk| chunk.read),
            loaded: brought.sum(|chunk| chunk.loaded),
            rejected: brought.sum(|chunk| chunk.rejected),
            unknown: brought.sum(|chunk| chunk.unknown),
            rejects: Vec::new(),
        });
        ensure!(
            self.figures == expected,
            "the load's figures are {:?} instead of {expected:?}",
            self.figures
        );
        ensure!(self.chunks.len() == brought.chunks.len(), "{} chunks", self.chunks.len());
        let mut files = BTreeSet::new();
        for (index, ((found, expected), records)) in
            self.chunks.iter().zip(&brought.chunks).zip(chunks).enumerate()
        {
            let first = content.records.get(records.start).map_or(1, |record| record.line);
            let begins = found.number == index as u64 && (found.first_line == first || index == 0);
            ensure!(begins, "chunk {index} should begin on line {first}: {found:?}");
            ensure!(found.figures == of_chunk(expected), "chunk {index}: {found:?} instead of {expected:?}");
            match &found.rejects {
                None => {
                    ensure!(expected.rejects.is_empty(), "chunk {index} names no rejects file: {found:?}");
                }
                Some(key) => {
                    ensure!(!expected.rejects.is_empty(), "chunk {index} names a rejects file: {found:?}");
                    ensure!(files.insert(key.clone()), "{key} belongs to two chunks");
                    let file = bucket.get(key).await.with_context(|| key.clone())?;
                    same_rejects(&file, content, expected)
                        .with_context(|| format!("{key}, chunk {index}"))?;
                }
            }
        }
        let prefix = format!("rejected/{}/{}/", content.table.name(), self.load);
        let there: BTreeSet<String> = bucket.keys(&prefix).await?.into_iter().collect();
        ensure!(there == files, "rejects files: {there:?} instead of {files:?}");
        Ok(())
    }
}

fn of_chunk(chunk: &Chunk) -> [u64; 4] {
    [chunk.read, chunk.loaded, chunk.rejected, chunk.unknown]
}

/// Holds a rejects file against the records that it must have: each once, in the file's order, with its line and codes.
fn same_rejects(file: &[u8], content: &Content, chunk: &Chunk) -> Result<()> {
    let mut records = parse(file).into_iter();
    let header: Vec<Vec<u8>> = content
        .columns
        .iter()
        .chain(&["line", "code", "reason"])
        .map(|name| name.as_bytes().to_vec())
        .collect();
    ensure!(records.next().as_ref() == Some(&header), "another header");
    let width = content.columns.len();
    for (position, codes) in &chunk.rejects {
        let record = &content.records[*position];
        let mut expected = record.fields.clone();
        let surplus = expected.split_off(width.min(expected.len()));
        expected.resize(width, Vec::new());
        expected.push(record.line.to_string().into_bytes());
        expected.push(codes.clone().into_bytes());
        let Some(found) = records.next() else { bail!("the record of line {} is missing", record.line) };
        let same = found.len() > width + 2
            && found[..width + 2] == expected
            && !found[width + 2].is_empty()
            && found[width + 3..] == surplus;
        ensure!(same, "{} instead of {}, {codes}", shown(&found), shown(&expected));
    }
    let rest: Vec<_> = records.map(|record| shown(&record)).collect();
    ensure!(rest.is_empty(), "records too many: {rest:?}");
    Ok(())
}

fn shown(fields: &[Vec<u8>]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| String::from_utf8_lossy(field)).collect();
    format!("{fields:?}")
}

/// The tables of the database, each with how it is made.
pub(crate) async fn schema(database: &TestDatabase) -> Result<Vec<String>> {
    let mut tables = Vec::new();
    for name in database.sql("SHOW TABLES").await? {
        let name = name[0].clone().context("a name")?;
        let made = database.sql(&format!("SHOW CREATE TABLE {name}")).await?;
        let made = made[0][1].clone().context("a statement")?;
        // Where its numbers stand is no part of how it is made.
        let words = made.split_whitespace().filter(|word| !word.starts_with("AUTO_INCREMENT="));
        tables.push(words.collect::<Vec<_>>().join(" "));
    }
    Ok(tables)
}

/// Holds the database against how it was before: no table more, none made otherwise, no gate closed.
pub(crate) async fn nothing_left(database: &TestDatabase, before: &[String]) -> Result<()> {
    let after = schema(database).await?;
    let changed: Vec<_> = after.iter().filter(|table| !before.contains(table)).collect();
    ensure!(
        changed.is_empty() && after.len() == before.len(),
        "tables are left, gone or changed: {changed:?}"
    );
    let closed =
        database.value("SELECT COUNT(*) FROM rowgate_table_gates WHERE swapping_load_id IS NOT NULL");
    ensure!(closed.await? == "0", "the table's gate is closed");
    Ok(())
}

fn figures(row: &[Option<String>]) -> Result<[u64; 4]> {
    Ok([number(&row[0])?, number(&row[1])?, number(&row[2])?, number(&row[3])?])
}

fn number(text: &Option<String>) -> Result<u64> {
    Ok(text.as_deref().context("a number")?.parse()?)
}
