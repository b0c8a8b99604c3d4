//! What the verbs of backups and restores take.

use std::str::FromStr;

use clap::{ArgGroup, Args, ValueEnum};
use domain::backup::{BackupId, RestoreId};
use domain::page::BACKUPS;

use super::{ApiArguments, table_name};
use crate::api::Api;
use crate::http::HttpClient;

/// Where the API is, and the key that may do what cannot be undone.
#[derive(Debug, Args)]
pub(crate) struct OperatorArguments {
    /// The API's URL with its stage.
    #[arg(long, env = "ROWGATE_URL")]
    pub url: String,
    /// The operator's API key.
    #[arg(long, env = "ROWGATE_OPERATOR_KEY", hide_env_values = true)]
    pub operator_key: String,
}

impl OperatorArguments {
    pub(crate) fn connect(&self, http: HttpClient) -> Api {
        Api::new(&self.url, &self.operator_key, http)
    }
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The tables, with commas between [default: all].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name)]
    pub tables: Vec<String>,
    #[command(flatten)]
    pub api: OperatorArguments,
    /// Stay until the backup has ended; exit code 1 when it failed.
    #[arg(long)]
    pub wait: bool,
    /// Seconds to wait.
    #[arg(long, default_value_t = 3600)]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct BackupsArguments {
    /// How many, newest first: 1 to 100.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=BACKUPS.maximum))]
    pub limit: i64,
    /// Only those older than this one.
    #[arg(long, value_name = "BACKUP", value_parser = backup_id)]
    pub after: Option<BackupId>,
    #[command(flatten)]
    pub api: ApiArguments,
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Json,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true).args(["backup", "from"]))]
pub(crate) struct RestoreArguments {
    /// The backup's id, or latest: the newest good one that has the tables, or all there are.
    pub backup: Option<WhichBackup>,
    /// The tables of the backup, with commas between [default: all it has].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name, conflicts_with = "from")]
    pub tables: Vec<String>,
    /// Restore Avro files that something else wrote: their key in the data bucket, or what their keys begin with.
    #[arg(long, value_name = "PREFIX", requires = "table")]
    pub from: Option<String>,
    /// The table that these files go to.
    #[arg(long, value_parser = table_name, requires = "from", conflicts_with = "backup")]
    pub table: Option<String>,
    /// Fail when one row of the files breaks a rule, rather than reject the row.
    #[arg(long, requires = "from", conflicts_with = "backup")]
    pub strict: bool,
    /// Fields of the files that are left out, with commas between; * for all that are for no column.
    #[arg(
        long,
        value_name = "FIELD,...",
        value_delimiter = ',',
        requires = "from",
        conflicts_with = "backup"
    )]
    pub ignore: Vec<String>,
    /// Do everything but replace the tables.
    #[arg(long)]
    pub verify: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub api: OperatorArguments,
    /// Seconds to wait; the restore goes on after them.
    #[arg(long, default_value_t = 3600)]
    pub timeout: u64,
}

/// Which backup is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhichBackup {
    Latest,
    Id(BackupId),
}

impl FromStr for WhichBackup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" { Ok(Self::Latest) } else { backup_id(text).map(Self::Id) }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PutBackArguments {
    /// The restore's id.
    #[arg(value_parser = restore_id)]
    pub restore: RestoreId,
    /// Which of its tables, with commas between [default: all].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name)]
    pub tables: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub api: OperatorArguments,
    /// Seconds to wait; it goes on after them.
    #[arg(long, default_value_t = 3600)]
    pub timeout: u64,
}

pub(super) fn backup_id(text: &str) -> Result<BackupId, String> {
    BackupId::parse(text).ok_or_else(|| {
        "a backup's id looks like 20261121-020000-0a1b2c3d; `rowgate backups` lists them".to_owned()
    })
}

fn restore_id(text: &str) -> Result<RestoreId, String> {
    RestoreId::parse(text).ok_or_else(|| "a restore's id looks like 20261121-020000-0a1b2c3d".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Arguments, CommandLine};
    use super::*;

    const ID: &str = "20261121-020000-0000001f";

    fn parse(words: &[&str]) -> Result<CommandLine, String> {
        let connection = ["--url", "http://127.0.0.1:9/v1", "--operator-key", "k"];
        let line = [&["rowgate"], words, &connection[..]].concat();
        Arguments::try_parse_from(line).map(|arguments| arguments.command).map_err(|error| error.to_string())
    }

    #[test]
    fn a_restore_is_from_a_backup_or_from_files() {
        for (words, which) in [
            (&["restore", "latest"][..], WhichBackup::Latest),
            (&["restore", ID, "--tables", "jobs,employees"], WhichBackup::Id(BackupId::parse(ID).unwrap())),
        ] {
            match parse(words).unwrap() {
                CommandLine::Restore(restore) => assert_eq!(restore.backup, Some(which)),
                other => panic!("{other:?}"),
            }
        }
        assert!(
            parse(&["restore", "--from", "avro/jobs/", "--table", "jobs", "--strict", "--verify"]).is_ok()
        );
        match parse(&["restore", "--from", "avro/", "--table", "jobs", "--ignore", "salary,*"]).unwrap() {
            CommandLine::Restore(restore) => assert_eq!(restore.ignore, ["salary", "*"]),
            other => panic!("{other:?}"),
        }
        for wrong in [
            &["restore"][..],
            &["restore", "newest"],
            &["restore", "../x"],
            &["restore", "latest", "--from", "avro/", "--table", "jobs"],
            &["restore", "--from", "avro/"],
            &["restore", "latest", "--table", "jobs"],
            &["restore", "latest", "--strict"],
            &["restore", "latest", "--ignore", "salary"],
            &["restore", "--from", "avro/", "--table", "jobs", "--tables", "jobs"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_list_has_as_many_backups_as_the_service_gives_at_most() {
        let parse = |limit: i64| {
            let line = format!("rowgate backups --url http://127.0.0.1:9/v1 --api-key k --limit {limit}");
            Arguments::try_parse_from(line.split(' '))
        };
        assert!(parse(1).is_ok() && parse(BACKUPS.maximum).is_ok());
        let refusal = parse(BACKUPS.maximum + 1).unwrap_err().to_string();
        assert!(refusal.contains(&format!("1..={}", BACKUPS.maximum)), "{refusal}");
        assert!(parse(0).is_err());
        let help = Arguments::try_parse_from(["rowgate", "backups", "--help"]).unwrap_err().to_string();
        assert!(help.contains(&format!("1 to {}", BACKUPS.maximum)), "{help}");
    }

    #[test]
    fn tables_are_told_apart_by_commas() {
        match parse(&["backup", "--tables", "jobs,employees"]).unwrap() {
            CommandLine::Backup(backup) => assert_eq!(backup.tables, ["jobs", "employees"]),
            other => panic!("{other:?}"),
        }
        assert!(parse(&["backup", "--tables", "jobs,,employees"]).is_err());
        assert!(parse(&["put-back", ID, "--tables", "jobs"]).is_ok());
    }

    #[test]
    fn an_id_that_cannot_be_one_is_told_with_one_that_can() {
        let refusal = parse(&["put-back", "latest"]).unwrap_err();
        assert!(refusal.contains("20261121-020000-0a1b2c3d"), "{refusal}");
        let refusal = parse(&["restore", "yesterday"]).unwrap_err();
        assert!(refusal.contains("`rowgate backups` lists them"), "{refusal}");
    }
}
