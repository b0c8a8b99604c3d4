//! What one run is: all of it drawn from its seed.

use std::time::Duration;

use fastrand::Rng;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, OnError, Operation, Rule};

use crate::content::{Format, Shape, Table};

/// A run. Printed when it fails.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// What is dropped: one file, or two for the same table.
    pub(crate) files: Vec<File>,
    /// How many chunks the first file is to have, about.
    pub(crate) chunks: u64,
    pub(crate) lanes: u8,
    /// The share of the first file's ids that are in the table before.
    pub(crate) taken: f64,
    /// How often the first file's event is on the queue from the start: more than once means that several functions work on the load at once.
    pub(crate) twins: u8,
    /// How often each event comes again after the end.
    pub(crate) repetitions: u8,
    pub(crate) strikes: Vec<Strike>,
    pub(crate) crashes: Vec<Crash>,
    pub(crate) locks: Option<Locks>,
    /// What an invocation may take. Not long: a loader that was disturbed waits up to half of it before it tries again.
    pub(crate) invocation: Duration,
    /// Invocations that have little time, in milliseconds.
    pub(crate) short_invocations: Vec<u64>,
    pub(crate) faults: Vec<Fault>,
    /// Seconds that a session of the database waits for a lock.
    pub(crate) lock_wait: u8,
    /// How long the Data API lets a transaction lie idle. The service's three minutes would make every run that long: a killed
    /// loader leaves its transaction open, and that holds the locks until then.
    pub(crate) transaction_idle: Duration,
    /// Whether a statement that fails ends its transaction.
    pub(crate) on_error: OnError,
    /// After this everything but the loads is over.
    pub(crate) storm: Duration,
    /// Whether a limit is set that allows any number of rejects. Without one a replace fails at the first of them.
    pub(crate) takes_rejects: bool,
    /// What makes the database break its promises, for the harness to notice.
    pub(crate) sabotage: &'static [&'static str],
    /// What is changed after the end, for the harness to notice.
    pub(crate) tampering: Option<Tampering>,
}

/// Something changed behind the loader's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tampering {
    /// A statement to the database.
    Sql(&'static str),
    /// The last rejects file is gone.
    RemovedRejects,
    /// A rejects file has its last record twice.
    RepeatedReject,
    /// A rejects file of no chunk is there.
    SurplusRejects,
}

/// A file that is dropped.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) mode: Mode,
    pub(crate) shape: Shape,
    /// Its event comes after this share of the calls that both loads, undisturbed, would make of the Data API.
    pub(crate) after: f64,
}

/// What a load does with ids that are taken, and with the rows that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Append,
    Upsert,
    Replace,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
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

/// What happens to a function's process while it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strike {
    /// After this share of the calls that undisturbed loads would make of the Data API, and so much later.
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
        /// Whether its message comes to another function meanwhile.
        redelivered: bool,
    },
}

/// The database's server killed and started again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    /// As of a [`Strike`].
    pub(crate) after: f64,
    pub(crate) down: Duration,
}

/// Another writer, who takes locks on ids of the file in the opposite order, holds them for a while and undoes it all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locks {
    pub(crate) rounds: u8,
    pub(crate) rows: usize,
    pub(crate) hold: Duration,
    /// Has changed more rows than any chunk, so that of a deadlock the database undoes the loader's side.
    pub(crate) heavy: bool,
}

/// What goes wrong between the loader and the Data API.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Answers to COMMIT are lost.
    LostCommits,
    /// A fifth of all calls fail, in every way.
    FifthOfCalls,
    /// COMMIT takes its time, so that what else happens meets it on its way.
    SlowCommits,
    /// Every call takes its time.
    Latency,
    /// The database was paused.
    Resuming(u64),
}

impl Plan {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let table = if random.u8(..6) == 0 { Table::Departments } else { Table::Employees };
        let mut maybe = |share: f64| random.f64() < share;
        let (twins, repeats, struck, crashes) = (maybe(0.3), maybe(0.3), maybe(0.75), maybe(0.2));
        let (locked, hurried, all_calls) = (maybe(0.25), maybe(0.2), maybe(0.3));
        let (lost, slow, latency, resuming) = (maybe(0.3), maybe(0.3), maybe(0.2), maybe(0.15));
        let (two, open_quote) = (maybe(0.4), maybe(0.1));
        let mut faults = Vec::new();
        faults.extend(lost.then_some(Fault::LostCommits));
        faults.extend(all_calls.then_some(Fault::FifthOfCalls));
        faults.extend(slow.then_some(Fault::SlowCommits));
        faults.extend(latency.then_some(Fault::Latency));
        faults.extend(resuming.then(|| Fault::Resuming(random.u64(1_000..=3_000))));
        let strikes = if struck { random.usize(1..=5) } else { 0 };
        let crashes = if crashes { random.usize(1..=2) } else { 0 };
        let invocations = if hurried { random.usize(2..=6) } else { 0 };
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
        let mut strikes: Vec<Strike> = (0..strikes).map(|_| Strike::draw(random)).collect();
        if struck && files.iter().any(|file| file.mode == Mode::Replace) {
            // The few calls in which one table takes the other's place are worth more than their share.
            strikes.push(Strike { after: 0.9 + 0.2 * random.f64(), ..Strike::draw(random) });
        }
        Self {
            seed,
            files,
            chunks: random.u64(5..=60),
            lanes: random.u8(1..=4),
            taken: [0.0, 0.02, 0.3][random.usize(..3)],
            twins: if twins { random.u8(2..=3) } else { 1 },
            repetitions: u8::from(repeats),
            strikes: in_turn(strikes, |strike| strike.after),
            crashes: in_turn((0..crashes).map(|_| Crash::draw(random)).collect(), |crash| crash.after),
            locks: locked.then(|| Locks {
                rounds: random.u8(1..=4),
                rows: random.usize(2..=8),
                hold: Duration::from_millis(random.u64(20..=1_500)),
                heavy: random.bool(),
            }),
            invocation: Duration::from_secs(20),
            short_invocations: (0..invocations).map(|_| random.u64(150..=2_000)).collect(),
            faults,
            lock_wait: [1, 1, 2, 50][random.usize(..4)],
            transaction_idle: Duration::from_millis(random.u64(400..=1_200)),
            // Drawn last: the other draws of a seed stay what they were.
            on_error: if random.bool() { OnError::Abort } else { OnError::Keep },
            takes_rejects: random.u8(..3) > 0,
            storm: Duration::from_secs(5),
            sabotage: &[],
            tampering: None,
        }
    }

    /// The same run with one file and without anything that goes wrong.
    pub(crate) fn calm(mut self) -> Self {
        self.files.truncate(1);
        Self {
            twins: 1,
            repetitions: 0,
            strikes: Vec::new(),
            crashes: Vec::new(),
            locks: None,
            short_invocations: Vec::new(),
            faults: Vec::new(),
            // Its calls are counted until then.
            storm: Duration::from_secs(60),
            ..self
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
                Fault::FifthOfCalls => {
                    for effect in [
                        Effect::Error(ErrorKind::ThrottlingException),
                        Effect::Error(ErrorKind::ServiceUnavailableError),
                        Effect::Error(ErrorKind::InternalServerErrorException),
                        Effect::DropRequest,
                        Effect::LoseAnswer(Loss::Drop),
                    ] {
                        faults = faults.with(Rule::new(effect).rate(0.043));
                    }
                }
                Fault::SlowCommits => {
                    let delay = Rule::new(Effect::DelayMs(60)).on(Operation::CommitTransaction);
                    faults = faults.with(delay.rate(0.5));
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
            Blow::Stop { time: Duration::from_millis(random.u64(20..=2_500)), redelivered: random.bool() }
        };
        // From before the first call to after the last COMMIT.
        let later = Duration::from_millis(if random.bool() { 0 } else { random.u64(0..=30) });
        Self { after: random.f64() * 1.1, later, which: random.usize(..8), blow }
    }
}

impl Crash {
    fn draw(random: &mut Rng) -> Self {
        Self { after: random.f64(), down: Duration::from_millis(random.u64(0..=500)) }
    }
}

fn in_turn<T>(mut all: Vec<T>, after: impl Fn(&T) -> f64) -> Vec<T> {
    all.sort_by(|one, other| after(one).total_cmp(&after(other)));
    all
}
