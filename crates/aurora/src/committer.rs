//! Commits chunks of rows: each with its ledger row in one transaction, exactly once.

use std::time::Duration;

use tokio::time::sleep;

use crate::{Database, Error, MaybeDatabase, Tx};

/// Attempts at a chunk: to settle an unknown outcome, or to avoid what the last one failed with.
const ATTEMPTS: u32 = 8;

/// Pauses while the chunk's table is fenced, doubled each time.
const FENCE_PAUSE: Duration = Duration::from_millis(100);
const MAX_FENCE_PAUSE: Duration = Duration::from_secs(2);

/// A chunk to be committed by [`commit`].
pub trait PendingChunk: Send + Sync {
    /// Why the job stops.
    type Error: From<Error> + MaybeDatabase + Send;

    /// The result of a committed chunk.
    type Output: Send;

    /// Does everything between BEGIN and COMMIT. Claims the chunk in the ledger first, so that a
    /// concurrent delivery of the same chunk waits there, and then finds it committed or free.
    fn fill(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output, Rollback<Self::Error>>> + Send;

    /// Returns true if the ledger has the chunk. Waits for a COMMIT of it that is under way.
    fn is_committed(&self, database: &Database) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Changes the chunk so that the next attempt avoids the cause of the last failure.
    ///
    /// # Errors
    /// Why there is no way to avoid it.
    fn avoid(
        &mut self,
        database: &Database,
        error: Self::Error,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Completes a swap that was interrupted and left the chunk's table fenced.
    fn recover_fence(&self, _: &Database) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }
}

/// Why an attempt at a chunk is rolled back.
#[derive(Debug)]
pub enum Rollback<E> {
    /// The chunk is committed already. Nothing was written.
    Committed,
    /// The table is fenced for now: another job swaps it. Nothing was written.
    Fenced,
    /// The attempt failed.
    Failed(E),
}

/// The outcome of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed<T> {
    /// By this call.
    Now(T),
    /// By this call, but the answer to the COMMIT was lost: only the ledger has its result.
    Unanswered,
    /// Before, or by a concurrent delivery.
    Already,
}

impl<E: From<Error>> From<Error> for Rollback<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<E: MaybeDatabase> MaybeDatabase for Rollback<E> {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Committed | Self::Fenced => None,
            Self::Failed(error) => error.database(),
        }
    }
}

/// Commits a chunk unless it is committed already. Settles an unknown outcome by reading the
/// chunk's ledger row before anything is tried again.
///
/// # Errors
/// Those of the chunk; [`Error::OutOfTime`] also if the table stays fenced until the deadline.
pub async fn commit<C: PendingChunk>(
    database: &Database,
    mut chunk: C,
) -> Result<Committed<C::Output>, C::Error> {
    let mut attempt = 1;
    let mut pause = FENCE_PAUSE;
    loop {
        let pending = &chunk;
        let filled = database.transaction(|tx| async move { pending.fill(&tx).await }).await;
        let error = match filled {
            Ok(output) => return Ok(Committed::Now(output)),
            Err(Rollback::Committed) => return Ok(Committed::Already),
            Err(Rollback::Fenced) => {
                if database.deadline().remaining() <= pause {
                    return Err(Error::OutOfTime.into());
                }
                chunk.recover_fence(database).await?;
                sleep(pause).await;
                pause = MAX_FENCE_PAUSE.min(2 * pause);
                continue;
            }
            Err(Rollback::Failed(error)) => error,
        };
        let is_unknown = error.database().is_some_and(Error::is_unknown_outcome);
        if is_unknown && chunk.is_committed(database).await? {
            return Ok(Committed::Unanswered);
        }
        if attempt == ATTEMPTS {
            return Err(error);
        }
        if !is_unknown {
            chunk.avoid(database, error).await?;
        }
        attempt += 1;
    }
}
