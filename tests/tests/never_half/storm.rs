//! Everything that disturbs a function.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::local_data_api::FaultHandle;
use testkit::{Bucket, DatabaseServer};
use tokio::time::sleep;

use crate::fleet::Fleet;
use crate::plan::{Blow, Crash, Strike};

/// After so long without a call nobody expects another.
const STANDSTILL: Duration = Duration::from_secs(2);

/// What storms have done.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) kills: AtomicU32,
    pub(crate) stops: AtomicU32,
    pub(crate) crashes: AtomicU32,
    pub(crate) faults: AtomicU32,
}

/// How far a function has come, by the calls that it makes: unlike time they are the same on a machine that is busy with other
/// things.
#[derive(Clone)]
pub(crate) struct Progress {
    data_api: FaultHandle,
    bucket: Arc<Bucket>,
    begun: u64,
    /// What the undisturbed function would make, about.
    whole: f64,
}

impl Progress {
    pub(crate) fn new(data_api: FaultHandle, bucket: Arc<Bucket>, whole: f64) -> Self {
        let mut progress = Self { data_api, bucket, begun: 0, whole };
        progress.begun = progress.calls();
        progress
    }

    /// The calls since it was made.
    pub(crate) fn calls(&self) -> u64 {
        (self.data_api.calls() + self.bucket.requests()).saturating_sub(self.begun)
    }

    /// Waits until this share of the calls is made; not for long once no more are.
    async fn reach(&self, share: f64) {
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

/// Strikes processes at work, one after the other.
pub(crate) async fn strike(fleet: Arc<Fleet>, strikes: Vec<Strike>, progress: Progress, damage: Arc<Damage>) {
    for strike in strikes {
        progress.reach(strike.after).await;
        sleep(strike.later).await;
        let working = fleet.working();
        let Some(victim) = working.get(strike.which % working.len().max(1)) else { continue };
        match strike.blow {
            Blow::Kill => {
                victim.process.kill();
                damage.kills.fetch_add(1, Ordering::Relaxed);
            }
            Blow::Stop { time, repeated } => {
                victim.process.stop();
                damage.stops.fetch_add(1, Ordering::Relaxed);
                if repeated {
                    // As if it were believed to be gone.
                    fleet.invoke(victim.call.clone());
                }
                // It goes on while others are struck.
                let process = Arc::clone(&victim.process);
                tokio::spawn(async move {
                    sleep(time).await;
                    process.go_on();
                });
            }
        }
    }
}

/// Kills the database's server and starts it again. Not to be dropped half way: the server would stay away.
///
/// # Errors
/// When it does not start again.
pub(crate) async fn crash(
    database_server: Arc<DatabaseServer>,
    crashes: Vec<Crash>,
    progress: Progress,
    calm: Arc<AtomicBool>,
    damage: Arc<Damage>,
) -> Result<()> {
    for crash in crashes {
        progress.reach(crash.after).await;
        if calm.load(Ordering::SeqCst) {
            break;
        }
        database_server.kill()?;
        damage.crashes.fetch_add(1, Ordering::Relaxed);
        sleep(crash.down).await;
        let database_server = Arc::clone(&database_server);
        tokio::task::spawn_blocking(move || database_server.start_again()).await??;
    }
    Ok(())
}
