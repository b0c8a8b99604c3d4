//! Resolves what a command names: the backup, the files or the restore to undo, and its tables.

use aurora::Deadline;
use aurora::restores::{Kind, Mode, NewRestore};
use backup::catalogue;
use bucket::Store;
use domain::backup::RestoreId;
use domain::dictionary::Table;
use jiff::Timestamp;

use crate::Restorer;
use crate::error::RestoreError;
use crate::read::find;
use crate::read::listing::FilesSource;
use crate::request::answer::InvocationError;
use crate::request::payload::{FromBackup, FromFiles, Wanted, Which};

/// A restore that is to begin, or why it fails at once.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) id: RestoreId,
    pub(crate) kind: Kind,
    pub(crate) source: String,
    pub(crate) mode: Mode,
    pub(crate) strict: bool,
    /// The tables. A restore that fails at once is recorded with those that were requested.
    pub(crate) tables: Vec<&'static Table>,
    pub(crate) problem: Option<RestoreError>,
}

impl Resolved {
    /// Returns true if the backup that is asked for is not there.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(&self.problem, Some(RestoreError::Refused(reasons)) if *reasons == [find::no_backup(&self.source)])
    }

    pub(crate) fn as_new(&self) -> NewRestore<'_> {
        let Self { id, kind, source, mode, strict, tables, .. } = self;
        NewRestore { id, kind: *kind, source, mode: *mode, strict: *strict, tables }
    }
}

/// Returns a new restore's id.
pub(crate) fn new_id() -> RestoreId {
    RestoreId::new(Timestamp::now().as_second(), fastrand::u32(..))
}

impl<S: Store, G: Send + Sync> Restorer<S, G> {
    /// Resolves a request. A fault of the request itself is part of the result.
    ///
    /// # Errors
    /// Those of bucket and ledger; what is wrong with what is wanted is in the answer.
    pub(crate) async fn resolve(
        &self,
        wanted: Wanted,
        id: RestoreId,
        deadline: Deadline,
    ) -> Result<Resolved, InvocationError> {
        match wanted {
            Wanted::Backup(wanted) => Ok(self.resolve_backup(wanted, id).await?),
            Wanted::Files(wanted) => Ok(self.resolve_files(wanted, id).await?),
            Wanted::Undo { of, tables } => self.resolve_undo(&of, tables, id, deadline).await,
        }
    }

    /// Resolves a backup and its tables. A fault of the request itself is part of the result.
    ///
    /// # Errors
    /// Those of the bucket; what is wrong with what is wanted is in the answer.
    pub(crate) async fn resolve_backup(
        &self,
        wanted: FromBackup,
        id: RestoreId,
    ) -> Result<Resolved, RestoreError> {
        let Self { store, dictionary, .. } = self;
        let FromBackup { backup, tables, mode } = wanted;
        let (source, found) = match backup {
            Which::Latest => {
                let all = || dictionary.visible_tables().collect();
                let found = catalogue::newest_good(store, &tables.clone().unwrap_or_else(all)).await?;
                (found.as_ref().map_or("latest".to_owned(), |found| found.backup.to_string()), Ok(found))
            }
            Which::Id(id) => match find::manifest(store, &id).await {
                Err(error) if !error.is_final() => return Err(error),
                found => (id.to_string(), found),
            },
        };
        let refused = |reasons| Some(RestoreError::Refused(reasons));
        let or_all = |tables: Option<Vec<_>>| tables.unwrap_or_else(|| dictionary.visible_tables().collect());
        let (tables, problem) = match (found, tables) {
            (Err(error), tables) => (or_all(tables), Some(error)),
            (Ok(None), tables) => (or_all(tables), refused(vec![find::no_backup(&source)])),
            (Ok(Some(_)), Some(tables)) => (tables, None),
            (Ok(Some(manifest)), None) => {
                let unknown = manifest.tables.keys().filter(|name| dictionary.table(name).is_none());
                let reasons: Vec<String> = unknown
                    .map(|name| {
                        format!(
                            "the backup's table {name} is not in the dictionary; name the tables to restore"
                        )
                    })
                    .collect();
                let has = |table: &&Table| catalogue::in_manifest(&manifest, table).is_some();
                match reasons.is_empty() {
                    true => (dictionary.tables().iter().filter(has).collect(), None),
                    false => (or_all(None), refused(reasons)),
                }
            }
        };
        Ok(Resolved { id, kind: Kind::Backup, source, mode, strict: false, tables, problem })
    }

    /// Resolves external files as they are now.
    async fn resolve_files(&self, wanted: FromFiles, id: RestoreId) -> Result<Resolved, RestoreError> {
        let FromFiles { prefix, table, strict, ignore, mode } = wanted;
        let looked = match self.options.check_prefix(&prefix) {
            Ok(()) => FilesSource::look(&self.store, &prefix, &ignore).await,
            Err(reason) => Err(RestoreError::Refused(vec![reason])),
        };
        let (source, problem) = match looked {
            Ok((source, _)) => (source.to_string(), None),
            Err(error) if error.is_final() => (prefix, Some(error)),
            Err(error) => return Err(error),
        };
        Ok(Resolved { id, kind: Kind::Files, source, mode, strict, tables: vec![table], problem })
    }

    /// Resolves the tables to undo: by default all whose previous table is kept.
    async fn resolve_undo(
        &self,
        of: &RestoreId,
        named: Option<Vec<&'static Table>>,
        id: RestoreId,
        deadline: Deadline,
    ) -> Result<Resolved, InvocationError> {
        let undone = self.get(of, deadline).await?;
        let tables_of = |is_kept_only: bool| -> Vec<&'static Table> {
            let is_meant = |table: &&Table| {
                let found = undone.tables.get(table.name());
                found.is_some_and(|table| table.kept || !is_kept_only)
            };
            self.dictionary.tables().iter().filter(is_meant).collect()
        };
        let mut tables = named.unwrap_or_else(|| tables_of(true));
        let mut problem = None;
        if tables.is_empty() {
            tables = tables_of(false);
            let reason = format!("restore {of} keeps no table that could be put back (any more)");
            problem = Some(RestoreError::Refused(vec![reason]));
        }
        let (kind, source, mode) = (Kind::Undo, of.to_string(), Mode::Replace);
        Ok(Resolved { id, kind, source, mode, strict: false, tables, problem })
    }
}
