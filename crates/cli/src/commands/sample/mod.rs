//! `rowgate sample`: generated data such as a hiring system exports, with the flaws of such
//! exports.
//!
//! The files are the same on every machine and in every run, so that reports and tests can name
//! figures. No person in them is real: the names are drawn from the lists in `names/`.

mod random;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::csv;

use self::random::Random;
use crate::exit::{ExitStatus, cannot};
use crate::printer::Printer;
use crate::verb::Verb;

const DEPARTMENTS: &str = include_str!("names/departments.txt");
const LEVELS: [&str; 4] = ["Junior ", "", "Senior ", "Lead "];
const ROLES: &str = include_str!("names/roles.txt");
const GIVEN_NAMES: &str = include_str!("names/given.txt");
const FAMILY_NAMES: &str = include_str!("names/family.txt");
const EMPLOYEES: usize = 3_200;
/// The number of flawed records in a thousand employees.
const FLAWED_PER_MILLE: u64 = 34;
const SEED: u64 = 20_210_101;
/// 2021-01-01T00:00:00Z, in seconds since 1970.
const FROM: i64 = 1_609_459_200;
/// The seconds of 2021 and 2022 together.
const SPAN: u64 = 730 * 86_400;

/// Writes the generated sample files.
#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// Where the files are written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Verb for Sample {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        fs::create_dir_all(&self.out).map_err(cannot(&self.out, "be written"))?;
        for (table, content) in files() {
            let path = self.out.join(format!("{table}.csv"));
            fs::write(&path, content).map_err(cannot(&path, "be written"))?;
            printer.line(path.display())?;
        }
        Ok(ExitStatus::Success)
    }
}

/// Returns the tables and their files' content, in the order in which they should be loaded.
fn files() -> [(&'static str, String); 3] {
    [("departments", departments()), ("jobs", jobs()), ("employees", employees())]
}

fn departments() -> String {
    numbered(DEPARTMENTS.lines().map(str::to_owned))
}

fn jobs() -> String {
    numbered(ROLES.lines().flat_map(|role| LEVELS.iter().map(move |level| format!("{level}{role}"))))
}

fn numbered(names: impl Iterator<Item = String>) -> String {
    names.zip(1..).fold(String::new(), |mut text, (name, id)| {
        let _ = writeln!(text, "{id},{}", csv::field(&name));
        text
    })
}

fn employees() -> String {
    let mut random = Random::new(SEED);
    let (departments, jobs) = (DEPARTMENTS.lines().count(), ROLES.lines().count() * LEVELS.len());
    let (given, family): (Vec<_>, Vec<_>) = (GIVEN_NAMES.lines().collect(), FAMILY_NAMES.lines().collect());
    let mut text = String::new();
    for id in 1..=EMPLOYEES {
        // Squaring makes some departments and jobs much larger than others, as they are.
        let department = random.skewed(departments) + 1;
        let job = random.skewed(jobs) + 1;
        let name = format!("{} {}", random.choose(&given), random.choose(&family));
        let hired = FROM + i64::try_from(random.below(SPAN)).unwrap_or(0);
        let datetime = jiff::Timestamp::from_second(hired).unwrap_or_default().to_string();
        let mut record = vec![
            id.to_string(),
            csv::field(&name).into_owned(),
            datetime,
            department.to_string(),
            job.to_string(),
        ];
        if random.below(1000) < FLAWED_PER_MILLE {
            spoil(&mut record, id, &mut random);
        }
        let _ = writeln!(text, "{}", record.join(","));
    }
    text
}

/// Gives a record one of the flaws that real exports have.
fn spoil(record: &mut Vec<String>, id: usize, random: &mut Random) {
    const ID: usize = 0;
    const NAME: usize = 1;
    const DATETIME: usize = 2;
    const DEPARTMENT: usize = 3;
    const JOB: usize = 4;
    match random.below(10) {
        0 => record[NAME].clear(),
        1 => record[DATETIME].clear(),
        2 | 3 => record[DEPARTMENT].clear(),
        4 | 5 => record[JOB].clear(),
        // The end of the line was lost.
        6 => record.truncate(DEPARTMENT),
        // A day that no calendar has.
        7 => record[DATETIME].replace_range(5..10, "02-30"),
        // A spreadsheet wrote the date its own way.
        8 => {
            let date = &record[DATETIME];
            record[DATETIME] = format!("{}/{}/{}", &date[8..10], &date[5..7], &date[..4]);
        }
        // Exported twice, the second time under an earlier id.
        _ => record[ID] = (id / 2).max(1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn digest(text: &str) -> String {
        hex::encode(Sha256::digest(text))
    }

    #[test]
    fn the_files_are_the_same_everywhere_and_always() {
        let shown: Vec<String> = files()
            .iter()
            .map(|(table, text)| {
                let head: Vec<_> = text.lines().take(3).collect();
                format!(
                    "{table}: {} lines, sha256 {}\n{}",
                    text.lines().count(),
                    digest(text),
                    head.join("\n")
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn a_few_per_cent_of_the_employees_are_flawed_in_every_way() {
        let text = employees();
        let mut seen = std::collections::HashSet::new();
        let (mut empty, mut short, mut date, mut repeated) = (0, 0, 0, 0);
        for line in text.lines() {
            let fields: Vec<_> = line.split(',').collect();
            if !seen.insert(fields[0].to_owned()) {
                repeated += 1;
            } else if fields.len() < 5 {
                short += 1;
            } else if fields.iter().any(|field| field.is_empty()) {
                empty += 1;
            } else if fields[2].parse::<jiff::Timestamp>().is_err() {
                date += 1;
            }
        }
        assert!([empty, short, date, repeated].iter().all(|count| *count > 0));
        let flawed = empty + short + date + repeated;
        assert!((60..200).contains(&flawed), "{flawed}: {empty} {short} {date} {repeated}");
    }

    #[test]
    fn both_years_are_there() {
        let text = employees();
        for year in ["2021", "2022"] {
            assert!(text.lines().filter(|line| line.contains(&format!(",{year}-"))).count() > 1000);
        }
    }
}
