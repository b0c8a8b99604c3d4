//! Checks files for every reason against restoring them, before anything is changed.

use std::io::{BufReader, Read};
use std::sync::Arc;

use domain::dictionary::Table;
use domain::external::{FieldMap, IgnoredFields};

use super::blocks::Blocks;
use super::fault::Fault;
use super::header::{Header, Input};
use super::shape::Row;
use crate::read::objects::Objects;
use crate::read::source::{Object, PlanFault};

/// The most reasons that are listed: each of a thousand files in a folder may have its own.
const MAX_REASONS: usize = 50;

/// Returns true if an object under `prefix` is data. Files that Spark, Hadoop, Hive and Glue put
/// beside their data are not: `_SUCCESS`, `_committed_…`, `.part-00000.avro.crc`, folders, empty
/// files; nor are files that a job has not committed, or left behind when it failed: all below
/// `_temporary/`, `.hive-staging…/`, `.spark-staging…/`, and `…._COPYING_`. Spark itself reads
/// folders by these rules (`HadoopFSUtils.shouldFilterOutPathName`): `_year=2021/` is a folder of
/// data.
pub(crate) fn is_data(prefix: &str, object: &Object) -> bool {
    let folder = prefix.rfind('/').map_or(0, |slash| slash + 1);
    let below = object.key.get(folder..).unwrap_or(&object.key);
    let is_beside = |name: &str| name.starts_with('.') || name.starts_with('_') && !name.contains('=');
    let name = below.rsplit('/').next().unwrap_or_default();
    object.bytes > 0
        && !name.is_empty()
        && !below.split('/').any(is_beside)
        && !name.ends_with(".crc")
        && !name.ends_with("._COPYING_")
}

/// Reads the headers of files and holds their schemas against `table`; `nullable` says which of
/// its columns may be NULL in the database. Blocking.
///
/// # Errors
/// [`PlanFault::Refused`] with every reason.
pub(crate) fn plan(
    objects: &Objects,
    found: &[Object],
    table: &Table,
    nullable: &[bool],
    ignored: &IgnoredFields,
) -> Result<(), PlanFault> {
    let mut reasons = Vec::new();
    for Object { key, .. } in found {
        match OpenFile::open(objects.open(key), table, ignored) {
            Ok(file) => {
                for (index, column) in table.columns().iter().enumerate() {
                    // A missing field of a required column is reported elsewhere.
                    let needs_none = column.required()
                        || column.default().is_some()
                        || nullable.get(index).is_none_or(|nullable| *nullable);
                    if !needs_none && !file.map.columns_in_file_order().any(|found| found == index) {
                        reasons.push(format!(
                            "{key}: no field is for the column {:?}, which cannot be NULL in the database and has no default",
                            column.name()
                        ));
                    }
                }
            }
            Err(PlanFault::Refused(more)) => {
                reasons.extend(more.iter().map(|reason| format!("{key}: {reason}")));
            }
            Err(fault @ PlanFault::Read(_)) => return Err(fault),
        }
    }
    if reasons.len() > MAX_REASONS {
        let more = reasons.len() - MAX_REASONS;
        reasons.truncate(MAX_REASONS);
        reasons.push(format!("and {more} more reasons"));
    }
    if reasons.is_empty() { Ok(()) } else { Err(PlanFault::Refused(reasons)) }
}

/// A file whose header has been read.
#[derive(Debug)]
pub(super) struct OpenFile<R> {
    pub(super) blocks: Blocks<BufReader<R>>,
    pub(super) row: Row,
    pub(super) map: Arc<FieldMap>,
}

impl From<Fault> for PlanFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Read(error) => Self::Read(error),
            Fault::Content(reason) => Self::Refused(vec![reason]),
        }
    }
}

/// Bytes that are asked for at a time; blocks that are larger are read without a copy.
const BUFFER: usize = 64 * 1024;

impl<R: Read> OpenFile<R> {
    /// Reads the header, and finds the columns of the fields.
    pub(super) fn open(reader: R, table: &Table, ignored: &IgnoredFields) -> Result<Self, PlanFault> {
        let mut input = Input::new(BufReader::with_capacity(BUFFER, reader));
        let header = Header::read(&mut input)?;
        let blocks = Blocks::new(input, &header);
        let row = Row::read(&header.schema);
        // The errors of both are reported.
        let (blocks, row) = match (blocks, row) {
            (Ok(blocks), Ok(row)) => (blocks, row),
            (Err(Fault::Content(codec)), Err(Fault::Content(schema))) => {
                return Err(PlanFault::Refused(vec![codec, schema]));
            }
            (Err(fault), _) | (_, Err(fault)) => return Err(fault.into()),
        };
        let fields = row.fields.iter().map(|field| (&*field.name, &*field.aliases));
        let map = FieldMap::new(table, fields, ignored)
            .map_err(|faults| PlanFault::Refused(faults.iter().map(ToString::to_string).collect()))?;
        Ok(Self { blocks, row, map: Arc::new(map) })
    }
}
