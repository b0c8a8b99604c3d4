//! A backup from its beginning to its manifest, through as many invocations as it takes.

mod encode;
mod snapshot;
mod table;
pub(crate) mod times;

use std::collections::BTreeSet;
use std::time::Duration;

use aurora::snapshot::Snapshot;
use bucket::{Put, Store, When};
use domain::backup::{BackupId, MANIFEST_FORMAT, Manifest, folder, manifest_key, read_time, time_text};
use domain::dictionary::Table;
use jiff::Timestamp;
use lambda_kit::continuation::Continuation;

use self::encode::VERSION;
use self::snapshot::Outcome;
use self::times::Times;
use crate::Backups;
use crate::error::BackupError;
use crate::request::answer::Done;
use crate::request::payload::Unfinished;
use crate::state::{Cursor, State, Status, VersionedState};
use crate::{metrics, outbox};

impl<S: Store, G: Continuation<Unfinished>> Backups<S, G> {
    /// Makes a backup of these tables, or begins one that other invocations continue.
    ///
    /// # Errors
    /// [`BackupError`]; the backup has failed, unless that could not even be noted: then it will be
    /// found to be interrupted.
    pub async fn make(&self, tables: &[&'static Table], times: Times) -> Result<Done, BackupError> {
        let versioned = self.note(tables).await?;
        self.work(versioned, times).await
    }

    /// Records a new backup of these tables and requests an invocation that makes it; returns its
    /// id.
    ///
    /// # Errors
    /// [`BackupError`]; there is no such backup then.
    pub async fn start(&self, tables: &[&'static Table]) -> Result<BackupId, BackupError> {
        let mut versioned = self.note(tables).await?;
        let backup = versioned.state.backup.clone();
        if let Err(error) = self.continue_later(&versioned).await {
            self.fail(&mut versioned, &error).await;
            return Err(error);
        }
        tracing::info!(backup.id = %backup, backup.tables = versioned.state.tables.join(","), "backup asked for");
        Ok(backup)
    }

    /// Continues a backup if its state still has this ETag: a duplicate delivery finds another one,
    /// and does nothing.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub async fn resume(&self, unfinished: &Unfinished, times: Times) -> Result<Done, BackupError> {
        let Unfinished { backup, etag } = unfinished;
        let Some(versioned) = VersionedState::read(&self.store, backup).await? else {
            return Err(BackupError::Ended);
        };
        if versioned.etag != *etag || versioned.state.status != Status::Running {
            tracing::info!(backup.id = %backup, "somebody else continues the backup");
            return Ok(Done::of_state(&versioned.state));
        }
        self.work(versioned, times).await
    }

    async fn note(&self, tables: &[&'static Table]) -> Result<VersionedState<S>, BackupError> {
        // In the dictionary's order, each once.
        let is_named = |table: &&Table| tables.iter().any(|named| named.name() == table.name());
        let tables: Vec<&Table> = self.dictionary.tables().iter().filter(is_named).collect();
        let names = tables.iter().map(|table| table.name().to_owned()).collect();
        let backup = BackupId::new(Timestamp::now().as_second(), fastrand::u32(..));
        let event_due = outbox::is_wanted(&self.events, &tables);
        let state = State { event_due, ..State::new(backup, names, self.options.codec) };
        VersionedState::create(&self.store, state).await
    }

    /// Works on a backup until it is complete, has failed or the time is up.
    async fn work(&self, mut versioned: VersionedState<S>, times: Times) -> Result<Done, BackupError> {
        versioned.state.invocations += 1;
        // Any other function that was asked to continue it finds that it is taken.
        match versioned.save().await {
            Err(BackupError::Ended) => return Ok(Done::of_state(&versioned.state)),
            saved => saved?,
        }
        let left = self.write(&mut versioned.state, times).await;
        let ended = match left {
            Ok(Outcome::Complete(cursor)) => self.complete(&mut versioned, cursor, times).await,
            Ok(Outcome::Unfinished { snapshot, cursor }) => {
                self.save_and_continue(&mut versioned, snapshot, cursor).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &ended {
            self.fail(&mut versioned, error).await;
        }
        ended
    }

    async fn continue_later(&self, versioned: &VersionedState<S>) -> Result<(), BackupError> {
        let unfinished = Unfinished { backup: versioned.state.backup.clone(), etag: versioned.etag.clone() };
        Ok(self.continuation.continue_later(unfinished).await?)
    }

    /// Stores the checkpoint, and lets another invocation continue.
    async fn save_and_continue(
        &self,
        versioned: &mut VersionedState<S>,
        snapshot: Snapshot,
        cursor: Cursor,
    ) -> Result<Done, BackupError> {
        versioned.state.cursor = Some(cursor);
        let continued = match versioned.save().await {
            Ok(()) => self.continue_later(versioned).await,
            Err(error) => Err(error),
        };
        if let Err(error) = continued {
            snapshot.end().await;
            return Err(error);
        }
        snapshot.release();
        let done = Done::of_state(&versioned.state);
        tracing::info!(
            backup.id = %versioned.state.backup,
            backup.rows = done.rows(),
            backup.invocations = versioned.state.invocations,
            "another invocation continues the backup"
        );
        Ok(done)
    }

    /// Writes the manifest, which turns the files into a backup.
    async fn complete(
        &self,
        versioned: &mut VersionedState<S>,
        cursor: Cursor,
        times: Times,
    ) -> Result<Done, BackupError> {
        // A function that was frozen and declared dead fails here, and writes no manifest.
        versioned.save().await?;
        let State { backup, started_at, codec, .. } = versioned.state.clone();
        let Cursor { snapshot_time, loads, tables, .. } = cursor;
        // Clocks of two machines differ a little.
        let finished_at = time_text(Timestamp::now()).max(started_at.clone());
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            backup: backup.clone(),
            rowgate: VERSION.to_owned(),
            dictionary: self.dictionary_version.to_owned(),
            snapshot_time,
            started_at,
            finished_at: finished_at.clone(),
            codec,
            loads,
            tables: tables.into_iter().map(|(name, progress)| (name, progress.manifest)).collect(),
        };
        let put = self.store.put(&manifest_key(&backup), manifest.to_json()?.into(), When::New).await?;
        if put == Put::Refused {
            return Err(BackupError::Ended);
        }
        versioned.state.status = Status::Completed;
        versioned.state.finished_at = Some(finished_at);
        if versioned.state.event_due {
            let sent = outbox::send(&self.events, self.dictionary, &manifest, times.deadline).await;
            versioned.state.event_due = !sent;
        }
        if let Err(error) = versioned.save().await {
            // The manifest alone counts.
            tracing::warn!(backup.id = %backup, error.causes = error.causes(), "the end of the backup is not noted");
        }
        let done = Done::of_manifest(&manifest);
        let bytes = manifest.tables.values().map(|table| table.bytes).sum();
        let time = read_time(&manifest.finished_at).duration_since(read_time(&manifest.started_at));
        let time = Duration::try_from(time).unwrap_or_default();
        metrics::completed(backup.as_str(), done.rows(), bytes, time).write();
        tracing::info!(
            backup.id = %backup,
            backup.moment = manifest.snapshot_time,
            backup.rows = done.rows(),
            backup.bytes = bytes,
            backup.invocations = versioned.state.invocations,
            backup.loads = manifest.loads.completed.as_ref().map_or(0, Vec::len),
            backup.moments = versioned.state.snapshots,
            duration_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            "backup completed"
        );
        self.remove_files(&backup, Some(&manifest)).await;
        Ok(done)
    }

    /// Notes that a backup has failed, and removes what it wrote.
    async fn fail(&self, versioned: &mut VersionedState<S>, error: &BackupError) {
        let backup = versioned.state.backup.clone();
        tracing::error!(
            backup.id = %backup,
            error.class = error.class(),
            error.causes = error.causes(),
            backup.invocations = versioned.state.invocations,
            "backup failed"
        );
        if matches!(error, BackupError::Ended) {
            return;
        }
        metrics::failed(backup.as_str()).write();
        versioned.state.fail(error.reason());
        match versioned.save().await {
            // A manifest whose answer was lost makes a backup of it, and needs the files.
            Ok(()) if !matches!(error, BackupError::Bucket(_)) => self.remove_files(&backup, None).await,
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(backup.id = %backup, error.causes = error.causes(), "the failure is not noted");
            }
        }
    }

    /// Removes the files of a backup that its manifest does not name: those of snapshots that were
    /// lost.
    async fn remove_files(&self, backup: &BackupId, manifest: Option<&Manifest>) {
        let removed = async {
            let folder = folder(backup);
            let tables = manifest.iter().flat_map(|manifest| manifest.tables.values());
            let named: BTreeSet<&str> =
                tables.flat_map(|table| &table.files).map(|file| file.key.as_str()).collect();
            let needed = |key: &str| key.strip_prefix(&folder).is_some_and(|name| named.contains(name));
            let listed = self.store.list_all(&folder).await?.into_iter().map(|object| object.key);
            let keys: Vec<String> = listed.filter(|key| key.ends_with(".avro") && !needed(key)).collect();
            if keys.is_empty() { Ok(()) } else { self.store.delete(&keys).await }
        };
        if let Err(error) = removed.await {
            let error = BackupError::from(error);
            tracing::warn!(backup.id = %backup, error.causes = error.causes(), "files that nobody needs stay for now");
        }
    }
}
