//! Cutting and checking alone: without file, network and database, on one thread.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::dictionary::LoadMode;
use domain::load::{CHUNK_BYTES, CheckedChunk, Chunk, Chunker, Facts, Layout};
use domain::sql::InsertWriter;

use crate::people::{self, Names};
use crate::settings::Settings;
use crate::stats::Times;
use crate::table::{Line, Table};

const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 9;
/// "at least 200 MB/s on one core" (issue 3).
const BAR: f64 = 200.0;
/// About as much as comes from S3 at once.
const PIECE: usize = 128 * 1024;

/// The times of the stages for some content.
#[derive(Debug)]
pub(crate) struct Stages {
    pub(crate) cut: Duration,
    pub(crate) check: Duration,
    pub(crate) write: Duration,
}

/// Measures the stages on employees in memory.
pub(crate) fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let rows = settings.rows(ROWS);
    let mut content = String::new();
    for id in 1..=rows {
        content.push_str(&people::employee(id, Names::Usual).csv());
    }
    let content = content.into_bytes();
    let [mut cut, mut check, mut write, mut both]: [Times; 4] = Default::default();
    let rounds = settings.rounds(ROUNDS, 1);
    for _ in 0..rounds {
        let stages = stages(&content)?;
        cut.add(stages.cut);
        check.add(stages.check);
        write.add(stages.write);
        both.add(stages.cut + stages.check);
    }
    let rate = |time: Duration| {
        #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
        let bytes = content.len() as f64;
        bytes / time.as_secs_f64() / 1e6
    };
    let measured = rate(both.median());
    table.add(Line {
        measure: format!("cutting, hashing and checking alone, on one core ({rounds} rounds)"),
        ours: format!("{measured:.0} MB/s"),
        bar: Some((format!("≥ {BAR} MB/s"), measured >= BAR)),
        ..Line::default()
    });
    for (what, times) in [("cutting into records, hashing", cut), ("checking", check), ("writing SQL", write)]
    {
        table.figure(format!("  {what} alone"), format!("{:.0} MB/s", rate(times.median())));
    }
    Ok(())
}

/// Cuts, checks and writes content as the loader does, and sums up the times of the stages.
pub(crate) fn stages(content: &[u8]) -> Result<Stages> {
    let dictionary = testkit::hr::dictionary();
    let table = dictionary.table("employees").context("no employees in the dictionary")?;
    let layout = Layout::of_values(table, &content[..content.len().min(PIECE)], false, b',')?;
    let columns = &layout.columns;
    let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
    let mut stages = Stages { cut: Duration::ZERO, check: Duration::ZERO, write: Duration::ZERO };
    let mut pieces = content.chunks(PIECE);
    let mut piece: &[u8] = &[];
    loop {
        let started = Instant::now();
        let chunk = next(&mut chunker, &mut piece, &mut pieces)?;
        let cut = Instant::now();
        stages.cut += cut - started;
        let Some(chunk) = chunk else { return Ok(stages) };
        let checked = CheckedChunk::check(table, columns, &chunk)?;
        let judged = checked.judge(LoadMode::Append, &Facts::default());
        let check = Instant::now();
        stages.check += check - cut;
        ensure!(judged.len() == checked.rows_read, "a generated employee is flawed");
        let mut writer = InsertWriter::new(table);
        for (_, row) in judged.accepted() {
            black_box(writer.push(row));
        }
        black_box(writer.finish());
        stages.write += check.elapsed();
    }
}

/// Returns the next chunk of content that comes in pieces.
fn next<'c>(
    chunker: &mut Chunker,
    piece: &mut &'c [u8],
    pieces: &mut impl Iterator<Item = &'c [u8]>,
) -> Result<Option<Chunk>> {
    loop {
        if piece.is_empty() {
            match pieces.next() {
                Some(next) => *piece = next,
                None => return Ok(chunker.finish()?),
            }
        }
        let (chunk, rest) = chunker.feed(piece)?;
        *piece = rest;
        if chunk.is_some() {
            return Ok(chunk);
        }
    }
}
