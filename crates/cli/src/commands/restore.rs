//! `rowgate restore`

use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;
use clap::{ArgGroup, Args};
use domain::backup::{BackupId, RestoreId};
use serde_json::{Value, json};

use super::backups::newest;
use crate::api::{self, Api, RestoreRequest, in_brackets};
use crate::arguments::{OperatorArguments, backup_id, table_name};
use crate::ask::confirm;
use crate::aws::Aws;
use crate::environment::{Environment, EnvironmentArguments};
use crate::exit::{ExitStatus, user_error};
use crate::folder;
use crate::invoke::invoke;
use crate::printer::Printer;
use crate::verb::Verb;
use crate::wait::{Job, wait_for};

const REFUSED: &str = "Nothing was restored.";

/// Replaces tables with what a backup, or Avro files, have; asks first.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true).args(["backup", "from"]))]
pub(crate) struct Restore {
    /// The backup's id, or latest: the newest good one that has the tables, or all there are.
    backup: Option<WhichBackup>,
    /// The tables of the backup, with commas between [default: all it has].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name, conflicts_with = "from")]
    tables: Vec<String>,
    /// Restore Avro files that something else wrote: their key in the data bucket, or what their
    /// keys begin with.
    #[arg(long, value_name = "PREFIX", requires = "table")]
    from: Option<String>,
    /// The table that these files go to.
    #[arg(long, value_parser = table_name, requires = "from", conflicts_with = "backup")]
    table: Option<String>,
    /// Fail when one row of the files breaks a rule, rather than reject the row.
    #[arg(long, requires = "from", conflicts_with = "backup")]
    strict: bool,
    /// Fields of the files that are left out, with commas between; * for all that are for no
    /// column.
    #[arg(
        long,
        value_name = "FIELD,...",
        value_delimiter = ',',
        requires = "from",
        conflicts_with = "backup"
    )]
    ignore: Vec<String>,
    /// Do everything but replace the tables.
    #[arg(long)]
    verify: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    api: OperatorArguments,
    #[command(flatten)]
    environment: EnvironmentArguments,
    /// Seconds to wait; the restore goes on after them.
    #[arg(long, default_value_t = 3600)]
    timeout: u64,
}

/// The backup to restore.
#[derive(Clone, Debug, PartialEq, Eq)]
enum WhichBackup {
    Latest,
    Id(BackupId),
}

impl FromStr for WhichBackup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" { Ok(Self::Latest) } else { backup_id(text).map(Self::Id) }
    }
}

impl Verb for Restore {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let api = self.api.connect();
        let restore = match (&self.backup, &self.from, &self.table) {
            (Some(which), ..) => self.restore_backup(&api, which, printer).await?,
            (None, Some(prefix), Some(table)) => self.restore_files(&api, prefix, table, printer).await?,
            // The group of arguments rules this out.
            (None, ..) => return Err(user_error("Name a backup, or files and their table.")),
        };
        end(&restore, self.verify, printer)
    }
}

impl Restore {
    /// Restores a backup through the API. The newest backup is looked up here, not by the service
    /// later, so that what was shown is what is restored.
    async fn restore_backup(&self, api: &Api, which: &WhichBackup, printer: Printer) -> Result<api::Restore> {
        let tables = &own_names(&self.tables);
        let backup = find(api, which, tables).await?;
        let chosen = chosen(&backup, tables)?;
        if self.verify {
            printer.note(&format!("Verifying the backup {}: nothing is replaced.", backup.backup));
        } else {
            confirm(&targets(&backup, &chosen), REFUSED, self.yes, printer)?;
        }
        let request = RestoreRequest { backup: &backup.backup, tables, mode: self.mode() };
        let id = api.start_restore(&request).await?;
        follow(api, &id, self.timeout, printer).await
    }

    /// Restores files by invoking the function: whoever may do that may read the bucket, which the
    /// operator of the API need not.
    async fn restore_files(
        &self,
        api: &Api,
        prefix: &str,
        table: &str,
        printer: Printer,
    ) -> Result<api::Restore> {
        if self.verify {
            printer.note(&format!("Reading the files at {prefix}: nothing is replaced."));
        } else {
            let targets = format!(
                "This replaces, with the rows of the files at {prefix}:\n  {table}\n\
                 The table as it is now is kept until it is restored again."
            );
            confirm(&targets, REFUSED, self.yes, printer)?;
        }
        let Self { strict, ignore, .. } = self;
        let id = new_id();
        let payload = json!({
            "from": prefix, "tables": [table], "strict": strict, "ignore": ignore, "mode": self.mode(), "restore": id,
        });
        let doing = format!("restoring as {id}");
        let cloud = (api, &self.environment.environment);
        invoke_and_follow((&doing, "The restore"), &payload, Job::outcome, cloud, self.timeout, printer).await
    }

    fn mode(&self) -> &'static str {
        if self.verify { "verify" } else { "replace" }
    }
}

async fn find(api: &Api, which: &WhichBackup, tables: &[String]) -> Result<api::Backup> {
    let id = match which {
        // It must have every table, unless some are named.
        WhichBackup::Latest if tables.is_empty() => return newest(api, &api.table_names().await?).await,
        WhichBackup::Latest => return newest(api, tables).await,
        WhichBackup::Id(id) => id,
    };
    let backup = api.backup(id).await?.ok_or_else(|| {
        user_error(format!("There is no backup {id}; `rowgate backups` lists what there is."))
    })?;
    // The service decides whether a backup can be restored; one that is not complete has nothing to
    // show.
    if backup.status == "completed" {
        return Ok(backup);
    }
    let api::Backup { status, error, .. } = backup;
    let reason = in_brackets(error.as_deref());
    Err(user_error(format!("The backup {id} cannot be restored: it is {status}{reason}.")))
}

/// Returns the id of a restore that is asked for now.
pub(crate) fn new_id() -> RestoreId {
    RestoreId::new(jiff::Timestamp::now().as_second(), fastrand::u32(..))
}

/// Resolves aliases of tables that the folder of tables knows, if there is one. Other names stay as
/// they are: the service knows its own.
pub(crate) fn own_names(tables: &[String]) -> Vec<String> {
    tables.iter().map(|name| own_name(name).to_owned()).collect()
}

fn own_name(name: &str) -> &str {
    let table = folder::dictionary().ok().and_then(|dictionary| dictionary.table(name));
    table.map_or(name, |table| table.name())
}

/// Returns the tables to restore, by the backup's names: those that were asked for, or all it has.
fn chosen<'a>(backup: &'a api::Backup, tables: &'a [String]) -> Result<Vec<&'a str>> {
    let all: Vec<_> = backup.tables.keys().map(String::as_str).collect();
    if tables.is_empty() {
        return Ok(all);
    }
    let chosen = tables.iter().map(|table| {
        backup.name_of(table).ok_or_else(|| {
            let id = &backup.backup;
            user_error(format!("The backup {id} has no table {table}; it has {}.", all.join(", ")))
        })
    });
    chosen.collect()
}

/// Says what a restore from a backup will replace, by today's names.
fn targets(backup: &api::Backup, tables: &[&str]) -> String {
    let snapshot_time = backup.moment.as_deref().unwrap_or("an unknown moment");
    let mut text = format!("This replaces, with the rows of {snapshot_time} (backup {}):", backup.backup);
    for name in tables {
        let rows = backup.tables.get(*name).and_then(|table| table.rows).unwrap_or(0);
        text.push_str(&format!("\n  {}, {rows} rows", own_name(name)));
    }
    text + "\nThe tables as they are now are kept until they are restored again."
}

/// Invokes the restore function, and follows the restore if it continues in another invocation.
/// `doing` and `work` say what it does, while it does it and in an error.
pub(crate) async fn invoke_and_follow(
    (doing, work): (&str, &str),
    payload: &Value,
    outcome: impl FnOnce(&api::Restore) -> String,
    (api, environment): (&Api, &Environment),
    timeout: u64,
    printer: Printer,
) -> Result<api::Restore> {
    let aws = Aws::from_environment().await;
    let step = printer.step(doing);
    let restore: api::Restore = invoke(&aws, &environment.function_name("restore"), work, payload).await?;
    if restore.has_ended() {
        step.done(&outcome(&restore));
        return Ok(restore);
    }
    drop(step);
    follow(api, &restore.restore, timeout, printer).await
}

async fn follow(api: &Api, id: &RestoreId, timeout: u64, printer: Printer) -> Result<api::Restore> {
    let look = format!("GET {}/restores/{id} shows how far it is", api.url());
    let overdue = (&*format!("The restore {id}"), &*look);
    let limit = Duration::from_secs(timeout);
    wait_for(&format!("restoring as {id}"), limit, overdue, printer, async || api.restore(id).await).await
}

/// Ends a verb by the outcome of its restore.
pub(crate) fn end(restore: &api::Restore, verify: bool, printer: Printer) -> Result<ExitStatus> {
    let api::Restore { restore: id, status, tables, error } = restore;
    printer.line(id)?;
    if status != "completed" {
        let reason = error.as_deref().map(|error| format!(": {}", error.trim_end_matches('.')));
        let reason = reason.unwrap_or_default();
        return Err(user_error(format!("The restore {id} failed{reason}.")));
    }
    for (table, rejected) in tables.iter().filter_map(|(name, table)| Some((name, table.rows_rejected?))) {
        if rejected > 0 {
            printer.note(&format!(
                "  {rejected} rejected rows are below rejected/{table}/{id}/ in the data bucket"
            ));
        }
    }
    if !verify && tables.values().any(|table| table.kept == Some(true)) {
        printer.note(&format!("  to go back: rowgate put-back {id}"));
    }
    Ok(ExitStatus::Success)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;
    use crate::commands::{Arguments, Verbs};

    const ID: &str = "20261121-020000-0000001f";

    fn parse(words: &[&str]) -> Result<Verbs, String> {
        let connection = ["--url", "http://127.0.0.1:9/v1", "--operator-key", "k"];
        let line = [&["rowgate"], words, &connection[..]].concat();
        Arguments::try_parse_from(line).map(|arguments| arguments.command).map_err(|error| error.to_string())
    }

    #[test]
    fn a_restore_is_from_a_backup_or_restore_files() {
        for (words, which) in [
            (&["restore", "latest"][..], WhichBackup::Latest),
            (&["restore", ID, "--tables", "tags,documents"], WhichBackup::Id(BackupId::parse(ID).unwrap())),
        ] {
            match parse(words).unwrap() {
                Verbs::Restore(restore) => assert_eq!(restore.backup, Some(which)),
                other => panic!("{other:?}"),
            }
        }
        assert!(
            parse(&["restore", "--from", "avro/tags/", "--table", "tags", "--strict", "--verify"]).is_ok()
        );
        match parse(&["restore", "--from", "avro/", "--table", "tags", "--ignore", "salary,*"]).unwrap() {
            Verbs::Restore(restore) => assert_eq!(restore.ignore, ["salary", "*"]),
            other => panic!("{other:?}"),
        }
        for wrong in [
            &["restore"][..],
            &["restore", "newest"],
            &["restore", "../x"],
            &["restore", "latest", "--from", "avro/", "--table", "tags"],
            &["restore", "--from", "avro/"],
            &["restore", "latest", "--table", "tags"],
            &["restore", "latest", "--strict"],
            &["restore", "latest", "--ignore", "salary"],
            &["restore", "--from", "avro/", "--table", "tags", "--tables", "tags"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_wrong_id_is_refused_with_a_right_one() {
        let refusal = parse(&["restore", "yesterday"]).unwrap_err();
        assert!(refusal.contains("`rowgate backups` lists them"), "{refusal}");
    }

    fn backup() -> api::Backup {
        serde_json::from_value(json!({
            "backup": "20261121-020000-0000001f", "status": "completed", "moment": "2026-11-21T02:00:01.500Z",
            "tables": {"tags": {"rows": 3, "bytes": 700}, "documents": {"rows": 1000, "bytes": 21400}},
        }))
        .unwrap()
    }

    #[test]
    fn the_tables_to_be_replaced_are_listed_with_the_snapshot_time() {
        let backup = backup();
        let tags = ["tags".to_owned()];
        insta::assert_snapshot!(targets(&backup, &chosen(&backup, &[]).unwrap()), @r"
        This replaces, with the rows of 2026-11-21T02:00:01.500Z (backup 20261121-020000-0000001f):
          tags, 3 rows
          documents, 1000 rows
        The tables as they are now are kept until they are restored again.
        ");
        assert_eq!(chosen(&backup, &tags).unwrap(), ["tags"]);
    }

    #[test]
    fn a_table_that_was_renamed_since_is_asked_for_by_either_name() {
        let mut backup = backup();
        let documents = backup.tables.shift_remove("documents").unwrap();
        backup.tables.insert("filed_documents".to_owned(), documents);
        for name in ["documents", "filed_documents"] {
            let asked = own_names(&[name.to_owned()]);
            let chosen = chosen(&backup, &asked).unwrap();
            assert_eq!(chosen, ["filed_documents"]);
            assert!(targets(&backup, &chosen).contains("\n  documents, 1000 rows\n"));
        }
    }

    #[test]
    fn a_table_that_the_backup_has_not_is_named_with_those_it_has() {
        let people = ["tags".to_owned(), "people".to_owned()];
        assert_eq!(
            chosen(&backup(), &people).unwrap_err().to_string(),
            "The backup 20261121-020000-0000001f has no table people; it has tags, documents."
        );
    }

    #[test]
    fn aliases_of_tables_are_taken() {
        let names = ["filed_documents", "tags", "people"].map(str::to_owned);
        assert_eq!(own_names(&names), ["documents", "tags", "people"]);
    }

    #[test]
    fn ids_are_of_now_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert!((jiff::Timestamp::now().as_second() - one.unix_seconds()).abs() < 60);
    }
}
