//! One column of a database beside one of the dictionary.

use crate::dictionary::{Column, ColumnType};

/// Collations that compare texts byte by byte, and that both databases have.
const BINARY_COLLATIONS: [&str; 2] = ["utf8mb4_bin", "ascii_bin"];

/// A column as the database has it.
#[derive(Debug)]
pub(super) struct FoundColumn {
    pub(super) name: String,
    /// The type as the dictionary would write it, or as SQL does where the dictionary has none
    /// such.
    column_type: String,
    nullable: bool,
    auto_increment: bool,
    is_generated: bool,
    /// Empty for columns that are no text.
    pub(super) collation: String,
    /// Of a column that cannot be NULL: whether rows that are there get a value when it is added.
    has_default: bool,
}

impl FoundColumn {
    /// Reads a row of the first of the queries, without the table's name.
    pub(super) fn read(row: &[String]) -> Option<Self> {
        let [name, data_type, sql, length, precision, scale, fraction, nullable, extra, collation, default] =
            row
        else {
            return None;
        };
        let column_type = match data_type.as_str() {
            _ if sql.contains("unsigned") => sql.clone(),
            "int" => "integer".to_owned(),
            "tinyint" => "boolean".to_owned(),
            "decimal" => format!("decimal({precision},{scale})"),
            "char" if length == "36" => "uuid".to_owned(),
            "varchar" => format!("string({length})"),
            "varbinary" => format!("binary({length})"),
            // MariaDB has no type of its own for JSON.
            "longtext" => "json".to_owned(),
            "datetime" if fraction == "0" => "timestamp".to_owned(),
            "datetime" => format!("timestamp({fraction})"),
            "time" if fraction != "0" => sql.clone(),
            // One with digits rounds.
            "double" if sql != "double" => sql.to_uppercase(),
            // In capitals: the dictionary calls something else a timestamp.
            "timestamp" | "char" => sql.to_uppercase(),
            other => other.to_owned(),
        };
        let extra = extra.to_ascii_lowercase();
        Some(Self {
            name: name.clone(),
            column_type,
            nullable: nullable == "YES",
            auto_increment: extra.contains("auto_increment"),
            // Not that of a default: DEFAULT_GENERATED.
            is_generated: extra.contains(" generated"),
            collation: collation.clone(),
            has_default: !default.is_empty(),
        })
    }

    /// Returns everything in which the column differs from the dictionary's.
    pub(super) fn differences(&self, column: &Column) -> Vec<String> {
        let mut differences = Vec::new();
        let expected = column.column_type().to_string();
        if self.column_type != expected {
            let found = &self.column_type;
            differences.push(format!(
                "is {found}; in the dictionary {expected}, which is {}",
                sql_type(column.column_type())
            ));
        }
        // The database may allow more than the dictionary, never less.
        if !column.required() && !self.nullable {
            differences.push("is NOT NULL; in the dictionary it is not required".to_owned());
        }
        if self.auto_increment != column.auto_increment() {
            let (found, expected) =
                if self.auto_increment { ("has", "has none") } else { ("has no", "has it") };
            differences.push(format!("{found} AUTO_INCREMENT; in the dictionary it {expected}"));
        }
        if column.default().is_some() && !self.nullable && !self.has_default {
            differences.push("is NOT NULL without a DEFAULT; in the dictionary it has one".to_owned());
        }
        if column.default().is_none() && !self.nullable && self.has_default {
            differences.push(
                "is NOT NULL with a DEFAULT; in the dictionary it has none, so that no backup from before the column could \
                 be restored"
                    .to_owned(),
            );
        }
        if self.is_generated {
            differences.push("is generated, so that no row can be written".to_owned());
        }
        differences.extend(self.collation_difference(column));
        differences
    }

    fn collation_difference(&self, column: &Column) -> Option<String> {
        let (collation, is_compared) = (self.collation.as_str(), column.is_compared());
        match column.column_type() {
            ColumnType::Uuid if collation != "ascii_bin" => {
                Some(format!("has the collation {collation}; a uuid needs ascii_bin"))
            }
            ColumnType::String { .. } if is_compared && !BINARY_COLLATIONS.contains(&collation) => {
                Some(format!(
                    "has the collation {collation}; keys, unique columns and references need utf8mb4_bin or ascii_bin"
                ))
            }
            ColumnType::String { .. } if collation == "ascii_bin" && !column.is_ascii() => Some(
                "has the collation ascii_bin, and values may have other letters; declare values or a pattern that allow \
                 ASCII alone, such as \"^[!-~]+$\", or take utf8mb4_bin"
                    .to_owned(),
            ),
            ColumnType::String { .. } | ColumnType::Text
                if !is_compared && !collation.starts_with("utf8mb4") =>
            {
                Some(format!("has the collation {collation}; text needs the character set utf8mb4"))
            }
            _ => None,
        }
    }
}

/// Returns a type as a migration writes it.
pub(crate) fn sql_type(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::SmallInt => "SMALLINT".to_owned(),
        ColumnType::Integer => "INT".to_owned(),
        ColumnType::Bigint => "BIGINT".to_owned(),
        ColumnType::Double => "DOUBLE".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        ColumnType::String { max } => format!("VARCHAR({max})"),
        ColumnType::Text => "TEXT".to_owned(),
        ColumnType::Boolean => "BOOLEAN".to_owned(),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Time => "TIME".to_owned(),
        ColumnType::Timestamp { digits: 0 } => "DATETIME".to_owned(),
        ColumnType::Timestamp { digits } => format!("DATETIME({digits})"),
        ColumnType::Uuid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".to_owned(),
        ColumnType::Json => "JSON".to_owned(),
        ColumnType::Binary { max } => format!("VARBINARY({max})"),
    }
}
