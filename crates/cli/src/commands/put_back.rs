//! `rowgate put-back`

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::api::Restore;
use crate::arguments::PutBackArguments;
use crate::aws::Aws;
use crate::confirm::confirm;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::invoke::invoke;
use crate::printer::Printer;
use crate::restore::{FUNCTION, end, new_id, own_names, wait_for};

pub(crate) async fn run(arguments: &PutBackArguments, printer: Printer) -> Result<()> {
    let PutBackArguments { restore: of, tables, yes, timeout, .. } = arguments;
    let http = HttpClient::new();
    let api = arguments.api.connect(http.clone());
    let found = api.restore(of).await?.ok_or_else(|| user_error(format!("There is no restore {of}.")))?;
    let tables = own_names(tables);
    let kept = kept(&found, &tables)?;
    let targets = format!(
        "This puts back, as they were before the restore {of}:\n  {}\n\
         The tables as they are now are kept in their place, and can be put back in turn.",
        kept.join("\n  ")
    );
    confirm(&targets, "Nothing was put back.", *yes, printer)?;
    let aws = Aws::from_environment(http).await;
    let id = new_id();
    // Those that were shown, and no others.
    let payload = json!({ "put_back": of, "tables": kept, "restore": id });
    let step = printer.step(&format!("putting back as {id}"));
    let mut restore: Restore = invoke(&aws, FUNCTION, "Putting back", &payload).await?;
    if restore.has_ended() {
        // No rows were counted: tables have changed their names.
        step.done(&format!("{id}: {}, {}", restore.status, kept.join(", ")));
    } else {
        drop(step);
        restore = wait_for(&api, &id, Duration::from_secs(*timeout), printer).await?;
    }
    end(&restore, false, printer)
}

/// The tables that can be put back: of those named, or of all that the restore replaced.
fn kept<'a>(restore: &'a Restore, tables: &'a [String]) -> Result<Vec<&'a str>> {
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

    fn restore() -> Restore {
        serde_json::from_value(json!({
            "restore": "20261121-104050-1a2b3c4d", "status": "completed",
            "tables": {"jobs": {"kept": true}, "employees": {"kept": false}, "departments": {"kept": null}},
        }))
        .unwrap()
    }

    #[test]
    fn only_what_is_kept_is_put_back() {
        let jobs = ["jobs".to_owned()];
        assert_eq!(kept(&restore(), &[]).unwrap(), ["jobs"]);
        assert_eq!(kept(&restore(), &jobs).unwrap(), ["jobs"]);
        let employees = ["employees".to_owned()];
        assert_eq!(
            kept(&restore(), &employees).unwrap_err().to_string(),
            "The table employees is not kept as it was before the restore 20261121-104050-1a2b3c4d; there is jobs."
        );
    }

    #[test]
    fn a_restore_that_kept_nothing_says_why_that_may_be() {
        let mut nothing = restore();
        nothing.tables.retain(|name, _| name != "jobs");
        let refusal = kept(&nothing, &[]).unwrap_err().to_string();
        assert!(refusal.starts_with("There is nothing to put back"), "{refusal}");
    }
}
