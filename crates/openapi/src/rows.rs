//! Schemas of rows, from the dictionary: as clients send them, and as the service returns them.

use domain::dictionary::{Column, ColumnType, Dictionary, Rules, Table};
use domain::json_row::{value_text, write_json_value};
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

    /// Names the schema of a table's rows: `DocumentsInsert`.
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
        let is_in_path = form == RowForm::Put && table.key_indexes().contains(&index);
        let is_required = form == RowForm::Returned || column.required() && !is_in_path;
        (column.name().to_owned(), value(table, index, form), is_required)
    });
    let mut description = table.description().to_owned();
    if let [_, ..] = table.aliases() {
        description.push_str(&format!(" The table also answers to {}.", table.aliases().join(", ")));
    }
    let list = |positions: &[usize]| {
        let names: Vec<&str> = positions.iter().map(|index| table.columns()[*index].name()).collect();
        names.join(", ")
    };
    if form != RowForm::Returned {
        for check in table.checks() {
            description.push_str(&format!(" Every row keeps {}.", check.text()));
        }
        for unique in table.unique().iter().filter(|unique| unique.len() > 1) {
            description.push_str(&format!(" No two rows share {}.", list(unique)));
        }
    }
    for reference in table.references().iter().filter(|reference| reference.columns().len() > 1) {
        description.push_str(&format!(" {} refer to {}.", list(reference.columns()), reference.table()));
    }
    described(object(columns), description.trim_start())
}

/// Describes the ids that rows of any table may have: numbers for keys of one whole number, the
/// text of the key for others.
pub(crate) fn any_id(dictionary: &Dictionary) -> Value {
    let number_of = |table: &Table| match table.key_indexes() {
        [key] => Some(table.columns()[*key].column_type()).filter(|key| key.is_whole_number()),
        _ => None,
    };
    let keys: Vec<Option<ColumnType>> = dictionary.visible_tables().map(number_of).collect();
    let bounds = keys.iter().flatten().map(|key| key.integer_bounds());
    let number = bounds.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    let number = number.map(|(minimum, maximum)| integer(minimum, maximum));
    let text = keys.contains(&None).then(|| {
        let part = r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+";
        matching(&format!("{part}(?:,{part})*"))
    });
    match (number, text) {
        (Some(number), Some(text)) => json!({ "anyOf": [number, text] }),
        (number, text) => number.or(text).unwrap_or_default(),
    }
}

fn id_of(column_type: ColumnType) -> Value {
    let (minimum, maximum) = column_type.integer_bounds();
    integer(minimum, maximum)
}

fn value(table: &Table, index: usize, form: RowForm) -> Value {
    let column = &table.columns()[index];
    let is_sent = form != RowForm::Returned;
    let mut schema = match column.column_type() {
        of if of.is_whole_number() && is_sent && column.auto_increment() => {
            return numbered(table, index, form);
        }
        ColumnType::Decimal { precision, scale } if is_sent => {
            return decimal(table, index, precision, scale);
        }
        of => of_type(of),
    };
    // An empty text counts as none.
    if column.column_type().is_text() && is_sent && column.required() {
        schema["minLength"] = 1.into();
    }
    if let Some(rules) = column.rules().filter(|_| is_sent) {
        add_rules(&mut schema, rules);
    }
    // Even a required column may be NULL where something else than Rowgate has written.
    let schema = if column.required() && is_sent { schema } else { or_null(schema) };
    described(schema, &description(table, index, form))
}

/// Describes the values of a type, as the service returns them.
fn of_type(column_type: ColumnType) -> Value {
    const SECOND: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
    match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => id_of(column_type),
        ColumnType::Double => json!({ "type": "number", "format": "double" }),
        ColumnType::Decimal { precision, scale } => matching(&decimal_pattern(precision, scale)),
        ColumnType::String { max } => json!({ "type": "string", "maxLength": max }),
        // Characters; the limit is one of bytes.
        ColumnType::Text => json!({ "type": "string", "maxLength": ColumnType::MAX_TEXT_BYTES }),
        ColumnType::Boolean => json!({ "type": "boolean" }),
        ColumnType::Date => formatted(DAY, "date", "2021-07-27"),
        ColumnType::Time => formatted(SECOND, "time", "16:02:08"),
        ColumnType::Timestamp { digits: 0 } => {
            formatted(&format!("{DAY}T{SECOND}Z"), "date-time", "2021-07-27T16:02:08Z")
        }
        ColumnType::Timestamp { digits } => {
            let fraction = &"123456"[..usize::from(digits)];
            let pattern = format!("{DAY}T{SECOND}(?:\\.[0-9]{{1,{digits}}}0*)?Z");
            formatted(&pattern, "date-time", &format!("2021-07-27T16:02:08.{fraction}Z"))
        }
        ColumnType::Uuid => {
            let pattern = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
            formatted(pattern, "uuid", "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a")
        }
        // Any value: an empty schema could not be told from a missing one.
        ColumnType::Json => {
            json!({ "type": ["object", "array", "string", "number", "boolean"] })
        }
        ColumnType::Binary { max } => {
            let pattern = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";
            let mut schema = matching(pattern);
            schema["contentEncoding"] = "base64".into();
            schema["maxLength"] = max.div_ceil(3).saturating_mul(4).into();
            schema
        }
    }
}

/// Adds the rules of a column, as far as JSON Schema has them; the description says the others.
fn add_rules(schema: &mut Value, rules: &Rules) {
    let is_number = schema["type"] == "integer" || schema["type"] == "number";
    if is_number {
        for (name, bound) in [("minimum", rules.minimum()), ("maximum", rules.maximum())] {
            if let Some(bound) = bound {
                schema[name] = json_of(bound);
            }
        }
    }
    if let Some(least) = rules.min_length() {
        schema["minLength"] = least.max(1).into();
    }
    if let Some(pattern) = pattern_of(rules).filter(|_| schema["pattern"].is_null()) {
        schema["pattern"] = pattern.into();
    }
    if !rules.values().is_empty() {
        schema["enum"] = rules.values().iter().map(json_of).collect();
    }
}

/// Returns the pattern of a column, if it means the same to JSON Schema: flags, and the ends of a
/// text by letters, are those of the crate `regex` alone.
fn pattern_of(rules: &Rules) -> Option<&str> {
    let pattern = rules.pattern()?.as_str();
    // Groups without a number are those of both.
    let others = pattern.replace("(?:", "(");
    (!["(?", "\\A", "\\z"].iter().any(|own| others.contains(own))).then_some(pattern)
}

fn json_of(value: &domain::value::Value<'_>) -> Value {
    let mut text = String::new();
    write_json_value(value, &mut text);
    serde_json::from_str(&text).unwrap_or_default()
}

fn formatted(pattern: &str, format: &str, example: &str) -> Value {
    let mut schema = matching(pattern);
    schema["format"] = format.into();
    schema["examples"] = json!([example]);
    schema
}

/// Describes an id that the database would assign itself where it is 0.
fn numbered(table: &Table, index: usize, form: RowForm) -> Value {
    let column = &table.columns()[index];
    let (minimum, maximum) = column.column_type().integer_bounds();
    let mut any = vec![integer(1, maximum), integer(minimum, -1)];
    if form == RowForm::Put || !column.required() {
        any.push(json!({ "type": "null" }));
    }
    json!({ "anyOf": any, "description": format!("{} Not 0.", description(table, index, form)), "examples": [1] })
}

/// Describes an exact number, sent as text or as a number.
fn decimal(table: &Table, index: usize, precision: u8, scale: u8) -> Value {
    let column = &table.columns()[index];
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
    let description = format!("{} Written without an exponent.", description(table, index, RowForm::Insert));
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

fn description(table: &Table, index: usize, form: RowForm) -> String {
    let column = &table.columns()[index];
    let mut text = column.description().to_owned();
    for reference in table.references().iter().filter(|reference| reference.columns() == [index]) {
        text.push_str(&format!(" Refers to {}.", reference.table()));
    }
    if form == RowForm::Returned {
        return text;
    }
    if table.unique().iter().any(|unique| unique[..] == [index]) {
        text.push_str(" No two rows share it.");
    }
    let bounds = column.rules().map(|rules| [("At least", rules.minimum()), ("At most", rules.maximum())]);
    for (words, bound) in bounds.into_iter().flatten() {
        if let Some(bound) = bound.and_then(value_text) {
            text.push_str(&format!(" {words} {bound}."));
        }
    }
    if let Some(rules) = column.rules() {
        // What the schema says of other columns.
        if !column.column_type().is_text() && !rules.values().is_empty() {
            let values: Vec<String> = rules.values().iter().filter_map(value_text).collect();
            text.push_str(&format!(" One of {}.", values.join(", ")));
        }
        if let Some(pattern) = rules.pattern().filter(|_| pattern_of(rules).is_none()) {
            text.push_str(&format!(" Matches {} (of the Rust crate regex).", pattern.as_str()));
        }
    }
    if !column.aliases().is_empty() {
        text.push_str(&format!(" May also be called {}.", column.aliases().join(", ")));
    }
    text
}

/// Makes a row of a table, to show how rows are sent. It keeps the rules of each column but
/// patterns.
pub(crate) fn example(table: &Table) -> Value {
    let fields = table.columns().iter().map(|column| (column.name().to_owned(), example_of(column)));
    Value::Object(fields.collect())
}

fn example_of(column: &Column) -> Value {
    if let Some(rules) = column.rules() {
        let bound = rules.values().first().or(rules.minimum()).or(rules.maximum());
        if let Some(bound) = bound {
            return json_of(bound);
        }
    }
    match column.column_type() {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => json!(1),
        ColumnType::Double => json!(0.5),
        ColumnType::Decimal { scale, .. } => json!(if scale == 0 { "0" } else { "0.5" }),
        ColumnType::String { max } => json!(if max >= 7 { "Example" } else { "E" }),
        ColumnType::Text => json!("Example"),
        ColumnType::Boolean => json!(true),
        ColumnType::Json => json!({}),
        ColumnType::Binary { .. } => json!("AA=="),
        of => of_type(of)["examples"][0].clone(),
    }
}
