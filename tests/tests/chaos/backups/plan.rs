//! The plan of a run, drawn from its seed.

use std::time::Duration;

use fastrand::Rng;
use testkit::FaultPlan;
use testkit::hr::tables;
use testkit::local_data_api::OnError;

use crate::plan::{ApiFault, Crash, Phase, Strike};

/// A run. Printed if it fails.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// The number of employees at the start.
    pub(super) employees: u32,
    pub(super) codec: &'static str,
    /// Compressed bytes after which a part file ends.
    pub(super) part_bytes: u64,
    pub(super) lanes: u8,
    /// True if the backup is requested over HTTP.
    pub(super) is_requested: bool,
    /// The tables that are restored.
    pub(super) restored: Vec<&'static str>,
    pub(super) verifies: bool,
    /// True if the backup is named `latest`.
    pub(super) is_latest: bool,
    /// True if the restore is undone at the end.
    pub(super) undoes: bool,
    /// The faults of the backup, of the restore, and of its undoing.
    pub(super) phases: [Phase; 3],
    /// See [`Setup`](crate::lane::Setup).
    pub(super) transaction_idle: Duration,
    /// The effect of a failed statement on its transaction.
    pub(super) on_error: OnError,
    /// Seconds that a session of the database waits for a lock.
    pub(super) lock_wait: u8,
    /// The pause of the concurrent writer between two transactions.
    pub(super) writer_rests: Duration,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let mut restored: Vec<&str> = tables().into_iter().filter(|_| random.u8(..4) > 0).collect();
        if restored.is_empty() {
            restored = tables();
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
            undoes: random.u8(..3) == 0,
            phases: [(); 3].map(|()| draw_phase(random)),
            transaction_idle: Duration::from_millis(random.u64(1_200..=2_500)),
            lock_wait: [1, 2, 10][random.usize(..3)],
            writer_rests: Duration::from_millis(random.u64(1..=20)),
            on_error: if random.bool() { OnError::Abort } else { OnError::Keep },
        }
    }

    /// Returns the same run without faults.
    pub(super) fn calm(mut self) -> Self {
        self.phases = Default::default();
        self
    }
}

fn draw_phase(random: &mut Rng) -> Phase {
    let mut maybe = |share: f64| random.f64() < share;
    let (concurrent, crashes, hurried) = (maybe(0.3), maybe(0.15), maybe(0.1));
    let (commits, calls, rename, latency, resuming) =
        (maybe(0.25), maybe(0.2), maybe(0.25), maybe(0.2), maybe(0.1));
    let (refused, dropped, lost, cut, slow) = (maybe(0.2), maybe(0.2), maybe(0.25), maybe(0.2), maybe(0.2));
    let mut api = Vec::new();
    api.extend(commits.then_some(ApiFault::LostCommits(0.3)));
    api.extend(calls.then_some(ApiFault::FailedCalls(0.02)));
    api.extend(rename.then_some(ApiFault::LostRename));
    api.extend(latency.then_some(ApiFault::Latency(4)));
    api.extend(resuming.then(|| ApiFault::Resuming(random.u64(500..=2_000))));
    let strikes = random.usize(1..=4);
    // The few calls at the end, which complete a backup or a restore, are worth more than their
    // share.
    let strikes = Strike::draw_all(random, strikes, Some((0.75, 1.05)));
    let share = |is_so: bool, share: f64| if is_so { share } else { 0.0 };
    Phase {
        seed: random.u64(..),
        deliveries: if concurrent { random.u8(2..=3) } else { 1 },
        strikes,
        crashes: Crash::draw_all(random, usize::from(crashes)),
        api,
        services: FaultPlan {
            seed: random.u64(..),
            refused: share(refused, 0.08),
            dropped: share(dropped, 0.06),
            lost: share(lost, 0.12),
            cut: share(cut, 0.15),
            slow: share(slow, 0.3),
            delay: Duration::from_millis(random.u64(5..=60)),
        },
        short_invocations: if hurried { vec![random.u64(100..=1_500)] } else { Vec::new() },
    }
}
