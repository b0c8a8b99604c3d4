//! Sends requests until they are answered.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Client;
use crate::gateway::{Reply, Request};

/// The share of answers that are lost on their way to the client.
const LOST: f64 = 0.08;
/// The share of requests whose client has little patience.
const IMPATIENT: f64 = 0.3;
/// No request may take so many tries.
const TRIES: u32 = 400;

impl Client {
    /// Sends a request until it is answered; with `alone`, until an answer comes while no earlier
    /// copy of it is on its way. Returns how often it was sent, too.
    pub(super) async fn until_answered(&mut self, request: &Request, alone: bool) -> Result<(Reply, u32)> {
        let mut left = Vec::new();
        for tries in 1..TRIES {
            let is_last_wait = alone && tries > 3;
            let patience = (!self.world.is_calm && !is_last_wait && self.random.f64() < IMPATIENT)
                .then(|| Duration::from_millis(self.random.u64(5..=300)));
            let is_copy = left.last().is_some_and(|work: &JoinHandle<_>| !work.is_finished());
            let got = self.world.fleet.ask(request, patience, is_copy).await?;
            let is_lost = if self.world.is_keyless {
                request.method == "POST" && tries == 1
            } else {
                !self.world.is_calm && self.random.f64() < LOST
            };
            left.extend(got.left);
            if let Some(reply) = got.reply.filter(|_| !is_lost) {
                self.world.tally.count(
                    match reply.status {
                        200..300 => "answers 2xx",
                        300..500 => "answers 4xx",
                        _ => "answers 5xx",
                    },
                    1,
                );
                match (reply.status, reply.problem().as_str()) {
                    (409, "idempotency-key-in-use") | (503, "unavailable") => {
                        ensure!(!reply.header("retry-after").is_empty(), "no Retry-After: {reply:?}");
                    }
                    (500.., _) | (400, _) => bail!("{reply:?} to {request:?}"),
                    // It is unknown which of two copies was first, and what the other one will do.
                    _ if alone && !left.is_empty() => {}
                    _ => return Ok((reply, tries)),
                }
            }
            // Both copies are on their way for a while.
            if alone && tries > 1 {
                for work in left.drain(..) {
                    work.await?;
                }
            }
            self.world.tally.count("repeats", 1);
            sleep(Duration::from_millis(self.random.u64(10..=120))).await;
        }
        bail!("no answer after {TRIES} tries: {request:?}")
    }
}
