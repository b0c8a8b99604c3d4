//! The parser of a report's file: the TOML in its first comment, its query, and the checks that
//! make both safe to use.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::chart::{self, WireChart};
use super::column::{Column, ColumnType};
use super::{Report, statement};
use crate::dictionary::{Dictionary, Table, is_identifier};
use crate::folder_error::FolderError;
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

impl Report {
    /// Reads a report from the text of its file; `file` is its path, whose last part without `.sql`
    /// is the report's name. Its tables are those of `dictionary`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn parse(file: &str, text: &str, dictionary: &Dictionary) -> Result<Self, FolderError> {
        read(file, text, dictionary).map_err(|(at, problem)| {
            let line = 1 + text[..at.min(text.len())].matches('\n').count();
            FolderError::at_line(file, line, problem)
        })
    }
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
        let known = join(ColumnType::ALL.map(ColumnType::as_str), "or");
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

fn check_name(name: &str) -> Result<(), String> {
    if is_identifier(name) {
        Ok(())
    } else {
        Err("a name is made of a-z, 0-9 and _, a letter first, at most 64 characters".to_owned())
    }
}
