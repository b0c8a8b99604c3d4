//! Prepares chunks before the database is asked: checks the records, writes the rows as SQL, or as
//! a part, and the others as a rejects file. Blocking; it runs beside the calls to the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aurora::lanes::{self, mark};
use bucket::Metadata;
use domain::dictionary::{LoadMode, Table, Unknown};
use domain::load::{
    CheckedChunk, Chunk, Columns, ContentDigest, Facts, Format, OtherHeader, RejectReasons, rejects_csv,
};
use domain::sql::{InsertStatement, InsertWriter, Part};
use domain::value::{Key, Value};
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
    /// The mode: what a taken key means.
    pub(crate) mode: LoadMode,
    /// The name of the table that rows go to: the table's own, or its shadow's.
    pub(crate) target: String,
    /// True if rows go into the database as parts where they can, until it refuses one.
    pub(crate) by_parts: AtomicBool,
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
        CheckedChunk::check(&self.table, columns, chunk)
    }

    /// Returns true if unique values must be looked for before rows are written. An insert that
    /// meets one fails; an upsert writes over the row that has it.
    pub(crate) fn asks_first(&self) -> bool {
        self.mode == LoadMode::Upsert && !self.table.unique().is_empty()
    }

    /// Returns true if a reference that names no row can make a row be rejected.
    pub(crate) fn rejects_unknown(&self) -> bool {
        self.table.references().iter().any(|reference| reference.on_unknown().files == Unknown::Reject)
    }

    /// Returns the name of the table that has the rows of `referred`: a row may name one that came
    /// before it in the file.
    pub(crate) fn target_of<'r>(&'r self, referred: &'r Table) -> &'r str {
        if referred.name() == self.table.name() { &self.target } else { referred.name() }
    }

    /// Writes the statements that bring these rows in, each with `max_rows` at most.
    pub(crate) fn statements<'r, 'v: 'r>(
        &self,
        rows: impl Iterator<Item = &'r [Value<'v>]>,
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

    /// Writes these rows as a part, where that does what the mode wants: a part replaces no rows.
    fn part<'r, 'v: 'r>(&self, rows: impl Iterator<Item = &'r [Value<'v>]>) -> Option<Part> {
        if !self.by_parts.load(Ordering::Relaxed) || self.mode == LoadMode::Upsert {
            return None;
        }
        let mut part = Part::default();
        rows.for_each(|row| part.push(row));
        (part.rows > 0).then_some(part)
    }

    fn writer(&self) -> InsertWriter<'_> {
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
    /// The other rows as a part; `None` where they are sent in statements.
    pub(crate) part: Option<Part>,
    /// What brings the other rows in; nothing where there is a part, or where unique values are
    /// looked for first.
    pub(crate) statements: Vec<InsertStatement>,
    /// The keys that each of the table's references names.
    pub(crate) references: Vec<Vec<Key>>,
    /// The rejects file, as long as the table refuses nothing, and the reasons of its records.
    pub(crate) rejects: Option<Vec<u8>>,
    pub(crate) reasons: RejectReasons,
    /// The marks of the rows' keys and unique values, ascending.
    takes: Vec<i64>,
    /// The marks of the rows of the same table that the rows must name, ascending.
    needs: Vec<i64>,
}

impl Prepared {
    /// Checks a chunk, and writes its statements and its rejects file.
    ///
    /// # Errors
    /// [`OtherHeader`] of its records.
    pub(crate) fn new(plan: &Plan, columns: &Arc<Columns>, chunk: Chunk) -> Result<Self, OtherHeader> {
        let checked = plan.check(columns, &chunk)?;
        let judged = checked.judge(plan.mode, &Facts::default());
        let table = &*plan.table;
        let references: Vec<Vec<Key>> =
            table.references().iter().map(|reference| checked.keys_named(reference)).collect();
        let accepted = || judged.accepted().map(|(_, row)| row);
        let part = plan.part(accepted());
        let statements = match part.is_some() || plan.asks_first() {
            true => Vec::new(),
            false => plan.statements(accepted(), usize::MAX),
        };
        let needs = table.references().iter().zip(&references).filter(|(reference, _)| {
            reference.table() == table.name() && reference.on_unknown().files == Unknown::Reject
        });
        let needs = ascending(needs.flat_map(|(_, keys)| keys).map(|key| mark(None, key)).collect());
        let takes = takes(&checked);
        let rejected = judged.rejected();
        let (rows_read, refused, skipped) = (checked.rows_read, rejected.len(), checked.skipped);
        let rejects = (refused > 0).then(|| rejects_csv(table, columns, &rejected));
        let reasons = RejectReasons::of_chunk(&rejected);
        // All three borrow from the chunk.
        drop(rejected);
        drop(judged);
        drop(checked);
        Ok(Self {
            columns: Arc::clone(columns),
            rows_read,
            refused,
            skipped,
            part,
            statements,
            references,
            rejects,
            reasons,
            takes,
            needs,
            chunk,
        })
    }
}

/// Returns the marks of the keys and unique values of the rows that passed, refused ones too: they
/// may be accepted once the table has refused others.
fn takes(checked: &CheckedChunk<'_>) -> Vec<i64> {
    let mut takes: Vec<i64> = checked.keys().map(|key| mark(None, &key)).collect();
    for (entry, unique) in checked.table.unique().iter().enumerate() {
        takes.extend(checked.values_of(unique).iter().map(|value| mark(Some(entry), value)));
    }
    ascending(takes)
}

fn ascending(mut marks: Vec<i64>) -> Vec<i64> {
    if !marks.is_sorted() {
        marks.sort_unstable();
    }
    marks
}

impl lanes::Chunk for Prepared {
    fn number(&self) -> u32 {
        self.chunk.number
    }

    fn takes(&self) -> &[i64] {
        &self.takes
    }

    fn needs(&self) -> &[i64] {
        &self.needs
    }
}
