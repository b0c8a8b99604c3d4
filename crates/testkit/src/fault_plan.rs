//! Faults to inject between a function and the services that it calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use hyper::StatusCode;

use crate::serve::Cut;

/// The rates of faults, each as a share of all requests; 0 by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaultPlan {
    /// Seeds the random numbers.
    pub seed: u64,
    /// Requests refused with 503, without effect.
    pub refused: f64,
    /// Requests whose connection is closed without an answer, without effect.
    pub dropped: f64,
    /// Requests that take effect and whose answer is lost.
    pub lost: f64,
    /// Requests whose connection is closed within the content of the answer.
    pub cut: f64,
    /// Requests that take [`delay`](Self::delay).
    pub slow: f64,
    /// The delay of a slow request.
    pub delay: Duration,
}

/// The fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Refused,
    Dropped,
    Lost,
    /// The connection ends after this share, in 256ths, of the answer's content.
    Cut(u8),
    Slow(Duration),
}

/// Draws the fault of each request, and counts. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Faults(Arc<Mutex<Drawn>>);

#[derive(Debug)]
struct Drawn {
    plan: FaultPlan,
    random: Rng,
    requests: u64,
    injected: u64,
}

impl Fault {
    /// Injects what comes before the request takes effect: waits, or closes the connection. Returns
    /// the status of a request that is refused.
    pub(crate) async fn before(self) -> Result<Option<StatusCode>, Cut> {
        match self {
            Self::Refused => return Ok(Some(StatusCode::SERVICE_UNAVAILABLE)),
            Self::Dropped => return Err(Cut),
            Self::Slow(delay) => tokio::time::sleep(delay).await,
            Self::None | Self::Lost | Self::Cut(_) => {}
        }
        Ok(None)
    }
}

impl Faults {
    pub(crate) fn none() -> Self {
        let random = Rng::with_seed(0);
        let drawn = Drawn { plan: FaultPlan::default(), random, requests: 0, injected: 0 };
        Self(Arc::new(Mutex::new(drawn)))
    }

    pub(crate) fn set(&self, plan: FaultPlan) {
        let mut drawn = self.lock();
        (drawn.plan, drawn.random) = (plan, Rng::with_seed(plan.seed));
    }

    /// Counts the requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Counts the faults that were injected so far.
    pub(crate) fn injected(&self) -> u64 {
        self.lock().injected
    }

    pub(crate) fn next(&self) -> Fault {
        let mut drawn = self.lock();
        drawn.requests += 1;
        let FaultPlan { refused, dropped, lost, cut, slow, delay, .. } = drawn.plan;
        let mut share_left = drawn.random.f64();
        let part = drawn.random.u8(..);
        for (share, fault) in [
            (refused, Fault::Refused),
            (dropped, Fault::Dropped),
            (lost, Fault::Lost),
            (cut, Fault::Cut(part)),
            (slow, Fault::Slow(delay)),
        ] {
            if share_left < share {
                drawn.injected += 1;
                return fault;
            }
            share_left -= share;
        }
        Fault::None
    }

    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
