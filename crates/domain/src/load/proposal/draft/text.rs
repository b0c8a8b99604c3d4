//! The text of a draft.

use std::fmt::Write;

use super::column::DraftColumn;
use crate::dictionary::{ColumnType, WireFiles};
use crate::schema::sql_type;

/// Returns the block of the dictionary.
pub(super) fn block(
    name: &str,
    columns: &[DraftColumn<'_>],
    key: &[usize],
    unique: &[usize],
    files: &WireFiles,
) -> String {
    let mut text = format!("[[table]]\nname = {}\ndescription = \"\"\ncolumns = [\n", quoted(name));
    for (index, column) in columns.iter().enumerate() {
        let _ = write!(text, "    {{ name = {}, type = \"{}\"", quoted(&column.name), column.column_type);
        if key.contains(&index) {
            text.push_str(", key = true");
        }
        if unique.contains(&index) {
            text.push_str(", unique = true");
        }
        if !column.is_required() {
            text.push_str(", required = false");
        }
        if !column.description.is_empty() {
            let _ = write!(text, ", description = {}", quoted(&column.description));
        }
        text.push_str(" },\n");
    }
    text.push_str("]\n");
    // Strings, numbers and lists of them cannot fail to be written.
    let files = serde_json::to_value(files).unwrap_or_default();
    let is_set = |value: &&serde_json::Value| {
        !value.is_null() && value.as_object().is_none_or(|members| !members.is_empty())
    };
    let mut settings = String::new();
    for (key, value) in files.as_object().into_iter().flatten().filter(|(_, value)| is_set(value)) {
        if let Ok(value) = toml::Value::try_from(value) {
            let _ = writeln!(settings, "{key} = {value}");
        }
    }
    if !settings.is_empty() {
        text.push_str("\n[table.files]\n");
        text.push_str(&settings);
    }
    text
}

/// Returns the migration that creates the table.
pub(super) fn migration(name: &str, columns: &[DraftColumn<'_>], key: &[usize], unique: &[usize]) -> String {
    let mut lines = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let is_compared = key.contains(&index) || unique.contains(&index);
        let collation = match column.column_type {
            ColumnType::String { .. } if is_compared => " COLLATE utf8mb4_bin",
            _ => "",
        };
        let null = if column.is_required() { "NOT NULL" } else { "NULL" };
        lines.push(format!("`{}` {}{collation} {null}", column.name, sql_type(column.column_type)));
    }
    let names: Vec<String> = key.iter().map(|index| format!("`{}`", columns[*index].name)).collect();
    lines.push(format!("PRIMARY KEY ({})", names.join(", ")));
    for index in unique {
        lines.push(format!("UNIQUE KEY (`{}`)", columns[*index].name));
    }
    format!(
        "CREATE TABLE `{name}` (\n    {}\n) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = \
         utf8mb4_unicode_520_ci;\n",
        lines.join(",\n    ")
    )
}

/// Returns a text as TOML has it, in quotes.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
