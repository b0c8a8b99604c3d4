//! Makes a file: its records, in an order, with repeated ids and flaws.

use anyhow::Result;
use fastrand::Rng;

use super::writer::Writer;
use super::{Content, Record, Shape, Table};

impl Shape {
    pub(in super::super) fn make(&self, random: &mut Rng) -> Result<Content> {
        let mut columns = self.table.columns().to_vec();
        if self.header && self.shuffled_columns {
            random.shuffle(&mut columns);
        }
        let mut writer = Writer::new(self);
        if self.header {
            let spelled = |column: &&'static str| match random.u8(..4) {
                0 => Table::alias(column).as_bytes().to_vec(),
                1 => format!(" {} ", column.to_uppercase()).into_bytes(),
                _ => column.as_bytes().to_vec(),
            };
            let names: Vec<Vec<u8>> = columns.iter().map(spelled).collect();
            writer.record(&names, random)?;
        }
        let mut fresh: Vec<i64> = (self.first_id..).take(self.rows).collect();
        if self.shuffled_ids {
            random.shuffle(&mut fresh);
        }
        let mut ids: Vec<i64> = Vec::with_capacity(self.rows);
        let mut records = Vec::with_capacity(self.rows);
        for fresh in fresh {
            let repeats = !ids.is_empty() && random.f64() < self.repeated;
            let id = match (repeats, random.bool()) {
                (false, _) => fresh,
                (true, true) => ids[ids.len() - random.usize(1..=ids.len().min(8))],
                (true, false) => ids[random.usize(..ids.len())],
            };
            ids.push(id);
            let mut record = self.row(random, id);
            if random.f64() < self.flawed {
                self.spoil(random, &mut record);
            }
            if record.raw.is_none() {
                record.fields = self.ordered(&columns, record.fields);
            }
            writer.blank_line(random);
            records.push(writer.put(record, random)?);
        }
        if self.open_quote {
            let record = Record::broken("7,\"never closed".to_owned(), columns.len());
            records.push(writer.put(record, random)?);
        }
        let (object, length) = writer.finish()?;
        // Of the other table two columns at most are wrong, of four that hold no text.
        let is_of_another_table = !self.header
            && self.table == Table::Departments
            && records
                .iter()
                .filter(|record| !record.is_blank())
                .take_while(|record| !record.codes.is_empty())
                // An id that the column cannot hold is still a number.
                .any(|record| record.wrong_column == Some("id") && record.codes[0] != "out_of_range");
        Ok(Content { table: self.table, object, length, columns, records, is_of_another_table })
    }

    /// Brings fields from the dictionary's order into the file's; what is over stays at the end. In
    /// a record with too few of them the order means nothing.
    fn ordered(&self, columns: &[&'static str], fields: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let (known, width) = (self.table.columns(), columns.len());
        if fields.len() < width {
            return fields;
        }
        let of = |column: &&str| known.iter().position(|known| known == column).unwrap_or_default();
        let named = columns.iter().map(|column| fields[of(column)].clone());
        named.chain(fields[width..].iter().cloned()).collect()
    }
}
