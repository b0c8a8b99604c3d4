//! Backups as they are shown.

use bucket::Store;
use domain::backup::{BackupId, Manifest};
use domain::page;
use futures_util::{StreamExt, TryStreamExt, stream};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::catalogue::expire::{INTERRUPTED, SIDE_BY_SIDE};
use crate::catalogue::{self, Found};
use crate::error::BackupError;
use crate::request::answer::Done;
use crate::state::{Status, VersionedState};

/// The problem of a backup whose state says that it is completed, but that has no manifest.
const GONE: &str = "its manifest is gone";

/// A backup, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct View {
    backup: BackupId,
    status: Status,
    started_at: Option<String>,
    finished_at: Option<String>,
    /// The time of the snapshot of all tables.
    #[serde(rename = "moment")]
    snapshot_time: Option<String>,
    tables: IndexMap<String, TableView>,
    /// The time when all of it was last verified, by a drill or a restore.
    verified_at: Option<String>,
    /// The outcome of that: true if it can be restored.
    verified: Option<bool>,
    error: Option<String>,
}

impl View {
    /// Converts the view to an invocation's answer. The figures of its tables are known once it is
    /// complete.
    pub(crate) fn into_done(self, manifest: Option<&Manifest>) -> Done {
        let Self { backup, status, error, .. } = self;
        let tables = manifest.map(|manifest| Done::of_manifest(manifest).tables).unwrap_or_default();
        Done { backup, status, snapshot_time: self.snapshot_time, tables, error }
    }
}

/// A table; without numbers until they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TableView {
    rows: Option<u64>,
    bytes: Option<u64>,
}

/// A page of backups, newest first.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Page {
    backups: Vec<View>,
    /// After which the next page begins.
    next: Option<BackupId>,
}

/// Lists at most `limit` backups that are older than `after`.
pub(crate) async fn list<S: Store>(
    store: &S,
    limit: usize,
    after: Option<&BackupId>,
) -> Result<Page, BackupError> {
    let mut ids = catalogue::ids(store).await?;
    ids.retain(|id| after.is_none_or(|after| id < after));
    let next = page::cut(&mut ids, limit, Clone::clone);
    let views: Vec<Option<View>> = stream::iter(ids)
        .map(|id| async move { Ok::<_, BackupError>(get(store, &id).await?.map(|(view, _)| view)) })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    Ok(Page { backups: views.into_iter().flatten().collect(), next })
}

/// Returns a backup, with its manifest once it has one; `None` if there is nothing of it.
pub(crate) async fn get<S: Store>(
    store: &S,
    backup: &BackupId,
) -> Result<Option<(View, Option<Manifest>)>, BackupError> {
    let found = look(store, backup).await?;
    // The manifest is looked for before the state, so a backup that was completed in between seems
    // to have lost it.
    match &found {
        Some((view, None)) if view.error.as_deref() == Some(GONE) => look(store, backup).await,
        _ => Ok(found),
    }
}

async fn look<S: Store>(
    store: &S,
    backup: &BackupId,
) -> Result<Option<(View, Option<Manifest>)>, BackupError> {
    let (found, verified) =
        futures_util::try_join!(catalogue::find(store, backup), catalogue::verified(store, backup))?;
    match found {
        Some(Found::Manifest(manifest)) => {
            let missing = catalogue::missing(store, &manifest).await?;
            let bad = verified.as_ref().filter(|verified| !verified.good).map(|verified| {
                let what = verified.error.as_deref().unwrap_or("it is not what its manifest says");
                format!("a verification found it to be bad: {what}")
            });
            let problem = missing.or(bad);
            let tables = manifest.tables.iter().map(|(name, table)| {
                (name.clone(), TableView { rows: Some(table.rows), bytes: Some(table.bytes) })
            });
            let view = View {
                backup: backup.clone(),
                status: if problem.is_some() { Status::Failed } else { Status::Completed },
                started_at: Some(manifest.started_at.clone()),
                finished_at: Some(manifest.finished_at.clone()),
                snapshot_time: Some(manifest.snapshot_time.clone()),
                tables: tables.collect(),
                verified: verified.as_ref().map(|verified| verified.good),
                verified_at: verified.map(|verified| verified.verified_at),
                error: problem,
            };
            Ok(Some((view, Some(*manifest))))
        }
        Some(Found::Broken(error)) => {
            let error = Some(format!("its manifest cannot be used: {error}"));
            Ok(Some((of_state(store, backup, error).await?.unwrap_or_else(|| nothing(backup)), None)))
        }
        None => Ok(of_state(store, backup, None).await?.map(|view| (view, None))),
    }
}

/// Returns the view of a backup that has no manifest, or none that can be used.
async fn of_state<S: Store>(
    store: &S,
    backup: &BackupId,
    broken: Option<String>,
) -> Result<Option<View>, BackupError> {
    let state = match VersionedState::read(store, backup).await {
        Ok(Some(versioned)) => versioned.state,
        Ok(None) => return Ok(broken.map(|error| View { error: Some(error), ..nothing(backup) })),
        Err(BackupError::State(_)) => return Ok(Some(View { error: broken, ..nothing(backup) })),
        Err(error) => return Err(error),
    };
    let interrupted = state.is_interrupted(Timestamp::now()).then(|| INTERRUPTED.to_owned());
    // A manifest that was deleted leaves a state that says completed.
    let gone = (state.status == Status::Completed).then(|| GONE.to_owned());
    let error = broken.or(interrupted).or(gone).or(state.error);
    let tables = state.tables.into_iter().map(|name| (name, TableView { rows: None, bytes: None }));
    Ok(Some(View {
        backup: backup.clone(),
        status: if error.is_some() { Status::Failed } else { state.status },
        started_at: Some(state.started_at),
        finished_at: state.finished_at,
        snapshot_time: None,
        tables: tables.collect(),
        verified_at: None,
        verified: None,
        error,
    }))
}

/// Returns the view of a backup that nothing is known about.
fn nothing(backup: &BackupId) -> View {
    View {
        backup: backup.clone(),
        status: Status::Failed,
        started_at: None,
        finished_at: None,
        snapshot_time: None,
        tables: IndexMap::new(),
        verified_at: None,
        verified: None,
        error: Some("what is noted of it cannot be read".to_owned()),
    }
}
