//! `rowgate put-back`

use anyhow::Result;
use clap::Args;
use domain::backup::RestoreId;
use serde_json::json;

use super::restore::{end, invoke_and_follow, new_id, own_names};
use crate::api;
use crate::arguments::{OperatorArguments, table_name};
use crate::ask::confirm;
use crate::environment::EnvironmentArguments;
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// Puts tables back as they were before a restore; asks first.
#[derive(Debug, Args)]
pub(crate) struct PutBack {
    /// The restore's id.
    #[arg(value_parser = restore_id)]
    restore: RestoreId,
    /// Which of its tables, with commas between [default: all].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name)]
    tables: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    api: OperatorArguments,
    #[command(flatten)]
    environment: EnvironmentArguments,
    /// Seconds to wait; it goes on after them.
    #[arg(long, default_value_t = 3600)]
    timeout: u64,
}

fn restore_id(text: &str) -> Result<RestoreId, String> {
    RestoreId::parse(text).ok_or_else(|| "a restore's id looks like 20261121-020000-0a1b2c3d".to_owned())
}

impl Verb for PutBack {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { restore: undone, tables, yes, timeout, .. } = self;
        let api = self.api.connect();
        let found = api.restore(undone).await?;
        let found = found.ok_or_else(|| user_error(format!("There is no restore {undone}.")))?;
        let tables = own_names(tables);
        let undoable = undoable(&found, &tables)?;
        let targets = format!(
            "This puts back, as they were before the restore {undone}:\n  {}\n\
             The tables as they are now are kept in their place, and can be put back in turn.",
            undoable.join("\n  ")
        );
        confirm(&targets, "Nothing was put back.", *yes, printer)?;
        let id = new_id();
        // Only the tables that were shown.
        let payload = json!({ "put_back": undone, "tables": undoable, "restore": id });
        // No rows are counted: the tables are only renamed.
        let outcome = |restore: &api::Restore| format!("{id}: {}, {}", restore.status, undoable.join(", "));
        let cloud = (&api, &self.environment.environment);
        let doing = (&*format!("putting back as {id}"), "Putting back");
        let restore = invoke_and_follow(doing, &payload, outcome, cloud, *timeout, printer).await?;
        end(&restore, false, printer)
    }
}

/// Returns the tables whose previous content is kept: of those named, or of all that the restore
/// replaced.
fn undoable<'a>(restore: &'a api::Restore, tables: &'a [String]) -> Result<Vec<&'a str>> {
    let id = &restore.restore;
    let kept: Vec<_> = restore
        .tables
        .iter()
        .filter(|(_, table)| table.kept == Some(true))
        .map(|(name, _)| name.as_str())
        .collect();
    if kept.is_empty() {
        return Err(user_error(format!(
            "There is nothing to put back: no table is kept as it was before the restore {id}. A later restore of the same \
             tables takes the place of what an earlier one kept."
        )));
    }
    match tables.iter().find(|table| !kept.contains(&table.as_str())) {
        Some(missing) => Err(user_error(format!(
            "The table {missing} is not kept as it was before the restore {id}; there is {}.",
            kept.join(", ")
        ))),
        None if tables.is_empty() => Ok(kept),
        None => Ok(tables.iter().map(String::as_str).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restore() -> api::Restore {
        serde_json::from_value(json!({
            "restore": "20261121-104050-1a2b3c4d", "status": "completed",
            "tables": {"tags": {"kept": true}, "documents": {"kept": false}, "collections": {"kept": null}},
        }))
        .unwrap()
    }

    #[test]
    fn only_tables_with_a_previous_version_are_put_back() {
        let tags = ["tags".to_owned()];
        assert_eq!(undoable(&restore(), &[]).unwrap(), ["tags"]);
        assert_eq!(undoable(&restore(), &tags).unwrap(), ["tags"]);
        let documents = ["documents".to_owned()];
        assert_eq!(
            undoable(&restore(), &documents).unwrap_err().to_string(),
            "The table documents is not kept as it was before the restore 20261121-104050-1a2b3c4d; there is tags."
        );
    }

    #[test]
    fn a_restore_that_kept_nothing_says_why_that_may_be() {
        let mut nothing = restore();
        nothing.tables.retain(|name, _| name != "tags");
        let refusal = undoable(&nothing, &[]).unwrap_err().to_string();
        assert!(refusal.starts_with("There is nothing to put back"), "{refusal}");
    }

    #[test]
    fn a_wrong_id_is_refused_with_a_right_one() {
        assert!(restore_id("20261121-020000-0000001f").is_ok());
        assert!(restore_id("latest").unwrap_err().contains("20261121-020000-0a1b2c3d"));
    }
}
