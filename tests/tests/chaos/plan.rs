//! Fault plans: what goes wrong in a run, and when.

use std::time::Duration;

use fastrand::Rng;
use testkit::FaultPlan;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, Operation, Rule};

/// The faults of one phase of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase {
    pub(crate) seed: u64,
    /// The number of deliveries at the start: concurrent if more than one.
    pub(crate) deliveries: u8,
    pub(crate) strikes: Vec<Strike>,
    pub(crate) crashes: Vec<Crash>,
    /// The faults of the Data API.
    pub(crate) api: Vec<ApiFault>,
    /// The faults of S3 and Lambda.
    pub(crate) services: FaultPlan,
    /// The time limits of some invocations, in milliseconds; the others have enough time.
    pub(crate) short_invocations: Vec<u64>,
}

/// Something that happens to the process of a function at work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strike {
    /// Happens after this share of the calls that undisturbed work makes ...
    pub(crate) after: f64,
    /// ... and this much later.
    pub(crate) later: Duration,
    /// Selects one of the processes at work.
    pub(crate) which: usize,
    pub(crate) blow: Blow,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Blow {
    Kill,
    /// Stops the process for a while; then it continues where it was.
    Stop {
        time: Duration,
        /// Delivers the work to another process meanwhile.
        redelivered: bool,
    },
}

/// Kills the database server and starts it again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    /// As in [`Strike`].
    pub(crate) after: f64,
    pub(crate) down: Duration,
}

/// Something that goes wrong between a function and the Data API.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ApiFault {
    /// Loses this share of the answers to COMMIT; a third of them as a gateway timeout.
    LostCommits(f64),
    /// Loses the answer to one RENAME.
    LostRename,
    /// Fails this share of all calls, in each of five ways.
    FailedCalls(f64),
    /// Delays this share of the COMMITs by so many milliseconds.
    SlowCommits(f64, u64),
    /// Delays this share of all calls by so many milliseconds.
    SlowCalls(f64, u64),
    /// Delays every call by so many milliseconds.
    Latency(u64),
    /// Resumes a paused cluster, which takes so many milliseconds.
    Resuming(u64),
}

impl Phase {
    /// Returns the rules for the Data API.
    pub(crate) fn faults(&self) -> Faults {
        self.api
            .iter()
            .fold(Faults { seed: self.seed, ..Faults::default() }, |faults, fault| fault.add(faults))
    }
}

impl ApiFault {
    fn add(self, mut faults: Faults) -> Faults {
        let commit = |effect| Rule::new(effect).on(Operation::CommitTransaction);
        match self {
            Self::LostCommits(share) => faults
                .with(commit(Effect::LoseAnswer(Loss::Drop)).rate(share * 2.0 / 3.0))
                .with(commit(Effect::LoseAnswer(Loss::GatewayTimeout)).rate(share / 3.0)),
            Self::LostRename => faults.with(Rule::lose_answer().sql("RENAME").times(1)),
            Self::FailedCalls(share) => [
                Effect::Error(ErrorKind::ThrottlingException),
                Effect::Error(ErrorKind::ServiceUnavailableError),
                Effect::Error(ErrorKind::InternalServerErrorException),
                Effect::DropRequest,
                Effect::LoseAnswer(Loss::Drop),
            ]
            .into_iter()
            .fold(faults, |faults, effect| faults.with(Rule::new(effect).rate(share))),
            Self::SlowCommits(share, delay) => faults.with(commit(Effect::DelayMs(delay)).rate(share)),
            Self::SlowCalls(share, delay) => faults.with(Rule::new(Effect::DelayMs(delay)).rate(share)),
            Self::Latency(delay) => {
                faults.latency_ms = delay;
                faults
            }
            Self::Resuming(time) => {
                faults.resume_ms = time;
                faults
            }
        }
    }
}

impl Strike {
    pub(crate) fn draw(random: &mut Rng) -> Self {
        let blow = if random.u8(..4) > 0 {
            Blow::Kill
        } else {
            Blow::Stop { time: Duration::from_millis(random.u64(20..=3_000)), redelivered: random.bool() }
        };
        // From before the first call to after the last COMMIT.
        let later = Duration::from_millis(if random.bool() { 0 } else { random.u64(0..=30) });
        Self { after: random.f64() * 1.1, later, which: random.usize(..8), blow }
    }

    /// Draws strikes in order of their time, and one more between two shares of the work.
    pub(crate) fn draw_all(random: &mut Rng, count: usize, one_more: Option<(f64, f64)>) -> Vec<Self> {
        let mut strikes: Vec<_> = (0..count).map(|_| Self::draw(random)).collect();
        if let Some((from, to)) = one_more {
            strikes.push(Self { after: from + (to - from) * random.f64(), ..Self::draw(random) });
        }
        strikes.sort_by(|one, other| one.after.total_cmp(&other.after));
        strikes
    }
}

impl Crash {
    /// Draws crashes in order of their time.
    pub(crate) fn draw_all(random: &mut Rng, count: usize) -> Vec<Self> {
        let draw = |_| Self { after: random.f64(), down: Duration::from_millis(random.u64(0..=500)) };
        let mut crashes: Vec<_> = (0..count).map(draw).collect();
        crashes.sort_by(|one, other| one.after.total_cmp(&other.after));
        crashes
    }
}
