//! Reads Avro files with the `apache-avro` crate, which Rowgate does not write them with.

use anyhow::{Context, Result, bail};
use apache_avro::Reader;
use apache_avro::types::Value;

use super::tables;
use crate::rows::{Cells, Rows};

/// Adds a file's rows to those of its table.
///
/// # Errors
/// If it cannot be read, a column is missing or not in its place, or an id comes twice.
pub(super) fn read(table: &str, content: &[u8], into: &mut Rows) -> Result<u64> {
    let mut count = 0;
    for record in Reader::new(content)? {
        let Value::Record(fields) = record? else { bail!("a file of something else than records") };
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        anyhow::ensure!(names == tables::names(table), "the columns are {names:?}");
        let mut cells: Cells = fields.into_iter().map(|(_, value)| text(value)).collect::<Result<_>>()?;
        let id: i64 = cells.remove(0).context("an id")?.parse()?;
        anyhow::ensure!(into.insert(id, cells).is_none(), "id {id} comes twice");
        count += 1;
    }
    Ok(count)
}

/// Returns a value as the database writes it.
fn text(value: Value) -> Result<Option<String>> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Union(_, value) => return text(*value),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::String(text) => text,
        Value::Bytes(bytes) => String::from_utf8(bytes)?,
        Value::TimestampMillis(time) => {
            // Up to the last second of 9999, where jiff's points in time leave room for every zone.
            let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
            let time = epoch.checked_add(jiff::SignedDuration::from_millis(time))?;
            anyhow::ensure!(time.subsec_nanosecond() == 0, "a part of a second");
            time.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Value::Date(days) => {
            let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days)?)?;
            day.to_string()
        }
        other => bail!("say in {} how the database writes {other:?}", file!()),
    }))
}
