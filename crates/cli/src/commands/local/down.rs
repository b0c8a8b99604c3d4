//! `rowgate local down`

use anyhow::Result;
use clap::Args;

use super::layout::Layout;
use super::lock::Lock;
use super::{Folder, SERVICES};
use crate::commands::Verb;
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Ends every process of the local cloud; its data stays.
#[derive(Debug, Args)]
pub(crate) struct Down {
    #[command(flatten)]
    folder: Folder,
}

impl Verb for Down {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        if let Some(layout) = self.folder.existing(printer)? {
            let _lock = Lock::take(&layout, printer)?;
            stop_all(&layout, printer)?;
        }
        Ok(ExitStatus::Success)
    }
}

/// Stops every service that `up` started.
pub(super) fn stop_all(layout: &Layout, printer: Printer) -> Result<()> {
    let mut any = false;
    for service in SERVICES {
        let name = service.name;
        let step = printer.step(&format!("stopping {name}"));
        let stopped = service.stop(layout)?;
        any |= stopped;
        step.done(&if stopped { format!("{name} stopped") } else { format!("{name} was not running") });
    }
    if !any {
        printer.note(&format!("Nothing was running in {}.", layout.root.display()));
    }
    Ok(())
}
