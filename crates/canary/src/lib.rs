#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod fault;
mod file;
mod http;
mod key;
mod round;
mod rows;

use std::time::Duration;

use deadline::Deadline;
use domain::report::Report;
use serde::Deserialize;

pub use crate::answer::{Answer, Checked, Failed, Status};
use crate::api::{Api, Call};
use crate::fault::Fault;
pub use crate::file::Drops;
use crate::http::Http;
pub use crate::key::OperatorKey;
use crate::round::Round;
use crate::rows::Ids;

/// The state of the canary, built once.
#[derive(Debug, Clone)]
pub struct Canary {
    url: String,
    key: OperatorKey,
    drops: Drops,
    reports: &'static [Report],
    limits: Limits,
    http: Http,
}

/// The time limits of checks.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One call and its repetitions. API Gateway ends a call after 29 s.
    pub call: Duration,
    /// From the drop of a file until it is loaded.
    pub file: Duration,
}

impl Default for Limits {
    /// 30 s for a call, 90 s for a file.
    fn default() -> Self {
        Self { call: Duration::from_secs(30), file: Duration::from_secs(90) }
    }
}

impl Canary {
    /// Returns a canary of the API at `url`, with its stage.
    pub fn new(
        url: &str,
        key: OperatorKey,
        drops: Drops,
        reports: &'static [Report],
        limits: Limits,
    ) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { url, key, drops, reports, limits, http: Http::new() }
    }

    /// Runs every check, one after the other, and ends before `deadline` in any case.
    pub async fn run(&self, deadline: Deadline) -> Answer {
        let Limits { call, file } = self.limits;
        let ids = Ids::now();
        let mut round = Round::new(deadline);
        let key = round.check("key", call, async |deadline| self.key.value(&self.http, deadline).await).await;
        let api = key.map(|key| Api { http: &self.http, url: &self.url, key });
        let Some(api) = &api else {
            let names = ["status"].into_iter().chain(self.reports.iter().map(|report| &*report.name));
            for name in names.chain(["insert", "delete", "leftovers", "file"]) {
                round.skip(name, "there is no key to call with");
            }
            return round.end();
        };
        round.check("status", call, async |deadline| status(api, deadline).await).await;
        for report in self.reports {
            round.check(&report.name, call, async |deadline| answers(api, report, deadline).await).await;
        }
        let inserted =
            round.check("insert", call, async |deadline| rows::insert(api, ids, deadline).await).await;
        match inserted {
            Some(()) => {
                round
                    .check("delete", call, async |deadline| rows::delete(api, ids.row(), deadline).await)
                    .await;
            }
            None => round.skip("delete", "there is no row to delete"),
        }
        round.check("leftovers", call, async |deadline| rows::clear(api, ids, deadline).await).await;
        round.check("file", file, async |deadline| file::load(&self.drops, api, ids, deadline).await).await;
        round.end()
    }
}

async fn status(api: &Api<'_>, deadline: Deadline) -> Result<(), Fault> {
    api.expect(&Call::get("/status"), &[200], deadline).await?;
    Ok(())
}

/// Requests a report with its default parameters.
async fn answers(api: &Api<'_>, report: &Report, deadline: Deadline) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Reported {
        report: String,
    }
    let path = format!("/reports/{}", report.name);
    let Reported { report: name } = api.read(&Call::get(&path), 200, deadline).await?;
    if name == report.name {
        Ok(())
    } else {
        Err(Fault::Content { call: format!("GET {path}"), status: 200, what: "it is another report" })
    }
}
