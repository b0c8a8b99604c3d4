//! The drill: a verification of the newest backup, on a schedule, so that a backup that cannot be restored is known before it
//! is needed.

use std::time::Duration;

use aurora::Deadline;
use aurora::restores::{Mode, Status};
use bucket::{Store, backups};
use domain::backup::Manifest;
use domain::dictionary::Table;
use jiff::Timestamp;
use lambda_kit::metrics;

use crate::answer::{Answer, InvocationError, Restored};
use crate::command::{new_id, of_backup, start};
use crate::error::RestoreError;
use crate::go_on::GoOn;
use crate::payload::{FromBackup, Which};
use crate::{Restorer, clock, find, sweep};

/// Verifies the newest backup of all tables. Fails when that fails, and when the backup is older than it may be.
///
/// # Errors
/// [`InvocationError`]; the metrics have been written then too.
pub(crate) async fn drill<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    let done = verify_newest(restorer, deadline).await;
    if !matches!(&done, Ok(Answer::Drilled { verified: Some(verified), .. }) if verified.status == Status::Running)
    {
        metrics::drilled(done.is_ok());
    }
    done
}

/// Tells metrics how a drill went that goes on in this invocation.
pub(crate) fn tell(done: &Result<Restored, InvocationError>) {
    match done {
        Ok(verified) if verified.status == Status::Running => {}
        done => metrics::drilled(done.is_ok()),
    }
}

async fn verify_newest<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    tell_age(restorer).await?;
    let max_age = restorer.options.max_age;
    let max_hours = max_age.as_secs() / 3600;
    let newest = find::newest(&restorer.store, &all(restorer)).await.map_err(|error| match error {
        RestoreError::Damaged(reason) => InvocationError::Drill(reason),
        error => error.into(),
    })?;
    let Some(manifest) = newest else {
        let age = sweep::watched_for(&restorer.store).await?;
        if age > max_age {
            let reason = format!("there has been no backup of all tables for {max_hours} hours");
            return Err(InvocationError::Drill(reason));
        }
        return Ok(Answer::Drilled { verified: None, backup: None, age_hours: hours(age) });
    };
    let age = age_of(&manifest);
    let backup = manifest.backup.to_string();
    let id = new_id();
    let which = Which::Id(manifest.backup);
    let asked = FromBackup { backup: which, tables: None, mode: Mode::Verify, restore: None };
    let resolved = of_backup(restorer, asked, id).await?;
    let verified = start(restorer, resolved, deadline, true).await?;
    if age > max_age {
        let reason = format!("the newest backup, {backup}, is older than {max_hours} hours");
        return Err(InvocationError::Drill(reason));
    }
    Ok(Answer::Drilled { verified: Some(verified), backup: Some(backup), age_hours: hours(age) })
}

/// Writes the metric of how old the newest good backup is.
pub(crate) async fn tell_age<S: Store, G: GoOn>(restorer: &Restorer<S, G>) -> Result<(), RestoreError> {
    let age = match backups::newest_good(&restorer.store, &all(restorer)).await? {
        Some(manifest) => age_of(&manifest),
        None => sweep::watched_for(&restorer.store).await?,
    };
    metrics::backup_age(age);
    Ok(())
}

/// The names of all tables: a backup of some of them is none of the data.
fn all<S, G>(restorer: &Restorer<S, G>) -> Vec<&'static str> {
    restorer.dictionary.visible_tables().map(Table::name).collect()
}

/// How long ago the moment is that a backup is a picture of.
fn age_of(manifest: &Manifest) -> Duration {
    let moment = manifest.moment.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    Duration::try_from(clock::now().duration_since(moment)).unwrap_or_default()
}

fn hours(age: Duration) -> f64 {
    (age.as_secs_f64() / 36.0).round() / 100.0
}
