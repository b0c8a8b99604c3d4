//! Filling a table from Avro files that Rowgate did not write.

use bucket::Store;
use domain::dictionary::{RejectLimit, Table};
use domain::external::IgnoredFields;
use tokio::task::spawn_blocking;

use super::fill::{Filler, Totals};
use crate::error::RestoreError;
use crate::read::files::{self, ReadOptions};
use crate::read::listing::FilesSource;
use crate::read::objects::Objects;
use crate::read::plan;
use crate::read::source::{Object, PlanFault, SourceError};

/// Fills the restore's table from its files; `max_rejects` is the limit if the dictionary sets
/// none.
///
/// # Errors
/// Why it stopped; what is committed stays so.
pub(crate) async fn fill<S: Store>(
    filler: &Filler<'_, S>,
    tables: &[&'static Table],
    max_rejects: Option<RejectLimit>,
) -> Result<(), RestoreError> {
    let Filler { store, database, restore, .. } = *filler;
    let refused = |reason: String| RestoreError::Refused(vec![reason]);
    let [table] = tables else {
        return Err(refused("files go to one table".to_owned()));
    };
    let begun = FilesSource::parse(&restore.source);
    let begun = begun.ok_or_else(|| refused("the ledger does not say which files".to_owned()))?;
    let found = as_begun(store, &begun).await?;
    if found.is_empty() {
        return Err(refused(format!("there is no file under {}", begun.prefix)));
    }
    let nullable = plan::nullable(database, table).await?.map_err(refused)?;
    let ignore = IgnoredFields::new(begun.ignore.iter().cloned());
    plan_files(store, &found, table, &nullable, &ignore).await?;
    let options = ReadOptions { strict: restore.strict, ignore };
    filler
        .fill(
            table,
            &nullable,
            move |opening| files::open(opening, found, &options),
            |totals| check_totals(table.max_rejects().or(max_rejects), totals),
        )
        .await?;
    // Chunks are numbers of rows in these files: of others they would be other rows.
    as_begun(store, &begun).await.map(|_| ())
}

/// Lists the files, which must still be what they were when the restore began.
async fn as_begun<S: Store>(store: &S, begun: &FilesSource) -> Result<Vec<Object>, RestoreError> {
    let (now, found) = FilesSource::look(store, &begun.prefix, &begun.ignore).await?;
    if now == *begun {
        return Ok(found);
    }
    let reason = format!("the files under {} have changed since the restore began", begun.prefix);
    Err(RestoreError::Refused(vec![reason]))
}

/// Reads the headers of all files; every reason against them.
async fn plan_files<S: Store>(
    store: &S,
    found: &[Object],
    table: &'static Table,
    nullable: &[bool],
    ignore: &IgnoredFields,
) -> Result<(), RestoreError> {
    let objects = Objects::of(store);
    let (found, nullable, ignore) = (found.to_vec(), nullable.to_vec(), ignore.clone());
    let planned = spawn_blocking(move || files::plan(&objects, &found, table, &nullable, &ignore)).await?;
    planned.map_err(|fault| match fault {
        PlanFault::Read(error) => SourceError::Read(error).into(),
        PlanFault::Refused(reasons) => RestoreError::Refused(reasons),
    })
}

/// Refuses files that contain no rows, or hardly anything but rejects: they are a mistake.
fn check_totals(limit: Option<RejectLimit>, totals: &Totals) -> Result<(), RestoreError> {
    let Totals { rows_read, rows_rejected, restored, .. } = totals;
    let reason = match limit {
        Some(limit) if limit.is_exceeded(*rows_rejected, *rows_read) => {
            format!(
                "{rows_rejected} of {rows_read} rows were rejected, more than the limit of {limit} allows"
            )
        }
        _ if *rows_read == 0 => "the files have no rows".to_owned(),
        _ if restored.rows() == 0 => format!("all {rows_read} rows were rejected"),
        _ => return Ok(()),
    };
    Err(RestoreError::Rejected(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rejects_than_the_limit_allows_are_no_content_for_a_table() {
        let limit = |text| Some(RejectLimit::parse(text).unwrap());
        let mut restored = domain::row_text::ContentSum::default();
        restored.add(b"1");
        let totals = Totals { rows_read: 10, rows_rejected: 6, restored, ..Totals::default() };
        assert!(check_totals(None, &totals).is_ok());
        assert!(check_totals(limit("60%"), &totals).is_ok());
        for text in ["5", "50%"] {
            assert!(matches!(check_totals(limit(text), &totals), Err(RestoreError::Rejected(_))), "{text}");
        }
    }
}
