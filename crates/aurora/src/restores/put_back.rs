//! Putting back what a restore took the place of.

use domain::backup::RestoreId;

use super::ending::fail;
use super::record::{Kind, Status};
use super::standing;
use super::swap::{Swapped, swap};
use crate::ledger::settled;
use crate::{Database, Error, Statement};

/// Puts the former tables that another restore keeps back in their places, as this restore was begun to do; what was in
/// their places is kept in turn, and can be put back as well. Ends as failed, with the reason, where one of them is
/// kept no longer or has not the form of its table any more; what is kept stays so then.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a restore that was begun to do something else.
pub async fn put_back(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    loop {
        let standing = standing::standing(database, id).await?.filter(|now| now.status == Status::Running);
        let Some(standing) = standing else { return Ok(Swapped::Ended) };
        if standing.kind != Kind::Undo {
            return Err(Error::Configuration { message: format!("the restore {id} puts nothing back") });
        }
        adopt(database, id, &standing.source).await?;
        if swap(database, id).await? == Swapped::Ended {
            return Ok(Swapped::Ended);
        }
        let reason = format!("the restore {} keeps no former table of that name", standing.source);
        fail(database, id, &reason).await?;
    }
}

/// Notes the tables that are kept as those that are to be swapped in. They stay kept until the swap has taken place.
async fn adopt(database: &Database, id: &RestoreId, source: &str) -> Result<(), Error> {
    settled(database, |tx| async move {
        let running = standing::lock(&tx, id).await?.is_some_and(|now| now.status == Status::Running);
        if !running {
            return Ok(());
        }
        let sql = "UPDATE rowgate_restore_tables p JOIN rowgate_restore_tables k \
                   ON k.restore_id = :source AND k.table_name = p.table_name \
                   SET p.shadow_table = k.kept_table WHERE p.restore_id = :restore AND p.shadow_table IS NULL";
        tx.execute(Statement::new(sql).bind("restore", id.as_str()).bind("source", source)).await.map(|_| ())
    })
    .await
}
