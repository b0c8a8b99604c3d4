//! The parser of a report's file: the TOML in its first comment, its query, and the checks that
//! make both safe to use.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::chart::WireChart;
use super::{Column, ColumnType, Report, ReportError, chart, statement};
use crate::dictionary::{Dictionary, Table};
use crate::parameter::{Parameter, ParameterType, ParameterValue, join};

/// Characters of a string parameter at most, unless its definition says otherwise.
const DEFAULT_MAX_LENGTH: usize = 255;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireReport {
    title: Spanned<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Vec<Spanned<WireParameter>>,
    columns: Spanned<Vec<Spanned<WireColumn>>>,
    tables: Spanned<Vec<Spanned<String>>>,
    chart: Option<WireChart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireParameter {
    name: String,
    #[serde(rename = "type")]
    parameter_type: String,
    default: Option<toml::Value>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    max_length: Option<usize>,
    values: Option<Vec<String>>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireColumn {
    name: String,
    #[serde(rename = "type")]
    column_type: String,
    #[serde(default)]
    description: String,
}

/// A mistake, and its byte in the file.
type Mistake = (usize, String);

pub(super) fn parse(file: &str, text: &str, dictionary: &Dictionary) -> Result<Report, ReportError> {
    read(file, text, dictionary).map_err(|(at, problem)| ReportError {
        file: file.to_owned(),
        line: 1 + text[..at.min(text.len())].matches('\n').count(),
        problem,
    })
}

fn read(file: &str, text: &str, dictionary: &Dictionary) -> Result<Report, Mistake> {
    let name = report_name(file).map_err(|problem| (0, problem))?;
    let (header_at, query_at) = header(text)?;
    let at = |span: Range<usize>| header_at + span.start;

    let wire: WireReport = toml::from_str(&text[header_at..query_at - "*/".len()])
        .map_err(|error| (error.span().map_or(header_at, at), error.message().trim().to_owned()))?;
    if wire.title.get_ref().trim().is_empty() {
        return Err((at(wire.title.span()), "the title is empty".to_owned()));
    }
    let places: Vec<usize> = wire.parameters.iter().map(|parameter| at(parameter.span())).collect();
    let parameters = read_each("parameter", header_at, wire.parameters, |wire| &wire.name, read_parameter)?;
    let columns_at = at(wire.columns.span());
    let columns = read_each("column", header_at, wire.columns.into_inner(), |wire| &wire.name, read_column)?;
    if columns.is_empty() {
        return Err((columns_at, "a report has at least one column".to_owned()));
    }
    let chart = wire.chart.map(|chart| chart::read(chart, &columns)).transpose();
    let chart = chart.map_err(|(span, problem)| (at(span), problem))?;
    let tables_at = at(wire.tables.span());
    let tables = read_tables(wire.tables.into_inner(), header_at, dictionary)?;

    let query = statement::read(&text[query_at..])
        .map_err(|(line, problem)| (query_at + line_start(&text[query_at..], line), problem))?;
    check_verb(&query.sql).map_err(|problem| (query_at, problem))?;
    let line_at = |line: usize| query_at + line_start(&text[query_at..], line);
    check_placeholders(&query.placeholders, &parameters, &places, line_at)?;
    check_tables(&query.sql, &tables, dictionary).map_err(|problem| (tables_at, problem))?;
    Ok(Report {
        name,
        title: wire.title.into_inner().trim().to_owned(),
        description: wire.description.trim().to_owned(),
        tables,
        parameters,
        columns,
        chart,
        sql: query.sql,
    })
}

/// Requires a SELECT: the Data API formats the rows of no other statement, and takes one that
/// begins with WITH for another.
fn check_verb(sql: &str) -> Result<(), String> {
    let verb = sql.split_ascii_whitespace().next().unwrap_or("there is none");
    if verb.eq_ignore_ascii_case("SELECT") {
        return Ok(());
    }
    Err(format!(
        "after the header stands a query that begins with SELECT (a WITH stands in its FROM); here: {verb}"
    ))
}

/// Requires a parameter for each placeholder, and a placeholder for each parameter.
fn check_placeholders(
    placeholders: &BTreeMap<String, usize>,
    parameters: &[Parameter],
    places: &[usize],
    line_at: impl Fn(usize) -> usize,
) -> Result<(), Mistake> {
    for (name, line) in placeholders {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let problem = format!("the query uses :{name}, but the header has no such parameter");
            return Err((line_at(*line), problem));
        }
    }
    for (Parameter { name, .. }, place) in parameters.iter().zip(places) {
        if !placeholders.contains_key(name) {
            return Err((*place, format!("parameter {name}: the query does not use :{name}")));
        }
    }
    Ok(())
}

/// Requires each table of the query among `tables`: they decide who may see the report.
fn check_tables(sql: &str, tables: &[String], dictionary: &Dictionary) -> Result<(), String> {
    let mut names = dictionary.tables().iter().map(Table::name);
    match names.find(|name| !tables.iter().any(|table| table == name) && statement::names(sql, name)) {
        Some(name) => Err(format!("the query names the table {name}, which tables does not")),
        None => Ok(()),
    }
}

fn report_name(file: &str) -> Result<String, String> {
    let last = file.rsplit('/').next().unwrap_or_default();
    let name = last.strip_suffix(".sql").unwrap_or_default();
    let well = name.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if well {
        Ok(name.to_owned())
    } else {
        Err(format!("a report's file is named <name>.sql with a name of a-z, 0-9 and single -, not {last:?}"))
    }
}

/// Returns the bytes at which the TOML and the query begin.
fn header(text: &str) -> Result<(usize, usize), Mistake> {
    let begin = text.len() - text.trim_start().len();
    if !text[begin..].starts_with("/*") {
        return Err((begin, "a report begins with a comment /* … */ that describes it in TOML".to_owned()));
    }
    match text[begin..].find("*/") {
        Some(end) => Ok((begin + "/*".len(), begin + end + "*/".len())),
        None => Err((begin, "the header's comment never ends".to_owned())),
    }
}

fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line).map(str::len).sum()
}

/// Reads the names of the tables that a report reads: their own names, of tables that users see.
fn read_tables(
    wire: Vec<Spanned<String>>,
    header_at: usize,
    dictionary: &Dictionary,
) -> Result<Vec<String>, Mistake> {
    let mut tables: Vec<String> = Vec::with_capacity(wire.len());
    for name in wire {
        let place = header_at + name.span().start;
        let name = name.into_inner();
        if !dictionary.visible_tables().any(|table| table.name() == name) {
            let known = dictionary.table_names();
            return Err((place, format!("tables: the dictionary has no table {name:?}; it has {known}")));
        }
        if tables.contains(&name) {
            return Err((place, format!("tables: {name} is there already")));
        }
        tables.push(name);
    }
    Ok(tables)
}

/// Reads entries of the header by their names, each only once.
fn read_each<W, T>(
    kind: &str,
    header_at: usize,
    wire: Vec<Spanned<W>>,
    name_of: impl Fn(&W) -> &str,
    read: impl Fn(W) -> Result<T, String>,
) -> Result<Vec<T>, Mistake> {
    let mut names = BTreeSet::new();
    let entries = wire.into_iter().map(|entry| {
        let place = header_at + entry.span().start;
        let entry = entry.into_inner();
        let name = name_of(&entry).to_owned();
        let entry = match names.insert(name.clone()) {
            true => check_name(&name).and_then(|()| read(entry)),
            false => Err("is there already".to_owned()),
        };
        entry.map_err(|problem| (place, format!("{kind} {name}: {problem}")))
    });
    entries.collect()
}

fn read_column(wire: WireColumn) -> Result<Column, String> {
    let column_type = ColumnType::from_name(&wire.column_type).ok_or_else(|| {
        let known = join(ColumnType::ALL.map(ColumnType::name), "or");
        format!("unknown type {:?}; use {known}", wire.column_type)
    })?;
    Ok(Column { name: wire.name, column_type, description: wire.description.trim().to_owned() })
}

fn read_parameter(wire: WireParameter) -> Result<Parameter, String> {
    let keys = [
        ("minimum", wire.minimum.is_some(), "integer"),
        ("maximum", wire.maximum.is_some(), "integer"),
        ("max_length", wire.max_length.is_some(), "string"),
        ("values", wire.values.is_some(), "string"),
    ];
    for (key, given, of) in keys {
        if given && wire.parameter_type != of {
            return Err(format!("{key} goes with type {of}, not {:?}", wire.parameter_type));
        }
    }
    let parameter_type = match (wire.parameter_type.as_str(), wire.values) {
        ("integer", _) => {
            let minimum = wire.minimum.unwrap_or(i64::MIN);
            let maximum = wire.maximum.unwrap_or(i64::MAX);
            if minimum > maximum {
                return Err(format!("minimum {minimum} is more than maximum {maximum}"));
            }
            ParameterType::Integer { minimum, maximum }
        }
        ("string", Some(_)) if wire.max_length.is_some() => {
            return Err("has values, so max_length says nothing".to_owned());
        }
        ("string", Some(values)) => {
            let different: BTreeSet<_> = values.iter().collect();
            if values.is_empty() || different.len() < values.len() {
                return Err("values must name at least one word, and each only once".to_owned());
            }
            ParameterType::Choice { values }
        }
        ("string", None) => {
            ParameterType::String { max_length: wire.max_length.unwrap_or(DEFAULT_MAX_LENGTH) }
        }
        ("boolean", _) => ParameterType::Boolean,
        ("date", _) => ParameterType::Date,
        (other, _) => return Err(format!("unknown type {other:?}; use integer, string, boolean or date")),
    };
    let default = wire.default.map(|default| read_default(&parameter_type, &default)).transpose()?;
    Ok(Parameter {
        name: wire.name,
        parameter_type,
        required: default.is_none(),
        default,
        description: wire.description.trim().to_owned(),
    })
}

/// Reads a default in the form of its type in TOML (a date: a string or a TOML date), and checks it
/// as any value.
fn read_default(parameter_type: &ParameterType, default: &toml::Value) -> Result<ParameterValue, String> {
    let text = match (parameter_type, default) {
        (ParameterType::Integer { .. }, toml::Value::Integer(number)) => number.to_string(),
        (ParameterType::Boolean, toml::Value::Boolean(value)) => value.to_string(),
        (ParameterType::Date, toml::Value::Datetime(date)) => date.to_string(),
        (
            ParameterType::String { .. } | ParameterType::Choice { .. } | ParameterType::Date,
            toml::Value::String(text),
        ) => text.clone(),
        (_, other) => {
            return Err(format!(
                "the default is {} {other}, the type {}",
                other.type_str(),
                parameter_type.name()
            ));
        }
    };
    parameter_type.read(&text).map_err(|problem| format!("the default {problem}"))
}

/// Requires a name that needs no quotes in SQL and no escapes in a query string.
fn check_name(name: &str) -> Result<(), String> {
    let well = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 64;
    if well {
        Ok(())
    } else {
        Err("a name is made of a-z, 0-9 and _, a letter first, at most 64 characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ChartKind;

    const COLUMNS: &str = r#"columns = [{ name = "n", type = "integer" }]"#;

    fn file(parameters: &str, columns: &str, query: &str) -> String {
        format!("/*\ntitle = \"T\"\n{parameters}\n{columns}\ntables = []\n*/\n{query}\n")
    }

    fn parse(file: &str, text: &str) -> Result<Report, ReportError> {
        Report::parse(file, text, crate::shipped::dictionary().unwrap())
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
        assert_eq!(
            (&*report.name, &*report.title, &*report.sql),
            ("things", "T", "SELECT :a, :b, :c, :d, :e")
        );
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
            (
                "/*\ntitle = \" \"\ncolumns = []\ntables = []\n*/ SELECT 1".to_owned(),
                ":2: the title is empty",
            ),
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
            (
                parameter("type = \"integer\", default = \"5\""),
                "the default is string \"5\", the type integer",
            ),
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
        let text = |tables: &str, query: &str| {
            format!("/*\ntitle = \"T\"\n{COLUMNS}\ntables = {tables}\n*/\n{query}\n")
        };
        let all =
            parse("things.sql", &text("[\"jobs\", \"employees\"]", "SELECT 1 AS n FROM jobs, employees"));
        assert_eq!(all.unwrap().tables, ["jobs", "employees"]);
        // Text that only looks like the name of a table.
        for query in
            ["SELECT 'jobs' AS n", "SELECT \"jobs\" AS n -- jobs", "SELECT jobs_2 AS n FROM `my jobs`"]
        {
            assert_eq!(parse("things.sql", &text("[]", query)).unwrap().tables, [""; 0], "{query}");
        }
        for (tables, query, expected) in [
            ("[]", "SELECT 1 AS n FROM jobs", ":4: the query names the table jobs, which tables does not"),
            (
                "[\"jobs\"]",
                "SELECT 1 AS n FROM Jobs JOIN rowgate.`employees`",
                "names the table employees, which",
            ),
            (
                "[\"people\"]",
                "SELECT 1 AS n",
                ":4: tables: the dictionary has no table \"people\"; it has departments,",
            ),
            ("[\"hired_employees\"]", "SELECT 1 AS n", "no table \"hired_employees\""),
            ("[\"jobs\",\n\"jobs\"]", "SELECT 1 AS n", ":5: tables: jobs is there already"),
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
        for name in ["Hires.sql", "a--b.sql", ".sql", "a b.sql", "notes.txt", "a_b.sql"] {
            let error = parse(&format!("sql/reports/{name}"), &text).unwrap_err();
            assert!(error.to_string().contains("a report's file is named"), "{error}");
        }
    }
}
