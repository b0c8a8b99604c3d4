//! `rowgate local status`

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::cloud::Folder;
use super::down::SERVICES;
use super::layout::Layout;
use super::ports::Ports;
use super::probe::Probe;
use super::process::Record;
use super::{data_api, ministack};
use crate::exit::ExitStatus;
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Shows what runs; exit code 1 unless everything does.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    folder: Folder,
}

impl Verb for Status {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let (text, all) = status(&self.folder.dir).await?;
        printer.result(&text)?;
        Ok(if all { ExitStatus::Success } else { ExitStatus::User })
    }
}

/// Returns a table of the services, and whether all of them answer.
async fn status(folder: &Path) -> Result<(String, bool)> {
    let http = HttpClient::new();
    let mut table = Table::new(["service", "state", "pid", "address", "log"]).right(["pid"]);
    let layout = Layout::existing(folder)?;
    let ports = layout.as_ref().and_then(Ports::remembered);
    let mut all = true;
    for service in SERVICES.iter().rev() {
        let name = service.name;
        let record = layout.as_ref().and_then(|layout| Record::read(name, layout)).filter(Record::is_alive);
        let probe = layout.as_ref().and_then(|layout| probe(name, layout, ports));
        let state = match (&record, &probe) {
            (Some(_), Some(probe)) if probe.is_ready(&http).await => "running",
            (Some(_), _) => "not answering",
            (None, _) => "stopped",
        };
        all &= state == "running";
        let address = probe.map(|probe| match probe {
            Probe::Http(url) => url.split("/_").next().unwrap_or_default().to_owned(),
            Probe::Socket(path) => path.display().to_string(),
        });
        table.push([
            name.to_owned(),
            state.to_owned(),
            record.map(|record| record.pid.to_string()).unwrap_or_default(),
            address.unwrap_or_default(),
            layout.as_ref().map(|layout| layout.log(name).display().to_string()).unwrap_or_default(),
        ]);
    }
    Ok((table.render(), all))
}

fn probe(name: &str, layout: &Layout, ports: Option<Ports>) -> Option<Probe> {
    if name == ministack::SERVICE.name {
        ports.map(ministack::probe)
    } else if name == data_api::SERVICE.name {
        ports.map(data_api::probe)
    } else {
        Some(Probe::Socket(layout.socket.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_without_a_cloud_has_everything_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (text, all) = status(&folder.path().join("none")).await.unwrap();
        assert!(!all);
        insta::assert_snapshot!(text, @r"
          service         state    pid  address  log
          --------------  -------  ---  -------  ---
          database        stopped
          local-data-api  stopped
          ministack       stopped
        ");
    }
}
