//! Prints how fast one core reads employees, in megabytes of CSV a second: cutting them into chunks (with their
//! digests), checking them, both together, writing them as SQL, and all of it; then the same for employees with quotes
//! around their names, and for employees that are all rejected, whose rejects files are written instead. Processor time counts, of the fastest of several rounds.
//!
//! `cargo run -p domain --example parse_speed -- [ROWS] [ROUNDS]`
#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::error::Error;
use std::time::Duration;

use domain::dictionary::{LoadMode, Table};
use domain::load::{CHUNK_BYTES, CheckedChunk, Chunk, Chunker, Layout, rejects_csv};
use domain::shipped;
use domain::sql::InsertWriter;
use rustix::time::{ClockId, clock_gettime};

/// What a connection hands over at a time.
const PIECE: usize = 64 * 1024;

/// Time spent on each part of the work.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    cutting: Duration,
    checking: Duration,
    writing: Duration,
}

impl Times {
    fn total(&self) -> Duration {
        self.cutting + self.checking + self.writing
    }
}

/// Processor time of this thread: what else the machine does costs it nothing.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let rows = arguments.next().transpose()?.unwrap_or(1_000_000);
    let rounds = arguments.next().transpose()?.unwrap_or(5).max(1);
    let table = shipped::dictionary()?.table("employees").ok_or("there is no table of employees")?;
    for (name, quote, separator) in [("accepted", "", "T"), ("quoted", "\"", "T"), ("rejected", "", "_")] {
        let content = employees(rows, quote, separator);
        let mut best: Option<Times> = None;
        for _ in 0..rounds {
            let times = read(table, content.as_bytes(), rows)?;
            best = Some(best.filter(|best| best.total() <= times.total()).unwrap_or(times));
        }
        let best = best.unwrap_or_default();
        let parts =
            [("cut", best.cutting), ("check", best.checking), ("write", best.writing), ("all", best.total())];
        print!("{name}:");
        for (part, time) in parts {
            print!(" {part} {:.0} MB/s", content.len() as f64 / 1e6 / time.as_secs_f64());
        }
        println!(" ({rows} rows, {:.1} bytes each)", content.len() as f64 / rows as f64);
    }
    Ok(())
}

/// Rows like those of the sample data, with quotes around names or not. What separates day and time decides whether
/// they are accepted.
fn employees(rows: usize, quote: &str, separator: &str) -> String {
    const FIRST: [&str; 8] = ["Marcelo", "Lidia", "Nadia", "Ty", "Willetta", "Chariot", "Zoë", "Faina"];
    const LAST: [&str; 8] =
        ["Gonzalez", "Mendez", "Archer", "Hofner", "Fasek", "Jankowicz", "O'Brien", "Łoś"];
    let mut content = String::with_capacity(rows * 52);
    // Marsaglia's xorshift: rows that do not repeat, and the same ones every time.
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for id in 1..=rows {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let pick = |shift: u32, below: u64| (random >> shift) % below;
        let first = FIRST[pick(0, 8) as usize];
        let last = LAST[pick(3, 8) as usize];
        let (month, day) = (1 + pick(6, 12), 1 + pick(10, 28));
        let (hour, minute, second) = (pick(15, 24), pick(20, 60), pick(26, 60));
        let (department, job) = (1 + pick(32, 12), 1 + pick(36, 183));
        content.push_str(&format!(
            "{id},{quote}{first} {last}{quote},2021-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}Z,{department},{job}\n"
        ));
    }
    content
}

fn read(table: &Table, content: &[u8], rows: usize) -> Result<Times, Box<dyn Error>> {
    let mut times = Times::default();
    let layout = Layout::of_values(table, &content[..content.len().min(PIECE)], false, b',')?;
    let columns = &layout.columns;
    let mut chunker = Chunker::new(layout.dialect, layout.start, CHUNK_BYTES);
    let (mut done, mut written) = (0, 0);
    let mut work = |chunk: Chunk, times: &mut Times| -> Result<(), Box<dyn Error>> {
        let start = now();
        let checked = CheckedChunk::check(table, columns, &chunk, LoadMode::Append)?;
        let after_check = now();
        let mut writer = InsertWriter::new(table);
        for row in checked.rows() {
            written += writer.push(row).map_or(0, |statement| statement.rows);
        }
        written += writer.finish().map_or(0, |statement| statement.rows);
        if !checked.rejected.is_empty() {
            written += checked.rejected.len()
                * usize::from(!rejects_csv(table, columns, &checked.rejected).is_empty());
        }
        done += checked.rows_read;
        drop(checked);
        times.checking += after_check - start;
        times.writing += now() - after_check;
        Ok(())
    };
    for mut piece in content.chunks(PIECE) {
        loop {
            let start = now();
            let (chunk, rest) = chunker.feed(piece)?;
            times.cutting += now() - start;
            let Some(chunk) = chunk else { break };
            work(chunk, &mut times)?;
            piece = rest;
        }
    }
    let start = now();
    let last = chunker.finish()?;
    times.cutting += now() - start;
    last.map_or(Ok(()), |chunk| work(chunk, &mut times))?;
    if (done, written) == (rows, rows) {
        Ok(times)
    } else {
        Err(format!("{done} rows read, {written} written").into())
    }
}
