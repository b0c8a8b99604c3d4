//! Prints how fast one core takes employees through a backup and back, in rows a second: reading
//! row texts, summing them up, writing an Avro file with each codec, and reading it; and how many
//! bytes the file has for each that the same rows have as SQL in gzip. Processor time counts, of
//! the fastest of several rounds.
//!
//! `cargo run -p domain --example avro_speed -- [ROWS] [ROUNDS]`
#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use domain::avro::{Block, Codec, FileReader, FileWriter, Meta, Resolution, Schema};
use domain::dictionary::{Dictionary, Table};
use domain::row_text::{ContentSum, parse_row_text, write_row_text};
use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::time::{ClockId, clock_gettime};

const NULLABLE: [bool; 5] = [false, false, false, true, true];

/// Processor time of this thread: what else the machine does costs it nothing.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let rows = arguments.next().transpose()?.unwrap_or(1_000_000);
    let rounds = arguments.next().transpose()?.unwrap_or(3).max(1);
    let dictionary = Dictionary::parse("sql/dictionary.toml", include_str!("../../../sql/dictionary.toml"))?;
    let table = dictionary.table("employees").ok_or("there is no table of employees")?;
    let texts = employees(rows);
    let gzip = gzip(&texts)?;
    for codec in [Codec::Deflate, Codec::Zstandard, Codec::Null] {
        let mut best = [Duration::MAX; 4];
        let mut bytes = 0;
        for _ in 0..rounds {
            let (times, length) = round(table, &texts, codec)?;
            bytes = length;
            for (best, time) in best.iter_mut().zip(times) {
                *best = time.min(*best);
            }
        }
        print!("{codec}:");
        for (part, time) in ["parse", "sum", "write", "read"].iter().zip(best) {
            print!(" {part} {:.2} M/s", rows as f64 / 1e6 / time.as_secs_f64());
        }
        println!(" ({rows} rows, {bytes} bytes, {:.3} of the SQL in gzip)", bytes as f64 / gzip as f64);
    }
    Ok(())
}

/// Row texts of employees like those of the benchmarks: the same ones every time.
fn employees(rows: usize) -> Vec<String> {
    const GIVEN: [&str; 12] = [
        "Adalyn", "Alana", "Benjamin", "Carla", "Dmitri", "Elena", "Fatou", "Hannah", "Ingrid", "João",
        "Lwazi", "Zoë",
    ];
    const FAMILY: [&str; 11] = [
        "Abbott",
        "Berg",
        "Castellanos",
        "Dlamini",
        "Eriksen",
        "Fujimoto",
        "García",
        "Haraldsson",
        "Iyer",
        "Jankowski",
        "O'Sullivan",
    ];
    // Marsaglia's xorshift.
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut pick = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) % below
    };
    let row = |id| {
        let name = format!("{} {}", GIVEN[pick(12) as usize], FAMILY[pick(11) as usize]);
        let day = format!("20{}-{:02}-{:02}", 21 + pick(2), 1 + pick(12), 1 + pick(28));
        let time = format!("{:02}:{:02}:{:02}", pick(24), pick(60), pick(60));
        format!("{id},{}:{name},{day} {time},{},{}", name.chars().count(), 1 + pick(12), 1 + pick(180))
    };
    (1..=rows).map(row).collect()
}

/// The size of the rows as a dump has them, packed as gzip does by default.
fn gzip(texts: &[String]) -> Result<usize, Box<dyn Error>> {
    let mut output = GzEncoder::new(Vec::new(), Compression::new(6));
    for (index, text) in texts.iter().enumerate() {
        let fields: Vec<&str> = text.split([',', ':']).collect();
        let [id, _, name, hour, minute, second, department, job] = fields[..] else {
            return Err("a row is not an employee".into());
        };
        // A dump begins a new INSERT about every megabyte.
        let begin = if index % 16_000 == 0 { ";\nINSERT INTO `employees` VALUES\n" } else { ",\n" };
        let name = name.replace('\'', "\\'");
        write!(output, "{begin}({id},'{name}','{hour}:{minute}:{second}',{department},{job})")?;
    }
    Ok(output.finish()?.len())
}

/// Takes the rows to a file and back: the time of each part, and the size of the file.
fn round(table: &Table, texts: &[String], codec: Codec) -> Result<([Duration; 4], usize), Box<dyn Error>> {
    let start = now();
    let mut values = Vec::new();
    for text in texts {
        parse_row_text(table, &NULLABLE, text, &mut values)?;
    }
    let parsed = now();
    let mut sum = ContentSum::default();
    texts.iter().for_each(|text| sum.add(text.as_bytes()));
    let summed = now();
    let meta = Meta { backup: "", part: 0, dictionary: "", version: "" };
    let mut writer = FileWriter::new(&Schema::of(table, &NULLABLE), &meta, codec, [7; 16])?;
    let mut file = Vec::new();
    for text in texts {
        parse_row_text(table, &NULLABLE, text, &mut values)?;
        writer.push(&values)?;
        file.append(&mut writer.take());
    }
    file.append(&mut writer.finish()?);
    let written = now();
    let mut reader = FileReader::open(&file[..])?;
    let resolution =
        Resolution::new(reader.writer_schema(), table, &NULLABLE).map_err(|_| "it does not fit")?;
    let (mut block, mut text, mut read) = (Block::default(), String::new(), ContentSum::default());
    while reader.next_block(&mut block)? {
        resolution.decode(&block, |values, _| {
            text.clear();
            write_row_text(values, &mut text);
            read.add(text.as_bytes());
        })?;
    }
    if read != sum {
        return Err("other rows came back".into());
    }
    let parsing = parsed - start;
    let times = [parsing, summed - parsed, (written - summed).saturating_sub(parsing), now() - written];
    Ok((times, file.len()))
}
