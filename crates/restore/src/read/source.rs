//! Sources of rows for a shadow table: the part files of a backup, and external files.
//!
//! A [`Source`] blocks, and is read on a thread of its own. It decodes, checks and writes SQL; the
//! consumer commits its [`Chunk`]s, several in parallel, each with its row in the ledger.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use aurora::lanes;
use bucket::Bytes;
use domain::dictionary::Table;
use domain::external::Taken;
use domain::row_text::ContentSum;
use domain::sql::{InsertStatement, MAX_SQL_CHARS};
use domain::value::Key;

use crate::read::objects::Objects;

/// The SQL of a chunk, in bytes, at which it ends with the record or block that it is at: twenty
/// statements or so, for which BEGIN, ledger row and COMMIT are little.
pub(crate) const CHUNK_SQL_BYTES: usize = 1024 * 1024;

/// The same, in full statements.
pub(crate) const CHUNK_STATEMENTS: usize = CHUNK_SQL_BYTES / MAX_SQL_CHARS;

/// Chunks of rows for one table, one after the other.
pub(crate) trait Source: Send {
    /// Returns the next chunk that is not committed ([`Done`]); `None` at the end of the last file.
    ///
    /// The bounds of a chunk depend only on the content of the files: a restore that resumes after
    /// it was killed finds the same chunks under the same numbers.
    ///
    /// # Errors
    /// [`SourceError`]; nothing comes after one.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, SourceError>;
}

/// Rows that one transaction commits.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// From 0, through all files of the table in their order; no number is left out.
    pub(crate) number: u32,
    /// The number of rows in it, accepted or rejected.
    pub(crate) rows_read: u64,
    /// The checksum of the rows read, as in the backup's manifest; `None` for files that have no
    /// manifest.
    pub(crate) read: Option<ContentSum>,
    /// What is inserted if nothing is taken.
    pub(crate) filling: Filling,
    /// The rows themselves, to identify those whose keys or unique values are taken; `None` if a
    /// duplicate key means that the content is corrupt.
    pub(crate) rows: Option<Box<dyn Rows>>,
}

impl lanes::Chunk for Chunk {
    fn number(&self) -> u32 {
        self.number
    }

    /// Returns no marks if every key and every unique value is there once.
    fn takes(&self) -> &[i64] {
        self.rows.as_deref().map_or(&[], Rows::takes)
    }
}

/// What a chunk inserts into the shadow, and what it rejects.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    /// The INSERTs into the shadow.
    pub(crate) statements: Vec<InsertStatement>,
    /// Count and checksum of the rows in `statements`, over the columns of the table as it is.
    pub(crate) restored: ContentSum,
    /// Rows that break a rule.
    pub(crate) rejected: u64,
    /// The rejected rows with their reasons, as the loader writes them; `None` if there are none.
    pub(crate) rejects: Option<Bytes>,
}

/// Rows of a chunk whose keys or unique values an earlier chunk may have taken.
pub(crate) trait Rows: std::fmt::Debug + Send + Sync {
    /// Returns the marks of the keys and unique values of the rows that may be inserted, ascending.
    fn takes(&self) -> &[i64];

    /// Returns the keys of these rows, each once.
    fn keys(&self) -> &[Key];

    /// Returns the values that these rows have of the unique columns at this place of
    /// [`Table::unique`], each once.
    fn unique_values(&self, entry: usize) -> &[Key];

    /// Returns the chunk's filling when these keys and values are taken: their rows are rejected
    /// too (`duplicate_in_batch`, `duplicate_value`).
    ///
    /// # Errors
    /// [`SourceError::Rejected`] where no row may be rejected.
    fn without(&self, taken: &Taken) -> Result<Filling, SourceError>;
}

/// The reason why there are no further chunks.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// Bytes could not be read; a retry may succeed. Contains the store's own error.
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
    /// The content cannot be used: it is damaged, cut off, of another kind. No further try changes
    /// that.
    #[error("{file}: {reason}")]
    Content {
        /// The file's key.
        file: String,
        /// What is wrong, and where; never a value.
        reason: String,
    },
    /// The content is valid, but the table as it is today cannot hold it.
    #[error("{file}: {reason}")]
    Refused {
        /// The file's key.
        file: String,
        /// What does not match, and where; never a value.
        reason: String,
    },
    /// A row breaks a rule, and none may.
    #[error("{file}: row {row}: {reason}")]
    Rejected {
        /// The file's key.
        file: String,
        /// The row in the file, from 1.
        row: u64,
        /// The rule; never a value.
        reason: String,
    },
}

impl SourceError {
    /// Returns the error of a file whose content cannot be used.
    pub(crate) fn content(file: &str, reason: impl Into<String>) -> Self {
        Self::Content { file: file.to_owned(), reason: reason.into() }
    }
}

/// An object that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Its key.
    pub(crate) key: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// The input of a source.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The table that the rows are for.
    pub(crate) table: &'static Table,
    /// For each of its columns, whether it may be NULL in the database.
    pub(crate) nullable: Arc<[bool]>,
    /// The name of the table that the INSERTs are for.
    pub(crate) shadow: String,
    /// The chunks that are committed.
    pub(crate) done: Done,
    /// Reads the objects.
    pub(crate) objects: Objects,
}

/// Why files cannot be restored, according to their headers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanFault {
    /// Bytes could not be read; a retry may succeed.
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
    /// All reasons, each a sentence without a full stop.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
}

/// The chunks of a table that are committed: the rows of each, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done(BTreeMap<u32, u64>);

impl Done {
    /// Returns true if a chunk is committed; it is then neither returned nor written as SQL.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.0.contains_key(&number)
    }

    /// Returns the number of chunks committed without a gap from the first one on, and the number
    /// of rows they read: a source may start there and skip everything before.
    pub(crate) fn leading(&self) -> (u32, u64) {
        let in_a_row = self.0.iter().zip(0..).take_while(|((number, _), expected)| *number == expected);
        in_a_row.fold((0, 0), |(chunks, rows), ((_, read), _)| (chunks + 1, rows + read))
    }
}

impl FromIterator<(u32, u64)> for Done {
    fn from_iter<I: IntoIterator<Item = (u32, u64)>>(chunks: I) -> Self {
        Self(chunks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_leading_up_to_the_first_gap() {
        let done = |chunks: &[(u32, u64)]| chunks.iter().copied().collect::<Done>().leading();
        assert_eq!(done(&[]), (0, 0));
        assert_eq!(done(&[(1, 10)]), (0, 0));
        assert_eq!(done(&[(0, 10), (1, 5), (3, 7)]), (2, 15));
    }
}
