//! What of the local cloud runs.

use std::path::Path;

use anyhow::Result;

use super::layout::Layout;
use super::ports::Ports;
use super::process::Record;
use super::service::Probe;
use super::{SERVICES, data_api, ministack};
use crate::http::HttpClient;
use crate::table::{Align, Table};

/// A table of the services, and whether all of them answer.
pub(crate) async fn status(folder: &Path, http: &HttpClient) -> Result<(String, bool)> {
    let mut table = Table::new([
        ("service", Align::Left),
        ("state", Align::Left),
        ("pid", Align::Right),
        ("address", Align::Left),
        ("log", Align::Left),
    ]);
    let layout = Layout::existing(folder)?;
    let ports = layout.as_ref().and_then(Ports::remembered);
    let mut all = true;
    for (name, _) in SERVICES.iter().rev() {
        let record = layout.as_ref().and_then(|layout| Record::read(name, layout)).filter(Record::is_alive);
        let probe = layout.as_ref().and_then(|layout| probe(name, layout, ports));
        let state = match (&record, &probe) {
            (Some(_), Some(probe)) if probe.is_ready(http).await => "running",
            (Some(_), _) => "not answering",
            (None, _) => "stopped",
        };
        all &= state == "running";
        table.push(vec![
            (*name).to_owned(),
            state.to_owned(),
            record.map_or_else(String::new, |record| record.pid.to_string()),
            probe.map_or_else(String::new, |probe| match probe {
                Probe::Http(url) => url.split("/_").next().unwrap_or_default().to_owned(),
                Probe::Socket(path) => path.display().to_string(),
            }),
            layout.as_ref().map_or_else(String::new, |layout| layout.log(name).display().to_string()),
        ]);
    }
    Ok((table.render(), all))
}

fn probe(name: &str, layout: &Layout, ports: Option<Ports>) -> Option<Probe> {
    match name {
        ministack::NAME => ports.map(ministack::probe),
        data_api::NAME => ports.map(data_api::probe),
        _ => Some(Probe::Socket(layout.socket().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_without_a_cloud_has_everything_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (text, all) = status(&folder.path().join("none"), &HttpClient::new()).await.unwrap();
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
