//! What `make bench` runs: Rowgate against the database alone, side by side in one run, as a table.
//!
//! Every figure is a median; the two sides of a ratio take turns, so that what else the machine does meets both.
//! `docs/benchmarks.md` says how to read the table.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command: the table is its output")]

mod client;
mod data_api;
mod files;
mod function;
mod insert;
mod loader;
mod machine;
mod people;
mod serve;
mod stage;
mod start;
mod stats;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

use crate::table::Table;

/// Measures Rowgate against the database alone and prints a table
#[derive(Debug, Parser)]
struct Args {
    /// A few rounds and few rows: shows that everything works, its figures mean nothing
    #[arg(long)]
    quick: bool,

    /// Where the binaries of the functions and of local-data-api are; beside this program by default
    #[arg(long)]
    binaries: Option<PathBuf>,

    /// What to measure; everything by default
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// 1000 rows through the insert API
    Insert,
    /// What the local Data API adds to a statement
    DataApi,
    /// A million rows through the loader
    Loader,
    /// Process start to the first request for work, and the size of the binary
    Start,
}

// One thread, as in the functions: what is measured here runs as it runs there.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let binaries = match &args.binaries {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()?.parent().context("this program is in no folder")?.to_owned(),
    };
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let rounds = |full: usize, quick: usize| if args.quick { quick } else { full };

    // What is not built for shipping is not held against a bar.
    let mut table = Table::new(!args.quick && !cfg!(debug_assertions));
    let facts = machine::facts()?;
    if [Part::Insert, Part::DataApi, Part::Loader].into_iter().any(wanted) {
        let stage = stage::Stage::start(&binaries).await?;
        if wanted(Part::Insert) {
            progress("inserting 1000 employees at a time");
            insert::measure(&stage, rounds(200, 5), &mut table).await?;
        }
        if wanted(Part::DataApi) {
            progress("sending SELECT 1 directly and through the Data API");
            data_api::measure(&stage, &binaries, rounds(3000, 100), &mut table)?;
        }
        if wanted(Part::Loader) {
            let rows = if args.quick { 20_000 } else { 1_000_000 };
            progress("loading a file of employees");
            loader::measure(&stage, &binaries, rows, rounds(3, 1), &mut table).await?;
        }
    }
    if wanted(Part::Start) {
        progress("starting every function");
        start::measure(&binaries, rounds(50, 3), &mut table)?;
    }

    println!("{facts}");
    println!("- Load (1 min) before and after: {}", machine::load_since(&facts)?);
    if args.quick || cfg!(debug_assertions) {
        println!("- A quick run or a debug build: these figures say that it works, nothing else.");
    }
    println!("\n{table}");
    Ok(())
}

fn progress(what: &str) {
    eprintln!("== {what}");
}
