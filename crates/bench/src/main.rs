#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command: the table is its output")]

mod api;
mod backup;
mod chart;
mod client;
mod cloud;
mod data_api;
mod function;
mod insert;
mod load;
mod machine;
mod parse;
mod people;
mod scale;
mod settings;
mod silence;
mod soak;
mod stage;
mod start;
mod stats;
mod table;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::settings::Settings;
use crate::stage::Stage;
use crate::table::Table;

/// Measures Rowgate against the database alone and against other ways, and prints a table
#[derive(Debug, Parser)]
struct Args {
    /// A few rounds and few rows: shows that everything works, its figures mean nothing
    #[arg(long)]
    quick: bool,

    /// Where the binaries of the functions and of local-data-api are; beside this program by
    /// default
    #[arg(long)]
    binaries: Option<PathBuf>,

    /// The packages that are functions, for `drop` and `start`
    #[arg(long, value_delimiter = ',')]
    functions: Vec<String>,

    /// A Python with the modules of local/bench-requirements.txt
    #[arg(long, default_value = ".local/bench-venv/bin/python")]
    python: PathBuf,

    /// Where the local cloud is put for the measure from the drop; removed before and after
    #[arg(long, default_value = ".local/bench-cloud")]
    cloud: PathBuf,

    /// ROWGATE_LANES of the loader; its own default without
    #[arg(long)]
    lanes: Option<usize>,

    /// ROWGATE_CHUNK_BYTES of the loader; its own default without
    #[arg(long)]
    chunk_bytes: Option<u64>,

    /// Where to write the chart of `peers`, an SVG file; nowhere by default
    #[arg(long)]
    chart: Option<PathBuf>,

    /// What to measure; everything but `tuning` and `soak` by default
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One row, and 1000, through the insert API, and where the time goes
    Insert,
    /// The HTTP API by requests per second and percentiles, at 1 and 8 clients, on a table of a
    /// million rows
    Api,
    /// POSTs of one row and of 1000, by 1 and 32 clients, against a service written with FastAPI
    Requests,
    /// What the local Data API adds to a statement
    DataApi,
    /// Cutting and checking alone
    Parse,
    /// A million rows through the loader against LOAD DATA, and where the time goes
    Loader,
    /// A million rows of tables with a key of text, and of two columns beside a unique one, against
    /// LOAD DATA
    Keys,
    /// A million rows from the drop, on a local cloud of its own
    Drop,
    /// A million rows through the loader against other programs, and a chart of them
    Peers,
    /// One and ten million rows
    Size,
    /// Files in which every row is rejected
    Rejects,
    /// Packed files and workbooks
    Formats,
    /// A million rows to Avro and back against mariadb-dump, and the memory of ten million
    Backup,
    /// What AWS bills of a million rows: calls of the Data API, I/O of the database
    Metering,
    /// Many files at once: a model of Aurora's capacity, and so many loaders here
    Scale,
    /// Lanes and sizes of chunks
    Tuning,
    /// Half an hour of files with writers and readers beside them, on a local cloud of its own
    Soak,
    /// Process start to the first request for work, and the size of the binary
    Start,
}

// One thread, as in the functions.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let binaries = match args.binaries {
        Some(folder) => folder,
        None => std::env::current_exe()?.parent().context("this program is in no folder")?.to_owned(),
    };
    let settings = Settings {
        binaries: std::path::absolute(binaries)?,
        functions: args.functions,
        // Not resolved: the target of the link has none of the modules.
        python: std::path::absolute(args.python)?,
        cloud: std::path::absolute(args.cloud)?,
        quick: args.quick,
        lanes: args.lanes,
        chunk_bytes: args.chunk_bytes,
        chart: args.chart,
    };
    // Only what is built for shipping is compared with a bar.
    let mut table = Table::new(!settings.quick && !cfg!(debug_assertions));
    let facts = machine::facts()?;
    let mut all_done = true;
    for part in Part::value_variants() {
        let is_extra = matches!(part, Part::Tuning | Part::Soak);
        let wanted = if args.only.is_empty() { !is_extra } else { args.only.contains(part) };
        if wanted {
            let started = Instant::now();
            eprintln!("== {}", part.title());
            if let Err(error) = part.measure(&settings, &mut table).await {
                eprintln!("error: {error:#}");
                table.failed(part.title(), &error);
                all_done = false;
            }
            eprintln!("   {} s", started.elapsed().as_secs());
        }
    }

    println!("{facts}");
    println!("- Load (1 min) before and after: {}", machine::load_since(&facts)?);
    if settings.quick || cfg!(debug_assertions) {
        println!("- A quick run or a debug build: these figures say that it works, nothing else.");
    }
    println!("\n{table}");
    Ok(if all_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Insert => "inserting employees, one and 1000 at a time",
            Self::Api => "calling the HTTP API",
            Self::Requests => "calling the API and a FastAPI service",
            Self::DataApi => "sending SELECT 1 directly and through the Data API",
            Self::Parse => "cutting and checking alone",
            Self::Loader => "loading a file of employees",
            Self::Keys => "loading files of tables with other keys",
            Self::Drop => "dropping a file on a local cloud",
            Self::Peers => "loading a file of employees by other programs",
            Self::Size => "loading files of different sizes",
            Self::Rejects => "loading files of rejects",
            Self::Formats => "loading files of different formats",
            Self::Backup => "backing employees up and restoring them",
            Self::Metering => "counting what AWS bills",
            Self::Scale => "loading many files at once",
            Self::Tuning => "loading with different settings",
            Self::Soak => "dropping files for half an hour",
            Self::Start => "starting every function",
        }
    }

    /// Measures the part on a database of its own.
    async fn measure(self, settings: &Settings, table: &mut Table) -> Result<()> {
        match self {
            Self::Insert => {
                let stage = Stage::start(&settings.binaries).await?;
                insert::measure(&stage, settings.rounds(200, 5), table).await
            }
            Self::Api => api::measure(settings, table).await,
            Self::Requests => api::requests(settings, table).await,
            Self::DataApi => {
                let stage = Stage::start(&settings.binaries).await?;
                data_api::measure(&stage, &settings.binaries, settings.rounds(3000, 100), table)
            }
            Self::Parse => parse::measure(settings, table),
            Self::Loader => load::speed(settings, table).await,
            Self::Keys => load::keys(settings, table).await,
            Self::Drop => load::from_the_drop(settings, table).await,
            Self::Peers => load::peers(settings, table).await,
            Self::Size => load::size(settings, table).await,
            Self::Rejects => load::rejects(settings, table).await,
            Self::Formats => load::formats(settings, table).await,
            Self::Backup => backup::measure(settings, table).await,
            Self::Metering => {
                api::metering(settings, table).await?;
                load::metering(settings, table).await?;
                backup::metering(settings, table).await
            }
            Self::Scale => scale::measure(settings, table).await,
            Self::Tuning => load::tuning(settings, table).await,
            Self::Soak => soak::measure(settings, table).await,
            Self::Start => start::measure(settings, table),
        }
    }
}
