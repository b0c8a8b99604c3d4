//! Schemas of rows, from the dictionary: as clients send them, and as the service returns them.

use domain::dictionary::{Column, ColumnType, Dictionary, Table};
use serde_json::{Value, json};

use crate::schema::{DAY, camel_case, described, integer, matching, named, object, or_null};

/// The direction in which a row travels, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// In an insert.
    Insert,
    /// In a PUT, whose path has the id already.
    Put,
    /// In an answer.
    Returned,
}

impl RowForm {
    /// Every form.
    pub(crate) const ALL: [Self; 3] = [Self::Insert, Self::Put, Self::Returned];

    /// Names the schema of a table's rows: `EmployeesInsert`.
    pub(crate) fn schema_name(self, table: &Table) -> String {
        let suffix = match self {
            Self::Insert => "Insert",
            Self::Put => "Put",
            Self::Returned => "Row",
        };
        camel_case(table.name(), '_') + suffix
    }

    /// Describes a row of any table.
    pub(crate) fn of_any_table(self, dictionary: &Dictionary) -> Value {
        let rows = dictionary.visible_tables().map(|table| named(&self.schema_name(table)));
        json!({ "anyOf": rows.collect::<Vec<_>>() })
    }
}

/// Describes a row of a table.
pub(crate) fn row(table: &Table, form: RowForm) -> Value {
    let columns = table.columns().iter().enumerate().map(|(index, column)| {
        let is_in_path = form == RowForm::Put && index == table.key_index();
        let is_required = form == RowForm::Returned || column.required() && !is_in_path;
        (column.name().to_owned(), value(column, form), is_required)
    });
    let aliases = match table.aliases() {
        [] => String::new(),
        aliases => format!(" The table also answers to {}.", aliases.join(", ")),
    };
    described(object(columns), &format!("{}{aliases}", table.description()))
}

/// Describes the ids that rows of any table may have.
pub(crate) fn any_id(dictionary: &Dictionary) -> Value {
    let mut keys = dictionary.visible_tables().map(|table| table.key().column_type());
    id_of(if keys.all(|key| key == ColumnType::Integer) { ColumnType::Integer } else { ColumnType::Bigint })
}

fn id_of(column_type: ColumnType) -> Value {
    let (minimum, maximum) = column_type.integer_bounds();
    integer(minimum, maximum)
}

fn value(column: &Column, form: RowForm) -> Value {
    let is_sent = form != RowForm::Returned;
    let schema = match column.column_type() {
        ColumnType::Integer | ColumnType::Bigint if is_sent && column.auto_increment() => {
            return numbered(column, form);
        }
        of @ (ColumnType::Integer | ColumnType::Bigint) => id_of(of),
        ColumnType::Decimal { precision, scale } if is_sent => return decimal(column, precision, scale),
        ColumnType::Decimal { precision, scale } => matching(&decimal_pattern(precision, scale)),
        // An empty text counts as none.
        ColumnType::String { max } if is_sent && column.required() => {
            json!({ "type": "string", "minLength": 1, "maxLength": max })
        }
        ColumnType::String { max } => json!({ "type": "string", "maxLength": max }),
        ColumnType::Boolean => json!({ "type": "boolean" }),
        ColumnType::Date => formatted(DAY, "date", "2021-07-27"),
        ColumnType::Timestamp => {
            let pattern = format!("{DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z");
            formatted(&pattern, "date-time", "2021-07-27T16:02:08Z")
        }
    };
    // Even a required column may be NULL where something else than Rowgate has written.
    let schema = if column.required() && is_sent { schema } else { or_null(schema) };
    described(schema, &description(column, form))
}

fn formatted(pattern: &str, format: &str, example: &str) -> Value {
    let mut schema = matching(pattern);
    schema["format"] = format.into();
    schema["examples"] = json!([example]);
    schema
}

/// Describes an id that the database would assign itself where it is 0.
fn numbered(column: &Column, form: RowForm) -> Value {
    let (minimum, maximum) = column.column_type().integer_bounds();
    let mut any = vec![integer(1, maximum), integer(minimum, -1)];
    if form == RowForm::Put || !column.required() {
        any.push(json!({ "type": "null" }));
    }
    json!({ "anyOf": any, "description": format!("{} Not 0.", description(column, form)), "examples": [1] })
}

/// Describes an exact number, sent as text or as a number.
fn decimal(column: &Column, precision: u8, scale: u8) -> Value {
    let limit = 10_f64.powi(i32::from(precision - scale));
    let number = json!({
        "type": "number",
        "exclusiveMinimum": -limit,
        "exclusiveMaximum": limit,
        "multipleOf": 10_f64.powi(-i32::from(scale)),
    });
    let mut any = vec![matching(&decimal_pattern(precision, scale)), number];
    if !column.required() {
        any.push(json!({ "type": "null" }));
    }
    let description = format!("{} Written without an exponent.", description(column, RowForm::Insert));
    json!({ "anyOf": any, "description": description })
}

/// Returns the pattern of decimals as the service reads them: leading and trailing zeros count for
/// nothing.
fn decimal_pattern(precision: u8, scale: u8) -> String {
    let whole = match precision - scale {
        0 => "0+".to_owned(),
        digits => format!("0*[0-9]{{1,{digits}}}"),
    };
    let fraction = if scale == 0 { "0+".to_owned() } else { format!("[0-9]{{1,{scale}}}0*") };
    format!("-?{whole}(?:\\.{fraction})?")
}

fn description(column: &Column, form: RowForm) -> String {
    let mut text = column.description().to_owned();
    if let Some(table) = column.references() {
        text.push_str(&format!(" Refers to {table}."));
    }
    if form != RowForm::Returned && !column.aliases().is_empty() {
        text.push_str(&format!(" May also be called {}.", column.aliases().join(", ")));
    }
    text
}

/// Makes a good row of a table, to show how rows are sent.
pub(crate) fn example(table: &Table) -> Value {
    let fields = table.columns().iter().map(|column| {
        let value = match column.column_type() {
            ColumnType::Integer | ColumnType::Bigint => json!(1),
            ColumnType::Decimal { scale, .. } => json!(if scale == 0 { "0" } else { "0.5" }),
            ColumnType::String { max } => json!(if max >= 7 { "Example" } else { "E" }),
            ColumnType::Boolean => json!(true),
            ColumnType::Date => json!("2021-07-27"),
            ColumnType::Timestamp => json!("2021-07-27T16:02:08Z"),
        };
        (column.name().to_owned(), value)
    });
    Value::Object(fields.collect())
}
