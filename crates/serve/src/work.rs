//! Work that a function goes on with by invoking itself: it goes on in this process.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aurora::Deadline;
use backup::{Backups, GoOnError, Times};
use bucket::S3Bucket;
use domain::backup::{BackupId, RestoreId};
use restore::{Command, InvocationError, Restorer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::metrics::{Counted, Work};
use crate::server::stopped;

/// How long a function may work, and so how long work goes on here before it is handed on.
const TIME: Duration = Duration::from_secs(15 * 60);
/// Kept back from it to tell how a restore stands, as a function keeps it back.
const TIME_TO_TELL: Duration = Duration::from_secs(5);
/// Backups, and restores, that are worked on at once: each takes some 20 MB.
const AT_ONCE: usize = 2;
/// More that wait. Who asks for one beyond them is told to try again.
const WAITING: usize = 16;
/// When a restore that was interrupted is tried again, as Lambda does with an invocation that
/// failed.
const TRY_AGAIN: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// A backup to go on with: its id, and the etag of its state.
pub(crate) type OfBackup = (BackupId, String);
/// A restore to go on with, and whether it is a drill's.
pub(crate) type OfRestore = (RestoreId, bool);

/// Takes work, for the tasks that [`queue`] is read by.
#[derive(Debug)]
pub(crate) struct Queue<W> {
    sender: mpsc::Sender<(W, Counted)>,
    gauges: Work,
}

/// Where the work comes out.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    receiver: mpsc::Receiver<(W, Counted)>,
    gauges: Work,
}

/// There is more to do than this process does.
#[derive(Debug, thiserror::Error)]
#[error("too much work waits already, or the process is about to end")]
struct Full;

/// A queue, and its other end.
pub(crate) fn queue<W>(gauges: &Work) -> (Queue<W>, Waiting<W>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Queue { sender, gauges: gauges.clone() }, Waiting { receiver, gauges: gauges.clone() })
}

impl<W> Queue<W> {
    fn put(&self, work: W) -> Result<(), GoOnError> {
        let counted = Counted::on(&self.gauges.waiting);
        self.sender.try_send((work, counted)).map_err(|_| GoOnError(Full.into()))
    }
}

impl backup::GoOn for Queue<OfBackup> {
    async fn go_on(&self, backup: &BackupId, etag: &str) -> Result<(), GoOnError> {
        self.put((backup.clone(), etag.to_owned()))
    }
}

impl restore::GoOn for Queue<OfRestore> {
    async fn go_on(&self, restore: &RestoreId, is_drill: bool) -> Result<(), GoOnError> {
        self.put((restore.clone(), is_drill))
    }
}

/// Does what comes out of a queue, until the process is to stop. Then it leaves what has not begun,
/// and ends what has.
pub(crate) async fn work<W, F>(
    waiting: Waiting<W>,
    mut stop: watch::Receiver<bool>,
    act: impl Fn(W) -> F,
    leave: impl Fn(&W),
) where
    F: Future<Output = ()> + Send + 'static,
{
    let Waiting { receiver: mut waiting, gauges } = waiting;
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(ended) = running.join_next() => tell(ended),
            work = waiting.recv(), if running.len() < AT_ONCE => match work {
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
    // Nobody takes what is handed on from now on, so who asks is told at once.
    waiting.close();
    while let Some((work, waited)) = waiting.recv().await {
        leave(&work);
        waited.for_good();
    }
    while let Some(ended) = running.join_next().await {
        tell(ended);
    }
}

/// A panic ends its own work alone: as it leaves it, whoever looks for interrupted work finds it.
fn tell(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a backup or restore was broken off");
    }
}

/// Goes on with a backup. How it ended stands in the bucket and in the log.
pub(crate) async fn back_up(backups: Arc<Backups<S3Bucket, Queue<OfBackup>>>, (backup, etag): OfBackup) {
    // Not by an invocation: that would remove old backups too, for which the deployed function has
    // its own settings.
    if let Err(error) = backups.go_on(&backup, &etag, Times::before(Deadline::after(TIME))).await {
        tracing::warn!(backup.id = %backup, error.class = error.class(), "the backup was not made");
    }
}

/// Says of a backup that nobody goes on with it here, and what happens to it.
pub(crate) fn leave_backup((backup, _): &OfBackup) {
    tracing::warn!(
        backup.id = %backup,
        "the backup was not begun; it shows as failed 16 minutes after it was last worked on: start another"
    );
}

/// Says of a restore that nobody goes on with it here, and what happens to it.
pub(crate) fn leave_restore((restore, is_drill): &OfRestore) {
    tracing::warn!(
        restore.id = restore.as_str(),
        is_drill,
        "the restore was not begun; the stack fails it after 30 minutes, or goes on with it where it is told to"
    );
}

/// Goes on with a restore. How it ended stands in the ledger and in the log.
pub(crate) async fn restore(
    restorer: Arc<Restorer<S3Bucket, Queue<OfRestore>>>,
    (restore, is_drill): OfRestore,
) {
    let mut pauses = TRY_AGAIN.into_iter();
    loop {
        let deadline = Deadline::after(TIME - TIME_TO_TELL);
        let command = Command::Continue { restore: restore.clone(), is_drill };
        match restore::invoke_command(&*restorer, command, deadline).await {
            Ok(_) | Err(InvocationError::Failed { .. } | InvocationError::Unknown(_)) => return,
            // Why, the restore has logged itself: the message may quote values.
            Err(_) => {}
        }
        let pause = pauses.next();
        let is_tried_again = pause.is_some();
        tracing::warn!(restore.id = restore.as_str(), is_tried_again, "the restore was interrupted");
        let Some(pause) = pause else { return };
        tokio::time::sleep(pause).await;
    }
}
