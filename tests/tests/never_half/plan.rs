//! What one run is: all of it drawn from its seed.

use std::time::Duration;

use fastrand::Rng;
use testkit::Weather;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, OnError, Operation, Rule};

use crate::rows::TABLES;

/// A run. Printed when it fails.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// How many employees there are before.
    pub(crate) employees: u32,
    pub(crate) codec: &'static str,
    /// Compressed bytes after which a part file ends.
    pub(crate) part_bytes: u64,
    pub(crate) lanes: u8,
    /// The backup is asked for over HTTP.
    pub(crate) is_requested: bool,
    /// Which tables are restored.
    pub(crate) restored: Vec<&'static str>,
    pub(crate) verifies: bool,
    /// The backup is asked for as `latest`.
    pub(crate) is_latest: bool,
    /// What was done is undone at the end.
    pub(crate) puts_back: bool,
    /// What disturbs the backup, the restore, and the way back.
    pub(crate) storms: [Storm; 3],
    /// How long the Data API lets a transaction lie idle. The service's three minutes would make every run that long: a killed
    /// function leaves its transaction open, and that holds the locks until then.
    pub(crate) transaction_idle: Duration,
    /// Whether a statement that fails ends its transaction.
    pub(crate) on_error: OnError,
    /// Seconds that a session of the database waits for a lock.
    pub(crate) lock_wait: u8,
    /// How long the writer beside rests between two transactions.
    pub(crate) writer_rests: Duration,
}

/// What disturbs one of the functions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Storm {
    pub(crate) seed: u64,
    /// How often the same invocation is there at once.
    pub(crate) twins: u8,
    pub(crate) strikes: Vec<Strike>,
    pub(crate) crashes: Vec<Crash>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) weather: Weather,
    /// The time of the first invocations, in milliseconds; the others have time enough.
    pub(crate) short_invocations: Vec<u64>,
}

/// What happens to a function's process while it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strike {
    /// After this share of the calls that the undisturbed function would make.
    pub(crate) after: f64,
    pub(crate) later: Duration,
    /// Which of the processes at work.
    pub(crate) which: usize,
    pub(crate) blow: Blow,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Blow {
    Kill,
    /// Stopped for a while, and then it goes on as if nothing had been.
    Stop {
        time: Duration,
        /// Whether the same invocation comes to another process meanwhile.
        repeated: bool,
    },
}

/// The database's server killed and started again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    /// As of a [`Strike`].
    pub(crate) after: f64,
    pub(crate) down: Duration,
}

/// What goes wrong between a function and the Data API.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Answers to COMMIT are lost.
    LostCommits,
    /// A tenth of all calls fail, in every way.
    TenthOfCalls,
    /// Answers to a RENAME are lost.
    LostRename,
    /// Every call takes its time.
    Latency,
    /// The database was paused.
    Resuming(u64),
}

impl Plan {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let mut restored: Vec<&str> = TABLES.into_iter().filter(|_| random.u8(..4) > 0).collect();
        if restored.is_empty() {
            restored = TABLES.to_vec();
        }
        Self {
            seed,
            employees: random.u32(500..=8_000),
            codec: ["deflate", "deflate", "zstandard", "null"][random.usize(..4)],
            part_bytes: random.u64(4..=128) * 1024,
            lanes: random.u8(1..=4),
            is_requested: random.bool(),
            restored,
            verifies: random.u8(..8) == 0,
            is_latest: random.u8(..3) == 0,
            puts_back: random.u8(..3) == 0,
            storms: [(); 3].map(|()| Storm::draw(random)),
            transaction_idle: Duration::from_millis(random.u64(1_200..=2_500)),
            lock_wait: [1, 2, 10][random.usize(..3)],
            writer_rests: Duration::from_millis(random.u64(1..=20)),
            // Drawn last: the other draws of a seed stay what they were.
            on_error: if random.bool() { OnError::Abort } else { OnError::Keep },
        }
    }

    /// The same run without anything that goes wrong.
    pub(crate) fn calm(mut self) -> Self {
        self.storms = Default::default();
        self
    }
}

impl Storm {
    fn draw(random: &mut Rng) -> Self {
        let mut maybe = |share: f64| random.f64() < share;
        let (twins, crashes, hurried) = (maybe(0.3), maybe(0.15), maybe(0.1));
        let (lost, tenth, rename, latency, resuming) =
            (maybe(0.25), maybe(0.2), maybe(0.25), maybe(0.2), maybe(0.1));
        let (refused, dropped, lost_puts, cut, slow) =
            (maybe(0.2), maybe(0.2), maybe(0.25), maybe(0.2), maybe(0.2));
        let mut faults = Vec::new();
        faults.extend(lost.then_some(Fault::LostCommits));
        faults.extend(tenth.then_some(Fault::TenthOfCalls));
        faults.extend(rename.then_some(Fault::LostRename));
        faults.extend(latency.then_some(Fault::Latency));
        faults.extend(resuming.then(|| Fault::Resuming(random.u64(500..=2_000))));
        let mut strikes: Vec<Strike> = (0..random.usize(1..=4)).map(|_| Strike::draw(random)).collect();
        // The few calls at the end, by which a backup or a restore comes to be, are worth more than their share.
        strikes.push(Strike { after: 0.75 + 0.3 * random.f64(), ..Strike::draw(random) });
        strikes.sort_by(|one, other| one.after.total_cmp(&other.after));
        let share = |is_so: bool, share: f64| if is_so { share } else { 0.0 };
        Self {
            seed: random.u64(..),
            twins: if twins { random.u8(2..=3) } else { 1 },
            strikes,
            crashes: if crashes { vec![Crash::draw(random)] } else { Vec::new() },
            faults,
            weather: Weather {
                seed: random.u64(..),
                refused: share(refused, 0.08),
                dropped: share(dropped, 0.06),
                lost: share(lost_puts, 0.12),
                cut: share(cut, 0.15),
                slow: share(slow, 0.3),
                delay: Duration::from_millis(random.u64(5..=60)),
            },
            short_invocations: if hurried { vec![random.u64(100..=1_500)] } else { Vec::new() },
        }
    }

    pub(crate) fn faults(&self) -> Faults {
        let mut faults = Faults { seed: self.seed, ..Faults::default() };
        for fault in &self.faults {
            match fault {
                Fault::LostCommits => {
                    let commits = |loss| Rule::new(Effect::LoseAnswer(loss)).on(Operation::CommitTransaction);
                    faults = faults
                        .with(commits(Loss::Drop).rate(0.2))
                        .with(commits(Loss::GatewayTimeout).rate(0.1));
                }
                Fault::TenthOfCalls => {
                    for effect in [
                        Effect::Error(ErrorKind::ThrottlingException),
                        Effect::Error(ErrorKind::ServiceUnavailableError),
                        Effect::Error(ErrorKind::InternalServerErrorException),
                        Effect::DropRequest,
                        Effect::LoseAnswer(Loss::Drop),
                    ] {
                        faults = faults.with(Rule::new(effect).rate(0.02));
                    }
                }
                Fault::LostRename => {
                    faults = faults.with(Rule::new(Effect::LoseAnswer(Loss::Drop)).sql("RENAME").times(1));
                }
                Fault::Latency => faults.latency_ms = 4,
                Fault::Resuming(time) => faults.resume_ms = *time,
            }
        }
        faults
    }
}

impl Strike {
    fn draw(random: &mut Rng) -> Self {
        let blow = if random.u8(..4) > 0 {
            Blow::Kill
        } else {
            Blow::Stop { time: Duration::from_millis(random.u64(20..=3_000)), repeated: random.bool() }
        };
        let later = Duration::from_millis(if random.bool() { 0 } else { random.u64(0..=30) });
        Self { after: random.f64() * 1.1, later, which: random.usize(..8), blow }
    }
}

impl Crash {
    fn draw(random: &mut Rng) -> Self {
        Self { after: random.f64(), down: Duration::from_millis(random.u64(0..=500)) }
    }
}
