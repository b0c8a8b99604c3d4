//! `GET /activity` and `GET /outliers`.

use domain::outliers::MAX_SHOWN;
use domain::page;
use domain::problem::ProblemKind;
use utoipa::openapi::Required;
use utoipa::openapi::path::{HttpMethod, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::table_name;
use crate::Source;
use crate::answer::json;
use crate::operation::Route;
use crate::rows::{RowForm, any_id};
use crate::schema::{array, count, in_query, matching, named, object, one_of, text};

const TAG: &str = "Insight";

pub(super) fn routes(source: Source) -> Vec<Route> {
    let days = object([("days", array(named("ActiveDay")).into())]);
    let checks = object([("checks", array(named("OutlierCheck")).into())]);
    let table = ParameterBuilder::new()
        .name("table")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("The table, by its name; its aliases do as well."))
        .schema(Some(table_name(source.dictionary)))
        .build();
    vec![
        Route::new(HttpMethod::Get, "/activity", TAG, "readActivity", "Read what came in by day and table")
            .describe(
                "Newest day first. Files' loads, and rows that requests had refused; rows that requests brought in are not \
                 counted.",
            )
            .parameters([in_query(&page::activity_days())])
            .answer(200, json("The days.", days, &[]))
            .problems([ProblemKind::ResultTooLarge, ProblemKind::NotAcceptable, ProblemKind::Unavailable]),
        Route::new(HttpMethod::Get, "/outliers", TAG, "findOutliers", "Find the rows of a table that look wrong")
            .describe(format!(
                "What is checked follows from the dictionary: references that name no row, days and moments more than three \
                 standard deviations from the mean, and rows that unusually many or few rows name: by more than two standard \
                 deviations of the others' numbers. Each check shows at most {MAX_SHOWN} of what it counted."
            ))
            .parameters([table])
            .answer(200, json("The checks.", checks, &[]))
            .problems([
                ProblemKind::UnknownTable,
                ProblemKind::ResultTooLarge,
                ProblemKind::NotAcceptable,
                ProblemKind::Unavailable,
            ]),
    ]
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let day = object([
        ("day", matching("[0-9]{4}-[0-9]{2}-[0-9]{2}").description(Some("In UTC.")).into()),
        ("table", text().into()),
        ("loads", count().description(Some("Files whose load began on the day.")).into()),
        ("failed", count().description(Some("Those of them that failed.")).into()),
        ("rows_loaded", count().into()),
        ("rows_rejected", count().description(Some("Of the files, and of requests.")).into()),
    ]);
    let rows = || array(RowForm::Given.of_any(source.dictionary)).max_items(usize::try_from(MAX_SHOWN).ok());
    let check = |kind: &str| {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(crate::schema::NOTHING_ELSE))
            .property("kind", one_of([kind]))
            .required("kind")
            .property("table", table_name(source.dictionary))
            .required("table")
            .property("column", text())
            .required("column")
            .property("count", count())
            .required("count")
    };
    let unknown = check("unknown_reference")
        .property("references", text().description(Some("The table that the column refers to.")))
        .required("references")
        .property("rows", rows())
        .required("rows");
    let far = check("far_date")
        .property("from", text().description(Some("The first value that is not far from the rest.")))
        .required("from")
        .property("to", text().description(Some("The last one.")))
        .required("to")
        .property("rows", rows())
        .required("rows");
    let group = object([("id", any_id(source.dictionary).into()), ("rows", count().into())]);
    let mean = ObjectBuilder::new()
        .schema_type(Type::Number)
        .description(Some("The rows that name an id, on average over all ids that are named."));
    let unusual = check("unusual_count")
        .property("references", text().description(Some("The table that the column refers to.")))
        .required("references")
        .property("mean", mean)
        .required("mean")
        .property("groups", array(group).max_items(usize::try_from(MAX_SHOWN).ok()))
        .required("groups");
    let any = OneOfBuilder::new().item(unknown).item(far).item(unusual);
    vec![("ActiveDay".to_owned(), day.into()), ("OutlierCheck".to_owned(), any.into())]
}
