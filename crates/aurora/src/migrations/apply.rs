use std::time::Duration;

use domain::built_in;
use domain::migration::{Migration, Step, StepKind, newest};

use super::error::{MigrateError, Outcome};
use super::lease::Lease;
use super::record::Record;
use crate::client::Aborted;
use crate::ledger::Only;
use crate::{Database, Deadline, Error, Statement};

/// The time to try one statement under one renewal of the lease; a single call takes at most 60 s.
const STATEMENT_BUDGET: Duration = Duration::from_secs(75);

/// The pause between checks for a statement that still runs for an earlier run.
const POLL: Duration = Duration::from_secs(1);

/// Applies what is missing, under the lease.
pub(super) async fn all(
    database: &Database,
    lease: &Lease,
    migrations: &[Migration],
) -> Result<Outcome, MigrateError> {
    let records = Record::read_all(database).await?;
    check(migrations, &records)?;
    let mut applied = Vec::new();
    for migration in migrations {
        let record = records.iter().find(|record| record.name == migration.name());
        if record.is_some_and(|record| record.finished != 0) {
            continue;
        }
        let mut run =
            Run { database, lease, migration, record: begin(database, lease, migration, record).await? };
        run.finish().await?;
        tracing::info!(
            migration.name = migration.name(),
            migration.statements = migration.statements().len(),
            "migration applied"
        );
        applied.push(migration.name().to_owned());
    }
    Ok(Outcome { applied, schema_version: newest(migrations).map(str::to_owned) })
}

/// Holds what is recorded against the texts there are, before anything is changed.
fn check(migrations: &[Migration], records: &[Record]) -> Result<(), MigrateError> {
    for record in records {
        let Some(migration) = migrations.iter().find(|migration| migration.name() == record.name) else {
            return Err(MigrateError::Unknown { name: record.name.clone() });
        };
        let expected = match record.finished {
            0 => migration.checksum_of_first(record.statements_started),
            _ => migration.checksum(),
        };
        if expected != record.checksum {
            let (name, recorded) = (record.name.clone(), record.checksum.clone());
            return Err(MigrateError::Changed { name, recorded, expected });
        }
    }
    refuse_late(migrations, records)
}

/// Refuses a migration of the folder that comes before one that is applied: a new database would
/// get them in another order. One of Rowgate's own may be new: it touches no table of the folder.
fn refuse_late(migrations: &[Migration], records: &[Record]) -> Result<(), MigrateError> {
    let is_applied = |name: &&str| records.iter().any(|record| record.name == *name);
    let of_folder = migrations.iter().map(Migration::name).filter(|name| !built_in::is_own(name));
    let mut rest = of_folder.skip_while(is_applied);
    match (rest.next(), rest.find(is_applied)) {
        (Some(late), Some(applied)) => {
            Err(MigrateError::Late { name: late.to_owned(), applied: applied.to_owned() })
        }
        _ => Ok(()),
    }
}

async fn begin(
    database: &Database,
    lease: &Lease,
    migration: &Migration,
    record: Option<&Record>,
) -> Result<Record, Error> {
    if let Some(record) = record {
        return Ok(record.clone());
    }
    let record = Record::new(migration.name(), migration.checksum_of_first(0));
    record.insert(database, lease).await?;
    Ok(record)
}

/// One migration under way.
struct Run<'a> {
    database: &'a Database,
    lease: &'a Lease,
    migration: &'a Migration,
    record: Record,
}

impl Run<'_> {
    async fn finish(&mut self) -> Result<(), MigrateError> {
        while let Some(step) = self.migration.statements().get(self.record.statements_done) {
            self.lease.renew(self.database).await?;
            let result = match step.kind {
                StepKind::Definition => self.define(step).await,
                StepKind::Data => self.change(step).await,
            };
            result.map_err(|failure| match failure {
                Failure::Work(LeaseLost) => MigrateError::LeaseLost,
                Failure::Database(source) => MigrateError::Statement {
                    name: self.migration.name().to_owned(),
                    statement: self.record.statements_done + 1,
                    statements: self.migration.statements().len(),
                    source,
                },
            })?;
        }
        // A migration that was shortened to the statements that are done ends here.
        if self.record.finished == 0 {
            self.record.finished = 1;
            self.record.save(self.database, self.lease).await?;
        }
        Ok(())
    }

    /// Runs a DDL statement: on its own, with its start written down before and its end after.
    async fn define(&mut self, step: &Step) -> Result<(), Failure> {
        let interrupted = self.record.statements_started > self.record.statements_done;
        if interrupted {
            self.wait_for_earlier_run().await?;
        } else {
            self.record.statements_started += 1;
            self.record.checksum = self.migration.checksum_of_first(self.record.statements_started);
            self.record.save(self.database, self.lease).await?;
        }
        let sql = format!("{} {}", self.marker(), step.sql);
        let result = self.for_one_statement().execute(Statement::new(sql).continue_after_timeout()).await;
        match result {
            Ok(_) => self.done().await,
            Err(error) if interrupted && is_already_so(&error, &step.sql) => self.done().await,
            // It may be running still: the next round waits for it, as long as there is time.
            Err(error) if error.is_unknown_outcome() && !self.database.deadline().is_over() => Ok(()),
            Err(error) if error.is_unknown_outcome() => Err(error.into()),
            Err(error) => {
                // It did not take effect, and the next run may take it for new.
                self.record.statements_started = self.record.statements_done;
                self.record.checksum = self.migration.checksum_of_first(self.record.statements_done);
                self.record.save(self.database, self.lease).await?;
                Err(error.into())
            }
        }
    }

    async fn done(&mut self) -> Result<(), Failure> {
        self.record = self.after_this();
        self.record.save(self.database, self.lease).await?;
        Ok(())
    }

    /// Runs a DML statement in one transaction with the record of it.
    async fn change(&mut self, step: &Step) -> Result<(), Failure> {
        let next = &self.after_this();
        let (record, lease) = (&self.record, self.lease);
        let result = self
            .for_one_statement()
            .transaction(|tx| async move {
                // A commit whose answer was lost may have succeeded; the lock waits for a commit
                // that is under way.
                if record.lock_done(&tx).await? > record.statements_done {
                    return Ok(());
                }
                tx.execute(Statement::new(step.sql.clone())).await?;
                if next.save_in(&tx, lease).await? { Ok(()) } else { Err(Failure::Work(LeaseLost)) }
            })
            .await;
        match result {
            Ok(()) => {
                self.record = next.clone();
                Ok(())
            }
            // The next round checks if it is committed.
            Err(Failure::Database(error))
                if error.is_unknown_outcome() && !self.database.deadline().is_over() =>
            {
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Returns the record once the statement under way is done.
    fn after_this(&self) -> Record {
        let done = self.record.statements_done + 1;
        let finished = u8::from(done == self.migration.statements().len());
        let checksum = self.migration.checksum_of_first(done);
        Record { checksum, statements_done: done, statements_started: done, finished, ..self.record.clone() }
    }

    /// Returns the text that identifies this statement in the list of running statements.
    fn marker(&self) -> String {
        format!("/* rowgate migration {} {} */", self.migration.name(), self.record.statements_done + 1)
    }

    /// Waits until the database no longer executes the statement for a run that has gone away (a
    /// DDL statement continues after its call timed out).
    async fn wait_for_earlier_run(&self) -> Result<(), Failure> {
        let marker = self.marker();
        loop {
            let sql = "SELECT COUNT(*) AS running FROM information_schema.PROCESSLIST WHERE LEFT(INFO, :length) = :marker";
            let statement = Statement::new(sql).bind("length", marker.len()).bind("marker", &marker);
            let rows: Vec<Only<u64>> = self.database.query(statement).await?;
            if rows.iter().all(|row| row.0 == 0) {
                return Ok(());
            }
            if self.database.deadline().remaining() <= POLL {
                return Err(Error::OutOfTime.into());
            }
            tracing::info!(
                migration.name = self.migration.name(),
                "statement of an earlier run is still running"
            );
            tokio::time::sleep(POLL).await;
            self.lease.renew(self.database).await.map_err(|_| Failure::Work(LeaseLost))?;
        }
    }

    /// Returns the database for one statement, which must not be tried for longer than the lease
    /// lasts.
    fn for_one_statement(&self) -> Database {
        self.database.within(Deadline::after(STATEMENT_BUDGET))
    }
}

/// Returns true if a statement that ran before fails like this when it runs again.
fn is_already_so(error: &Error, sql: &str) -> bool {
    let verb = sql.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let Error::Sql { code: Some(code), .. } = error else { return false };
    match code {
        // The table, column, key, foreign key or check exists.
        1050 | 1060 | 1061 | 1826 | 3822 => verb == "CREATE" || verb == "ALTER" || verb == "RENAME",
        // The column or key to drop is gone.
        1091 => verb == "ALTER" || verb == "DROP",
        // The table to drop or rename is gone.
        1051 | 1146 => verb == "DROP" || verb == "RENAME",
        _ => false,
    }
}

/// The lease was lost, and with it the right to continue.
#[derive(Debug)]
struct LeaseLost;

/// Why one statement of a migration fails.
type Failure = Aborted<LeaseLost>;

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(text: &str) -> Migration {
        Migration::parse("20261121_add_things", text).unwrap()
    }

    fn record(migration: &Migration, started: usize, finished: u8) -> Record {
        let checksum = migration.checksum_of_first(started);
        let name = migration.name().to_owned();
        Record { name, checksum, statements_done: started, statements_started: started, finished }
    }

    #[test]
    fn an_applied_migration_must_not_change() {
        let applied = migration("DROP TABLE a;\nDROP TABLE b;");
        let records = [record(&applied, 2, 1)];
        assert!(check(std::slice::from_ref(&applied), &records).is_ok());
        for changed in ["DROP TABLE a;\nDROP TABLE c;", "DROP TABLE a;\nDROP TABLE b;\nDROP TABLE c;"] {
            let error = check(&[migration(changed)], &records).unwrap_err();
            assert!(matches!(error, MigrateError::Changed { .. }), "{error}");
        }
    }

    #[test]
    fn a_stopped_migration_may_change_in_what_has_not_run() {
        let records = [record(&migration("DROP TABLE a;\nDROP TABEL b;"), 1, 0)];
        assert!(check(&[migration("DROP TABLE a;\nDROP TABLE b;")], &records).is_ok());
        assert!(check(&[migration("DROP TABLE c;\nDROP TABLE b;")], &records).is_err());
    }

    #[test]
    fn a_recorded_migration_must_be_known() {
        let error = check(&[], &[record(&migration("DROP TABLE a;"), 1, 1)]).unwrap_err();
        assert!(matches!(&error, MigrateError::Unknown { name } if name == "20261121_add_things"), "{error}");
    }

    #[test]
    fn only_what_the_statement_itself_would_have_done_is_already_so() {
        let sql = |code| Error::Sql { code: Some(code), message: String::new() };
        assert!(is_already_so(&sql(1050), "CREATE TABLE a (id INT)"));
        assert!(is_already_so(&sql(1060), "alter table a add b int"));
        assert!(is_already_so(&sql(1146), "RENAME TABLE a TO b"));
        assert!(!is_already_so(&sql(1146), "ALTER TABLE a ADD b INT"));
        assert!(!is_already_so(&sql(1064), "CREATE TABLE a (id INT)"));
        assert!(!is_already_so(&Error::OutOfTime, "CREATE TABLE a (id INT)"));
    }
}
