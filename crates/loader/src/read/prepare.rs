//! Prepares chunks before the database is asked: checks the records, writes the rows as SQL and the
//! others as a rejects file. Blocking; it runs beside the calls to the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use aurora::lanes;
use bucket::Metadata;
use domain::dictionary::{LoadMode, Table};
use domain::load::{
    CheckedChunk, Chunk, Columns, ContentDigest, Format, OtherHeader, RejectReasons, rejects_csv,
};
use domain::sql::{InsertStatement, InsertWriter};
use files::Opening;

/// An owned [`Opening`] of a file, for threads of their own.
#[derive(Debug, Clone)]
pub(crate) struct FilePlan {
    pub(crate) format: Format,
    /// The table, with the settings of the file.
    pub(crate) table: Arc<Table>,
    pub(crate) object_bytes: u64,
    pub(crate) chunk_bytes: u64,
    /// The digest of the file's settings, if it has any.
    pub(crate) settings: Option<[u8; 32]>,
}

impl FilePlan {
    pub(crate) fn opening(&self) -> Opening<'_> {
        let Self { format, ref table, object_bytes, chunk_bytes, .. } = *self;
        Opening { format, table, object_bytes, chunk_bytes }
    }

    /// Begins the digest of a content. The same bytes read in another way are another content.
    pub(crate) fn digest(&self) -> ContentDigest {
        let mut digest = ContentDigest::default();
        if let Some(settings) = &self.settings {
            digest.push(settings);
        }
        digest
    }
}

/// Prepares the chunks of a load.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The table that records are checked against, with the settings of the file.
    pub(crate) table: Arc<Table>,
    /// The mode: what a taken id means.
    pub(crate) mode: LoadMode,
    /// The name of the table that rows go to: the table's own, or its shadow's.
    pub(crate) target: String,
    /// The metadata of the rejects files.
    pub(crate) rejects_metadata: Metadata,
}

impl Plan {
    /// Checks a chunk's records.
    pub(crate) fn check<'c>(
        &'c self,
        columns: &Columns,
        chunk: &'c Chunk,
    ) -> Result<CheckedChunk<'c>, OtherHeader> {
        CheckedChunk::check(&self.table, columns, chunk, self.mode)
    }

    /// Writes the statements that bring the accepted rows in, each with `max_rows` at most.
    pub(crate) fn statements<'r, 'v: 'r>(
        &self,
        rows: impl Iterator<Item = &'r [domain::value::Value<'v>]>,
        max_rows: usize,
    ) -> Vec<InsertStatement> {
        let mut statements = Vec::new();
        let mut writer = self.writer();
        let mut open = 0;
        for row in rows {
            if open == max_rows {
                statements.extend(std::mem::replace(&mut writer, self.writer()).finish());
                open = 0;
            }
            open += 1;
            if let Some(full) = writer.push(row) {
                statements.push(full);
                open = 1;
            }
        }
        statements.extend(writer.finish());
        statements
    }

    pub(crate) fn writer(&self) -> InsertWriter<'_> {
        let writer = InsertWriter::new(&self.table).into_table(&self.target);
        if self.mode == LoadMode::Upsert { writer.upserting() } else { writer }
    }
}

/// A chunk that is ready to be committed.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) chunk: Chunk,
    pub(crate) columns: Arc<Columns>,
    /// Records read, and how many of them were refused without the table being asked.
    pub(crate) rows_read: usize,
    pub(crate) refused: usize,
    /// Records that are blank or a repeated header.
    pub(crate) skipped: usize,
    pub(crate) statements: Vec<InsertStatement>,
    /// The ids of the rows, ascending.
    pub(crate) ids: Vec<i64>,
    /// For each column that refers to a table, by position: the ids that the rows name.
    pub(crate) references: Vec<(usize, BTreeSet<i64>)>,
    /// The rejects file, as long as no id turns out to be taken, and the reasons of its records.
    pub(crate) rejects: Option<Vec<u8>>,
    pub(crate) reasons: RejectReasons,
}

impl Prepared {
    /// Checks a chunk, and writes its statements and its rejects file.
    ///
    /// # Errors
    /// [`OtherHeader`] of its records.
    pub(crate) fn new(plan: &Plan, columns: &Arc<Columns>, chunk: Chunk) -> Result<Self, OtherHeader> {
        let checked = plan.check(columns, &chunk)?;
        let table = &*plan.table;
        let references = table.references().map(|(column, _)| {
            let mut ids = BTreeSet::new();
            let mut last = None;
            for id in checked.rows().filter_map(|row| row[column].as_integer()) {
                if last.replace(id) != Some(id) {
                    ids.insert(id);
                }
            }
            (column, ids)
        });
        let references = references.collect();
        let (rows_read, refused, skipped) = (checked.rows_read, checked.rejected.len(), checked.skipped);
        let statements = plan.statements(checked.rows(), usize::MAX);
        let mut ids: Vec<i64> =
            checked.rows().filter_map(|row| row[table.key_index()].as_integer()).collect();
        if !ids.is_sorted() {
            ids.sort_unstable();
        }
        let rejects = (refused > 0).then(|| rejects_csv(table, columns, &checked.rejected));
        let reasons = RejectReasons::of_chunk(&checked.rejected);
        drop(checked);
        Ok(Self {
            columns: Arc::clone(columns),
            rows_read,
            refused,
            skipped,
            statements,
            ids,
            references,
            rejects,
            reasons,
            chunk,
        })
    }
}

impl lanes::Chunk for Prepared {
    fn number(&self) -> u32 {
        self.chunk.number
    }

    fn ids(&self) -> &[i64] {
        &self.ids
    }
}
