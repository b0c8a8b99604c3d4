//! Follows backups, and shows what they hold.

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::backup::BackupId;

use crate::api::{Api, Backup};
use crate::exit::user_error;
use crate::printer::Printer;
use crate::table::{Align, Table};

const POLL: Duration = Duration::from_millis(500);
/// How many backups are asked for at once when one is looked for.
const PAGE: i64 = domain::page::BACKUPS.maximum;

/// Waits until a backup has ended.
pub(crate) async fn wait_for(api: &Api, id: &BackupId, limit: Duration, printer: Printer) -> Result<Backup> {
    let step = printer.step(&format!("backing up as {id}"));
    let started = Instant::now();
    loop {
        // Until the function has begun, there is nothing of it.
        match api.backup(id).await? {
            Some(backup) if backup.has_ended() => {
                step.done(&line(&backup));
                return Ok(backup);
            }
            Some(backup) if backup.rows() > 0 => {
                step.update(&format!("backing up as {id}, {} rows so far", backup.rows()));
            }
            _ => {}
        }
        if started.elapsed() > limit {
            return Err(user_error(format!(
                "The backup {id} has not ended after {} s; `rowgate backups` shows what becomes of it.",
                limit.as_secs()
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The newest good backup that has all of these tables.
pub(crate) async fn newest(api: &Api, tables: &[String]) -> Result<Backup> {
    let mut after = None;
    loop {
        let page = api.backups(PAGE, after.as_deref()).await?;
        let has_all = |backup: &Backup| tables.iter().all(|table| backup.name_of(table).is_some());
        if let Some(found) = page.backups.into_iter().find(|backup| backup.is_good() && has_all(backup)) {
            return Ok(found);
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    let names = tables.join(", ");
    Err(user_error(format!("There is no good backup of {names}; `rowgate backups` lists what there is.")))
}

/// What became of a backup, in one line.
fn line(backup: &Backup) -> String {
    let Backup { backup: id, status, error, .. } = backup;
    let mut line = format!("{id}: {status}");
    if status == "completed" {
        let tables: Vec<_> = backup
            .tables
            .iter()
            .map(|(name, table)| format!("{name} {} rows", table.rows.unwrap_or(0)))
            .collect();
        line.push_str(&format!(", {}, {}", tables.join(", "), size(backup.bytes())));
    }
    if let Some(error) = error {
        line.push_str(&format!(" ({error})"));
    }
    line
}

/// Backups as a table for people.
pub(crate) fn render(backups: &[Backup]) -> String {
    let mut table = Table::new([
        ("backup", Align::Left),
        ("status", Align::Left),
        ("moment", Align::Left),
        ("tables", Align::Left),
        ("rows", Align::Right),
        ("size", Align::Right),
        ("verified", Align::Left),
        ("error", Align::Left),
    ]);
    for backup in backups {
        let known = backup.status == "completed";
        let names: Vec<_> = backup.tables.keys().map(String::as_str).collect();
        // A backup without a moment yet has at least one at which it was asked for.
        let moment = backup.moment.as_deref().or(backup.started_at.as_deref());
        table.push(vec![
            backup.backup.to_string(),
            backup.status.clone(),
            moment.map(minute).unwrap_or_default(),
            names.join(", "),
            if known { backup.rows().to_string() } else { String::new() },
            if known { size(backup.bytes()) } else { String::new() },
            backup.verified_at.as_deref().map(minute).unwrap_or_default(),
            backup.error.clone().unwrap_or_default(),
        ]);
    }
    table.render()
}

/// The date and time of an ISO 8601 text, without seconds.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

/// A number of bytes, as people say it.
pub(crate) fn size(bytes: u64) -> String {
    let mut rest = bytes;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if rest < 10_000 {
            return format!("{rest} {unit}");
        }
        rest /= 1000;
    }
    format!("{rest} TB")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backups() -> Vec<Backup> {
        serde_json::from_value(json!([
            {
                "backup": "20261121-020000-0000001f", "status": "running", "started_at": "2026-11-21T02:00:00.000Z",
                "finished_at": null, "moment": null, "tables": {"jobs": {}, "employees": {}}, "verified_at": null,
                "error": null,
            },
            {
                "backup": "20261120-020000-00000007", "status": "completed", "started_at": "2026-11-20T02:00:00.000Z",
                "finished_at": "2026-11-20T02:00:09.000Z", "moment": "2026-11-20T02:00:01.500Z",
                "tables": {"jobs": {"rows": 3, "bytes": 700}, "employees": {"rows": 1000000, "bytes": 21400000}},
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
          20261121-020000-0000001f  running    2026-11-21 02:00  jobs, employees
          20261120-020000-00000007  completed  2026-11-20 02:00  jobs, employees  1000003  21 MB  2026-11-20 04:01
          20261119-020000-00000009  failed     2026-11-19 02:00                                                     the database is away
        ");
    }

    #[test]
    fn a_backup_is_told_in_one_line() {
        let lines: Vec<_> = backups().iter().map(line).collect();
        assert_eq!(
            lines[1..],
            [
                "20261120-020000-00000007: completed, jobs 3 rows, employees 1000000 rows, 21 MB",
                "20261119-020000-00000009: failed (the database is away)",
            ]
        );
    }

    #[test]
    fn a_size_has_at_most_four_digits() {
        let sizes = [0, 9_999, 10_000, 12_345_678, 999_999_999_999, u64::MAX].map(size);
        assert_eq!(
            sizes,
            ["0 bytes", "9999 bytes", "10 kB", "12 MB", "999 GB", "18446744 TB"].map(str::to_owned)
        );
    }
}
