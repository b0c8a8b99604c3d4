//! Continuations of backups and restores: a function invokes itself, this process has tasks.

use std::future::Future;
use std::time::Duration;

use aurora::Deadline;
use backup::{Backups, Continuation, ContinuationError, Times};
use bucket::S3Bucket;
use restore::{Command, InvocationError, Restorer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::metrics::{Counted, Work};
use crate::server::stopped;

/// The time limit of a function, after which work is continued here as well.
const TIME: Duration = Duration::from_secs(15 * 60);
/// The time that is reserved to record the state of a restore, as in a function.
const TIME_TO_RECORD: Duration = Duration::from_secs(5);
/// Concurrent backups, and concurrent restores: each takes some 20 MB.
const MAX_CONCURRENT: usize = 2;
/// The length of a queue. A request beyond it is refused, to be retried later.
const MAX_WAITING: usize = 16;
/// The pauses before an interrupted restore is retried, as Lambda retries a failed invocation.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// A backup to continue.
pub(crate) type BackupWork = backup::Unfinished;
/// A restore to continue.
pub(crate) type RestoreWork = restore::Unfinished;

/// The sender of a queue of work.
#[derive(Debug, Clone)]
pub(crate) struct Queue<W> {
    sender: mpsc::Sender<(W, Counted)>,
    gauges: Work,
}

/// The receiver of a queue of work.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    receiver: mpsc::Receiver<(W, Counted)>,
    gauges: Work,
}

/// The queue is full or closed.
#[derive(Debug, thiserror::Error)]
#[error("too much work waits already, or the process is about to end")]
struct Full;

/// Returns a queue and its receiver.
pub(crate) fn queue<W>(gauges: &Work) -> (Queue<W>, Waiting<W>) {
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    (Queue { sender, gauges: gauges.clone() }, Waiting { receiver, gauges: gauges.clone() })
}

impl<W: Clone + Send + 'static> Continuation<W> for Queue<W> {
    async fn continue_later(&self, work: W) -> Result<(), ContinuationError> {
        let counted = Counted::on(&self.gauges.waiting);
        self.sender.try_send((work, counted)).map_err(|_| ContinuationError(Full.into()))
    }
}

/// Runs the work of a queue until the process stops. Then it finishes the work that has begun, and
/// leaves the rest.
pub(crate) async fn work<W, F>(
    waiting: Waiting<W>,
    mut stop: watch::Receiver<bool>,
    act: impl Fn(W) -> F,
    abandon: impl Fn(&W),
) where
    F: Future<Output = ()> + Send + 'static,
{
    let Waiting { receiver: mut waiting, gauges } = waiting;
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(ended) = running.join_next() => log_panic(ended),
            work = waiting.recv(), if running.len() < MAX_CONCURRENT => match work {
                Some((work, waited)) => {
                    let (act, counted) = (act(work), Counted::on(&gauges.begun));
                    drop(waited);
                    running.spawn(async move {
                        act.await;
                        drop(counted);
                    });
                }
                None => break,
            },
        }
    }
    // Requests for work are refused from now on.
    waiting.close();
    while let Some((work, waited)) = waiting.recv().await {
        abandon(&work);
        waited.forget();
    }
    while let Some(ended) = running.join_next().await {
        log_panic(ended);
    }
}

/// Logs a panic. It ends its own work alone, which is then found like any interrupted work.
fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a backup or restore was cancelled");
    }
}

/// Continues a backup. The bucket and the log have the result.
pub(crate) async fn back_up(backups: Backups<S3Bucket, Queue<BackupWork>>, unfinished: BackupWork) {
    // Not by a command, which would also remove old backups, for which the deployed function has
    // its own settings.
    if let Err(error) = backups.resume(&unfinished, Times::before(Deadline::after(TIME))).await {
        tracing::warn!(backup.id = %unfinished.backup, error.class = error.class(), "the backup was not made");
    }
}

/// Logs that a backup is not continued here, and what happens to it.
pub(crate) fn abandon_backup(BackupWork { backup, .. }: &BackupWork) {
    tracing::warn!(
        backup.id = %backup,
        "the backup was not begun; it shows as failed 16 minutes after it was last worked on: start another"
    );
}

/// Logs that a restore is not continued here, and what happens to it.
pub(crate) fn abandon_restore(RestoreWork { restore, drill }: &RestoreWork) {
    tracing::warn!(
        restore.id = restore.as_str(),
        is_drill = drill,
        "the restore was not begun; the stack fails it after 30 minutes, or continues it if it is invoked with its id"
    );
}

/// Continues a restore. The ledger and the log have the result.
pub(crate) async fn restore(restorer: Restorer<S3Bucket, Queue<RestoreWork>>, unfinished: RestoreWork) {
    let mut pauses = RETRY_PAUSES.into_iter();
    loop {
        let deadline = Deadline::after(TIME - TIME_TO_RECORD);
        let command = Command::Continue(unfinished.clone());
        match restore::invoke_command(&restorer, command, deadline).await {
            Ok(_) | Err(InvocationError::Failed { .. } | InvocationError::Unknown(_)) => return,
            // The restore itself logs the reason, which may quote values.
            Err(_) => {}
        }
        let pause = pauses.next();
        let is_tried_again = pause.is_some();
        tracing::warn!(
            restore.id = unfinished.restore.as_str(),
            is_tried_again,
            "the restore was interrupted"
        );
        let Some(pause) = pause else { return };
        tokio::time::sleep(pause).await;
    }
}
