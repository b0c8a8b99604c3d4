//! Putting what a restore has filled in the places of its tables: all of them in one RENAME.
//!
//! The order of a swap: (a) an empty table is made, the ticket; (b) the ledger closes the gates of all tables and notes
//! the ticket, which waits for every chunk of an append or upsert that is under way and refuses new ones; (c) one RENAME
//! spends the ticket (it gets another name), sets the tables aside as kept ones and puts the shadows in their places;
//! (d) the ledger completes the restore, sends the appends and upserts that are not through back to their start, so that
//! they fill the new tables, and opens the gates; (e) what earlier restores kept of these tables goes.
//!
//! A swap may stop anywhere, and anybody may finish it. What keeps that safe is one rule: the gates are opened only when
//! no RENAME of this restore can happen any more, because it has happened, or because its ticket, whose name never
//! comes back, is gone. All that a RENAME names changes at once, so a missing ticket makes it fail as a whole, and a spent
//! one tells that all of it took place. Whoever opens the gates of a swap that did not take place drops the ticket
//! first; the shadows, and kept tables that are put back, stay where they are, whatever happens.
//!
//! A restore that another one of a table of it was completed before is not swapped in any more: what the other one kept, which
//! may be all that is left of the original rows, would go. So a request that was sent twice does no harm.
//!
//! That tables still have the form of their shadows is looked at behind the closed gates, immediately before the RENAME. The
//! gates do not hold up migrations: one that is committed between that look and the RENAME, which may wait up to 45 s for open
//! transactions, is taken back along with its table. Run migrations when no restore is under way; what was taken back is
//! in the kept table, and a put-back is refused then, because the forms differ.
//!
//! Writers that commit all they have in one transaction (the insert API, migrations) need no gate: the RENAME waits for
//! them or they for it. What they commit before it is in the kept table, what they commit after it in the new one.

use std::time::Duration;

use domain::backup::RestoreId;

use super::ending::{clean_up, fail};
use super::gate::{self, Closing};
use super::names::{Shadow, Ticket};
use super::numbers::carry_on;
use super::record::{Kind, Mode, Status};
use super::standing::{self, Standing};
use crate::ledger::pause_before;
use crate::limits::FINISH_GRACE;
use crate::loads::{Gate, recover_gate};
use crate::{Database, Deadline, Error, Statement, tables};

/// How long a RENAME may wait for open transactions; the service ends it after 45 s.
const RENAME_PATIENCE: Duration = Duration::from_secs(60);

/// What became of ending a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The restore has ended. The ledger tells how: it may have failed, because a table has another form by now.
    Ended,
    /// A table has no shadow, or is not noted as filled.
    Unfilled,
}

/// Puts what a restore has filled in the places of all of its tables at once, and completes it. The tables as they were are
/// kept until the next restore of the table. Readers see all tables as they were or all as they are, and nothing between.
///
/// # Errors
/// Any [`Error`]; calling it again is safe, and so is a call by another function at the same time. It opens the gates before
/// it fails, where the database lets it; where not, [`recover_gate`] does. [`Error::Configuration`] for a restore that
/// is to verify.
pub async fn swap(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    loop {
        let standing = standing::standing(database, id).await?.filter(|now| now.status == Status::Running);
        let Some(standing) = standing else { return Ok(Swapped::Ended) };
        if standing.mode == Mode::Verify {
            return Err(Error::Configuration { message: format!("the restore {id} only verifies") });
        }
        if let Some(ticket) = &standing.ticket
            && whereabouts(database, ticket).await? != Whereabouts::Waiting
        {
            settle(database, id, ticket).await?;
            continue;
        }
        let Some(pairs) = standing.pairs() else { return Ok(Swapped::Unfilled) };
        if let Some(reason) = gate::refusal(database, id, &standing).await? {
            fail(database, id, &reason).await?;
            continue;
        }
        if !is_open(database, &standing).await? {
            pause_before(database.deadline()).await?;
            continue;
        }
        for (table, shadow) in &pairs {
            carry_on(database, table, shadow.name()).await;
        }
        let Some(ticket) = close(database, id, &standing).await? else { continue };
        match check(database, standing.kind, &pairs).await? {
            Check::Ready => {}
            Check::Unfilled => {
                settle(database, id, &ticket).await?;
                return Ok(Swapped::Unfilled);
            }
            Check::Refused(reason) => {
                fail(database, id, &reason).await?;
                continue;
            }
        }
        let Err(error) = rename(database, id, &pairs, &ticket).await else {
            finish(database, id, &ticket).await?;
            return Ok(Swapped::Ended);
        };
        // Closed gates hold others up: opening them gets time though none is left.
        let grace = &database.with_deadline(database.deadline().max(Deadline::after(FINISH_GRACE)));
        let was_valid = whereabouts(grace, &ticket).await? == Whereabouts::Waiting;
        if settle(grace, id, &ticket).await? == Whereabouts::Spent {
            return Ok(Swapped::Ended);
        }
        if was_valid && !error.is_retryable() && !error.is_unknown_outcome() {
            return Err(error);
        }
        tracing::info!(restore.id = %id, error.class = error.class(), "the swap is tried again");
        pause_before(database.deadline()).await?;
    }
}

/// Whether shadows can take the places of their tables.
enum Check {
    Ready,
    Unfilled,
    Refused(String),
}

/// Behind closed gates: nobody else's RENAME shows a table half done.
async fn check(database: &Database, kind: Kind, pairs: &[(&str, &Shadow)]) -> Result<Check, Error> {
    for (table, shadow) in pairs {
        if !tables::exists(database, shadow.name()).await? {
            return Ok(Check::Unfilled);
        }
        if !tables::exists(database, table).await? {
            return Ok(Check::Refused(format!("the database has no table {table} any more")));
        }
        if !tables::has_form_of(database, shadow.name(), table).await? {
            // The swap would take the change back.
            let since = match kind {
                Kind::Undo => "since the former table was set aside",
                Kind::Backup | Kind::Files => "during the restore",
            };
            let reason = format!("the columns or indexes of {table} have changed {since}");
            return Ok(Check::Refused(reason));
        }
    }
    Ok(Check::Ready)
}

/// Whether nobody else keeps a gate closed; opens those that were left closed.
async fn is_open(database: &Database, standing: &Standing) -> Result<bool, Error> {
    if standing.ticket.is_some() {
        // They are closed for this restore.
        return Ok(true);
    }
    for table in &standing.tables {
        if recover_gate(database, &table.name).await? == Gate::Swapping {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Closes the gates; gives the ticket of the swap. `None` where the restore must be looked at again.
async fn close(database: &Database, id: &RestoreId, standing: &Standing) -> Result<Option<Ticket>, Error> {
    if let Some(ticket) = &standing.ticket {
        // Of a function that does the same at this time, or was killed.
        return Ok(Some(ticket.clone()));
    }
    let ticket = Ticket::fresh(id);
    let sql = format!("CREATE TABLE `{}` (nothing INT NOT NULL PRIMARY KEY) ENGINE = InnoDB", ticket.name());
    // Where its answer is lost, this one is left to a sweep.
    if let Err(error) = database.execute(Statement::new(sql).continue_after_timeout()).await {
        if error.is_unknown_outcome() {
            pause_before(database.deadline()).await?;
            return Ok(None);
        }
        return Err(error);
    }
    if gate::close(database, id, &ticket).await? == Closing::Closed {
        return Ok(Some(ticket));
    }
    tables::drop_table(database, ticket.name()).await?;
    Ok(None)
}

async fn rename(
    database: &Database,
    id: &RestoreId,
    pairs: &[(&str, &Shadow)],
    ticket: &Ticket,
) -> Result<(), Error> {
    // The ticket first: without it, nothing else is touched.
    let mut sql = format!("RENAME TABLE `{}` TO `{}`", ticket.name(), ticket.spent());
    for (table, shadow) in pairs {
        let pair = format!(", `{table}` TO `{}`, `{}` TO `{table}`", shadow.kept(id), shadow.name());
        sql.push_str(&pair);
    }
    // The other half of the time that is left is for what follows.
    let patience = RENAME_PATIENCE.min(database.deadline().remaining() / 2);
    database.with_deadline(Deadline::after(patience)).execute(Statement::new(sql)).await.map(|_| ())
}

/// Where a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Where it was made: the RENAME has not taken place.
    Waiting,
    /// The RENAME has taken place.
    Spent,
    /// Nowhere: the RENAME has not taken place, and never will; or the restore has been completed long since.
    Gone,
}

/// Says where a ticket is. What it says about one that no longer waits is final, until the restore is completed.
async fn whereabouts(database: &Database, ticket: &Ticket) -> Result<Whereabouts, Error> {
    // In this order: once it is seen to wait no longer, nothing can be renamed any more.
    if tables::exists(database, ticket.name()).await? {
        Ok(Whereabouts::Waiting)
    } else if tables::exists(database, &ticket.spent()).await? {
        Ok(Whereabouts::Spent)
    } else {
        Ok(Whereabouts::Gone)
    }
}

/// Ends the swap that a ticket is for: completes the restore where the RENAME has taken place, and where it has not, sees to
/// it that it never will, and opens the gates. Says which.
pub(super) async fn settle(
    database: &Database,
    id: &RestoreId,
    ticket: &Ticket,
) -> Result<Whereabouts, Error> {
    // Waits for a RENAME that has got hold of the ticket; one that still waits for other tables will not find it.
    tables::drop_table(database, ticket.name()).await?;
    let is_where = whereabouts(database, ticket).await?;
    if is_where == Whereabouts::Spent {
        finish(database, id, ticket).await?;
    } else {
        gate::reopen(database, id, ticket).await?;
    }
    Ok(is_where)
}

/// What follows the RENAME.
async fn finish(database: &Database, id: &RestoreId, ticket: &Ticket) -> Result<(), Error> {
    gate::complete(database, id, ticket).await?;
    clean_up(database, id).await;
    Ok(())
}

/// Ends the swap of a restore that closed the gate of a table long ago, and opens the gates of all of its tables.
pub(crate) async fn recover(database: &Database, table: &str, id: &RestoreId) -> Result<Gate, Error> {
    tracing::warn!(restore.id = %id, table, "a swap was left half done");
    let ticket = standing::standing(database, id).await?.and_then(|standing| standing.ticket);
    let Some(ticket) = ticket else {
        gate::open_idle(database, table, id).await?;
        return Ok(Gate::Open);
    };
    match settle(database, id, &ticket).await {
        // The RENAME is still waiting for a transaction to end.
        Err(Error::StatementTimeout { .. } | Error::UnknownOutcome { .. }) => Ok(Gate::Swapping),
        result => result.map(|_| Gate::Open),
    }
}
