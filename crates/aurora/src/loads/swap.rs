//! Replacing a table: its load fills a shadow, which takes the table's place in one RENAME.
//!
//! The order of a swap: (a) the ledger closes the table's gate, which waits for every chunk of an append or upsert that
//! is under way and refuses new ones; (b) RENAME; (c) the ledger completes the load, sends the appends and upserts that
//! are not through back to their start, so that they fill the new table, and opens the gate; (d) the old table goes.
//!
//! A swap may stop anywhere, and anybody may finish it. What keeps that safe is one rule: the gate is opened only when no
//! RENAME of the shadow can happen any more, because it has happened, or because the shadow's name, which never
//! comes back, is gone. Whoever opens a gate for a swap that did not take place moves the shadow to another name first.
//!
//! Writers that commit all they have in one transaction (the insert API, migrations) need no gate: the RENAME waits for
//! them or they for it.

use std::borrow::Cow;
use std::time::Duration;

use domain::dictionary::Table;
use domain::load::{LoadId, LoadStatus};

use super::Run;
use super::debris::sweep;
use super::end::Ending;
use super::gate::{self, ClosedGate, Closing, Holder, Swap};
use super::shadow::{self, Shadow, Whereabouts};
use crate::ledger::pause_before;
use crate::limits::FINISH_GRACE;
use crate::{Database, Deadline, Error, Statement, restores, tables};

/// How often a shadow is made anew because an answer was lost or somebody else was quicker.
const ATTEMPTS: u32 = 5;

/// How long a RENAME may wait for open transactions; the service ends it after 45 s.
const RENAME_PATIENCE: Duration = Duration::from_secs(60);

/// What a replace finds at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// There is a table to fill.
    Fill {
        /// The run from here on; its committed chunks are in the shadow. It may be later than the caller's, where the
        /// load had to be sent back to its start.
        run: Run,
        /// Where its rows go.
        shadow: Shadow,
    },
    /// The load has ended.
    Ended,
}

/// Makes the table that a replace fills, or finds the one it has filled so far; finishes a swap that was left half done.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn prepare(database: &Database, run: &Run, table: &Table) -> Result<Prepared, Error> {
    let database = &database.with_deadline(database.deadline());
    let mut attempt = 1;
    loop {
        let Some(standing) = gate::standing(database, &run.id).await? else { return Ok(Prepared::Ended) };
        if standing.status != LoadStatus::Running {
            return Ok(Prepared::Ended);
        }
        let run = Run { id: run.id.clone(), restarts: standing.restarts };
        if let Some(shadow) = standing.shadow() {
            let swap = Swap { run, table: table.name().to_owned(), shadow };
            if is_waiting(database, &swap).await? {
                let Swap { run, shadow, .. } = swap;
                return Ok(Prepared::Fill { run, shadow });
            }
            continue;
        }
        match make(database, &run, table.name()).await {
            Ok(Some(shadow)) => return Ok(Prepared::Fill { run, shadow }),
            Ok(None) => {}
            Err(error) if error.is_unknown_outcome() && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
        attempt += 1;
    }
}

/// Makes a shadow and notes it in the ledger; `None` where another one is noted there, or the run is over.
async fn make(database: &Database, run: &Run, table: &str) -> Result<Option<Shadow>, Error> {
    let shadow = Shadow::fresh(&run.id);
    // Where its answer is lost, the next one has another name, and this one is left to a sweep.
    tables::create_like(database, shadow.name(), table).await?;
    if gate::note_shadow(database, run, &shadow).await? {
        return Ok(Some(shadow));
    }
    tables::drop_table(database, shadow.name()).await?;
    Ok(None)
}

/// What became of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The load has ended: its content is in its table, unless somebody else has ended it otherwise. The ledger tells.
    Ended,
    /// The load is back at its start: its shadow is gone, or its table has other columns or indexes by now.
    Restarted,
}

/// Puts a shadow that holds all of its load in its table's place and completes the load; `digest` is that of the content.
/// Readers see the table as it was or as it is, and nothing between.
///
/// # Errors
/// Any [`Error`]; calling it again is safe, and so is a call by another function at the same time. It opens the gate
/// before it fails, where the database lets it; where not, [`recover_gate`] does.
pub async fn swap(database: &Database, run: &Run, table: &Table, digest: &str) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    loop {
        let Some(standing) = gate::standing(database, &run.id).await? else { return Ok(Swapped::Ended) };
        if standing.status != LoadStatus::Running {
            return Ok(Swapped::Ended);
        }
        let shadow = standing.shadow().filter(|_| standing.restarts == run.restarts);
        let Some(shadow) = shadow else { return Ok(Swapped::Restarted) };
        let swap = Swap { run: run.clone(), table: table.name().to_owned(), shadow };
        if !tables::has_form_of(database, swap.shadow.name(), &swap.table).await? {
            // A migration has changed the table since; the swap would take that back.
            tables::drop_table(database, swap.shadow.name()).await?;
            is_waiting(database, &swap).await?;
            continue;
        }
        match gate::close(database, &swap, digest).await? {
            Closing::Closed => {}
            Closing::Moved => continue,
            Closing::Busy => {
                if recover_gate(database, &swap.table).await? == Gate::Swapping {
                    pause_before(database.deadline()).await?;
                }
                continue;
            }
        }
        let Err(error) = rename(database, &swap).await else {
            finish(database, &swap).await?;
            return Ok(Swapped::Ended);
        };
        // A closed gate holds others up: opening it gets time though none is left.
        let grace = &database.with_deadline(database.deadline().max(Deadline::after(FINISH_GRACE)));
        if is_waiting(grace, &swap).await? {
            back_out(grace, &swap).await?;
            if !error.is_retryable() && !error.is_unknown_outcome() {
                return Err(error);
            }
            tracing::info!(load.id = %run.id, error.class = error.class(), "the swap is tried again");
            pause_before(database.deadline()).await?;
        }
    }
}

async fn rename(database: &Database, swap: &Swap) -> Result<(), Error> {
    let Swap { table, shadow, .. } = swap;
    let sql = format!("RENAME TABLE `{table}` TO `{}`, `{}` TO `{table}`", shadow.old(), shadow.name());
    // The other half of the time that is left is for what follows.
    let patience = RENAME_PATIENCE.min(database.deadline().remaining() / 2);
    database.with_deadline(Deadline::after(patience)).execute(Statement::new(sql)).await.map(|_| ())
}

/// Whether a shadow still waits to be swapped in. If not, the load is moved on to where it belongs: completed where the
/// shadow is in its table's place, back at its start where the shadow is gone.
async fn is_waiting(database: &Database, swap: &Swap) -> Result<bool, Error> {
    match shadow::whereabouts(database, &swap.shadow).await? {
        Whereabouts::Waiting => return Ok(true),
        Whereabouts::SwappedIn => finish(database, swap).await?,
        Whereabouts::Gone => gate::restart(database, swap).await?,
    }
    Ok(false)
}

/// What follows the RENAME.
async fn finish(database: &Database, swap: &Swap) -> Result<(), Error> {
    gate::complete(database, swap).await?;
    sweep_after(database, &swap.run.id).await;
    Ok(())
}

/// Drops what a load that has ended leaves behind. Where that fails, an audit does it later.
async fn sweep_after(database: &Database, id: &LoadId) {
    if let Err(error) = sweep(database, Some(id)).await {
        tracing::warn!(load.id = %id, error.class = error.class(), "tables of the load are left to the audit");
    }
}

/// Opens the gate of a swap that has not taken place. First the shadow gets another name, so that no RENAME that somebody
/// still has under way can find it.
async fn back_out(database: &Database, swap: &Swap) -> Result<(), Error> {
    let moved = Shadow::fresh(&swap.run.id);
    let sql = format!("RENAME TABLE `{}` TO `{}`", swap.shadow.name(), moved.name());
    if let Err(error) = database.execute(Statement::new(sql)).await
        && !tables::exists(database, moved.name()).await?
    {
        return if is_waiting(database, swap).await? { Err(error) } else { Ok(()) };
    }
    if !gate::reopen(database, swap, &moved).await? {
        tables::drop_table(database, moved.name()).await?;
    }
    Ok(())
}

/// Whether appends and upserts may write to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// They may.
    Open,
    /// They may not: a load or a restore is swapping a new table in.
    Swapping,
}

/// Opens the gate of a table if the load or restore that closed it, two minutes ago or more by the database's clock, seems to be left
/// alone: finishes its swap where the RENAME has happened, and backs out where it has not. Says how the gate is now.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn recover_gate(database: &Database, table: &str) -> Result<Gate, Error> {
    let database = &database.with_deadline(database.deadline());
    match gate::closed(database, Some(table)).await?.pop() {
        None => Ok(Gate::Open),
        Some(closed) if closed.stale => recover(database, &closed).await,
        Some(_) => Ok(Gate::Swapping),
    }
}

pub(crate) async fn recover(database: &Database, closed: &ClosedGate) -> Result<Gate, Error> {
    let table = &closed.table;
    let load = match &closed.holder {
        Holder::Load(load) => load,
        Holder::Restore(restore) => return restores::recover(database, table, restore).await,
    };
    tracing::warn!(load.id = %load, table, "a swap was left half done");
    let standing = gate::standing(database, load).await?.filter(|s| s.status == LoadStatus::Running);
    let Some((restarts, shadow)) = standing.and_then(|s| Some((s.restarts, s.shadow()?))) else {
        gate::open_idle(database, table, load).await?;
        return Ok(Gate::Open);
    };
    let swap = Swap { run: Run { id: load.clone(), restarts }, table: table.clone(), shadow };
    if is_waiting(database, &swap).await? {
        match back_out(database, &swap).await {
            // The RENAME is still waiting for a transaction to end.
            Err(error) if error.is_unknown_outcome() => return Ok(Gate::Swapping),
            result => result?,
        }
    }
    Ok(Gate::Open)
}

/// Ends a replace that has failed or is given up, and takes back all that it has loaded: the table is as it was. Its figures
/// are those of its rejected records; of one that is given up, which begins again, they are 0. Where the shadow has
/// taken its table's place already, the load completes instead. Does nothing to a load that has ended or was sent
/// back to its start since the run began.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn undo(database: &Database, run: &Run, table: &str, ending: Ending<'_>) -> Result<(), Error> {
    let database = &database.with_deadline(database.deadline());
    let stated = |reason: &str| format!("{reason}; the table is as it was before");
    let reason: Cow<'_, str> = match &ending {
        Ending::Failed(reason) | Ending::GivenUp(reason) => stated(reason).into(),
        Ending::Completed(_) | Ending::Skipped { .. } => "".into(),
    };
    let ending = match ending {
        Ending::Failed(_) => Ending::Failed(&reason),
        Ending::GivenUp(_) => Ending::GivenUp(&reason),
        other => other,
    };
    loop {
        let Some(standing) = gate::standing(database, &run.id).await? else { return Ok(()) };
        if standing.status != LoadStatus::Running || standing.restarts != run.restarts {
            return Ok(());
        }
        let shadow = standing.shadow();
        if let Some(shadow) = &shadow {
            tables::drop_table(database, shadow.name()).await?;
            if shadow::whereabouts(database, shadow).await? == Whereabouts::SwappedIn {
                let swap = Swap { run: run.clone(), table: table.to_owned(), shadow: shadow.clone() };
                return finish(database, &swap).await;
            }
        }
        if gate::end_undone(database, run, table, shadow.as_ref(), &ending).await? {
            sweep_after(database, &run.id).await;
            return Ok(());
        }
    }
}
