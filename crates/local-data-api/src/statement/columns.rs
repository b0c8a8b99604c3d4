//! Result columns: how their values are read, and their metadata in JDBC's terms.

use mysql_async::Column;
use mysql_async::consts::{ColumnFlags, ColumnType};
use serde::Serialize;

use crate::error::{ApiError, ErrorKind};

/// The collation number of binary columns.
const BINARY: u16 = 63;

/// The way to read the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// TINYINT(1) and BIT(1).
    Boolean,
    Long,
    /// FLOAT: four bytes, so that its shortest decimal form is found before it is widened.
    Float,
    Double,
    Decimal {
        scale: u8,
    },
    Text,
    Blob,
    Date,
    /// With the number of digits of its fractional seconds.
    Temporal {
        digits: u8,
    },
}

/// The service's `ColumnMetadata`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    array_base_column_type: i32,
    is_auto_increment: bool,
    is_case_sensitive: bool,
    is_currency: bool,
    is_signed: bool,
    label: String,
    name: String,
    nullable: i32,
    precision: i32,
    scale: u8,
    schema_name: String,
    table_name: String,
    r#type: i32,
    type_name: &'static str,
}

/// The JDBC type codes (java.sql.Types) that MySQL columns have.
mod jdbc {
    pub(super) const BIT: i32 = -7;
    pub(super) const TINYINT: i32 = -6;
    pub(super) const BIGINT: i32 = -5;
    pub(super) const LONGVARBINARY: i32 = -4;
    pub(super) const VARBINARY: i32 = -3;
    pub(super) const BINARY: i32 = -2;
    pub(super) const LONGVARCHAR: i32 = -1;
    pub(super) const NULL: i32 = 0;
    pub(super) const CHAR: i32 = 1;
    pub(super) const DECIMAL: i32 = 3;
    pub(super) const INTEGER: i32 = 4;
    pub(super) const SMALLINT: i32 = 5;
    pub(super) const REAL: i32 = 7;
    pub(super) const DOUBLE: i32 = 8;
    pub(super) const VARCHAR: i32 = 12;
    pub(super) const DATE: i32 = 91;
    pub(super) const TIME: i32 = 92;
    pub(super) const TIMESTAMP: i32 = 93;
}

/// Returns how the values of `column` are read.
pub(crate) fn kind(column: &Column) -> Result<Kind, ApiError> {
    use ColumnType as T;
    Ok(match column.column_type() {
        T::MYSQL_TYPE_TINY if is_boolean(column) => Kind::Boolean,
        T::MYSQL_TYPE_BIT if column.column_length() == 1 => Kind::Boolean,
        T::MYSQL_TYPE_TINY
        | T::MYSQL_TYPE_SHORT
        | T::MYSQL_TYPE_INT24
        | T::MYSQL_TYPE_LONG
        | T::MYSQL_TYPE_LONGLONG
        | T::MYSQL_TYPE_YEAR => Kind::Long,
        T::MYSQL_TYPE_FLOAT => Kind::Float,
        T::MYSQL_TYPE_DOUBLE => Kind::Double,
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => Kind::Decimal { scale: column.decimals() },
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => Kind::Date,
        T::MYSQL_TYPE_TIME
        | T::MYSQL_TYPE_TIME2
        | T::MYSQL_TYPE_DATETIME
        | T::MYSQL_TYPE_DATETIME2
        | T::MYSQL_TYPE_TIMESTAMP
        | T::MYSQL_TYPE_TIMESTAMP2 => Kind::Temporal { digits: column.decimals().min(6) },
        T::MYSQL_TYPE_BIT => Kind::Blob,
        T::MYSQL_TYPE_JSON | T::MYSQL_TYPE_NULL | T::MYSQL_TYPE_ENUM | T::MYSQL_TYPE_SET => Kind::Text,
        T::MYSQL_TYPE_VARCHAR
        | T::MYSQL_TYPE_VAR_STRING
        | T::MYSQL_TYPE_STRING
        | T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB => {
            if column.character_set() == BINARY {
                Kind::Blob
            } else {
                Kind::Text
            }
        }
        T::MYSQL_TYPE_GEOMETRY => return Err(unsupported("GEOMETRY")),
        _ => return Err(unsupported("UNKNOWN")),
    })
}

fn unsupported(name: &str) -> ApiError {
    ApiError::new(
        ErrorKind::UnsupportedResultException,
        format!("The result contains the unsupported data type \"{name}\"."),
    )
}

/// TINYINT(1) is how MySQL spells BOOLEAN; with UNSIGNED it is a number.
fn is_boolean(column: &Column) -> bool {
    column.column_length() == 1 && !column.flags().contains(ColumnFlags::UNSIGNED_FLAG)
}

/// Returns the metadata of `column`.
pub(crate) fn metadata(column: &Column) -> Metadata {
    let flags = column.flags();
    let (r#type, type_name, precision) = type_of(column);
    let numeric = matches!(
        r#type,
        jdbc::TINYINT
            | jdbc::SMALLINT
            | jdbc::INTEGER
            | jdbc::BIGINT
            | jdbc::REAL
            | jdbc::DOUBLE
            | jdbc::DECIMAL
    );
    let textual = matches!(r#type, jdbc::CHAR | jdbc::VARCHAR | jdbc::LONGVARCHAR);
    let binary = matches!(r#type, jdbc::BINARY | jdbc::VARBINARY | jdbc::LONGVARBINARY);
    let name =
        if column.org_name_ref().is_empty() { column.name_str() } else { column.org_name_str() }.into_owned();
    Metadata {
        array_base_column_type: 0,
        is_auto_increment: flags.contains(ColumnFlags::AUTO_INCREMENT_FLAG),
        is_case_sensitive: binary || (textual && flags.contains(ColumnFlags::BINARY_FLAG)),
        is_currency: false,
        is_signed: numeric && !flags.contains(ColumnFlags::UNSIGNED_FLAG),
        label: column.name_str().into_owned(),
        name,
        nullable: i32::from(!flags.contains(ColumnFlags::NOT_NULL_FLAG)),
        // Longest texts and JSON have 4,294,967,295, for which the service's `Integer` has no room.
        precision: i32::try_from(precision).unwrap_or(i32::MAX),
        scale: if r#type == jdbc::DECIMAL { column.decimals() } else { 0 },
        // MySQL's databases are JDBC's catalogs; its schemas have no name.
        schema_name: String::new(),
        table_name: column.table_str().into_owned(),
        r#type,
        type_name,
    }
}

/// Returns the JDBC code, MySQL's name and the precision of a column.
fn type_of(column: &Column) -> (i32, &'static str, u32) {
    use ColumnType as T;
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let integer = |code, signed_name, unsigned_name, precision| {
        (code, if unsigned { unsigned_name } else { signed_name }, precision)
    };
    let length = column.column_length();
    let fraction = match column.decimals() {
        digits @ 1..=6 => u32::from(digits) + 1,
        _ => 0,
    };
    match column.column_type() {
        T::MYSQL_TYPE_TINY if is_boolean(column) => (jdbc::BIT, "BIT", 1),
        T::MYSQL_TYPE_BIT if length == 1 => (jdbc::BIT, "BIT", 1),
        T::MYSQL_TYPE_BIT => (jdbc::VARBINARY, "BIT", length),
        T::MYSQL_TYPE_TINY => integer(jdbc::TINYINT, "TINYINT", "TINYINT UNSIGNED", 3),
        T::MYSQL_TYPE_SHORT => integer(jdbc::SMALLINT, "SMALLINT", "SMALLINT UNSIGNED", 5),
        T::MYSQL_TYPE_INT24 => integer(jdbc::INTEGER, "MEDIUMINT", "MEDIUMINT UNSIGNED", 7),
        T::MYSQL_TYPE_LONG => integer(jdbc::INTEGER, "INT", "INT UNSIGNED", 10),
        T::MYSQL_TYPE_LONGLONG => {
            integer(jdbc::BIGINT, "BIGINT", "BIGINT UNSIGNED", if unsigned { 20 } else { 19 })
        }
        T::MYSQL_TYPE_YEAR => (jdbc::INTEGER, "YEAR", 4),
        T::MYSQL_TYPE_FLOAT => integer(jdbc::REAL, "FLOAT", "FLOAT UNSIGNED", 12),
        T::MYSQL_TYPE_DOUBLE => integer(jdbc::DOUBLE, "DOUBLE", "DOUBLE UNSIGNED", 22),
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => {
            // The wire counts the characters: the digits, the point, and the sign where there may
            // be one.
            let marks = u32::from(column.decimals() > 0) + u32::from(!unsigned);
            integer(jdbc::DECIMAL, "DECIMAL", "DECIMAL UNSIGNED", length.saturating_sub(marks))
        }
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => (jdbc::DATE, "DATE", 10),
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => (jdbc::TIME, "TIME", 8 + fraction),
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => (jdbc::TIMESTAMP, "DATETIME", 19 + fraction),
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => (jdbc::TIMESTAMP, "TIMESTAMP", 19 + fraction),
        T::MYSQL_TYPE_JSON => (jdbc::LONGVARCHAR, "JSON", length),
        T::MYSQL_TYPE_NULL => (jdbc::NULL, "NULL", 0),
        _ => string_type(column),
    }
}

fn string_type(column: &Column) -> (i32, &'static str, u32) {
    use ColumnType as T;
    let length = column.column_length();
    let binary = column.character_set() == BINARY;
    // The wire counts bytes; utf8mb4 takes up to four a character.
    let chars = length / 4;
    match column.column_type() {
        T::MYSQL_TYPE_STRING if column.flags().contains(ColumnFlags::ENUM_FLAG) => {
            (jdbc::CHAR, "ENUM", chars)
        }
        T::MYSQL_TYPE_STRING if column.flags().contains(ColumnFlags::SET_FLAG) => (jdbc::CHAR, "SET", chars),
        T::MYSQL_TYPE_STRING if binary => (jdbc::BINARY, "BINARY", length),
        T::MYSQL_TYPE_STRING => (jdbc::CHAR, "CHAR", chars),
        T::MYSQL_TYPE_VARCHAR | T::MYSQL_TYPE_VAR_STRING if binary => (jdbc::VARBINARY, "VARBINARY", length),
        T::MYSQL_TYPE_VARCHAR | T::MYSQL_TYPE_VAR_STRING => (jdbc::VARCHAR, "VARCHAR", chars),
        _ if binary => {
            let name = by_size(length, ["TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"]);
            (jdbc::LONGVARBINARY, name, length)
        }
        _ => {
            let name = by_size(chars, ["TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"]);
            (jdbc::LONGVARCHAR, name, chars)
        }
    }
}

fn by_size(size: u32, [tiny, plain, medium, long]: [&'static str; 4]) -> &'static str {
    match size {
        0..=0xff => tiny,
        0x100..=0xffff => plain,
        0x1_0000..=0xff_ffff => medium,
        _ => long,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(column_type: ColumnType, length: u32, flags: ColumnFlags, charset: u16) -> Column {
        Column::new(column_type).with_column_length(length).with_flags(flags).with_character_set(charset)
    }

    #[test]
    fn tinyint_1_and_bit_1_are_booleans() {
        let none = ColumnFlags::empty();
        let unsigned = ColumnFlags::UNSIGNED_FLAG;
        let of = |t, length, flags| kind(&column(t, length, flags, BINARY)).unwrap();
        assert_eq!(of(ColumnType::MYSQL_TYPE_TINY, 1, none), Kind::Boolean);
        assert_eq!(of(ColumnType::MYSQL_TYPE_TINY, 4, none), Kind::Long);
        assert_eq!(of(ColumnType::MYSQL_TYPE_TINY, 1, unsigned), Kind::Long);
        assert_eq!(of(ColumnType::MYSQL_TYPE_BIT, 1, unsigned), Kind::Boolean);
        assert_eq!(of(ColumnType::MYSQL_TYPE_BIT, 8, unsigned), Kind::Blob);
    }

    #[test]
    fn the_character_set_tells_text_from_bytes() {
        let of =
            |charset| kind(&column(ColumnType::MYSQL_TYPE_BLOB, 9, ColumnFlags::empty(), charset)).unwrap();
        assert_eq!(of(BINARY), Kind::Blob);
        assert_eq!(of(45), Kind::Text);
        assert_eq!(
            kind(&column(ColumnType::MYSQL_TYPE_JSON, 9, ColumnFlags::empty(), BINARY)),
            Ok(Kind::Text)
        );
    }

    #[test]
    fn geometry_is_refused() {
        let error = kind(&Column::new(ColumnType::MYSQL_TYPE_GEOMETRY)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnsupportedResultException);
        assert_eq!(error.message, "The result contains the unsupported data type \"GEOMETRY\".");
    }

    #[test]
    fn a_precision_fits_into_32_bits() {
        let none = ColumnFlags::empty();
        let precision =
            |column_type, charset| metadata(&column(column_type, u32::MAX, none, charset)).precision;
        assert_eq!(precision(ColumnType::MYSQL_TYPE_JSON, BINARY), i32::MAX);
        assert_eq!(precision(ColumnType::MYSQL_TYPE_BLOB, BINARY), i32::MAX);
        assert_eq!(precision(ColumnType::MYSQL_TYPE_BLOB, 45), 0x3fff_ffff);
    }

    #[test]
    fn decimals_count_digits_only() {
        let signed =
            column(ColumnType::MYSQL_TYPE_NEWDECIMAL, 12, ColumnFlags::empty(), BINARY).with_decimals(2);
        assert_eq!(type_of(&signed), (jdbc::DECIMAL, "DECIMAL", 10));
    }
}
