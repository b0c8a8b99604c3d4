//! Holding table, ledger and rejects files against what must be.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use testkit::TestDatabase;

use super::bucket::Bucket;
use super::content::{Content, Rows, Table, parse};
use super::oracle::{Chunk, Cut, End, Expectation, Reasons};
use crate::rows;

/// A load as the ledger has it.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) load: String,
    pub(super) status: String,
    pub(super) error: Option<String>,
    /// Read, loaded, rejected, unknown references, skipped.
    figures: [u64; 5],
    chunks: Vec<Committed>,
}

/// A committed chunk as the ledger has it.
#[derive(Debug)]
struct Committed {
    number: u64,
    first_line: u64,
    bytes: Range<u64>,
    figures: [u64; 5],
    rejects: Option<String>,
    reasons: Reasons,
}

/// Why records of a chunk were rejected, as the ledger has it.
#[derive(Deserialize)]
struct Reason {
    code: String,
    column: Option<String>,
    count: u64,
}

/// The loads of a key.
pub(super) async fn ledger(database: &TestDatabase, key: &str) -> Result<Vec<Ledger>> {
    let loads = database
        .sql(&format!(
            "SELECT load_id, status, error, rows_read, rows_loaded, rows_rejected, unknown_references, rows_skipped \
             FROM rowgate_loads WHERE object_key = '{key}' ORDER BY seq"
        ))
        .await?;
    let mut found = Vec::new();
    for load in loads {
        let id = load[0].clone().context("an id")?;
        let chunks = database
            .sql(&format!(
                "SELECT chunk_no, first_line, start_byte, end_byte, rows_read, rows_loaded, rows_rejected, \
                 unknown_references, rows_skipped, rejects_key, reject_reasons FROM rowgate_load_chunks \
                 WHERE load_id = '{id}' ORDER BY chunk_no"
            ))
            .await?;
        let chunks = chunks
            .into_iter()
            .map(|chunk| {
                Ok(Committed {
                    number: number(&chunk[0])?,
                    first_line: number(&chunk[1])?,
                    bytes: number(&chunk[2])?..number(&chunk[3])?,
                    figures: figures(&chunk[4..9])?,
                    rejects: chunk[9].clone(),
                    reasons: reasons(chunk[10].as_deref())?,
                })
            })
            .collect::<Result<_>>()?;
        found.push(Ledger {
            load: id,
            status: load[1].clone().unwrap_or_default(),
            error: load[2].clone(),
            figures: figures(&load[3..8])?,
            chunks,
        });
    }
    Ok(found)
}

/// Reads the rows of a table.
pub(super) async fn rows(database: &TestDatabase, table: Table) -> Result<Rows> {
    let sql = format!("SELECT {} FROM {}", table.columns().join(", "), table.name());
    let text =
        |(id, cells): (i64, rows::Cells)| (id, cells.into_iter().map(Option::unwrap_or_default).collect());
    Ok(rows::read(database, &sql).await?.into_iter().map(text).collect())
}

impl Ledger {
    /// The lines of the records in all of its rejects files.
    pub(super) async fn rejected_lines(&self, bucket: &Bucket, content: &Content) -> Result<BTreeSet<u64>> {
        let mut lines = BTreeSet::new();
        for key in self.chunks.iter().filter_map(|chunk| chunk.rejects.as_deref()) {
            for record in parse(&bucket.get(key).await?).iter().skip(1) {
                let line = record.get(content.columns.len()).context("a line")?;
                lines.insert(std::str::from_utf8(line)?.parse()?);
            }
        }
        Ok(lines)
    }

    /// Holds the load to having ended as it must.
    fn has_ended(&self, expected: &End) -> Result<()> {
        let error = self.error.as_deref();
        let is_so = match expected {
            End::Completed => self.status == "completed" && error.is_none(),
            End::Failed(begins, ends) => {
                self.status == "failed"
                    && error.is_some_and(|error| error.starts_with(begins) && error.ends_with(ends))
            }
            End::Stopped(begins) => {
                self.status == "failed" && error.is_some_and(|error| error.starts_with(begins))
            }
        };
        ensure!(is_so, "{} ({error:?}) instead of {expected:?}", self.status);
        Ok(())
    }

    /// Holds the chunks that there are to being those that must be: all, or those until the load
    /// stopped.
    fn has_chunks(&self, cut: &[Cut], expectation: &Expectation) -> Result<()> {
        let numbers: Vec<u64> = self.chunks.iter().map(|chunk| chunk.number).collect();
        if !matches!(expectation.end, End::Stopped(_)) {
            ensure!(
                numbers.iter().copied().eq(0..cut.len() as u64),
                "the chunks are {numbers:?} of {}",
                cut.len()
            );
            return Ok(());
        }
        let is_known = numbers.iter().all(|number| *number < cut.len() as u64);
        ensure!(
            is_known && numbers.is_sorted_by(|one, next| one < next),
            "the chunks are {numbers:?} of {}",
            cut.len()
        );
        let stops = self.chunks.iter().any(|chunk| chunk.rejects.is_some());
        ensure!(stops, "it stopped, and no chunk has rejects");
        Ok(())
    }

    /// Holds the ledger and the rejects files of a load that has ended against its expectation.
    pub(super) async fn check(
        &self,
        bucket: &Bucket,
        content: &Content,
        cut: &[Cut],
        expectation: &Expectation,
    ) -> Result<()> {
        let [read, loaded, rejected, ..] = self.figures;
        ensure!(read == loaded + rejected, "{read} read, {loaded} loaded, {rejected} rejected");
        self.has_ended(&expectation.end)?;
        self.has_chunks(cut, expectation)?;
        let (mut sum, mut files) = ([0; 5], BTreeSet::new());
        for found in &self.chunks {
            let index = usize::try_from(found.number)?;
            let (Cut { bytes, records }, expected) = (&cut[index], &expectation.chunks[index]);
            let first = content.records.get(records.start).map_or(1, |record| record.line);
            let begins = found.bytes == *bytes && (found.first_line == first || index == 0);
            ensure!(
                begins,
                "chunk {index} should have the bytes {bytes:?}, and begin on line {first}: {found:?}"
            );
            ensure!(found.figures == of_chunk(expected), "chunk {index}: {found:?} instead of {expected:?}");
            ensure!(found.reasons == expected.reasons, "chunk {index}: {found:?} instead of {expected:?}");
            sum.iter_mut().zip(of_chunk(expected)).for_each(|(sum, figure)| *sum += figure);
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
        ensure!(self.figures == sum, "the load's figures are {:?} instead of {sum:?}", self.figures);
        let prefix = format!("rejected/{}/{}/", content.table.name(), self.load);
        let there: BTreeSet<String> = bucket.keys(&prefix).await?.into_iter().collect();
        ensure!(there == files, "rejects files: {there:?} instead of {files:?}");
        Ok(())
    }
}

fn of_chunk(chunk: &Chunk) -> [u64; 5] {
    [chunk.read, chunk.loaded, chunk.rejected, chunk.unknown, chunk.skipped]
}

fn reasons(json: Option<&str>) -> Result<Reasons> {
    let reasons: Vec<Reason> = json.map(serde_json::from_str).transpose()?.unwrap_or_default();
    Ok(reasons.into_iter().map(|Reason { code, column, count }| ((code, column), count)).collect())
}

/// Holds a rejects file against the records that it must have: each once, in the file's order, with
/// its line and codes.
fn same_rejects(file: &[u8], content: &Content, chunk: &Chunk) -> Result<()> {
    let file = file.strip_prefix("\u{FEFF}".as_bytes()).context("no byte order mark")?;
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

fn figures(row: &[Option<String>]) -> Result<[u64; 5]> {
    Ok([number(&row[0])?, number(&row[1])?, number(&row[2])?, number(&row[3])?, number(&row[4])?])
}

fn number(text: &Option<String>) -> Result<u64> {
    Ok(text.as_deref().context("a number")?.parse()?)
}
