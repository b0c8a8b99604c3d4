//! Does what the function is invoked for.

use aurora::Deadline;
use bucket::Store;
use lambda_kit::continuation::Continuation;
use serde_json::Value;

use crate::Restorer;
use crate::request::answer::{Answer, InvocationError};
use crate::request::payload::{Command, Unfinished};
use crate::request::resolve::new_id;
use crate::upkeep::drill;

/// Does what a payload asks for.
///
/// # Errors
/// [`InvocationError`]: that a restore failed is an error of its invocation.
pub async fn invoke<S: Store, G: Continuation<Unfinished>>(
    restorer: &Restorer<S, G>,
    payload: Value,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    invoke_command(restorer, Command::read(restorer.dictionary, payload)?, deadline).await
}

/// Does what a command says.
///
/// # Errors
/// As [`invoke`].
pub async fn invoke_command<S: Store, G: Continuation<Unfinished>>(
    restorer: &Restorer<S, G>,
    command: Command,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    let restored = match command {
        Command::Restore { wanted, restore } => {
            let id = restore.unwrap_or_else(new_id);
            match restorer.find(&id, deadline).await? {
                Some(restore) => restorer.resume(restore, deadline, false).await?,
                None => {
                    let resolved = restorer.resolve(wanted, id, deadline).await?;
                    restorer.start(resolved, deadline, false).await?
                }
            }
        }
        Command::Continue(Unfinished { restore, drill: is_drill }) => {
            let restore = restorer.get(&restore, deadline).await?;
            let done = restorer.resume(restore, deadline, is_drill).await;
            if is_drill {
                drill::report(&done);
            }
            done?
        }
        Command::Status(restore) => restorer.get(&restore, deadline).await?.into(),
        Command::Drill(backup) => return restorer.drill(backup, deadline).await,
        Command::Reap => return restorer.reap(deadline).await,
    };
    Ok(Answer::Restored(restored))
}
