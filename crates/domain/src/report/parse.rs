//! Reading a report's file: the TOML in its first comment, the checks that make it safe to use, and its query.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::chart::WireChart;
use super::{Column, ColumnType, Report, ReportError, chart, statement};
use crate::dictionary::{Dictionary, Table};
use crate::parameter::{Parameter, ParameterType, ParameterValue, join};

/// How many characters a string parameter may have where its definition does not say.
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

/// A mistake, and the byte of the file where it is.
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
    let header = &text[header_at..query_at - "*/".len()];
    let at = |span: std::ops::Range<usize>| header_at + span.start;

    let wire: WireReport = toml::from_str(header)
        .map_err(|error| (error.span().map_or(header_at, at), error.message().trim().to_owned()))?;
    if wire.title.get_ref().trim().is_empty() {
        return Err((at(wire.title.span()), "the title is empty".to_owned()));
    }

    let mut parameters = Vec::with_capacity(wire.parameters.len());
    let mut places = Vec::with_capacity(wire.parameters.len());
    for parameter in wire.parameters {
        let place = at(parameter.span());
        let parameter = parameter.into_inner();
        let name = parameter.name.clone();
        let in_parameter = |problem| (place, format!("parameter {name}: {problem}"));
        if parameters.iter().any(|other: &Parameter| other.name == name) {
            return Err(in_parameter("is there already".to_owned()));
        }
        parameters.push(read_parameter(parameter).map_err(in_parameter)?);
        places.push(place);
    }

    let columns_at = at(wire.columns.span());
    let columns = read_columns(wire.columns.into_inner(), header_at)?;
    if columns.is_empty() {
        return Err((columns_at, "a report has at least one column".to_owned()));
    }
    let chart = wire.chart.map(|chart| chart::read(chart, &columns)).transpose();
    let chart = chart.map_err(|(span, problem)| (at(span), problem))?;
    let tables_at = at(wire.tables.span());
    let tables = read_tables(wire.tables.into_inner(), header_at, dictionary)?;

    let query = statement::read(&text[query_at..])
        .map_err(|(line, problem)| (query_at + line_start(&text[query_at..], line), problem))?;
    let verb = query.sql.split_ascii_whitespace().next().unwrap_or_default();
    // The Data API formats the rows of a SELECT alone, and takes a statement that begins with WITH
    // for another one.
    if !verb.eq_ignore_ascii_case("SELECT") {
        let found = if verb.is_empty() { "there is none" } else { verb };
        let problem = format!(
            "after the header stands a query that begins with SELECT (a WITH stands in its FROM); here: {found}"
        );
        return Err((query_at, problem));
    }
    for (name, line) in &query.placeholders {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let place = query_at + line_start(&text[query_at..], *line);
            return Err((place, format!("the query uses :{name}, but the header has no such parameter")));
        }
    }
    if let Some(unused) = parameters.iter().position(|one| !query.placeholders.contains_key(&one.name)) {
        let name = &parameters[unused].name;
        return Err((places[unused], format!("parameter {name}: the query does not use :{name}")));
    }
    // Who may see the report is decided by these names, so none may be forgotten.
    let forgotten = dictionary
        .tables()
        .iter()
        .map(Table::name)
        .find(|name| !tables.iter().any(|table| table == name) && statement::names(&query.sql, name));
    if let Some(name) = forgotten {
        return Err((tables_at, format!("the query names the table {name}, which tables does not")));
    }
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

/// Where the TOML begins, and where the query does.
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

/// Reads the names of the tables that a report reads: each its own, of a table that users know of.
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

fn read_columns(wire: Vec<Spanned<WireColumn>>, header_at: usize) -> Result<Vec<Column>, Mistake> {
    let mut columns: Vec<Column> = Vec::with_capacity(wire.len());
    for column in wire {
        let place = header_at + column.span().start;
        let WireColumn { name, column_type, description } = column.into_inner();
        let in_column = |problem| (place, format!("column {name}: {problem}"));
        check_name(&name).map_err(in_column)?;
        if columns.iter().any(|other| other.name == name) {
            return Err(in_column("is there already".to_owned()));
        }
        let column_type = ColumnType::from_name(&column_type).ok_or_else(|| {
            let known = join(ColumnType::ALL.map(ColumnType::name), "or");
            in_column(format!("unknown type {column_type:?}; use {known}"))
        })?;
        columns.push(Column { name, column_type, description: description.trim().to_owned() });
    }
    Ok(columns)
}

fn read_parameter(wire: WireParameter) -> Result<Parameter, String> {
    check_name(&wire.name)?;
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

/// A default has its type's form in TOML (a date: a string or a TOML date), and passes its type's own checks.
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

/// Names of parameters and columns: what can stand in SQL without quotes and in a query string without escapes.
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
        // What only looks like the name of a table.
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
