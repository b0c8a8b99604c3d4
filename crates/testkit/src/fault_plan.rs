//! Faults to inject between a function and the services that it calls.

use std::time::Duration;

use fastrand::Rng;

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

/// Draws the fault of each request, and counts.
#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    random: Rng,
    pub(crate) requests: u64,
    pub(crate) injected: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { plan: FaultPlan::default(), random: Rng::with_seed(0), requests: 0, injected: 0 }
    }
}

impl Faults {
    pub(crate) fn set(&mut self, plan: FaultPlan) {
        (self.plan, self.random) = (plan, Rng::with_seed(plan.seed));
    }

    pub(crate) fn next(&mut self) -> Fault {
        self.requests += 1;
        let FaultPlan { refused, dropped, lost, cut, slow, delay, .. } = self.plan;
        let mut drawn = self.random.f64();
        let part = self.random.u8(..);
        for (share, fault) in [
            (refused, Fault::Refused),
            (dropped, Fault::Dropped),
            (lost, Fault::Lost),
            (cut, Fault::Cut(part)),
            (slow, Fault::Slow(delay)),
        ] {
            if drawn < share {
                self.injected += 1;
                return fault;
            }
            drawn -= share;
        }
        Fault::None
    }
}
