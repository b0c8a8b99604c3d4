use std::time::Duration;

use serde::Deserialize;

use super::error::MigrateError;
use crate::{Database, Error, Statement};

/// The name of the lease in `rowgate_leases`.
pub(super) const NAME: &str = "migrate";

/// The lifetime of a lease that is not renewed: a killed run blocks others for at most this long.
const LEASE: Duration = Duration::from_secs(90);

/// The pause between attempts to acquire a lease that another run holds.
const POLL: Duration = Duration::from_millis(500);

/// The right to migrate, as long as it is renewed.
#[derive(Debug)]
pub(super) struct Lease {
    owner: String,
}

#[derive(Debug, Deserialize)]
struct Holder {
    owner: String,
    expires: String,
}

/// Takes the lease, waiting for its holder until the database's deadline.
pub(super) async fn take(database: &Database, owner: String) -> Result<Lease, MigrateError> {
    let lease = Lease { owner };
    // The row exists from here on, so that one UPDATE decides who has the lease.
    let sql =
        "INSERT IGNORE INTO rowgate_leases (name, owner, expires_at) VALUES (:name, '', UTC_TIMESTAMP(3))";
    database.execute(Statement::new(sql).bind("name", NAME).idempotent()).await?;
    loop {
        let holder = lease.claim(database).await?;
        if holder.owner == lease.owner {
            return Ok(lease);
        }
        if database.deadline().remaining() <= POLL {
            return Err(MigrateError::Busy { owner: holder.owner, until: holder.expires });
        }
        tokio::time::sleep(POLL).await;
    }
}

impl Lease {
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Makes it last for the whole time again.
    pub(super) async fn renew(&self, database: &Database) -> Result<(), MigrateError> {
        let holder = self.claim(database).await?;
        if holder.owner == self.owner { Ok(()) } else { Err(MigrateError::LeaseLost) }
    }

    /// Lets the next run start at once.
    pub(super) async fn release(self, database: &Database) -> Result<(), Error> {
        let sql = "UPDATE rowgate_leases SET owner = '', expires_at = UTC_TIMESTAMP(3) WHERE name = :name AND owner = :owner";
        let statement = Statement::new(sql).bind("name", NAME).bind("owner", self.owner).idempotent();
        database.execute(statement).await.map(drop)
    }

    /// Takes or renews the lease by one UPDATE; a read says who has it now. The count of changed
    /// rows would not do: MySQL counts none when the UPDATE is repeated within a millisecond.
    async fn claim(&self, database: &Database) -> Result<Holder, Error> {
        let sql = "UPDATE rowgate_leases SET owner = :owner, expires_at = UTC_TIMESTAMP(3) + INTERVAL :seconds SECOND \
                   WHERE name = :name AND (owner = :owner OR expires_at <= UTC_TIMESTAMP(3))";
        let statement = Statement::new(sql)
            .bind("owner", &self.owner)
            .bind("seconds", LEASE.as_secs())
            .bind("name", NAME);
        database.execute(statement.idempotent()).await?;
        let sql = "SELECT owner, CAST(expires_at AS CHAR) AS expires FROM rowgate_leases WHERE name = :name";
        let holders = database.query(Statement::new(sql).bind("name", NAME)).await?;
        let gone = || Holder { owner: String::new(), expires: String::new() };
        Ok(holders.into_iter().next().unwrap_or_else(gone))
    }
}
