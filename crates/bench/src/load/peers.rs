//! A million employees against the ways that Python programs load them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Loader, ROUNDS, ROWS, generate};
use crate::settings::Settings;
use crate::stage::DATABASE;
use crate::stats::{Series, Times, grouped, ratio, seconds};
use crate::table::{Line, Table};

const FILE: &str = "employees.csv";
/// The number of rows that go through `batch_execute_statement`; all of them would take minutes.
const FEW_ROWS: u64 = 50_000;

/// A way to load the file in Python.
struct Way {
    name: &'static str,
    script: &'static str,
    source: &'static str,
    method: Option<&'static str>,
    /// The required speed of the loader relative to this (issue 3).
    bar: Option<f64>,
}

const WAYS: [Way; 4] = [
    Way {
        name: "Python csv, pymysql executemany of 1000",
        script: "executemany.py",
        source: include_str!("../../python/executemany.py"),
        method: None,
        bar: Some(3.0),
    },
    Way {
        name: "Python boto3 batch_execute_statement of 1000",
        script: "data_api.py",
        source: include_str!("../../python/data_api.py"),
        method: None,
        bar: Some(10.0),
    },
    Way {
        name: "pandas to_sql, chunksize=1000",
        script: "to_sql.py",
        source: include_str!("../../python/to_sql.py"),
        method: Some("None"),
        bar: Some(5.0),
    },
    Way {
        name: "pandas to_sql, chunksize=1000, method=\"multi\"",
        script: "to_sql.py",
        source: include_str!("../../python/to_sql.py"),
        method: Some("multi"),
        bar: None,
    },
];

/// Loads the file every way in turns.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let few = settings.rows(FEW_ROWS);
    let mut loader = Loader::start(settings).await?;
    let file = loader.path(FILE);
    generate::valid(&file, rows)?;
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
                    theirs[*turn].add(way.run(settings, &loader, &file, rows, count)?);
                    loader.expect(count).await?;
                }
            }
        }
    }
    let time = ours.median();
    for (way, times) in WAYS.iter().zip(&theirs) {
        let reference = times.median();
        let measured = ratio(time, reference);
        let scaled = if way.is_slow() { format!(", from {}", grouped(few)) } else { String::new() };
        table.add(Line {
            measure: format!("{} employees: loader / {}{scaled} ({rounds} rounds)", grouped(rows), way.name),
            ours: seconds(time),
            reference: seconds(reference),
            ratio: Some(measured),
            bar: way
                .bar
                .map(|bar| (format!("≥ {bar}× faster: {:.1}×", measured.recip()), measured * bar <= 1.0)),
        });
    }
    Ok(())
}

impl Way {
    fn is_slow(&self) -> bool {
        self.script == "data_api.py"
    }

    /// Returns the time of the program; what it takes for `count` rows, but not its start, is
    /// scaled to `rows`.
    fn run(
        &self,
        settings: &Settings,
        loader: &Loader,
        file: &Path,
        rows: u64,
        count: u64,
    ) -> Result<Duration> {
        let script = file.with_file_name(self.script);
        fs::write(&script, self.source)?;
        let mut command = Command::new(&settings.python);
        // Nothing of the user's environment: no proxy, no AWS account.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).arg(script);
        if self.is_slow() {
            let target = testkit::target(DATABASE);
            command.arg(loader.runner.stage.data_api_url());
            command.args([target.cluster_arn, target.secret_arn, target.database]).arg(file);
            command.arg(count.to_string());
        } else {
            command.arg(loader.runner.stage.socket()).arg(DATABASE).arg(file).args(self.method);
        }
        let started = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("cannot run {}; `make bench` installs it", settings.python.display()))?;
        let whole = started.elapsed();
        ensure!(
            output.status.success(),
            "{} failed: {}",
            self.script,
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let loading: f64 = text.trim().parse().with_context(|| format!("{}: {text}", self.script))?;
        let loading = Duration::from_secs_f64(loading);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let factor = rows as f64 / count as f64;
        Ok(whole.saturating_sub(loading) + loading.mul_f64(factor))
    }
}
