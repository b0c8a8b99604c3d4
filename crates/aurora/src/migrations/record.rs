use serde::Deserialize;

use super::lease::{self, Lease};
use crate::ledger::Only;
use crate::{Database, Error, Statement, Tx};

/// The migrator's own tables: it makes them itself, since it needs them to make the others.
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS rowgate_leases (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    owner VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS rowgate_migrations (
    name VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    statements_done INT NOT NULL,
    statements_started INT NOT NULL,
    started_at DATETIME(3) NOT NULL,
    finished_at DATETIME(3) NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin",
];

/// Only the holder of the lease may write down progress: another run may have taken over a run that
/// was paused.
const WHILE_HELD: &str = "EXISTS (SELECT 1 FROM rowgate_leases WHERE name = :lease AND owner = :owner)";

pub(super) async fn create_tables(database: &Database) -> Result<(), Error> {
    for sql in TABLES {
        database.execute(Statement::new(sql).idempotent()).await?;
    }
    Ok(())
}

/// The progress of a migration.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    /// The checksum of the statements started, which are all of them once it is finished.
    pub(super) checksum: String,
    /// The number of statements that are certainly done.
    pub(super) statements_done: usize,
    /// One more than done while the next one is under way.
    pub(super) statements_started: usize,
    /// True if all of it is done.
    pub(super) finished: u8,
}

impl Record {
    pub(super) fn new(name: &str, checksum: String) -> Self {
        Self { name: name.to_owned(), checksum, statements_done: 0, statements_started: 0, finished: 0 }
    }

    pub(super) async fn read_all(database: &Database) -> Result<Vec<Self>, Error> {
        let sql = "SELECT name, checksum, statements_done, statements_started, (finished_at IS NOT NULL) + 0 AS finished \
                   FROM rowgate_migrations ORDER BY name";
        database.query(Statement::new(sql)).await
    }

    /// Writes down that the migration has begun, unless it already is.
    pub(super) async fn insert(&self, database: &Database, lease: &Lease) -> Result<(), Error> {
        let sql = format!(
            "INSERT IGNORE INTO rowgate_migrations (name, checksum, statements_done, statements_started, started_at) \
             SELECT :name, :checksum, 0, 0, UTC_TIMESTAMP(3) FROM rowgate_leases WHERE name = :lease AND {WHILE_HELD}"
        );
        let statement = self.bound(sql, lease).bind("checksum", &self.checksum);
        database.execute(statement.idempotent()).await.map(drop)
    }

    /// Writes down the present state, unless the lease is lost.
    pub(super) async fn save(&self, database: &Database, lease: &Lease) -> Result<(), Error> {
        database.execute(self.update(lease).idempotent()).await.map(drop)
    }

    /// Does the same in the transaction of the recorded statement. Returns false if the lease is
    /// lost.
    pub(super) async fn save_in(&self, tx: &Tx, lease: &Lease) -> Result<bool, Error> {
        Ok(tx.execute(self.update(lease)).await?.updated > 0)
    }

    /// Returns the number of statements done, with a lock that keeps it so until the transaction
    /// ends.
    pub(super) async fn lock_done(&self, tx: &Tx) -> Result<usize, Error> {
        let sql = "SELECT statements_done FROM rowgate_migrations WHERE name = :name FOR UPDATE";
        let rows: Vec<Only<usize>> = tx.query(Statement::new(sql).bind("name", &self.name)).await?;
        Ok(rows.first().map_or(0, |row| row.0))
    }

    fn update(&self, lease: &Lease) -> Statement {
        let sql = format!(
            "UPDATE rowgate_migrations SET checksum = :checksum, statements_done = :done, statements_started = :started, \
             finished_at = IF(:finished = 1, UTC_TIMESTAMP(3), NULL) WHERE name = :name AND {WHILE_HELD}"
        );
        self.bound(sql, lease)
            .bind("checksum", &self.checksum)
            .bind("done", self.statements_done)
            .bind("started", self.statements_started)
            .bind("finished", self.finished)
    }

    fn bound(&self, sql: String, lease: &Lease) -> Statement {
        Statement::new(sql).bind("name", &self.name).bind("lease", lease::NAME).bind("owner", lease.owner())
    }
}
