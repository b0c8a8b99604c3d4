//! The machine that the figures were measured on.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};
use local_database::{Kind, Server};

/// The facts above the table.
#[derive(Debug)]
pub(crate) struct Facts {
    date: String,
    processor: String,
    cores: usize,
    system: String,
    database: String,
    load: String,
}

/// Collects the facts.
pub(crate) fn facts() -> Result<Facts> {
    let processor = fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let system = fs::read_to_string("/etc/os-release")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME=").map(|name| name.trim_matches('"').to_owned()))
        .unwrap_or_else(|| std::env::consts::OS.to_owned());
    let server = Server::find(Kind::from_env()?)?;
    Ok(Facts {
        date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        processor,
        cores: std::thread::available_parallelism()?.get(),
        system,
        database: format!("{} {}", server.kind().title(), server.version()?),
        load: load()?,
    })
}

impl Facts {
    /// Returns what a chart says: day, processor and database.
    pub(crate) fn in_short(&self) -> String {
        let Self { date, processor, cores, database, .. } = self;
        let (day, _) = date.split_once(' ').unwrap_or((date, ""));
        format!("{day}; {cores} cores, {processor}; {database}")
    }
}

/// Returns the load averages at the start and now.
pub(crate) fn load_since(facts: &Facts) -> Result<String> {
    Ok(format!("{}, {}", facts.load, load()?))
}

fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, processor, cores, system, database, .. } = self;
        writeln!(f, "- {date}; {cores} cores, {processor}; {system}; {database}")?;
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let settings = crate::stage::settings().map_err(|_| fmt::Error)?;
        write!(f, "- Build profile: {profile}. Database: {}", settings.join(" "))
    }
}
