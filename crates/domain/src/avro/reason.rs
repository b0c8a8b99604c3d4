use crate::dictionary::ColumnType;

/// Why the rows of a file cannot be rows of a table, as far as their schemas tell: a sentence for
/// the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The record has the name of another table.
    #[error("the file holds rows of {found:?}, not of the table {expected}")]
    OtherTable {
        /// The record's name.
        found: String,
        /// The table's name.
        expected: String,
    },
    /// The table has a column that the file has not, that cannot be NULL, and that has no default.
    #[error(
        "the column {column} is not in the file, the database does not let it be NULL, and the dictionary names no default"
    )]
    Missing {
        /// The table's column.
        column: String,
    },
    /// The file has a field that the table has not.
    #[error(
        "the field {field:?} is in the file, but no column of the table has that name or alias: its values would be lost"
    )]
    Lost {
        /// The file's field.
        field: String,
    },
    /// The field's type is neither the column's nor one that widens to it.
    #[error("the column {column} is {expected}, but {found} in the file, which cannot be read as that")]
    Type {
        /// The table's column.
        column: String,
        /// The field's type in Avro.
        found: String,
        /// The column's type.
        expected: ColumnType,
    },
}
