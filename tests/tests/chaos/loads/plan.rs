//! The plan of a run, drawn from its seed.

use std::time::Duration;

use fastrand::Rng;
use testkit::local_data_api::OnError;

use super::content::{Format, Shape, Table};
use crate::plan::{ApiFault, Crash, Phase, Strike};

/// A run. Printed if it fails.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// One file, or two for the same table.
    pub(super) files: Vec<File>,
    /// About how many chunks the first file has.
    pub(super) chunks: u64,
    pub(super) lanes: u8,
    /// The share of the first file's ids that are in the table before.
    pub(super) taken: f64,
    /// The faults; the deliveries are those of the first file's event.
    pub(super) phase: Phase,
    /// The number of times that each event is delivered again after the end.
    pub(super) repetitions: u8,
    pub(super) locks: Option<Locks>,
    /// The time limit of an invocation. Short: a disturbed loader waits up to half of it before it
    /// tries again.
    pub(super) invocation: Duration,
    /// Seconds that a session of the database waits for a lock.
    pub(super) lock_wait: u8,
    /// See [`Setup`](crate::lane::Setup).
    pub(super) transaction_idle: Duration,
    /// The effect of a failed statement on its transaction.
    pub(super) on_error: OnError,
    /// After this time there are no more faults.
    pub(super) disturbed: Duration,
    /// True if a limit is set that allows any number of rejects. Without one a replace fails at the
    /// first of them.
    pub(super) takes_rejects: bool,
    /// Statements that make the database break its promises; the oracle must notice.
    pub(super) sabotage: &'static [&'static str],
    /// A change after the end, which the oracle must notice.
    pub(super) tampering: Option<Tampering>,
}

/// A change behind the loader's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tampering {
    /// Executes a statement.
    Sql(&'static str),
    /// Removes the last rejects file.
    RemovedRejects,
    /// Repeats the last record of a rejects file.
    RepeatedReject,
    /// Adds a rejects file that belongs to no chunk.
    SurplusRejects,
}

/// A dropped file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) mode: Mode,
    pub(super) shape: Shape,
    /// Its event comes after this share of the calls that both loads, undisturbed, would make.
    pub(super) after: f64,
}

/// The mode of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Append,
    Upsert,
    Replace,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Upsert => "upsert",
            Self::Replace => "replace",
        }
    }

    fn draw(random: &mut Rng) -> Self {
        [Self::Append, Self::Append, Self::Upsert, Self::Replace][random.usize(..4)]
    }
}

/// A concurrent writer, which locks ids of the file in the opposite order, holds the locks for a
/// while and rolls back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Locks {
    pub(super) rounds: u8,
    pub(super) rows: usize,
    pub(super) hold: Duration,
    /// Changes more rows than any chunk, so that in a deadlock the database rolls back the loader.
    pub(super) heavy: bool,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let table = if random.u8(..6) == 0 { Table::Departments } else { Table::Employees };
        let mut maybe = |share: f64| random.f64() < share;
        let (concurrent, repeats, struck, crashes) = (maybe(0.3), maybe(0.3), maybe(0.75), maybe(0.2));
        let (locked, hurried, all_calls) = (maybe(0.25), maybe(0.2), maybe(0.3));
        let (lost, slow, latency, resuming) = (maybe(0.3), maybe(0.3), maybe(0.2), maybe(0.15));
        let (two, open_quote) = (maybe(0.4), maybe(0.1));
        let mut api = Vec::new();
        api.extend(lost.then_some(ApiFault::LostCommits(0.3)));
        api.extend(all_calls.then_some(ApiFault::FailedCalls(0.043)));
        api.extend(slow.then_some(ApiFault::SlowCommits(0.5, 60)));
        api.extend(latency.then_some(ApiFault::Latency(4)));
        api.extend(resuming.then(|| ApiFault::Resuming(random.u64(1_000..=3_000))));
        let mut files =
            vec![File { mode: Mode::draw(random), shape: Shape::draw(random, table, 1, 'a'), after: 0.0 }];
        if two {
            // Its ids overlap with those of the first.
            let first_id = random.i64(1..=3_000);
            let shape = Shape::draw(random, table, first_id, 'b');
            files.push(File { mode: Mode::draw(random), shape, after: random.f64() * 0.6 });
        }
        // A sheet has no quotes.
        files[0].shape.open_quote = open_quote && files[0].shape.format != Format::Xlsx;
        let strikes = if struck { random.usize(1..=5) } else { 0 };
        // The few calls that swap the tables are worth more than their share.
        let swaps = struck && files.iter().any(|file| file.mode == Mode::Replace);
        let strikes = Strike::draw_all(random, strikes, swaps.then_some((0.9, 1.1)));
        let crashes = if crashes { random.usize(1..=2) } else { 0 };
        let crashes = Crash::draw_all(random, crashes);
        let short = if hurried { random.usize(2..=6) } else { 0 };
        Self {
            seed,
            files,
            chunks: random.u64(5..=60),
            lanes: random.u8(1..=4),
            taken: [0.0, 0.02, 0.3][random.usize(..3)],
            phase: Phase {
                seed,
                deliveries: if concurrent { random.u8(2..=3) } else { 1 },
                strikes,
                crashes,
                api,
                short_invocations: (0..short).map(|_| random.u64(150..=2_000)).collect(),
                ..Phase::default()
            },
            repetitions: u8::from(repeats),
            locks: locked.then(|| Locks {
                rounds: random.u8(1..=4),
                rows: random.usize(2..=8),
                hold: Duration::from_millis(random.u64(20..=1_500)),
                heavy: random.bool(),
            }),
            invocation: Duration::from_secs(20),
            lock_wait: [1, 1, 2, 50][random.usize(..4)],
            transaction_idle: Duration::from_millis(random.u64(400..=1_200)),
            on_error: if random.bool() { OnError::Abort } else { OnError::Keep },
            takes_rejects: random.u8(..3) > 0,
            disturbed: Duration::from_secs(5),
            sabotage: &[],
            tampering: None,
        }
    }

    /// Returns the same run with one file and without faults.
    pub(super) fn calm(mut self) -> Self {
        self.files.truncate(1);
        Self {
            phase: Phase { deliveries: 1, ..Phase::default() },
            repetitions: 0,
            locks: None,
            // Its calls are counted until then.
            disturbed: Duration::from_secs(60),
            ..self
        }
    }
}
