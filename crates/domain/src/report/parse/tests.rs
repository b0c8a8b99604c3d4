use super::*;
use crate::report::ChartKind;

const COLUMNS: &str = r#"columns = [{ name = "n", type = "integer" }]"#;

fn file(parameters: &str, columns: &str, query: &str) -> String {
    format!("/*\ntitle = \"T\"\n{parameters}\n{columns}\ntables = []\n*/\n{query}\n")
}

fn parse(file: &str, text: &str) -> Result<Report, FolderError> {
    Report::parse(file, text, crate::library::dictionary())
}

fn problem(text: &str) -> String {
    parse("sql/reports/things.sql", text).unwrap_err().to_string()
}

#[test]
fn reads_every_type_and_key() {
    let parameters = r#"parameters = [
        { name = "a", type = "integer", default = 5, minimum = 1, maximum = 9, description = "A." },
        { name = "b", type = "string", max_length = 10 }, { name = "c", type = "string", values = ["x", "y"], default = "y" },
        { name = "d", type = "boolean", default = true }, { name = "e", type = "date", default = 2021-02-03 },
    ]"#;
    let columns = r#"columns = [{ name = "i", type = "integer" }, { name = "d", type = "decimal" }, { name = "f", type = "double" },
        { name = "s", type = "string" }, { name = "b", type = "boolean" }, { name = "t", type = "date" }, { name = "z", type = "timestamp" }]"#;
    let text = file(parameters, columns, "-- Why.\nSELECT :a, :b, :c, :d, :e;");
    let report = parse("things.sql", &text).unwrap();
    assert_eq!((&*report.name, &*report.title, &*report.sql), ("things", "T", "SELECT :a, :b, :c, :d, :e"));
    let defaults: Vec<_> = report.parameters.iter().map(|one| (one.required, &one.default)).collect();
    assert_eq!(
        defaults,
        [
            (false, &Some(ParameterValue::Integer(5))),
            (true, &None),
            (false, &Some(ParameterValue::String("y".to_owned()))),
            (false, &Some(ParameterValue::Boolean(true))),
            (false, &Some(ParameterValue::Date("2021-02-03".to_owned()))),
        ]
    );
    assert_eq!(report.columns.len(), 7);
}

#[test]
fn a_line_end_of_either_kind_will_do() {
    let text = file("", COLUMNS, "SELECT 1 AS n").replace('\n', "\r\n");
    assert_eq!(parse("things.sql", &text).unwrap().sql, "SELECT 1 AS n");
}

#[test]
fn names_the_line_of_every_mistake() {
    let parameter =
        |keys: &str| file(&format!("parameters = [\n{{ name = \"p\", {keys} }}]"), COLUMNS, "SELECT :p");
    let cases = [
        ("SELECT 1".to_owned(), ":1: a report begins with a comment /* … */"),
        ("\n\n/* title = 1".to_owned(), ":3: the header's comment never ends"),
        ("/*\ntitle = \"T\"\n*/ SELECT 1".to_owned(), ": missing field `columns`"),
        ("/*\ntitle = \"T\"\ncolumns = []\n*/ SELECT 1".to_owned(), ": missing field `tables`"),
        ("/*\ntitle = \" \"\ncolumns = []\ntables = []\n*/ SELECT 1".to_owned(), ":2: the title is empty"),
        ("/*\ntitle = \"T\ncolumns = []\n*/".to_owned(), ":2: "),
        (file("order = 1", COLUMNS, "SELECT 1"), ":3: unknown field `order`"),
        (file("", "columns = []", "SELECT 1"), ":4: a report has at least one column"),
        (
            file("", "columns = [{ name = \"n\", type = \"text\" }]", "SELECT 1"),
            ":4: column n: unknown type \"text\"; use integer, ",
        ),
        (
            file("", "columns = [{ name = \"N\", type = \"string\" }]", "SELECT 1"),
            ":4: column N: a name is made of",
        ),
        (
            file(
                "",
                "columns = [{ name = \"n\", type = \"string\" },\n{ name = \"n\", type = \"string\" }]",
                "SELECT 1",
            ),
            ":5: column n: is there already",
        ),
        (
            file("", COLUMNS, "DELETE FROM t"),
            "after the header stands a query that begins with SELECT (a WITH stands in its FROM); here: DELETE",
        ),
        (file("", COLUMNS, "WITH a AS (SELECT 1 AS n) SELECT n FROM a"), "here: WITH"),
        (file("", COLUMNS, "-- nothing"), "here: there is none"),
        (file("", COLUMNS, "SELECT 1;\nSELECT 2"), ":8: a report is one statement"),
        (file("", COLUMNS, "SELECT 1\nFROM t WHERE a = :year"), ":8: the query uses :year, but"),
        (
            file("parameters = [{ name = \"p\", type = \"date\" }]", COLUMNS, "SELECT ':p'"),
            ":3: parameter p: the query does not use :p",
        ),
        (parameter("type = \"number\""), ":4: parameter p: unknown type \"number\""),
        (parameter("type = \"date\", minimum = 1"), ":4: parameter p: minimum goes with type integer"),
        (parameter("type = \"integer\", values = [\"a\"]"), "values goes with type string"),
        (parameter("type = \"integer\", minimum = 2, maximum = 1"), "minimum 2 is more than maximum 1"),
        (parameter("type = \"integer\", default = \"5\""), "the default is string \"5\", the type integer"),
        (parameter("type = \"integer\", default = 5, maximum = 4"), "the default must be from"),
        (parameter("type = \"string\", values = []"), "values must name at least one word"),
        (parameter("type = \"string\", values = [\"a\", \"a\"]"), "each only once"),
        (parameter("type = \"string\", values = [\"a\"], max_length = 3"), "max_length says nothing"),
        (
            parameter("type = \"string\", values = [\"a\"], default = \"b\""),
            "the default must be a, not \"b\"",
        ),
        (parameter("type = \"date\", default = 2021-02-03T04:05:06"), "the default must be a day"),
        (parameter("type = \"boolean\", requred = true"), ":4: unknown field `requred`"),
    ];
    for (text, expected) in cases {
        let found = problem(&text);
        assert!(found.starts_with("sql/reports/things.sql:"), "{found}");
        assert!(found.contains(expected), "{text}\n  said {found:?}\n  not  {expected:?}");
    }
}

#[test]
fn reads_which_tables_a_report_reads_and_forgets_none() {
    let text =
        |tables: &str, query: &str| format!("/*\ntitle = \"T\"\n{COLUMNS}\ntables = {tables}\n*/\n{query}\n");
    let all = parse("things.sql", &text("[\"tags\", \"documents\"]", "SELECT 1 AS n FROM tags, documents"));
    assert_eq!(all.unwrap().tables, ["tags", "documents"]);
    // Text that only looks like the name of a table.
    for query in ["SELECT 'tags' AS n", "SELECT \"tags\" AS n -- tags", "SELECT tags_2 AS n FROM `my tags`"] {
        assert_eq!(parse("things.sql", &text("[]", query)).unwrap().tables, [""; 0], "{query}");
    }
    for (tables, query, expected) in [
        ("[]", "SELECT 1 AS n FROM tags", ":4: the query names the table tags, which tables does not"),
        (
            "[\"tags\"]",
            "SELECT 1 AS n FROM Tags JOIN rowgate.`documents`",
            "names the table documents, which",
        ),
        (
            "[\"people\"]",
            "SELECT 1 AS n",
            ":4: tables: the dictionary has no table \"people\"; it has collections,",
        ),
        ("[\"filed_documents\"]", "SELECT 1 AS n", "no table \"filed_documents\""),
        ("[\"tags\",\n\"tags\"]", "SELECT 1 AS n", ":5: tables: tags is there already"),
    ] {
        let found = problem(&text(tables, query));
        assert!(found.contains(expected), "{tables} {query}\n  said {found:?}\n  not  {expected:?}");
    }
}

#[test]
fn a_chart_draws_columns_of_the_report() {
    let columns = r#"columns = [{ name = "who", type = "string" }, { name = "a", type = "integer" },
        { name = "b", type = "decimal" }]"#;
    let with = |chart: &str| file(&format!("chart = {{ {chart} }}"), columns, "SELECT 1");
    let read = |chart: &str| parse("things.sql", &with(chart)).unwrap().chart.unwrap();
    let bars = read(r#"kind = "bar", x = "who", series = ["b", "a"], stacked = true"#);
    assert_eq!((bars.kind, &*bars.x, bars.stacked), (ChartKind::Bar, "who", true));
    assert_eq!(bars.series, ["b", "a"]);
    let pie = read(r#"kind = "pie", x = "who", series = ["a"]"#);
    assert_eq!(
        serde_json::to_string(&pie).unwrap(),
        r#"{"kind":"pie","x":"who","series":["a"],"stacked":false}"#
    );
    assert_eq!(parse("things.sql", &file("", columns, "SELECT 1")).unwrap().chart, None);
    for (chart, expected) in [
        (
            r#"kind = "bars", x = "who", series = ["a"]"#,
            ":3: chart: unknown kind \"bars\"; use bar, line or pie",
        ),
        (
            r#"kind = "bar", x = "when", series = ["a"]"#,
            ":3: chart: the report has no column \"when\"; use who, a or b",
        ),
        (r#"kind = "bar", x = "who", series = ["c"]"#, "chart: the report has no column \"c\""),
        (r#"kind = "bar", x = "who", series = []"#, "chart: series names at least one column"),
        (r#"kind = "bar", x = "a", series = ["a"]"#, "chart: series a: is what x is"),
        (r#"kind = "bar", x = "who", series = ["a", "a"]"#, "chart: series a: is there already"),
        (
            r#"kind = "bar", x = "a", series = ["who"]"#,
            "chart: series who: is of type string; a series is of numbers",
        ),
        (r#"kind = "pie", x = "who", series = ["a", "b"]"#, "chart: a pie has one series"),
        (
            r#"kind = "line", x = "who", series = ["a"], stacked = true"#,
            "chart: stacked goes with kind bar, not line",
        ),
        (r#"kind = "bar", x = "who""#, ":3: missing field `series`"),
        (r#"kind = "bar", x = "who", series = ["a"], y = "b""#, "unknown field `y`"),
    ] {
        let found = problem(&with(chart));
        assert!(found.contains(expected), "{chart}\n  said {found:?}\n  not  {expected:?}");
    }
}

#[test]
fn refuses_names_that_make_no_good_path() {
    let text = file("", COLUMNS, "SELECT 1");
    for name in ["Files.sql", "a--b.sql", ".sql", "a b.sql", "notes.txt", "a_b.sql"] {
        let error = parse(&format!("sql/reports/{name}"), &text).unwrap_err();
        assert!(error.to_string().contains("a report's file is named"), "{error}");
    }
}
