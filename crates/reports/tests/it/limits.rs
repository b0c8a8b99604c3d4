//! Results that are too large for one answer, and reports of every type.

use domain::report::Report;

use crate::support::Api;

/// 1000 rows, which is as far as a recursive query goes by default, of a text that is repeated.
const WIDE: &str = r#"/*
title = "Wide"
parameters = [{ name = "width", type = "integer" }, { name = "text", type = "string", default = "x" }]
columns = [{ name = "filler", type = "string" }]
tables = []
*/
SELECT REPEAT(:text, :width) AS filler
FROM (WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) SELECT n FROM n) AS n
"#;

const TYPES: &str = r#"/*
title = "Types"
parameters = [
    { name = "yes", type = "boolean", default = true }, { name = "day", type = "date", default = 2024-02-29 },
    { name = "text", type = "string", default = "-'; DROP TABLE tags; --" },
]
columns = [
    { name = "whole", type = "integer" }, { name = "big", type = "integer" }, { name = "exact", type = "decimal" },
    { name = "inexact", type = "double" }, { name = "word", type = "string" }, { name = "flag", type = "boolean" },
    { name = "day", type = "date" }, { name = "moment", type = "timestamp" }, { name = "fine", type = "timestamp" },
    { name = "nothing", type = "string" },
]
tables = []
*/
SELECT -7 AS whole, CAST(18446744073709551615 AS UNSIGNED) AS big, CAST(12.50 AS DECIMAL(30, 20)) AS exact, 1e0 / 4 AS inexact,
    CAST(:text AS CHAR) AS word, :yes = TRUE AS flag, CAST(:day AS DATE) AS day, CAST('2021-07-27 16:02:08' AS DATETIME) AS moment,
    CAST('2021-07-27 16:02:08.125' AS DATETIME(3)) AS fine, NULL AS nothing
"#;

const WRONG: &str = "/*\ntitle = \"Wrong\"\ncolumns = [{ name = \"a\", type = \"integer\" }]\ntables = []\n*/ SELECT 'x' AS a";
const OTHER: &str =
    "/*\ntitle = \"Other\"\ncolumns = [{ name = \"a\", type = \"integer\" }]\ntables = []\n*/ SELECT 1 AS b";

async fn api() -> Api {
    let texts = [("wide", WIDE), ("types", TYPES), ("wrong", WRONG), ("other", OTHER)];
    let dictionary = testkit::dictionary();
    let read = |(name, text)| Report::parse(&format!("{name}.sql"), text, dictionary).unwrap();
    let reports: Vec<Report> = texts.map(read).into();
    Api::with_reports(reports.leak()).await
}

#[tokio::test]
async fn a_result_that_does_not_fit_is_refused_with_advice() {
    let api = api().await;
    let fits = api.get("/reports/wide?width=1000").await;
    assert_eq!(fits.status, 200);
    assert!(fits.body.len() > 1_000_000);
    // Over the Data API's limit; and over the function's alone, once each control character takes
    // seven bytes.
    for (query, detail) in [
        (
            "width=1100",
            "The rows of the report wide are more than the 1 MiB that the database gives at once. Ask for less with its \
             parameters: width, text.",
        ),
        (
            "width=1000&text=%01",
            "The report wide would take more than the 6 MB that one answer can have. Ask for less with its parameters: \
             width, text. As text/csv it takes less room.",
        ),
    ] {
        let reply = api.get(&format!("/reports/wide?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        let problem = reply.json();
        assert_eq!(problem["type"], "urn:rowgate:problem:result-too-large");
        assert_eq!(problem["detail"], detail);
    }
    assert_eq!(api.csv("/reports/wide?width=1000").await.status, 200);
    assert_eq!(api.csv("/reports/wide?width=1100").await.status, 400);
}

#[tokio::test]
async fn every_type_has_its_form() {
    let api = api().await;
    insta::assert_snapshot!(api.get("/reports/types").await.body);
    insta::assert_snapshot!(api.csv("/reports/types?yes=false&day=2021-01-01&text=%40SUM(A1)").await.body);
}

#[tokio::test]
async fn a_report_that_is_not_as_declared_fails_without_telling_internals() {
    let api = api().await;
    for name in ["wrong", "other"] {
        let reply = api.get(&format!("/reports/{name}")).await;
        assert_eq!(reply.status, 500);
        assert!(!reply.body.contains("column"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_required_parameter_has_to_be_given() {
    let reply = api().await.get("/reports/wide").await;
    assert_eq!((reply.status, reply.json()["detail"].clone()), (400, "width is required.".into()));
}
