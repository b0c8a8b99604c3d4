//! Plans a restore from a backup: collects its work, and every reason against it, before anything
//! is changed.

use std::io::Read;
use std::sync::Arc;

use aurora::{Database, Deadline, snapshot};
use backup::catalogue;
use bucket::Store;
use domain::avro::FileReader;
use domain::backup::Manifest;
use domain::dictionary::Table;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::error::RestoreError;
use crate::read::objects::Objects;
use crate::read::parts::{Against, Part, TableParts, explain};
use crate::read::source::SourceError;

/// The most rows of a table. When a table is filled, the database computes its checksum, and a
/// function that does not see the end of that starts over: it has some 800 s, and the database took
/// 0.72 s of one core for a million rows (`docs/benchmarks.md`); two tables are summed in
/// parallel. On a slower database, or with longer rows, the practical limit is lower.
const MAX_ROWS: u64 = 2_000_000_000;

/// Bytes that are hashed at a time.
const BUFFER: usize = 64 * 1024;

/// A table that is restored.
#[derive(Debug, Clone)]
pub(crate) struct TablePlan {
    pub(crate) table: &'static Table,
    /// For each of its columns, whether it may be NULL in the database.
    pub(crate) nullable: Arc<[bool]>,
    /// The source of its rows.
    pub(crate) parts: TableParts,
}

/// Plans the restore of `tables` from a backup.
///
/// # Errors
/// [`RestoreError::Refused`] with all reasons why today's tables cannot take it;
/// [`RestoreError::Damaged`] for files that are missing or are not what the manifest says.
pub(crate) async fn of_backup<S: Store>(
    store: &S,
    database: &Database,
    manifest: &Manifest,
    tables: &[&'static Table],
) -> Result<Vec<TablePlan>, RestoreError> {
    let mut refused = Vec::new();
    let mut plans = Vec::new();
    for table in tables {
        let Some(name) = catalogue::in_manifest(manifest, table) else {
            refused.push(format!("backup {} has no table {}", manifest.backup, table.name()));
            continue;
        };
        let rows = manifest.tables[name].rows;
        if rows > MAX_ROWS {
            refused.push(format!(
                "backup {} has {rows} rows of {name}, more than the {MAX_ROWS} that can be summed up within one invocation",
                manifest.backup
            ));
        }
        match nullable(database, table).await? {
            Ok(nullable) => {
                let parts = TableParts::new(manifest, name, &manifest.tables[name]);
                plans.push(TablePlan { table, nullable, parts });
            }
            Err(reason) => refused.push(reason),
        }
    }
    let mut wanted = manifest.clone();
    wanted.tables.retain(|name, _| plans.iter().any(|plan| plan.parts.table == *name));
    if let Some(missing) = catalogue::missing(store, &wanted).await? {
        return Err(RestoreError::Damaged(format!("backup {}: {missing}", manifest.backup)));
    }
    let objects = Objects::of(store);
    let (plans, found) = spawn_blocking(move || {
        let found = read_headers(&objects, &plans);
        (plans, found)
    })
    .await?;
    let Against { damaged, refused: against } = found?;
    refused.extend(against);
    if !damaged.is_empty() {
        Err(RestoreError::Damaged(damaged.join("; ")))
    } else if refused.is_empty() {
        Ok(plans)
    } else {
        Err(RestoreError::Refused(refused))
    }
}

/// Returns for each column of a table whether it may be NULL in the database; the reason, if the
/// table is not as the dictionary has it.
pub(crate) async fn nullable(
    database: &Database,
    table: &Table,
) -> Result<Result<Arc<[bool]>, String>, RestoreError> {
    let name = table.name();
    let nullable = match snapshot::nullable(database, name, table).await {
        Ok(nullable) => Ok(nullable.into()),
        Err(error) if error.is_missing_table() => Err(no_table(table)),
        Err(error) if error.is_missing_column() => {
            Err(format!("the table {name} does not have the columns of the dictionary; run migrate first"))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(nullable)
}

/// Returns the advice for a table that is not in the database.
pub(crate) fn no_table(table: &Table) -> String {
    let name = table.name();
    format!(
        "the table {name} is not in the database: run its CREATE TABLE from sql/migrations again; rowgate-migrate only makes \
         tables of migrations that were never applied"
    )
}

/// Reads the header of every part; all reasons against them.
fn read_headers(objects: &Objects, plans: &[TablePlan]) -> Result<Against, RestoreError> {
    let mut all = Against::default();
    for TablePlan { table, nullable, parts } in plans {
        for part in &parts.parts {
            let opened = FileReader::open(objects.open(&part.key));
            match opened.map_err(|error| explain(&part.key, error)) {
                Ok(reader) => {
                    if let Err(against) = parts.resolve(part, &reader, table, nullable) {
                        all.add(against);
                    }
                }
                Err(error @ SourceError::Content { .. }) => all.damaged.push(error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(all)
}

/// Holds every file against its hash in the manifest.
///
/// # Errors
/// [`RestoreError::Damaged`] with all files that were altered; [`RestoreError::TooLong`].
pub(crate) async fn check_hashes<S: Store>(
    store: &S,
    plans: &[TablePlan],
    deadline: Deadline,
) -> Result<(), RestoreError> {
    let objects = Objects::of(store);
    let parts: Vec<Part> = plans.iter().flat_map(|plan| plan.parts.parts.clone()).collect();
    let damaged = spawn_blocking(move || {
        let mut damaged = Vec::new();
        for part in &parts {
            if hash(&objects, part, deadline)? != part.sha256 {
                damaged
                    .push(format!("{} has been altered: its SHA-256 is not that of the manifest", part.key));
            }
        }
        Ok::<_, RestoreError>(damaged)
    })
    .await??;
    if damaged.is_empty() { Ok(()) } else { Err(RestoreError::Damaged(damaged.join("; "))) }
}

fn hash(objects: &Objects, part: &Part, deadline: Deadline) -> Result<String, RestoreError> {
    let mut reader = objects.open(&part.key);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer).map_err(SourceError::Read)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
        if deadline.is_over() {
            return Err(RestoreError::TooLong("checking the hashes of the backup's files".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use bucket::MemoryBucket;

    use super::*;

    #[tokio::test]
    async fn hashes_that_take_longer_than_the_time_are_named() {
        let store = MemoryBucket::default();
        store.insert("a", vec![7; 3 * BUFFER]);
        let part = Part { key: "a".to_owned(), number: 0, rows: 1, sha256: "0".repeat(64) };
        let objects = Objects::of(&store);
        let late = Deadline::after(std::time::Duration::ZERO);
        let error = spawn_blocking(move || hash(&objects, &part, late)).await.unwrap().unwrap_err();
        assert_eq!(
            error.reason(),
            "given up; checking the hashes of the backup's files did not end within one invocation, and begins anew in each"
        );
        assert!(error.is_out_of_time() && !error.may_pass_soon());
    }
}
