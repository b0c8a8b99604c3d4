//! Orphaned tables: those that swaps have made and that no job needs.

use std::time::Duration;

use serde::Deserialize;

use super::names::{Role, parse};
use crate::jobs::{JobId, forget_restore_chunks};
use crate::ledger::truth;
use crate::{Database, Deadline, Error, Statement, tables};

/// The time that a job spends at its end on dropping one table, which waits for those who read it.
const DROP_TIME: Duration = Duration::from_secs(5);

/// The time that a job spends at its end on the orphans of all jobs.
const CLEAN_UP_TIME: Duration = Duration::from_secs(15);

/// Drops what a job that has ended leaves behind. If that fails, the next reaping does it.
pub(crate) async fn clean_up(database: &Database, job: &JobId) {
    let database = &database.within(Deadline::after(CLEAN_UP_TIME));
    let cleaned = async {
        drop_all(database, DROP_TIME).await?;
        match job {
            JobId::Load(_) => Ok(()),
            JobId::Restore(_) => forget_restore_chunks(database).await,
        }
    };
    if let Err(error) = cleaned.await {
        tracing::warn!(
            job = job.as_str(),
            error.class = error.class(),
            "orphaned tables are left to the reaper"
        );
    }
}

/// The outcome of dropping orphaned tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// The tables that were dropped.
    pub dropped: Vec<String>,
    /// The number of tables that could not be dropped now, as while somebody reads them: another
    /// reaping has to follow.
    pub left: usize,
}

/// Drops the tables that no job needs, each in this time. A table that cannot be dropped is left to
/// the next reaping and holds up no other.
pub(super) async fn drop_all(database: &Database, time: Duration) -> Result<Orphans, Error> {
    let mut orphans = Orphans::default();
    // The tables first, then the ledger (S8).
    for name in tables::with_prefix(database, &Role::ALL.map(Role::prefix)).await? {
        let Some((role, job)) = parse(&name) else { continue };
        let Some(needs) = needs(database, &job, &name).await? else {
            // It was made without this ledger, and its maker may need it.
            tracing::warn!(table = name, "no load or restore of the ledger has made this table");
            continue;
        };
        if !needs.include(role) {
            match tables::drop_table(&database.within(Deadline::after(time)), &name).await {
                Ok(()) => orphans.dropped.push(name),
                Err(error) => {
                    orphans.left += 1;
                    let class = error.class();
                    tracing::warn!(
                        table = name,
                        error.class = class,
                        "the orphaned table cannot be dropped now"
                    );
                }
            }
        }
    }
    Ok(orphans)
}

/// The ledger's record of a job and of a table that it has made.
#[derive(Debug, Deserialize)]
struct Needs {
    #[serde(deserialize_with = "truth")]
    is_running: bool,
    #[serde(deserialize_with = "truth")]
    is_completed: bool,
    /// Fences of the job with another marker.
    other_markers: i64,
    /// Tables of the job that have this one for a shadow, or none yet.
    may_be_shadow: i64,
    /// Tables of the job whose previous table it is.
    previous: i64,
}

impl Needs {
    fn include(&self, role: Role) -> bool {
        match role {
            // A job that has no shadow yet may be about to record this one.
            Role::Shadow => self.is_running && self.may_be_shadow > 0,
            Role::Marker => self.is_running && self.other_markers == 0,
            // Until the ledger has seen the swap, it is the evidence of it.
            Role::RenamedMarker => self.is_running,
            // Until then, it is the table itself. Afterwards it is recorded as long as it is kept.
            Role::Previous => !self.is_completed || self.previous > 0,
        }
    }
}

async fn needs(database: &Database, job: &JobId, name: &str) -> Result<Option<Needs>, Error> {
    let (ledger, id) = job.ledger();
    let count = |table: &str, condition: &str| {
        format!("(SELECT COUNT(*) FROM {table} t WHERE t.job_id = j.{id} AND ({condition}))")
    };
    let sql = format!(
        "SELECT CAST(j.status = 'running' AS SIGNED) AS is_running, \
         CAST(j.status = 'completed' AS SIGNED) AS is_completed, \
         {} AS other_markers, {} AS may_be_shadow, {} AS previous FROM {ledger} j WHERE j.{id} = :job",
        count("rowgate_table_fences", "t.commit_marker <> :name"),
        count("rowgate_job_tables", "t.shadow_table IS NULL OR t.shadow_table = :name"),
        count("rowgate_job_tables", "t.previous_table = :name"),
    );
    let select = Statement::new(sql).bind("job", job.as_str()).bind("name", name);
    Ok(database.query(select).await?.into_iter().next())
}
