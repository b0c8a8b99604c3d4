//! `rowgate backup`

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::arguments::{OperatorArguments, table_name};
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;
use crate::wait::wait_for;

/// Backs up tables to Avro files in the data bucket.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The tables, with commas between [default: all].
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table_name)]
    tables: Vec<String>,
    #[command(flatten)]
    api: OperatorArguments,
    /// Stay until the backup has ended; exit code 1 when it failed.
    #[arg(long)]
    wait: bool,
    /// Seconds to wait.
    #[arg(long, default_value_t = 3600)]
    timeout: u64,
}

impl Verb for Backup {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let api = self.api.connect();
        let id = api.start_backup(&self.tables).await?;
        printer.line(&id)?;
        if !self.wait {
            printer.note("The backup has begun; `rowgate backups` shows what becomes of it.");
            return Ok(ExitStatus::Success);
        }
        let limit = Duration::from_secs(self.timeout);
        let overdue = (&*format!("The backup {id}"), "`rowgate backups` shows what becomes of it");
        let doing = format!("backing up as {id}");
        let backup = wait_for(&doing, limit, overdue, printer, async || api.backup(&id).await).await?;
        if !backup.is_good() {
            return Err(user_error(format!("The backup {id} failed.")));
        }
        Ok(ExitStatus::Success)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::commands::{Arguments, Verbs};

    #[test]
    fn tables_are_separated_by_commas() {
        let parse = |tables| {
            let line =
                format!("rowgate backup --url http://127.0.0.1:9/v1 --operator-key k --tables {tables}");
            Arguments::try_parse_from(line.split(' '))
        };
        match parse("tags,documents").unwrap().command {
            Verbs::Backup(backup) => assert_eq!(backup.tables, ["tags", "documents"]),
            other => panic!("{other:?}"),
        }
        assert!(parse("tags,,documents").is_err());
    }
}
