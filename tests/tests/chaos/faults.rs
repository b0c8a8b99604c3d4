//! Fault injection: carries out a fault plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::{DatabaseServer, Function};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::fleet::Fleet;
use crate::plan::{Blow, Crash, Phase, Strike};
use crate::runs::Tally;

/// After so long without a call no further one is expected.
const STANDSTILL: Duration = Duration::from_secs(2);

/// Measures how far functions have come by the calls that they make: unlike time, these are the
/// same on a busy machine.
#[derive(Clone)]
pub(crate) struct Progress {
    count: Arc<dyn Fn() -> u64 + Send + Sync>,
    begun: u64,
    /// About how many calls undisturbed work makes.
    whole: f64,
}

impl Progress {
    /// Starts at the calls that `count` returns now.
    pub(crate) fn start(count: impl Fn() -> u64 + Send + Sync + 'static, whole: f64) -> Self {
        Self { begun: count(), count: Arc::new(count), whole }
    }

    /// Returns the number of calls since the start.
    pub(crate) fn calls(&self) -> u64 {
        (self.count)().saturating_sub(self.begun)
    }

    /// Waits until this share of the calls is made, or until the calls stand still.
    pub(crate) async fn reach(&self, share: f64) {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let calls = self.calls();
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let is_reached = calls as f64 >= share * self.whole;
            if is_reached || since.elapsed() > STANDSTILL {
                return;
            }
            if calls > last {
                (last, since) = (calls, Instant::now());
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A phase's strikes and crashes, being carried out.
pub(crate) struct Injection {
    over: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    crashes: JoinHandle<Result<()>>,
}

impl Injection {
    pub(crate) fn start<F: Fleet>(
        phase: &Phase,
        fleet: &Arc<F>,
        server: &Arc<DatabaseServer>,
        progress: &Progress,
        tally: &Arc<Tally>,
    ) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        tasks.spawn(strike(Arc::clone(fleet), phase.strikes.clone(), progress.clone(), Arc::clone(tally)));
        let crashes = tokio::spawn(crash_all(
            Arc::clone(server),
            phase.crashes.clone(),
            progress.clone(),
            Arc::clone(&over),
            Arc::clone(tally),
        ));
        Self { over, tasks, crashes }
    }

    /// Adds a disturbance, which ends with the others.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Returns a flag that is set at the end. Setting it lets no further crash begin.
    pub(crate) fn over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.over)
    }

    /// Returns true if the database does not crash any more.
    pub(crate) fn has_crashed(&self) -> bool {
        self.crashes.is_finished()
    }

    /// Ends everything; the database is up then.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.over.store(true, Ordering::SeqCst);
        self.tasks.shutdown().await;
        self.crashes.await?
    }
}

async fn strike<F: Fleet>(fleet: Arc<F>, strikes: Vec<Strike>, progress: Progress, tally: Arc<Tally>) {
    for strike in strikes {
        progress.reach(strike.after).await;
        sleep(strike.later).await;
        let working = fleet.invoker().working();
        let Some(victim) = working.get(strike.which % working.len().max(1)) else { continue };
        hit(&victim.process, strike.blow, &tally);
        if let Blow::Stop { redelivered: true, .. } = strike.blow {
            fleet.deliver_again(victim.work.clone()).await;
        }
    }
}

/// Kills a process, or stops it and lets it continue while others are struck.
pub(crate) fn hit(process: &Arc<Function>, blow: Blow, tally: &Tally) {
    match blow {
        Blow::Kill => {
            process.kill();
            tally.count("kills", 1);
        }
        Blow::Stop { time, .. } => {
            process.stop();
            tally.count("stops", 1);
            let process = Arc::clone(process);
            tokio::spawn(async move {
                sleep(time).await;
                process.resume();
            });
        }
    }
}

async fn crash_all(
    server: Arc<DatabaseServer>,
    crashes: Vec<Crash>,
    progress: Progress,
    over: Arc<AtomicBool>,
    tally: Arc<Tally>,
) -> Result<()> {
    for Crash { after, down } in crashes {
        progress.reach(after).await;
        if over.load(Ordering::SeqCst) {
            break;
        }
        crash(&server, down, &tally).await?;
    }
    Ok(())
}

/// Kills the database server and starts it again. Dropped halfway, it leaves the server down.
pub(crate) async fn crash(server: &Arc<DatabaseServer>, down: Duration, tally: &Tally) -> Result<()> {
    server.kill()?;
    tally.count("crashes of the database", 1);
    sleep(down).await;
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || server.start_again()).await?
}
