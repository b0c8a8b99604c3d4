//! Checks the first records of a file as a load would, and proposes settings with which more of
//! them can be loaded.

use std::collections::BTreeMap;
use std::io::Cursor;

use domain::dictionary::{LoadMode, Table};
use domain::json_row::value_text;
use domain::load::{
    CHUNK_BYTES, CheckedChunk, Columns, Content as Written, Format, FoundTable, LayoutError, RejectedRecord,
    Settings, SettingsError, propose_null_values, propose_settings, propose_table,
};
use domain::problem::RowDetail;
use domain::row::RowCode;

use crate::content::Extent;
use crate::counts::Counts;
use crate::error::{PreviewError, SourceError};
use crate::open::open_to;
use crate::records::{DELIMITERS, of_encoding, texts};
use crate::source::{Opening, Source, TextForm};

/// The most records that are returned with their values.
const CHECKED_RECORDS: usize = 20;

/// The most bytes of unpacked content that are checked, and the most records: a person waits for
/// the answer.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
const MAX_ROWS: u64 = 50_000;

/// The number of records that are searched for a header other than the table's.
const SAMPLE: usize = 200;

/// Values of a column that are remembered because they were refused.
const MAX_REFUSED: usize = 1000;

/// The result of checking the first records of a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// The form of its text; `None` for a workbook, and if it cannot be read.
    pub form: Option<TextForm>,
    /// The names of the header, if the file has one.
    pub header: Option<Vec<String>>,
    /// Its fields, in the file's order.
    pub fields: Vec<CheckedField>,
    /// The first records, accepted or rejected, at most [`CHECKED_RECORDS`].
    pub records: Vec<CheckedRecord>,
    /// The counts of all records that were read.
    pub counts: Counts,
    /// Warnings about content that would be left out.
    pub warnings: Vec<String>,
    /// Why the load would fail.
    pub problem: Option<String>,
    /// Proposed settings, in addition to the present ones.
    pub proposal: Option<Settings>,
}

/// A field of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedField {
    /// Its name in the header; the column's name if there is no header.
    pub name: String,
    /// The column that it is for.
    pub column: Option<String>,
}

/// A record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRecord {
    /// The line of the file, or the row of the sheet.
    pub line: u64,
    /// For each column of the table, the text that it would have; of a rejected record, that it has
    /// in the file.
    pub values: Vec<Option<String>>,
    /// Why it would be rejected.
    pub errors: Vec<RowDetail>,
}

/// Reads the first records of a file as a load would, and proposes settings if they cannot be read.
///
/// `content` is the beginning of the file, or all of it if `is_whole`. The last record of a
/// beginning is left out, because it may be incomplete.
///
/// # Errors
/// [`SettingsError`] for settings that cannot be used for the table.
pub fn check(
    table: &Table,
    format: Format,
    mode: LoadMode,
    settings: &Settings,
    content: &[u8],
    is_whole: bool,
) -> Result<Checked, SettingsError> {
    let own = settings.apply(table)?;
    if format.content == Written::Xlsx && !is_whole {
        let problem = Some("a workbook is read from its end, so it is checked when it is loaded".to_owned());
        return Ok(Checked { problem, ..Checked::default() });
    }
    let file = Beginning { format, mode, content, is_whole };
    let Attempt { mut checked, refused, is_of_layout } = file.read(&own);
    let mut proposal = Settings::default();
    let mut values = refused;
    if is_of_layout && format.content != Written::JsonLines {
        if let Some(found) = file.find_table(table, settings) {
            checked.fields = fields_of(&own, &found.header);
            checked.header = Some(found.header);
            proposal = found.settings;
        } else if let Some(delimiter) = file.find_delimiter(table, settings) {
            proposal = Settings::default().with_delimiter(delimiter);
        }
        if let Ok(proposed) = proposal.clone().or(settings.clone()).apply(table) {
            values = file.read(&proposed).refused;
        }
    }
    if checked.counts.codes.contains_key(&RowCode::Encoding)
        && checked.form.is_some_and(|form| form.encoding == "UTF-8")
    {
        proposal = proposal.or(of_encoding());
    }
    proposal = proposal.or(propose_null_values(&own, &values)).or(propose_settings(&own, &values));
    checked.proposal = (!proposal.is_empty()).then_some(proposal);
    Ok(checked)
}

/// Returns the meaning of a header's names by the dictionary and the settings alone.
fn fields_of(table: &Table, header: &[String]) -> Vec<CheckedField> {
    let of = |name: &String| CheckedField {
        name: name.clone(),
        column: table.column_meant(name).map(|column| column.name().to_owned()),
    };
    header.iter().map(of).collect()
}

/// The beginning of a file.
#[derive(Clone, Copy)]
struct Beginning<'c> {
    format: Format,
    mode: LoadMode,
    content: &'c [u8],
    is_whole: bool,
}

/// The result of reading it in one way.
#[derive(Default)]
struct Attempt {
    checked: Checked,
    /// Values that were refused, by the position of their column.
    refused: BTreeMap<usize, Vec<String>>,
    /// True if the file cannot be read because its first records are no table.
    is_of_layout: bool,
}

impl Beginning<'_> {
    fn open(&self, table: &Table) -> Result<Box<dyn Source>, SourceError> {
        let Self { format, content, is_whole, .. } = *self;
        let opening = Opening { format, table, object_bytes: content.len() as u64, chunk_bytes: CHUNK_BYTES };
        let extent = if is_whole { Extent::Limited } else { Extent::Beginning };
        open_to(opening, MAX_BYTES, extent, Box::new(Cursor::new(content.to_vec())))
    }

    fn read(&self, table: &Table) -> Attempt {
        let mut attempt = Attempt::default();
        match self.count(table, &mut attempt) {
            Ok(()) | Err(PreviewError::Source(SourceError::Beginning)) => {}
            Err(fault) => {
                attempt.is_of_layout = matches!(
                    fault,
                    PreviewError::Source(SourceError::Layout(
                        LayoutError::Header { .. }
                            | LayoutError::NotOurs { .. }
                            | LayoutError::TwoDelimiters { .. }
                    ))
                ) || matches!(fault, PreviewError::Source(SourceError::Sheet(_)));
                attempt.checked.problem = Some(fault.to_string());
            }
        }
        attempt
    }

    fn count(&self, table: &Table, attempt: &mut Attempt) -> Result<(), PreviewError> {
        let mut source = self.open(table)?;
        let columns = source.columns().clone();
        attempt.checked.form = source.text_form();
        attempt.checked.warnings = source.warnings().to_vec();
        let mut is_first = true;
        while let Some(chunk) = source.next_chunk()? {
            if std::mem::take(&mut is_first) {
                attempt.name_fields(table, &columns, chunk.records().find(|record| !record.is_blank()));
            }
            let checked = CheckedChunk::check(table, &columns, &chunk)?;
            attempt.add(table, &columns, &checked, self.mode);
            let rows_read = attempt.checked.counts.rows_read;
            if rows_read >= MAX_ROWS {
                let warning = format!("only the first {rows_read} records were checked");
                attempt.checked.warnings.push(warning);
                break;
            }
        }
        Ok(())
    }

    /// Looks for a table in the records, whatever separates their fields.
    fn find_table(&self, table: &Table, settings: &Settings) -> Option<FoundTable> {
        if self.format.content == Written::Xlsx {
            return propose_table(table, &self.records(table, settings, None)?);
        }
        let declared = settings.delimiter().and_then(|text| text.bytes().next()).or(table.files().delimiter);
        let delimiters = declared.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        let found = delimiters.into_iter().filter_map(|delimiter| {
            let records = self.records(table, settings, Some(delimiter))?;
            let FoundTable { header, settings, score } = propose_table(table, &records)?;
            // Most delimiters are recognised where there is a header, and need not be stated.
            let is_usual = DELIMITERS[..4].contains(&delimiter) || declared.is_some();
            let settings = if is_usual { settings } else { settings.with_delimiter(delimiter) };
            Some(FoundTable { header, settings, score })
        });
        found.reduce(|best, other| if other.score > best.score { other } else { best })
    }

    /// Returns the delimiter with which most rows pass, and most of all rows do, of a file without
    /// a header.
    fn find_delimiter(&self, table: &Table, settings: &Settings) -> Option<u8> {
        if self.format.content == Written::Xlsx || settings.delimiter().is_some() {
            return None;
        }
        let read = DELIMITERS.into_iter().filter_map(|delimiter| {
            let table = settings.clone().with_delimiter(delimiter).apply(table).ok()?;
            let Checked { problem, counts: Counts { rows_read, rows_rejected, .. }, .. } =
                self.read(&table).checked;
            (problem.is_none() && 2 * rows_rejected < rows_read).then_some((rows_rejected, delimiter))
        });
        // Of several, the more usual one.
        read.min_by_key(|(rejected, _)| *rejected).map(|(_, delimiter)| delimiter)
    }

    /// Returns the first records, read by position.
    fn records(
        &self,
        table: &Table,
        settings: &Settings,
        delimiter: Option<u8>,
    ) -> Option<Vec<(u64, Vec<String>)>> {
        let table = settings.by_position(delimiter).apply(table).ok()?;
        Some(texts(&mut *self.open(&table).ok()?, SAMPLE))
    }
}

impl Attempt {
    fn name_fields(&mut self, table: &Table, columns: &Columns, first: Option<domain::load::Record<'_>>) {
        if columns.is_json() {
            return;
        }
        let name_of = |position: usize| {
            let index = (0..table.columns().len())
                .find(|index| columns.fields().field_of(*index) == Some(position))?;
            Some(table.columns()[index].name().to_owned())
        };
        let header: Option<Vec<String>> = first.filter(|_| columns.has_header()).map(|record| {
            record.fields().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect()
        });
        self.checked.fields = (0..columns.fields().width())
            .map(|position| {
                let column = name_of(position);
                let named = header.as_ref().and_then(|names| names.get(position).cloned());
                CheckedField { name: named.or_else(|| column.clone()).unwrap_or_default(), column }
            })
            .collect();
        self.checked.header = header;
    }

    fn add(&mut self, table: &Table, columns: &Columns, chunk: &CheckedChunk<'_>, mode: LoadMode) {
        let judged = self.checked.counts.add(chunk, mode);
        let shown = judged.accepted().take(CHECKED_RECORDS).map(|(index, row)| {
            let values = row.iter().map(value_text).collect();
            CheckedRecord { line: chunk.record(index).line, values, errors: Vec::new() }
        });
        let mut shown: Vec<CheckedRecord> = shown.collect();
        for (position, record) in judged.rejected().iter().enumerate() {
            self.refuse(table, columns, record);
            if position < CHECKED_RECORDS {
                let values = record.texts(table, columns);
                let errors = record.errors.iter().map(RowDetail::from).collect();
                shown.push(CheckedRecord { line: record.record.line, values, errors });
            }
        }
        shown.sort_by_key(|record| record.line);
        let room = CHECKED_RECORDS.saturating_sub(self.checked.records.len());
        self.checked.records.extend(shown.into_iter().take(room));
    }

    /// Remembers the values for which a record is rejected.
    fn refuse(&mut self, table: &Table, columns: &Columns, record: &RejectedRecord<'_>) {
        let is_of_value = |code: RowCode| matches!(code, RowCode::Type | RowCode::Timestamp);
        let mut texts = None;
        for error in record.errors.iter().filter(|error| is_of_value(error.code())) {
            let Some(index) = error.column.as_deref().and_then(|name| table.column_index(name)) else {
                continue;
            };
            let texts = texts.get_or_insert_with(|| record.texts(table, columns));
            let known = self.refused.entry(index).or_default();
            if let Some(Some(text)) = texts.get(index)
                && known.len() < MAX_REFUSED
            {
                known.push(text.clone());
            }
        }
    }
}
