//! `rowgate local down`

use anyhow::Result;
use clap::Args;

use super::cloud::Folder;
use super::layout::Layout;
use super::lock::Lock;
use super::process::Service;
use super::{data_api, database, ministack};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::verb::Verb;

/// The services in the order in which they are stopped: MiniStack first, because its functions use
/// the others.
pub(super) const SERVICES: [Service; 3] = [ministack::SERVICE, data_api::SERVICE, database::SERVICE];

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
