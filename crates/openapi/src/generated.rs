//! Values that declarations refer to as `generated#/<name>`: they follow from the dictionary, the
//! reports and the constants of `domain`, so that a change there shows in the document.

use domain::audit::Action;
use domain::avro::Codec;
use domain::backup::{BackupStatus, MANIFEST_FORMAT, RestoreKind, RestoreMode, RestoreStatus};
use domain::batch::{MAX_BODY_BYTES, MAX_ROWS};
use domain::dictionary::{Column, LoadMode, Table, Unknown};
use domain::idempotency::MAX_KEY_CHARS;
use domain::load::{Format, LoadStatus};
use domain::outliers::MAX_SHOWN;
use domain::page;
use domain::prefer::TxPreference;
use domain::report::{ChartKind, ColumnType};
use domain::row::RowCode;
use serde_json::{Map, Value, json};

use crate::reports;
use crate::rows::{RowForm, any_id, example};
use crate::schema::{in_query, matching, named, object, one_of, or_null};
use crate::source::Source;

/// Returns the schemas and parameters, by name.
pub(crate) fn definitions(source: Source<'_>) -> Value {
    let dictionary = source.dictionary;
    let tables = || dictionary.visible_tables();
    let groups = ["reader", "writer", "operator"].map(str::to_owned).into_iter();
    let load_mode = || one_of([LoadMode::Append, LoadMode::Upsert, LoadMode::Replace].map(LoadMode::as_str));
    let restore_mode = || one_of(RestoreMode::ALL.map(RestoreMode::as_str));
    let report_answers = source.reports.iter().map(|report| named(&reports::schema_name(report)));
    json!({
        "TableName": one_of(tables().map(Table::name)),
        "Group": one_of(groups.chain(tables().map(|table| format!("table:{}", table.name())))),
        "RowId": any_id(dictionary),
        "RowIdOrNull": id_or_null(any_id(dictionary)),
        "Row": RowForm::Returned.of_any_table(dictionary),
        "RowToPut": RowForm::Put.of_any_table(dictionary),
        "RowsToInsert": { "anyOf": tables().flat_map(one_or_more).collect::<Vec<_>>() },
        "Batch": batch(source),
        "TableAnswers": object(tables().map(|table| (table.name().to_owned(), named("TableAnswer"), false))),
        "RowCode": one_of(RowCode::OF_ROWS.map(RowCode::as_str)),
        "OnUnknown": one_of(Unknown::ALL.map(Unknown::as_str)),
        "IdempotencyKey": idempotency_key(),
        "Preference": one_of(TxPreference::ALL.map(TxPreference::applied)),
        "ReportName": one_of(source.reports.iter().map(|report| report.name.as_str())),
        "ReportAnswer": { "anyOf": report_answers.collect::<Vec<_>>() },
        "ReportColumnType": one_of(ColumnType::ALL.map(ColumnType::as_str)),
        "ChartKind": one_of(ChartKind::ALL.map(ChartKind::as_str)),
        "LoadMode": load_mode(),
        "LoadModeOrNull": or_null(load_mode()),
        "LoadStatus": one_of(LoadStatus::ALL.map(LoadStatus::as_str)),
        "FormatOrNull": or_null(one_of(Format::ALL.map(Format::as_str))),
        "BackupStatus": one_of(BackupStatus::ALL.map(BackupStatus::as_str)),
        "Codec": one_of(Codec::ALL.map(Codec::as_str)),
        "ManifestFormat": {
            "type": "integer", "format": "int32", "minimum": MANIFEST_FORMAT, "maximum": MANIFEST_FORMAT,
        },
        "RestoreStatus": one_of(RestoreStatus::ALL.map(RestoreStatus::as_str)),
        "RestoreKind": one_of(RestoreKind::ALL.map(RestoreKind::as_str)),
        "RestoreMode": restore_mode(),
        "RestoreModeOrNull": or_null(restore_mode()),
        "AuditAction": one_of(Action::ALL.map(Action::as_str)),
        "RowsLimit": in_query(&page::ROWS.limit()),
        "LoadsLimit": in_query(&page::LOADS.limit()),
        "BackupsLimit": in_query(&page::BACKUPS.limit()),
        "RestoresLimit": in_query(&page::RESTORES.limit()),
        "AccountsLimit": in_query(&page::ACCOUNTS.limit()),
        "AuditLimit": in_query(&page::AUDIT.limit()),
        "ActivityDays": in_query(&page::activity_days()),
        "TableCounts": in_query(&page::table_counts()),
    })
}

/// Returns the values of `${name}` in texts. A text that is only `${name}` becomes the value
/// itself, such as a number.
pub(crate) fn words(source: Source<'_>) -> Value {
    let first_table = source.dictionary.visible_tables().next();
    let first_key = first_table.and_then(|table| table.key_columns().next()).map(Column::name);
    json!({
        "version": source.version,
        "url": source.url,
        "tables": source.dictionary.table_names(),
        "first_table": first_table.map(Table::name),
        "first_key": first_key,
        "max_rows": MAX_ROWS,
        "max_body_bytes": MAX_BODY_BYTES,
        "max_shown": MAX_SHOWN,
    })
}

/// Allows `null` in place of an id, which may have several forms.
fn id_or_null(mut id: Value) -> Value {
    match id.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(forms) => {
            forms.push(json!({ "type": "null" }));
            id
        }
        None => or_null(id),
    }
}

/// Describes a row of a table, and an array of such rows.
fn one_or_more(table: &Table) -> [Value; 2] {
    let row = || named(&RowForm::Insert.schema_name(table));
    [row(), json!({ "type": "array", "items": row(), "minItems": 1, "maxItems": MAX_ROWS })]
}

/// Describes arrays of rows by the names of their tables.
fn batch(source: Source<'_>) -> Value {
    let tables = || source.dictionary.visible_tables();
    let mut schema = object(tables().map(|table| {
        let row = named(&RowForm::Insert.schema_name(table));
        let rows = json!({ "type": "array", "items": row, "maxItems": MAX_ROWS });
        (table.name().to_owned(), rows, false)
    }));
    schema["minProperties"] = 1.into();
    let rows = tables().map(|table| (table.name().to_owned(), json!([example(table)])));
    schema["examples"] = json!([rows.collect::<Map<_, _>>()]);
    schema
}

fn idempotency_key() -> Value {
    let rest = MAX_KEY_CHARS - 1;
    // In quotes, two characters may take a backslash before them.
    matching(&format!(r#"(?:[!#-~][!-~]{{0,{rest}}}|"(?:[!#-\[\]-~]|\\["\\]){{1,{MAX_KEY_CHARS}}}")"#))
}
