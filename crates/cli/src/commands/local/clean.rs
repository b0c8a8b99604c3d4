//! `rowgate local clean`

use anyhow::Result;
use clap::Args;

use super::cloud::Folder;
use super::down::stop_all;
use super::lock::Lock;
use crate::ask::confirm;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::stored;
use crate::verb::Verb;

/// Ends the local cloud and removes its data.
#[derive(Debug, Args)]
pub(crate) struct Clean {
    #[command(flatten)]
    folder: Folder,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Verb for Clean {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Some(layout) = self.folder.existing(printer)? else { return Ok(ExitStatus::Success) };
        let _lock = Lock::take(&layout, printer)?;
        let targets: String =
            layout.data().iter().map(|target| format!("\n  {}", target.display())).collect();
        if !targets.is_empty() {
            let targets = format!("This ends the local cloud and removes:{targets}");
            confirm(&targets, "Nothing was removed.", self.yes, printer)?;
        }
        stop_all(&layout, printer)?;
        // A log or socket may have come or gone while the processes ended.
        for target in layout.data() {
            stored::remove(&target)?;
        }
        printer.note(&format!("The local cloud's data in {} is removed.", layout.root.display()));
        Ok(ExitStatus::Success)
    }
}
