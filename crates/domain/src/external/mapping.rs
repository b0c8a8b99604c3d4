//! Maps the fields of a file to columns.

use crate::dictionary::Table;
use crate::row::MAX_NAME;
use crate::shortened;

/// The fields of a file that may be left out because no column is called so. Without that they are
/// a reason to refuse the file: nothing is dropped silently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoredFields(Vec<String>);

impl IgnoredFields {
    /// The name that stands for every field that no column is called by.
    pub const ALL: &str = "*";

    /// These fields, by their names in the file, or [`ALL`](Self::ALL).
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    fn names_it(&self, field: &str) -> bool {
        self.0.iter().any(|name| name == field)
    }

    fn all(&self) -> bool {
        self.names_it(Self::ALL)
    }
}

/// For each field of a file the column that it is for, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap {
    columns: Vec<Option<usize>>,
    fields: Vec<Option<usize>>,
}

/// The reason why the fields of a file are no rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// No field is for a column that needs a value and has no default.
    #[error("no field is for the column {column:?}, which needs a value")]
    Missing {
        /// The column.
        column: String,
    },
    /// Two fields are for one column, perhaps by an alias.
    #[error("the fields {first:?} and {second:?} are both for the column {column:?}")]
    Repeated {
        /// The column.
        column: String,
        /// The field that comes first in the file.
        first: String,
        /// The other one.
        second: String,
    },
    /// A field without a column that is not in the list of fields to leave out.
    #[error("the field {field:?} is for no column; to leave it out, name it in \"ignore\"")]
    Unknown {
        /// The field.
        field: String,
    },
}

impl FieldMap {
    /// Finds the column of each field: by the field's name, which may be a column's alias in the
    /// dictionary, then by the field's own aliases. Capital letters count for nothing, as in a CSV
    /// header: Oracle and Sqoop write names in them.
    ///
    /// A field that is in `ignored` by its name is left out even where it would be for a column; so
    /// of two fields for one column the right one can be chosen.
    ///
    /// # Errors
    /// Every [`FieldFault`], those of fields in the file's order first.
    pub fn new<'f>(
        table: &Table,
        fields: impl Iterator<Item = (&'f str, &'f [String])>,
        ignored: &IgnoredFields,
    ) -> Result<Self, Vec<FieldFault>> {
        let columns = table.columns();
        let mut map = Self { columns: Vec::new(), fields: vec![None; columns.len()] };
        let mut names: Vec<&str> = Vec::new();
        let mut faults = Vec::new();
        let of_name =
            |name: &str| table.column_index(name).or_else(|| table.column_index(&name.to_lowercase()));
        for (position, (name, aliases)) in fields.enumerate() {
            names.push(name);
            let column = match ignored.names_it(name) {
                true => None,
                false => of_name(name).or_else(|| aliases.iter().find_map(|alias| of_name(alias))),
            };
            map.columns.push(column);
            match column {
                Some(column) => match map.fields[column] {
                    None => map.fields[column] = Some(position),
                    Some(first) => faults.push(FieldFault::Repeated {
                        column: columns[column].name().to_owned(),
                        first: short(names[first]),
                        second: short(name),
                    }),
                },
                None if ignored.all() || ignored.names_it(name) => {}
                None => faults.push(FieldFault::Unknown { field: short(name) }),
            }
        }
        for (column, field) in columns.iter().zip(&map.fields) {
            if column.required() && column.default().is_none() && field.is_none() {
                faults.push(FieldFault::Missing { column: column.name().to_owned() });
            }
        }
        if faults.is_empty() { Ok(map) } else { Err(faults) }
    }

    /// Returns the column that the field at `position` is for, by its position in the table; `None`
    /// for a field that is left out.
    pub fn column_of(&self, position: usize) -> Option<usize> {
        self.columns[position]
    }

    /// Returns the columns that the file has, in the order of its fields.
    pub fn columns_in_file_order(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().filter_map(|column| *column)
    }
}

fn short(name: &str) -> String {
    shortened(name, MAX_NAME).into_owned()
}
