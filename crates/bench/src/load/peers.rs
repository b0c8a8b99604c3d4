//! A million employees against the other ways that people load them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mysql_async::prelude::Queryable;

use super::{Loader, ROUNDS, ROWS, generate, load_data};
use crate::chart::{self, Bar};
use crate::client;
use crate::function::Runner;
use crate::machine;
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};
use crate::stats::{Series, Times, grouped, ratio, seconds};
use crate::table::{Line, Table};

/// Named after the table, as `mariadb-import` wants it.
const FILE: &str = "employees.csv";
const WITH_HEADER: &str = "with-header.csv";
/// The number of rows that go through `batch_execute_statement`; all of them would take minutes.
const FEW_ROWS: u64 = 50_000;

/// A program that loads the file.
enum Program {
    /// A statement of the `mariadb` client.
    LoadData,
    MariadbImport,
    /// A program of `crates/bench/python`: its file's name, its text, and what it takes behind
    /// socket, database and file.
    Python(&'static str, &'static str, &'static [&'static str]),
    /// One of these that takes the server's port and a file with a header instead.
    Networked(&'static str, &'static str),
    /// The one that loads through the Data API.
    DataApi,
}

/// A way to load the file.
struct Way {
    name: &'static str,
    program: Program,
    /// The required speed of the loader relative to this (issues 3 and 18).
    bar: Option<f64>,
}

macro_rules! python {
    ($file:literal $(, $argument:literal)*) => {
        Program::Python($file, include_str!(concat!("../../python/", $file)), &[$($argument),*])
    };
}

const WAYS: [Way; 9] = [
    Way { name: "LOAD DATA LOCAL INFILE", program: Program::LoadData, bar: Some(1.0) },
    Way { name: "mariadb-import", program: Program::MariadbImport, bar: Some(1.0) },
    Way {
        name: "ingestr",
        program: Program::Networked("load_ingestr.py", include_str!("../../python/load_ingestr.py")),
        bar: Some(1.0),
    },
    Way {
        name: "sling",
        program: Program::Networked("load_sling.py", include_str!("../../python/load_sling.py")),
        bar: Some(1.0),
    },
    Way { name: "dlt", program: python!("load_dlt.py"), bar: Some(1.0) },
    Way { name: "pymysql executemany of 1000", program: python!("executemany.py"), bar: Some(3.0) },
    Way { name: "pandas to_sql of 1000", program: python!("to_sql.py", "None"), bar: Some(5.0) },
    Way { name: "pandas to_sql, method=\"multi\"", program: python!("to_sql.py", "multi"), bar: None },
    Way { name: "boto3 batch_execute_statement", program: Program::DataApi, bar: Some(10.0) },
];

/// Loads the file every way in turns.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let few = settings.rows(FEW_ROWS);
    let stage = Stage::listening(&settings.binaries).await?;
    let mut loader = Loader::of(Runner::on(stage, settings).await?, settings);
    let file = loader.path(FILE);
    generate::valid(&file, rows)?;
    let header = b"id,name,datetime,department_id,job_id\n".as_slice();
    fs::write(file.with_file_name(WITH_HEADER), [header, &fs::read(&file)?].concat())?;
    let port: Option<u16> = loader.runner.conn.query_first("SELECT @@port").await?;
    let port = port.context("the database has no port")?;
    loader.put(FILE)?;
    let mut ours = Series::default();
    let mut theirs: [Times; WAYS.len()] = Default::default();
    let mut random = fastrand::Rng::with_seed(1);
    let mut turns: Vec<usize> = (0..=WAYS.len()).collect();
    for _ in 0..rounds {
        random.shuffle(&mut turns);
        for turn in &turns {
            match WAYS.get(*turn) {
                None => ours.add(&loader.fill(FILE, rows).await?),
                Some(way) => {
                    loader.empty().await?;
                    let count = if way.is_slow() { few } else { rows };
                    theirs[*turn].add(way.run(settings, &loader, (&file, port), rows, count)?);
                    loader.expect(count).await?;
                }
            }
        }
    }
    let time = ours.median();
    let mut bars = vec![Bar::new("Rowgate, rows checked, exactly once", rows, time, true)];
    for (way, times) in WAYS.iter().zip(&theirs) {
        let reference = times.median();
        let measured = ratio(time, reference);
        let scaled = if way.is_slow() { format!(", from {}", grouped(few)) } else { String::new() };
        let bar = |bar: f64| match bar {
            1.0 => format!("≤ {bar}×"),
            bar => format!("≥ {bar}× faster: {:.1}×", measured.recip()),
        };
        table.add(Line {
            measure: format!("{} employees: loader / {}{scaled} ({rounds} rounds)", grouped(rows), way.name),
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(measured),
            bar: way.bar.map(|times| (bar(times), measured * times <= 1.0)),
        });
        bars.push(Bar::new(way.name, rows, reference, false));
    }
    if let Some(chart) = &settings.chart {
        let title = format!("CSV into MariaDB: rows a second, of {}", grouped(rows));
        chart::write(chart, &title, &machine::facts()?.in_short(), bars)?;
    }
    Ok(())
}

impl Way {
    fn is_slow(&self) -> bool {
        matches!(self.program, Program::DataApi)
    }

    /// Returns the time of the program; what it takes for `count` rows, but not its start, is
    /// scaled to `rows`.
    fn run(
        &self,
        settings: &Settings,
        loader: &Loader,
        (file, port): (&Path, u16),
        rows: u64,
        count: u64,
    ) -> Result<Duration> {
        let socket = loader.runner.stage.socket();
        let script = |name: &str, text: &str| -> Result<Command> {
            let script = file.with_file_name(name);
            fs::write(&script, text)?;
            let mut command = Command::new(&settings.python);
            command.arg(script);
            Ok(command)
        };
        let mut command = match &self.program {
            Program::LoadData => return client::run(socket, &load_data(file)),
            Program::MariadbImport => {
                let mut command = Command::new("mariadb-import");
                command
                    .args(["--no-defaults", "--local", "--user=root", "--default-character-set=utf8mb4"])
                    .args(["--fields-terminated-by=,", "--fields-optionally-enclosed-by=\"", "--silent"])
                    .arg("--columns=id,name,datetime,department_id,job_id")
                    .arg(format!("--socket={}", socket.display()))
                    .arg(DATABASE)
                    .arg(file);
                command
            }
            Program::Python(name, text, more) => {
                let mut command = script(name, text)?;
                command.arg(socket).arg(DATABASE).arg(file).args(*more);
                command
            }
            Program::Networked(name, text) => {
                let mut command = script(name, text)?;
                command.arg(port.to_string()).arg(DATABASE).arg(file.with_file_name(WITH_HEADER));
                command
            }
            Program::DataApi => {
                let mut command = script("data_api.py", include_str!("../../python/data_api.py"))?;
                let target = testkit::target(DATABASE);
                command.arg(loader.runner.stage.data_api_url());
                command.args([target.cluster_arn, target.secret_arn, target.database]).arg(file);
                command.arg(count.to_string());
                command
            }
        };
        // Nothing of the user's environment: no proxy, no AWS account. What a program keeps between
        // its runs goes to the folder of the measure.
        let home = file.with_file_name("home");
        fs::create_dir_all(&home)?;
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("HOME", home);
        let started = Instant::now();
        let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
        let whole = started.elapsed();
        ensure!(output.status.success(), "{} failed: {}", self.name, String::from_utf8_lossy(&output.stderr));
        if count == rows {
            return Ok(whole);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let loading: f64 = text.trim().parse().with_context(|| format!("{}: {text}", self.name))?;
        let loading = Duration::from_secs_f64(loading);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let factor = rows as f64 / count as f64;
        Ok(whole.saturating_sub(loading) + loading.mul_f64(factor))
    }
}
