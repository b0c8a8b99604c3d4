//! `GET /reports` and `GET /reports/{name}`, the latter once more for each report, with its own parameters and columns.

use domain::parameter::ParameterType;
use domain::problem::ProblemKind;
use domain::report::{ChartKind, Column, ColumnType, Report};
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder};

use super::table_name;
use crate::Source;
use crate::answer::{Sent, json, with_headers};
use crate::operation::Route;
use crate::schema::{
    DAY, array, boolean, count, in_path, in_query, integer, matching, named, named_or_null, object, one_of,
    or_null, text,
};

const TAG: &str = "Reports";

pub(super) fn routes(source: Source) -> Vec<Route> {
    let list =
        Route::new(HttpMethod::Get, "/reports", TAG, "listReports", "List the reports and their parameters")
            .answer(200, json("The reports.", object([("reports", array(named("Report")).into())]), &[]))
            .problems([ProblemKind::NotAcceptable]);
    let names = one_of(source.reports.iter().map(|report| &*report.name));
    let any =
        source.reports.iter().fold(AnyOfBuilder::new(), |any, report| any.item(named(&schema_of(report))));
    let one = running("/reports/{name}", "runReport", "Run a report", any)
        .describe(
            "Each report has a path of its own here too, which says what its parameters and columns are.",
        )
        .parameters([in_path("name", "The report's name.", names)])
        .problems([ProblemKind::NotFound]);
    let each = source.reports.iter().map(|report| {
        let path = format!("/reports/{}", report.name);
        running(&path, &format!("run{}", schema_of(report)), &report.title, named(&schema_of(report)))
            .describe(&report.description)
            .parameters(report.parameters.iter().map(in_query))
    });
    [list, one].into_iter().chain(each).collect()
}

fn running(path: &str, id: &str, summary: &str, schema: impl Into<RefOr<Schema>>) -> Route {
    let csv = ContentBuilder::new().schema(Some(text())).build();
    let response = ResponseBuilder::new()
        .description("The report, as JSON, or as CSV where `Accept` prefers `text/csv`.")
        .content("application/json", ContentBuilder::new().schema(Some(schema.into())).build())
        .content("text/csv", csv);
    Route::new(HttpMethod::Get, path, TAG, id, summary)
        .answer(200, with_headers(response, &[Sent::Vary, Sent::ContentDisposition]))
        .problems([ProblemKind::ResultTooLarge, ProblemKind::NotAcceptable, ProblemKind::Unavailable])
}

/// The name of a report's schema: `HiresByQuarterReport`.
fn schema_of(report: &Report) -> String {
    let words = report.name.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<String>() + "Report"
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let each = source.reports.iter().map(|report| (schema_of(report), answer(report).into()));
    each.chain([("Chart".to_owned(), chart().into()), ("Report".to_owned(), definition(source).into())])
        .collect()
}

/// What a report answers.
fn answer(report: &Report) -> ObjectBuilder {
    let columns = &report.columns;
    let names = array(one_of(columns.iter().map(|column| &*column.name)))
        .min_items(Some(columns.len()))
        .max_items(Some(columns.len()));
    let row = object(columns.iter().map(|column| (column.name.as_str(), value(column))));
    let parameters = report.parameters.iter().map(|parameter| {
        let schema: RefOr<Schema> = match &parameter.parameter_type {
            ParameterType::Integer { minimum, maximum } => integer(*minimum, *maximum).into(),
            ParameterType::String { max_length } => text().max_length(Some(*max_length)).into(),
            ParameterType::Choice { values } => one_of(values.iter().map(String::as_str)).into(),
            ParameterType::Boolean => boolean().into(),
            ParameterType::Date => matching(DAY).into(),
        };
        (parameter, schema)
    });
    // One that was not given and has no default is left out.
    let empty = object([]);
    let parameters = parameters.fold(empty, |object, (parameter, schema)| {
        let object = object.property(&parameter.name, schema);
        let is_there = parameter.required || parameter.default.is_some();
        if is_there { object.required(&parameter.name) } else { object }
    });
    object([
        ("report", one_of([&*report.name]).into()),
        ("parameters", parameters.into()),
        ("columns", names.into()),
        ("rows", array(row).into()),
    ])
    .description(Some(&*report.title))
}

fn value(column: &Column) -> RefOr<Schema> {
    let formatted = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let (schema, kind) = match column.column_type {
        ColumnType::Integer => (ObjectBuilder::new(), Type::Integer),
        ColumnType::Decimal | ColumnType::Double => (ObjectBuilder::new(), Type::Number),
        ColumnType::String => (text(), Type::String),
        ColumnType::Boolean => (boolean(), Type::Boolean),
        ColumnType::Date => (formatted(KnownFormat::Date), Type::String),
        ColumnType::Timestamp => (formatted(KnownFormat::DateTime), Type::String),
    };
    or_null(schema, kind).description(Some(&*column.description)).into()
}

/// How the list says that a report is drawn.
fn chart() -> ObjectBuilder {
    object([
        ("kind", one_of(ChartKind::ALL.map(ChartKind::name)).into()),
        (
            "x",
            text()
                .description(Some("The column along the axis; of a pie the one that names the pieces."))
                .into(),
        ),
        (
            "series",
            array(text())
                .min_items(Some(1))
                .description(Some("The columns of numbers that are drawn."))
                .into(),
        ),
        ("stacked", boolean().description(Some("Whether bars stand on top of each other.")).into()),
    ])
}

/// What the list says of a report.
fn definition(source: Source) -> ObjectBuilder {
    let column = object([
        ("name", text().into()),
        ("type", one_of(ColumnType::ALL.map(ColumnType::name)).into()),
        ("description", text().into()),
    ]);
    let any = || ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::AnyValue);
    let parameter = object([
        ("name", text().into()),
        ("type", one_of(["integer", "string", "boolean", "date"]).into()),
        ("description", text().into()),
    ])
    .property("default", any().description(Some("What it is when it is not given.")))
    .property("required", boolean().description(Some("Whether it must be given, where it has no default.")))
    .property("minimum", integer(i64::MIN, i64::MAX))
    .property("maximum", integer(i64::MIN, i64::MAX))
    .property("max_length", count())
    .property("values", array(text()));
    object([
        ("name", text().into()),
        ("title", text().into()),
        ("description", text().into()),
        (
            "tables",
            array(table_name(source.dictionary)).description(Some("The tables that it reads.")).into(),
        ),
        ("parameters", array(parameter).into()),
        ("columns", array(column).into()),
        ("chart", named_or_null("Chart").description(Some("How its rows are best drawn.")).into()),
    ])
}
