//! Filling a table from Avro files that Rowgate did not write.

use std::fmt;

use bucket::Store;
use domain::dictionary::{RejectLimit, Table};
use domain::external::IgnoredFields;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::error::RestoreError;
use crate::files::{self, Asked};
use crate::fill::{Filler, Totals};
use crate::objects::Objects;
use crate::plan;
use crate::source::{Object, PlanFault};

/// Identifies the files, and their state when the restore began. In the ledger it is a text like
/// `export/?files=2&sum=1f3a90bc00112233&ignore=salary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilesSource {
    /// The prefix of their keys.
    pub(crate) prefix: String,
    /// The number of files.
    files: usize,
    /// The first 16 digits of the SHA-256 of their keys, sizes and times.
    sum: String,
    /// Fields that may be left out.
    ignore: Vec<String>,
}

impl FilesSource {
    /// Lists the files under `prefix`: returns the source, and the files in the order of their
    /// keys. If a key is the prefix itself, it is the only file.
    ///
    /// # Errors
    /// Those of the bucket.
    pub(crate) async fn look<S: Store>(
        store: &S,
        prefix: &str,
        ignore: &[String],
    ) -> Result<(Self, Vec<Object>), RestoreError> {
        let mut listed = store.list_all(prefix).await?;
        if listed.iter().any(|object| object.key == prefix) {
            listed.retain(|object| object.key == prefix);
        }
        let mut hash = Sha256::new();
        let mut found = Vec::new();
        for listed in listed {
            let object = Object { key: listed.key, bytes: listed.bytes };
            if files::is_data(prefix, &object) {
                hash.update(format!("{}\n{}\n{}\n", object.key, object.bytes, listed.modified));
                found.push(object);
            }
        }
        let mut sum = hex::encode(hash.finalize());
        sum.truncate(16);
        let source = Self { prefix: prefix.to_owned(), files: found.len(), sum, ignore: ignore.to_vec() };
        Ok((source, found))
    }

    /// Reads what the ledger has.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.rsplit_once("?files=")?;
        let (files, rest) = rest.split_once("&sum=")?;
        let (sum, ignore) = rest.split_once("&ignore=").unwrap_or((rest, ""));
        let ignore = ignore.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Self { prefix: prefix.to_owned(), files: files.parse().ok()?, sum: sum.to_owned(), ignore })
    }
}

impl fmt::Display for FilesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?files={}&sum={}", self.prefix, self.files, self.sum)?;
        if !self.ignore.is_empty() {
            write!(f, "&ignore={}", self.ignore.join(","))?;
        }
        Ok(())
    }
}

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
    let asked = Asked { strict: restore.strict, ignore };
    filler
        .fill(
            table,
            &nullable,
            move |opening| files::open(opening, found, &asked),
            |totals| judge(table.max_rejects().or(max_rejects), totals),
        )
        .await?;
    // Chunks are numbers of rows in these files: of others they would be other rows.
    as_begun(store, &begun).await.map(|_| ())
}

/// The files, if they still are what they were when the restore began.
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
        PlanFault::Read(error) => crate::source::SourceError::Read(error).into(),
        PlanFault::Refused(reasons) => RestoreError::Refused(reasons),
    })
}

/// Refuses files that contain no rows, or hardly anything but rejects: they are a mistake.
fn judge(limit: Option<RejectLimit>, totals: &Totals) -> Result<(), RestoreError> {
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

/// The size of the ledger's column.
const MAX_SOURCE: usize = 1024;

/// Returns true if the request fits into the ledger.
pub(crate) fn fits(prefix: &str, ignore: &[String]) -> bool {
    let names: usize = ignore.iter().map(|name| name.chars().count() + 1).sum();
    prefix.chars().count() + names + 100 <= MAX_SOURCE
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
        assert!(judge(None, &totals).is_ok());
        assert!(judge(limit("60%"), &totals).is_ok());
        for text in ["5", "50%"] {
            assert!(matches!(judge(limit(text), &totals), Err(RestoreError::Rejected(_))), "{text}");
        }
    }

    #[test]
    fn the_ledger_keeps_which_files_there_were() {
        for (ignore, text) in [
            (vec![], "a?files=/x/?files=2&sum=0011223344556677"),
            (vec!["salary".to_owned(), "*".to_owned()], "a/?files=10&sum=0011223344556677&ignore=salary,*"),
        ] {
            let source = FilesSource::parse(text).unwrap();
            assert_eq!(source.ignore, ignore);
            assert_eq!(source.to_string(), text);
        }
        for text in ["a/", "a/?files=x&sum=1", "a/?files=1"] {
            assert_eq!(FilesSource::parse(text), None, "{text}");
        }
    }
}
