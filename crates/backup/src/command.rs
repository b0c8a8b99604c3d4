//! Does what the function is invoked for.

use bucket::Store;
use lambda_kit::continuation::Continuation;
use serde_json::Value;

use crate::Backups;
use crate::catalogue::view;
use crate::error::BackupError;
use crate::request::answer::{Answer, InvocationError};
use crate::request::payload::{Command, Unfinished};
use crate::state::Status;
use crate::write::times::Times;

/// Does what a payload asks for.
///
/// # Errors
/// [`InvocationError`].
pub async fn invoke<S: Store, G: Continuation<Unfinished>>(
    backups: &Backups<S, G>,
    payload: Value,
    times: Times,
) -> Result<Answer, InvocationError> {
    let done = match Command::read(backups.dictionary, payload)? {
        Command::Make(tables) => backups.make(&tables, times).await?,
        Command::Continue(unfinished) => backups.resume(&unfinished, times).await?,
        Command::Status(backup) => {
            let found = view::get(&backups.store, &backup).await.map_err(InvocationError::Status)?;
            let (view, manifest) = found.ok_or(InvocationError::Unknown(backup))?;
            return Ok(Answer::Done(view.into_done(manifest.as_ref())));
        }
        Command::Expire => {
            let expired = backups.expire(times).await;
            return Ok(Answer::Expired(expired.inspect_err(log_expiry)?));
        }
    };
    if done.status == Status::Completed
        && let Err(error) = backups.expire(times).await
    {
        // The backup is good all the same, and the next hour's retention does what this one left.
        log_expiry(&error);
    }
    Ok(Answer::Done(done))
}

fn log_expiry(error: &BackupError) {
    tracing::error!(
        error.class = error.class(),
        error.causes = error.causes(),
        "backups could not be expired"
    );
}
