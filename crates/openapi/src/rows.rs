//! What rows look like, from the dictionary: as they are sent, and as they are given out.

use domain::dictionary::{Column, ColumnType, Dictionary, Table};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use crate::schema::{DAY, NOTHING_ELSE, boolean, integer, matching, named, or_null, text};

/// How a row comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// In an insert.
    Insert,
    /// In a PUT, whose path has the id already.
    Put,
    /// In an answer.
    Given,
}

impl RowForm {
    /// The name of a table's schema of this form: `EmployeesInsert`.
    pub(crate) fn schema_of(self, table: &Table) -> String {
        let words = table.name().split('_').map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        });
        let end = match self {
            Self::Insert => "Insert",
            Self::Put => "Put",
            Self::Given => "Row",
        };
        words.collect::<String>() + end
    }

    /// A row of any table.
    pub(crate) fn of_any(self, dictionary: &Dictionary) -> RefOr<Schema> {
        let any = AnyOfBuilder::new();
        dictionary.visible_tables().fold(any, |any, table| any.item(named(&self.schema_of(table)))).into()
    }
}

/// A row of a table.
pub(crate) fn row(table: &Table, form: RowForm) -> ObjectBuilder {
    let aliases = match table.aliases() {
        [] => String::new(),
        aliases => format!(" The table also answers to {}.", aliases.join(", ")),
    };
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(format!("{}{aliases}", table.description())))
        .additional_properties(Some(NOTHING_ELSE));
    table.columns().iter().enumerate().fold(object, |object, (index, column)| {
        let object = object.property(column.name(), value(column, form));
        let needless = form == RowForm::Put && index == table.key_index();
        let is_required = form == RowForm::Given || column.required() && !needless;
        if is_required { object.required(column.name()) } else { object }
    })
}

/// The ids that any table may have.
pub(crate) fn any_id(dictionary: &Dictionary) -> ObjectBuilder {
    let is_small = |table: &Table| table.key().column_type() == ColumnType::Integer;
    if dictionary.visible_tables().all(is_small) {
        id_of(ColumnType::Integer)
    } else {
        id_of(ColumnType::Bigint)
    }
}

fn id_of(column_type: ColumnType) -> ObjectBuilder {
    match column_type {
        ColumnType::Integer => integer(i32::MIN.into(), i32::MAX.into()),
        _ => integer(i64::MIN, i64::MAX),
    }
}

fn value(column: &Column, form: RowForm) -> RefOr<Schema> {
    let kind = match column.column_type() {
        ColumnType::Integer | ColumnType::Bigint => Type::Integer,
        ColumnType::Boolean => Type::Boolean,
        _ => Type::String,
    };
    let is_sent = form != RowForm::Given;
    let schema = match column.column_type() {
        ColumnType::Integer | ColumnType::Bigint if is_sent && column.auto_increment() => {
            return numbered(column, form).into();
        }
        of @ (ColumnType::Integer | ColumnType::Bigint) => id_of(of),
        ColumnType::Decimal { precision, scale } => {
            let exact = matching(&decimal_pattern(precision, scale));
            if is_sent {
                return decimal(column, precision, scale, exact).into();
            }
            exact
        }
        ColumnType::String { max } => {
            let text = text().max_length(usize::try_from(max).ok());
            // An empty text is none.
            if is_sent && column.required() { text.min_length(Some(1)) } else { text }
        }
        ColumnType::Boolean => boolean(),
        ColumnType::Date => {
            matching(DAY).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).examples(["2021-07-27"])
        }
        ColumnType::Timestamp => {
            let pattern = format!("{DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z");
            matching(&pattern)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .examples(["2021-07-27T16:02:08Z"])
        }
    };
    // Even a required column may be NULL where something else than Rowgate has written.
    let schema = if column.required() && is_sent { schema } else { or_null(schema, kind) };
    schema.description(Some(description(column, form))).into()
}

/// An id that the database would number itself where it is 0.
fn numbered(column: &Column, form: RowForm) -> AnyOfBuilder {
    let (least, most) = match column.column_type() {
        ColumnType::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    let mut any = AnyOfBuilder::new().item(integer(1, most)).item(integer(least, -1));
    if form == RowForm::Put || !column.required() {
        any = any.item(ObjectBuilder::new().schema_type(Type::Null));
    }
    any.description(Some(format!("{} Not 0.", description(column, form)))).examples([json!(1)])
}

/// An exact number, as text or as a number.
fn decimal(column: &Column, precision: u8, scale: u8, exact: ObjectBuilder) -> AnyOfBuilder {
    let limit = 10_f64.powi(i32::from(precision - scale));
    let bounded = ObjectBuilder::new()
        .schema_type(Type::Number)
        .exclusive_minimum(Some(-limit))
        .exclusive_maximum(Some(limit))
        .multiple_of(Some(10_f64.powi(-i32::from(scale))));
    let mut any = AnyOfBuilder::new().item(exact).item(bounded);
    if !column.required() {
        any = any.item(ObjectBuilder::new().schema_type(Type::Null));
    }
    any.description(Some(format!("{} Written without an exponent.", description(column, RowForm::Insert))))
}

/// As the service reads decimals: zeros before and behind count for nothing.
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
    if form != RowForm::Given && !column.aliases().is_empty() {
        text.push_str(&format!(" May also be called {}.", column.aliases().join(", ")));
    }
    text
}

/// A batch that shows how rows are sent: one good row for each table.
pub(crate) fn example(table: &Table) -> Value {
    let fields = table.columns().iter().map(|column| {
        let value = match column.column_type() {
            ColumnType::Integer | ColumnType::Bigint => json!(1),
            ColumnType::Decimal { scale, .. } => {
                json!(if scale == 0 { "0".to_owned() } else { "0.5".to_owned() })
            }
            ColumnType::String { max } => json!(if max >= 7 { "Example" } else { "E" }),
            ColumnType::Boolean => json!(true),
            ColumnType::Date => json!("2021-07-27"),
            ColumnType::Timestamp => json!("2021-07-27T16:02:08Z"),
        };
        (column.name().to_owned(), value)
    });
    Value::Object(fields.collect())
}
