//! `rowgate restore`

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::api::{Api, Backup, Restore, RestoreRequest};
use crate::arguments::{RestoreArguments, WhichBackup};
use crate::aws::Aws;
use crate::backup::newest;
use crate::confirm::confirm;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::invoke::invoke;
use crate::printer::Printer;
use crate::restore::{FUNCTION, chosen, end, line, mode, needed, new_id, own_names, targets, wait_for};

const REFUSED: &str = "Nothing was restored.";

pub(crate) async fn run(arguments: &RestoreArguments, printer: Printer) -> Result<()> {
    let http = HttpClient::new();
    let api = arguments.api.connect(http.clone());
    let restore = match (&arguments.backup, &arguments.from, &arguments.table) {
        (Some(which), ..) => from_backup(&api, which, arguments, printer).await?,
        (None, Some(prefix), Some(table)) => {
            from_files(&api, http, prefix, table, arguments, printer).await?
        }
        // The arguments are refused before.
        (None, ..) => return Err(user_error("Name a backup, or files and their table.")),
    };
    end(&restore, arguments.verify, printer)
}

/// Through the API. What was shown is what is restored: the newest backup is looked up here, not by the service later.
async fn from_backup(
    api: &Api,
    which: &WhichBackup,
    arguments: &RestoreArguments,
    printer: Printer,
) -> Result<Restore> {
    let RestoreArguments { tables, verify, yes, timeout, .. } = arguments;
    let tables = &own_names(tables);
    let backup = find(api, which, tables).await?;
    let chosen = chosen(&backup, tables)?;
    if *verify {
        printer.note(&format!("Verifying the backup {}: nothing is replaced.", backup.backup));
    } else {
        confirm(&targets(&backup, &chosen), REFUSED, *yes, printer)?;
    }
    let request = RestoreRequest { backup: &backup.backup, tables, mode: mode(*verify) };
    let id = api.start_restore(&request).await?;
    wait_for(api, &id, Duration::from_secs(*timeout), printer).await
}

async fn find(api: &Api, which: &WhichBackup, tables: &[String]) -> Result<Backup> {
    let id = match which {
        WhichBackup::Latest => return newest(api, &needed(tables)).await,
        WhichBackup::Id(id) => id,
    };
    let backup = api.backup(id).await?.ok_or_else(|| {
        user_error(format!("There is no backup {id}; `rowgate backups` lists what there is."))
    })?;
    // Whether it can be restored is for the service to say; what is not complete has nothing to show.
    if backup.status == "completed" {
        return Ok(backup);
    }
    let reason = backup.error.map(|error| format!(" ({error})")).unwrap_or_default();
    Err(user_error(format!("The backup {id} cannot be restored: it is {}{reason}.", backup.status)))
}

/// By invoking the function: whoever may do that may read the bucket, which the operator of the API need not.
async fn from_files(
    api: &Api,
    http: HttpClient,
    prefix: &str,
    table: &str,
    arguments: &RestoreArguments,
    printer: Printer,
) -> Result<Restore> {
    let RestoreArguments { strict, ignore, verify, yes, timeout, .. } = arguments;
    if *verify {
        printer.note(&format!("Reading the files at {prefix}: nothing is replaced."));
    } else {
        let targets = format!(
            "This replaces, with the rows of the files at {prefix}:\n  {table}\n\
             The table as it is now is kept until it is restored again."
        );
        confirm(&targets, REFUSED, *yes, printer)?;
    }
    let aws = Aws::from_environment(http).await;
    let id = new_id();
    let payload = json!({
        "from": prefix, "tables": [table], "strict": strict, "ignore": ignore, "mode": mode(*verify), "restore": id,
    });
    let step = printer.step(&format!("restoring as {id}"));
    let restore: Restore = invoke(&aws, FUNCTION, "The restore", &payload).await?;
    if restore.has_ended() {
        step.done(&line(&restore));
        return Ok(restore);
    }
    // It goes on in another invocation.
    drop(step);
    wait_for(api, &id, Duration::from_secs(*timeout), printer).await
}
