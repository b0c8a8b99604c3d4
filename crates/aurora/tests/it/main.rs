//! The client and the migrator against a real MariaDB behind the local Data API.

mod account_lock;
mod audit;
mod keys;
mod ledger_audit;
mod migrations;
mod outliers;
mod parts;
mod rejects;
mod restores;
mod retries;
mod rotation;
mod snapshot;
mod statements;
mod swap;
mod transactions;
mod values;

use anyhow::Result;
use aurora::swap::Orphans;
use aurora::{Database, Error, MaybeDatabase, Statement};
use domain::backup::RestoreId;
use testkit::TestDatabase;

/// A database with one table, `things (id INT PRIMARY KEY, name VARCHAR(20))`, with the rows 1 and
/// 2.
async fn things() -> Result<TestDatabase> {
    things_with(|_| {}).await
}

async fn things_with(configure: impl FnOnce(&mut testkit::local_data_api::Config)) -> Result<TestDatabase> {
    let test = TestDatabase::start_with(configure).await?;
    test.sql("CREATE TABLE things (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NULL) ENGINE = InnoDB")
        .await?;
    test.sql("INSERT INTO things VALUES (1, 'one'), (2, 'two')").await?;
    Ok(test)
}

/// Reaps as the function of restores does; returns the failed restores and the orphaned tables.
async fn reap(database: &Database) -> Result<(Vec<RestoreId>, Orphans), Error> {
    let failed = aurora::restores::fail_abandoned(database).await?;
    Ok((failed, aurora::restores::drop_orphans(database).await?))
}

/// Why the transaction of a chunk is rolled back: the chunk is not its own, or it failed.
enum Unfilled<C> {
    Claim(C),
    Failed(Error),
}

impl<C> From<Error> for Unfilled<C> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<C> MaybeDatabase for Unfilled<C> {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Claim(_) => None,
            Self::Failed(error) => Some(error),
        }
    }
}

impl<C> Unfilled<C> {
    /// Whose the chunk is.
    fn claim(self) -> Result<C, Error> {
        match self {
            Self::Claim(claim) => Ok(claim),
            Self::Failed(error) => Err(error),
        }
    }
}

fn insert(id: i64) -> Statement {
    Statement::new("INSERT INTO things (id, name) VALUES (:id, 'new')").bind("id", id)
}

fn rename(id: i64, name: &str) -> Statement {
    Statement::new("UPDATE things SET name = :name WHERE id = :id").bind("name", name).bind("id", id)
}

async fn names(test: &TestDatabase) -> Result<String> {
    test.value("SELECT GROUP_CONCAT(name ORDER BY id) FROM things").await
}

async fn insert_all(database: &Database, ids: &[i64]) -> Result<(), Error> {
    database
        .transaction(|tx| async move {
            for id in ids {
                tx.execute(insert(*id)).await?;
            }
            Ok(())
        })
        .await
}
