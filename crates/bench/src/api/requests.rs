//! Inserts of one row and of 1000, over HTTP, against a service written with FastAPI and SQLAlchemy
//! that does the same checks on the same database.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;

use super::calls::{Call, Next};
use super::serve::{Caller, Served};
use super::{Measured, TURNS, WARM_UP, fastapi};
use crate::function::expect;
use crate::people::EMPLOYEES;
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};
use crate::stats::ratio;
use crate::table::{Line, Table};

/// The numbers of clients (issue 18).
const CLIENTS: [usize; 2] = [1, 32];
/// "faster than that FastAPI service" (issue 18).
const BAR: f64 = 1.0;

/// Lets both services insert in turns.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let stage = Stage::start(&settings.binaries).await?;
    let folder = tempfile::tempdir()?;
    let services = [
        Served::start(settings, &stage, folder.path()).await?,
        fastapi::start(settings, &stage, folder.path()).await?,
    ];
    let most = CLIENTS.into_iter().max().unwrap_or(1);
    let callers = |service: &Served| (0..most).map(|_| service.caller()).collect::<Result<Vec<_>>>();
    let callers = [callers(&services[0])?, callers(&services[1])?];
    let next = Next::after(0);
    for call in [Call::OneRow, Call::Batch] {
        for count in CLIENTS {
            let requests = settings.rounds(call.requests(count), 2);
            let mut measured: [Measured; 2] = Default::default();
            for turn in 0..=settings.rounds(TURNS, 1) {
                for index in [turn % 2, 1 - turn % 2] {
                    let clients = callers[index].get(..count).context("too few clients")?;
                    // The first turn only warms up.
                    let (requests, kept) = if turn == 0 { (WARM_UP, false) } else { (requests, true) };
                    let started = Instant::now();
                    let times =
                        try_join_all(clients.iter().map(|client| send(client, call, &next, requests)))
                            .await?;
                    if kept {
                        measured[index].wall += started.elapsed();
                        times.into_iter().flatten().for_each(|time| measured[index].times.add(time));
                    }
                }
            }
            report(call, count, &measured, table);
        }
    }
    let mut conn = stage.connect(Some(DATABASE)).await?;
    expect(&mut conn, EMPLOYEES, next.inserted()).await?;
    conn.disconnect().await?;
    Ok(())
}

/// Sends one request after the other; returns the time of each.
async fn send(client: &Caller, call: Call, next: &Next, requests: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        times.push(client.answer(&call.request(next)).await?);
    }
    Ok(times)
}

fn report(call: Call, clients: usize, [ours, theirs]: &[Measured; 2], table: &mut Table) {
    let many = if clients == 1 { "" } else { "s" };
    let measured = ratio(ours.times.median(), theirs.times.median());
    table.add(Line {
        measure: format!(
            "{}, {clients} client{many}: rowgate-serve / FastAPI and SQLAlchemy: p50, p99, requests ({})",
            call.title(""),
            ours.times.len()
        ),
        ours: ours.figures(),
        reference: theirs.figures(),
        ratio: Some(measured),
        bar: Some((format!("p50 ≤ {BAR}×"), measured <= BAR)),
    });
}
