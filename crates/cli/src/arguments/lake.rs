//! What the verbs of the lake take.

use clap::{Args, Subcommand};
use domain::backup::BackupId;

use super::Format;
use super::backups::backup_id;
use crate::lake::GOLD;

#[derive(Debug, Subcommand)]
pub(crate) enum LakeCommand {
    /// Starts a run of the pipeline: a backup, its verification, and the three layers.
    Run(LakeRunArguments),
    /// Runs a statement in Athena and prints what it answers.
    Query(LakeQueryArguments),
    /// Lists the tables of the lake: rows, files, size, newest snapshot, last run.
    Tables(LakeTablesArguments),
    /// Prints every version of one row.
    History(LakeHistoryArguments),
}

#[derive(Debug, Args)]
pub(crate) struct LakeRunArguments {
    /// Take this backup rather than make a new one.
    #[arg(long, value_name = "BACKUP", value_parser = backup_id)]
    pub backup: Option<BackupId>,
    /// Stay until the run has ended, and show its steps; exit code 1 when it failed. Ctrl-C ends the watching, not the run.
    #[arg(long)]
    pub wait: bool,
    /// Watch a run that was started before, and start none.
    #[arg(long, value_name = "RUN", value_parser = run_name, conflicts_with_all = ["backup", "wait"])]
    pub follow: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LakeQueryArguments {
    /// The statement, in Athena's SQL.
    #[arg(value_parser = statement)]
    pub sql: String,
    /// How its result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// The database of tables that are named without one.
    #[arg(long, default_value = GOLD)]
    pub database: String,
}

#[derive(Debug, Args)]
pub(crate) struct LakeTablesArguments {
    /// The lake bucket.
    #[arg(long, env = "ROWGATE_LAKE_BUCKET")]
    pub bucket: Option<String>,
    /// Print them as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LakeHistoryArguments {
    /// The table, as in the dictionary.
    pub table: String,
    /// The row's key.
    #[arg(long, allow_negative_numbers = true)]
    pub key: String,
    /// How the versions are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// The name of an execution, as Step Functions allows it.
fn run_name(text: &str) -> Result<String, String> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if (1..=80).contains(&text.len()) && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a run is named as `rowgate lake run` printed it".to_owned())
    }
}

fn statement(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("there is no statement in it".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Arguments, CommandLine};
    use super::*;

    fn parse(words: &[&str]) -> Result<LakeCommand, String> {
        match Arguments::try_parse_from([&["rowgate", "lake"], words].concat()) {
            Ok(Arguments { command: CommandLine::Lake(command) }) => Ok(command),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_run_is_started_or_followed() {
        assert!(parse(&["run"]).is_ok());
        assert!(parse(&["run", "--wait", "--backup", "20261121-020000-0000001f"]).is_ok());
        assert!(parse(&["run", "--follow", "20261121-020000-0000001f"]).is_ok());
        for wrong in [
            &["run", "--backup", "latest"][..],
            &["run", "--follow", "a:b"],
            &["run", "--follow", ""],
            &["run", "--follow", "a", "--wait"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_query_is_in_gold_unless_it_says_otherwise() {
        match parse(&["query", "SELECT 1"]).unwrap() {
            LakeCommand::Query(query) => {
                assert_eq!((query.database.as_str(), query.format), ("rowgate_gold", Format::Table));
            }
            other => panic!("{other:?}"),
        }
        assert!(parse(&["query", " "]).is_err());
    }

    #[test]
    fn a_key_may_be_negative() {
        match parse(&["history", "jobs", "--key", "-7"]).unwrap() {
            LakeCommand::History(history) => assert_eq!(history.key, "-7"),
            other => panic!("{other:?}"),
        }
        assert!(parse(&["history", "jobs"]).is_err());
    }
}
