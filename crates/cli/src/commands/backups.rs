//! `rowgate backups`

use anyhow::{Context, Result};
use clap::Args;
use domain::backup::BackupId;
use domain::page::BACKUPS;

use crate::api::{self, Api, size};
use crate::arguments::{ApiArguments, ListFormat, backup_id};
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::table::{TO_THE_MINUTE, Table, time_text};
use crate::verb::Verb;

/// Lists the backups.
#[derive(Debug, Args)]
pub(crate) struct Backups {
    /// How many, newest first: 1 to 100.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=BACKUPS.maximum))]
    limit: i64,
    /// Only those older than this one.
    #[arg(long, value_name = "BACKUP", value_parser = backup_id)]
    after: Option<BackupId>,
    #[command(flatten)]
    api: ApiArguments,
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
}

impl Verb for Backups {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let after = self.after.as_ref().map(BackupId::as_str);
        let text = self.api.connect().backups(self.limit, after).await?;
        match self.format {
            ListFormat::Json => printer.line(text.trim_end())?,
            ListFormat::Table => {
                let page = read(&text)?;
                printer.result(&render(&page.backups))?;
                if let Some(next) = page.next {
                    printer.note(&format!("Older ones: rowgate backups --after {next}"));
                }
            }
        }
        Ok(ExitStatus::Success)
    }
}

fn read(page: &str) -> Result<api::Backups> {
    serde_json::from_str(page).context("reading the list of backups")
}

/// Returns the newest good backup that has all of these tables.
pub(crate) async fn newest(api: &Api, tables: &[String]) -> Result<api::Backup> {
    let mut after = None;
    loop {
        let page = read(&api.backups(BACKUPS.maximum, after.as_deref()).await?)?;
        let has_all = |backup: &api::Backup| tables.iter().all(|table| backup.name_of(table).is_some());
        if let Some(found) = page.backups.into_iter().find(|backup| backup.is_good() && has_all(backup)) {
            return Ok(found);
        }
        after = page.next;
        if after.is_none() {
            return Err(user_error(format!(
                "There is no good backup of {}; `rowgate backups` lists what there is.",
                tables.join(", ")
            )));
        }
    }
}

fn render(backups: &[api::Backup]) -> String {
    let columns = ["backup", "status", "moment", "tables", "rows", "size", "verified", "error"];
    let mut table = Table::new(columns).right(["rows", "size"]);
    for backup in backups {
        let if_known = |text| if backup.status == "completed" { text } else { String::new() };
        let names: Vec<_> = backup.tables.keys().map(String::as_str).collect();
        // Until the snapshot is taken, the start is the nearest known time.
        let snapshot_time = backup.moment.as_deref().or(backup.started_at.as_deref());
        table.push([
            backup.backup.to_string(),
            backup.status.clone(),
            time_text(snapshot_time, TO_THE_MINUTE),
            names.join(", "),
            if_known(backup.rows().to_string()),
            if_known(size(backup.bytes())),
            time_text(backup.verified_at.as_deref(), TO_THE_MINUTE),
            backup.error.clone().unwrap_or_default(),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;
    use crate::commands::Arguments;

    fn backups() -> Vec<api::Backup> {
        serde_json::from_value(json!([
            {
                "backup": "20261121-020000-0000001f", "status": "running", "started_at": "2026-11-21T02:00:00.000Z",
                "finished_at": null, "moment": null, "tables": {"tags": {}, "documents": {}}, "verified_at": null,
                "error": null,
            },
            {
                "backup": "20261120-020000-00000007", "status": "completed", "started_at": "2026-11-20T02:00:00.000Z",
                "finished_at": "2026-11-20T02:00:09.000Z", "moment": "2026-11-20T02:00:01.500Z",
                "tables": {"tags": {"rows": 3, "bytes": 700}, "documents": {"rows": 1000000, "bytes": 21400000}},
                "verified_at": "2026-11-20T04:01:00.000Z", "error": null,
            },
            {
                "backup": "20261119-020000-00000009", "status": "failed", "started_at": "2026-11-19T02:00:00.000Z",
                "finished_at": null, "moment": null, "tables": {}, "verified_at": null,
                "error": "the database is away",
            },
        ]))
        .unwrap()
    }

    #[test]
    fn backups_are_listed_for_people() {
        insta::assert_snapshot!(render(&backups()), @r"
          backup                    status     moment            tables              rows   size  verified          error
          ------------------------  ---------  ----------------  ---------------  -------  -----  ----------------  --------------------
          20261121-020000-0000001f  running    2026-11-21 02:00  tags, documents
          20261120-020000-00000007  completed  2026-11-20 02:00  tags, documents  1000003  21 MB  2026-11-20 04:01
          20261119-020000-00000009  failed     2026-11-19 02:00                                                     the database is away
        ");
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
}
