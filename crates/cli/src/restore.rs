//! Follows restores, and says what they will replace and have replaced.

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::backup::RestoreId;

use crate::api::{Api, Backup, Restore};
use crate::exit::user_error;
use crate::printer::Printer;

const POLL: Duration = Duration::from_millis(500);

/// The function that restores.
pub(crate) const FUNCTION: &str = "rowgate-restore";

/// What a restore does with the tables.
pub(crate) fn mode(verify: bool) -> &'static str {
    if verify { "verify" } else { "replace" }
}

/// The id of a restore that is asked for now.
pub(crate) fn new_id() -> RestoreId {
    RestoreId::new(jiff::Timestamp::now().as_second(), fastrand::u32(..))
}

/// The dictionary's names of tables, of which users may give aliases. Names that it does not know stay as they are: the service
/// may have another dictionary.
pub(crate) fn own_names(tables: &[String]) -> Vec<String> {
    tables.iter().map(|name| own_name(name).to_owned()).collect()
}

fn own_name(name: &str) -> &str {
    let table = domain::shipped::dictionary().ok().and_then(|dictionary| dictionary.table(name));
    table.map_or(name, |table| table.name())
}

/// What the newest backup must have, to the service as here: the tables named, or all there are.
pub(crate) fn needed(tables: &[String]) -> Vec<String> {
    match domain::shipped::dictionary() {
        Ok(dictionary) if tables.is_empty() => {
            dictionary.visible_tables().map(|table| table.name().to_owned()).collect()
        }
        _ => tables.to_vec(),
    }
}

/// Which of a backup's tables are restored, by the names that it has for them: those named, or all.
pub(crate) fn chosen<'a>(backup: &'a Backup, tables: &'a [String]) -> Result<Vec<&'a str>> {
    if tables.is_empty() {
        return Ok(backup.tables.keys().map(String::as_str).collect());
    }
    let chosen = tables.iter().map(|table| {
        backup.name_of(table).ok_or_else(|| {
            let names: Vec<_> = backup.tables.keys().map(String::as_str).collect();
            let id = &backup.backup;
            user_error(format!("The backup {id} has no table {table}; it has {}.", names.join(", ")))
        })
    });
    chosen.collect()
}

/// What a restore from a backup will replace, by today's names.
pub(crate) fn targets(backup: &Backup, tables: &[&str]) -> String {
    let moment = backup.moment.as_deref().unwrap_or("an unknown moment");
    let mut text = format!("This replaces, with the rows of {moment} (backup {}):", backup.backup);
    for name in tables {
        let rows = backup.tables.get(*name).and_then(|table| table.rows).unwrap_or(0);
        text.push_str(&format!("\n  {}, {rows} rows", own_name(name)));
    }
    text + "\nThe tables as they are now are kept until they are restored again."
}

/// Waits until a restore has ended; an error when it failed.
pub(crate) async fn wait_for(
    api: &Api,
    id: &RestoreId,
    limit: Duration,
    printer: Printer,
) -> Result<Restore> {
    let step = printer.step(&format!("restoring as {id}"));
    let started = Instant::now();
    loop {
        // Until the function has begun, the ledger does not know the restore.
        match api.restore(id).await? {
            Some(restore) if restore.has_ended() => {
                step.done(&line(&restore));
                return Ok(restore);
            }
            Some(restore) => {
                let rows: u64 = restore.tables.values().filter_map(|table| table.rows_restored).sum();
                if rows > 0 {
                    step.update(&format!("restoring as {id}, {rows} rows so far"));
                }
            }
            None => {}
        }
        if started.elapsed() > limit {
            return Err(user_error(format!(
                "The restore {id} has not ended after {} s; GET {}/restores/{id} shows how far it is.",
                limit.as_secs(),
                api.url()
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Ends a command by what became of its restore.
pub(crate) fn end(restore: &Restore, verify: bool, printer: Printer) -> Result<()> {
    let Restore { restore: id, status, tables, error } = restore;
    printer.result(&format!("{id}\n"))?;
    if status != "completed" {
        let reason = error.as_deref().map(|error| format!(": {}", error.trim_end_matches('.')));
        let reason = reason.unwrap_or_default();
        return Err(user_error(format!("The restore {id} failed{reason}. The tables are as they were.")));
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
    Ok(())
}

/// What became of a restore, in one line.
pub(crate) fn line(restore: &Restore) -> String {
    let Restore { restore: id, status, tables, error } = restore;
    let mut line = format!("{id}: {status}");
    if status == "completed" {
        for (name, table) in tables {
            match (table.rows_restored, table.rows_rejected) {
                (Some(rows), None | Some(0)) => line.push_str(&format!(", {name} {rows} rows")),
                (Some(rows), Some(rejected)) => {
                    line.push_str(&format!(", {name} {rows} rows and {rejected} rejected"));
                }
                (None, _) => {}
            }
        }
    }
    if let Some(error) = error {
        line.push_str(&format!(" ({error})"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup() -> Backup {
        serde_json::from_value(json!({
            "backup": "20261121-020000-0000001f", "status": "completed", "moment": "2026-11-21T02:00:01.500Z",
            "tables": {"jobs": {"rows": 3, "bytes": 700}, "employees": {"rows": 1000, "bytes": 21400}},
        }))
        .unwrap()
    }

    fn restore(fields: &serde_json::Value) -> Restore {
        let mut restore = json!({"restore": "20261121-104050-1a2b3c4d"});
        restore.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(restore).unwrap()
    }

    #[test]
    fn what_will_be_replaced_is_listed_with_its_moment() {
        let backup = backup();
        let jobs = ["jobs".to_owned()];
        insta::assert_snapshot!(targets(&backup, &chosen(&backup, &[]).unwrap()), @r"
        This replaces, with the rows of 2026-11-21T02:00:01.500Z (backup 20261121-020000-0000001f):
          jobs, 3 rows
          employees, 1000 rows
        The tables as they are now are kept until they are restored again.
        ");
        assert_eq!(chosen(&backup, &jobs).unwrap(), ["jobs"]);
    }

    #[test]
    fn a_table_that_was_renamed_since_is_asked_for_by_either_name() {
        let mut backup = backup();
        let employees = backup.tables.shift_remove("employees").unwrap();
        backup.tables.insert("hired_employees".to_owned(), employees);
        for name in ["employees", "hired_employees"] {
            let asked = own_names(&[name.to_owned()]);
            let chosen = chosen(&backup, &asked).unwrap();
            assert_eq!(chosen, ["hired_employees"]);
            assert!(targets(&backup, &chosen).contains("\n  employees, 1000 rows\n"));
        }
    }

    #[test]
    fn a_table_that_the_backup_has_not_is_named_with_those_it_has() {
        let people = ["jobs".to_owned(), "people".to_owned()];
        assert_eq!(
            chosen(&backup(), &people).unwrap_err().to_string(),
            "The backup 20261121-020000-0000001f has no table people; it has jobs, employees."
        );
    }

    #[test]
    fn the_newest_backup_must_have_every_table_unless_some_are_named() {
        assert_eq!(needed(&[]), ["departments", "jobs", "employees"]);
        assert_eq!(needed(&["jobs".to_owned()]), ["jobs"]);
    }

    #[test]
    fn aliases_of_tables_are_taken() {
        let names = ["hired_employees", "jobs", "people"].map(str::to_owned);
        assert_eq!(own_names(&names), ["employees", "jobs", "people"]);
    }

    #[test]
    fn a_restore_is_told_in_one_line() {
        let completed = restore(&json!({"status": "completed", "tables": {
            "jobs": {"rows_restored": 3, "rows_rejected": 0, "kept": true},
            "employees": {"rows_restored": 10, "rows_rejected": 2, "kept": true},
        }}));
        assert_eq!(
            line(&completed),
            "20261121-104050-1a2b3c4d: completed, jobs 3 rows, employees 10 rows and 2 rejected"
        );
        let failed = restore(&json!({"status": "failed", "error": "jobs/part-00000.avro is not there"}));
        assert_eq!(line(&failed), "20261121-104050-1a2b3c4d: failed (jobs/part-00000.avro is not there)");
    }

    #[test]
    fn ids_are_of_now_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert!((jiff::Timestamp::now().as_second() - one.unix_seconds()).abs() < 60);
    }
}
