//! Doing what the function is invoked for.

use std::time::{SystemTime, UNIX_EPOCH};

use aurora::Deadline;
use aurora::restores::{self, Kind, Mode, NewRestore, Restore, Status};
use backup::catalogue;
use bucket::Store;
use domain::backup::RestoreId;
use domain::dictionary::Table;
use serde_json::Value;

use crate::answer::{Answer, InvocationError, Restored};
use crate::error::RestoreError;
use crate::foreign::FilesSource;
use crate::go_on::GoOn;
use crate::payload::{Command, FromBackup, Which};
use crate::run::{self, Ran, no_backup, run};
use crate::{Restorer, drill, find, sweep};

/// A restore that is to begin, or why it fails at once.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) id: RestoreId,
    pub(crate) kind: Kind,
    pub(crate) source: String,
    pub(crate) mode: Mode,
    pub(crate) strict: bool,
    pub(crate) tables: Vec<&'static Table>,
    pub(crate) problem: Option<RestoreError>,
}

impl Resolved {
    /// Whether the backup that is asked for is not there.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(&self.problem, Some(RestoreError::Refused(reasons)) if *reasons == [no_backup(&self.source)])
    }

    pub(crate) fn as_new(&self) -> NewRestore<'_> {
        let Self { id, kind, source, mode, strict, tables, .. } = self;
        NewRestore { id, kind: *kind, source, mode: *mode, strict: *strict, tables }
    }
}

/// Does what a payload asks for.
///
/// # Errors
/// [`InvocationError`]: that a restore failed is an error of its invocation.
pub async fn invoke<S: Store, G: GoOn>(
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
pub async fn invoke_command<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    command: Command,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    let done = match command {
        Command::Backup(asked) => {
            let id = asked.restore.clone().unwrap_or_else(new_id);
            match known(restorer, &id, deadline).await? {
                Some(restore) => go_on(restorer, restore, deadline, false).await,
                None => {
                    let resolved = of_backup(restorer, asked, id).await?;
                    start(restorer, resolved, deadline, false).await
                }
            }
        }
        Command::Files { prefix, table, strict, ignore, mode, restore } => {
            let id = restore.unwrap_or_else(new_id);
            match known(restorer, &id, deadline).await? {
                Some(restore) => go_on(restorer, restore, deadline, false).await,
                None => {
                    let looked = match restorer.options.check_prefix(&prefix) {
                        Ok(()) => FilesSource::look(&restorer.store, &prefix, &ignore).await,
                        Err(reason) => Err(RestoreError::Refused(vec![reason])),
                    };
                    let (source, problem) = match looked {
                        Ok((source, _)) => (source.to_string(), None),
                        Err(error) if error.is_final() => (prefix, Some(error)),
                        Err(error) => return Err(error.into()),
                    };
                    let (kind, tables) = (Kind::Files, vec![table]);
                    let resolved = Resolved { id, kind, source, mode, strict, tables, problem };
                    start(restorer, resolved, deadline, false).await
                }
            }
        }
        Command::PutBack { of, tables, restore } => {
            let id = restore.unwrap_or_else(new_id);
            match known(restorer, &id, deadline).await? {
                Some(restore) => go_on(restorer, restore, deadline, false).await,
                None => {
                    let resolved = of_put_back(restorer, &of, tables, id, deadline).await?;
                    start(restorer, resolved, deadline, false).await
                }
            }
        }
        Command::Continue { restore, is_drill } => match known(restorer, &restore, deadline).await? {
            Some(restore) => {
                let done = go_on(restorer, restore, deadline, is_drill).await;
                if is_drill {
                    drill::tell(&done);
                }
                done
            }
            None => Err(InvocationError::Unknown(restore)),
        },
        Command::Status(restore) => match known(restorer, &restore, deadline).await? {
            Some(restore) => Ok(restore.into()),
            None => Err(InvocationError::Unknown(restore)),
        },
        Command::Drill(backup) => return drill::drill(restorer, backup, deadline).await,
        Command::Sweep => return sweep::sweep(restorer, deadline).await,
    };
    done.map(Answer::Restored)
}

/// A new restore's id.
pub(crate) fn new_id() -> RestoreId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    RestoreId::new(i64::try_from(now.as_secs()).unwrap_or_default(), fastrand::u32(..))
}

async fn known<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    id: &RestoreId,
    deadline: Deadline,
) -> Result<Option<Restore>, InvocationError> {
    Ok(restores::get(&restorer.database.with_deadline(deadline), id).await?)
}

/// Which backup and tables are meant.
///
/// # Errors
/// Those of the bucket; what is wrong with what was asked for is in the answer.
pub(crate) async fn of_backup<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    asked: FromBackup,
    id: RestoreId,
) -> Result<Resolved, RestoreError> {
    let Restorer { store, dictionary, .. } = restorer;
    let FromBackup { backup, tables, mode, .. } = asked;
    let (source, found) = match backup {
        Which::Latest => {
            let all = || dictionary.visible_tables().collect();
            let found = catalogue::newest_good(store, &tables.clone().unwrap_or_else(all)).await?;
            (found.as_ref().map_or("latest".to_owned(), |found| found.backup.to_string()), Ok(found))
        }
        Which::Id(id) => match find::manifest(store, &id).await {
            Ok(found) => (id.to_string(), Ok(found)),
            Err(error) if error.is_final() => (id.to_string(), Err(error)),
            Err(error) => return Err(error),
        },
    };
    let refused = |reasons| Some(RestoreError::Refused(reasons));
    // What fails at once is in the ledger with the tables that it was asked for.
    let or_all = |tables: Option<Vec<_>>| tables.unwrap_or_else(|| dictionary.visible_tables().collect());
    let (tables, problem) = match (found, tables) {
        (Err(error), tables) => (or_all(tables), Some(error)),
        (Ok(None), tables) => (or_all(tables), refused(vec![no_backup(&source)])),
        (Ok(Some(_)), Some(tables)) => (tables, None),
        (Ok(Some(manifest)), None) => {
            let unknown = manifest.tables.keys().filter(|name| dictionary.table(name).is_none());
            let reasons: Vec<String> = unknown
                .map(|name| {
                    format!("the backup's table {name} is not in the dictionary; name the tables to restore")
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

/// Which tables are put back: those that are kept, of those that are asked for.
async fn of_put_back<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    of: &RestoreId,
    asked: Option<Vec<&'static Table>>,
    id: RestoreId,
    deadline: Deadline,
) -> Result<Resolved, InvocationError> {
    let Some(other) = known(restorer, of, deadline).await? else {
        return Err(InvocationError::Unknown(of.clone()));
    };
    let of_other = |is_kept_only: bool| -> Vec<&'static Table> {
        let is_meant = |table: &&Table| {
            let found = other.tables.get(table.name());
            found.is_some_and(|table| table.kept || !is_kept_only)
        };
        restorer.dictionary.tables().iter().filter(is_meant).collect()
    };
    let mut tables = asked.unwrap_or_else(|| of_other(true));
    let mut problem = None;
    if tables.is_empty() {
        tables = of_other(false);
        let reason = format!("restore {of} keeps no table that could be put back (any more)");
        problem = Some(RestoreError::Refused(vec![reason]));
    }
    let (kind, source, mode) = (Kind::Undo, of.to_string(), Mode::Replace);
    Ok(Resolved { id, kind, source, mode, strict: false, tables, problem })
}

/// Begins a restore, and works on it.
pub(crate) async fn start<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    resolved: Resolved,
    deadline: Deadline,
    is_drill: bool,
) -> Result<Restored, InvocationError> {
    sweep::announce(&restorer.store, &resolved.id).await?;
    let ledger = restorer.database.with_deadline(deadline);
    let restore = restores::begin(&ledger, resolved.as_new()).await?;
    // Once more: a sweep between the two has found no restore, and would look no further.
    sweep::announce(&restorer.store, &resolved.id).await?;
    tracing::info!(
        restore.id = restore.restore.as_str(),
        restore.kind = restore.kind.as_str(),
        restore.source = restore.source,
        restore.mode = restore.mode.as_str(),
        "restore begins"
    );
    let ran = match &resolved.problem {
        Some(problem) => run::refuse(restorer, &resolved.id, deadline, problem).await,
        None => run(restorer, &resolved.id, deadline, is_drill).await,
    };
    told(&resolved.id, ran)
}

/// Goes on with a restore that the ledger has; one that has ended is told as it ended.
pub(crate) async fn go_on<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    restore: Restore,
    deadline: Deadline,
    is_drill: bool,
) -> Result<Restored, InvocationError> {
    let id = restore.restore.clone();
    if restore.status != Status::Running {
        return told(&id, Ok(Ran::Told(restore)));
    }
    sweep::announce(&restorer.store, &id).await?;
    let is_known = |table: &&Table| restore.tables.contains_key(table.name());
    let tables: Vec<&Table> = restorer.dictionary.tables().iter().filter(is_known).collect();
    let Restore { kind, source, mode, strict, .. } = &restore;
    let new = NewRestore { id: &id, kind: *kind, source, mode: *mode, strict: *strict, tables: &tables };
    let begun = restores::begin(&restorer.database.with_deadline(deadline), new).await?;
    tracing::info!(restore.id = id.as_str(), restore.attempts = begun.attempts, "restore goes on");
    told(&id, run(restorer, &id, deadline, is_drill).await)
}

fn told(id: &RestoreId, ran: Result<Ran, RestoreError>) -> Result<Restored, InvocationError> {
    match ran {
        Ok(Ran::Told(restore)) if restore.status == Status::Failed => {
            Err(InvocationError::Failed { restore: id.clone(), reason: restore.error.unwrap_or_default() })
        }
        Ok(Ran::Told(restore)) => Ok(restore.into()),
        Ok(Ran::Interrupted(error)) | Err(error) => {
            Err(InvocationError::Interrupted { restore: id.clone(), error })
        }
    }
}
