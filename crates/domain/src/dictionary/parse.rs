//! Reading a dictionary from TOML: the wire structs, and the checks that make it safe to use.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::default::{WireDefault, read_default};
use super::expectations::{WireExpectations, read_expectations};
use super::files::{WireFiles, read_files};
use super::{
    Column, ColumnType, Dictionary, DictionaryError, LoadMode, RejectLimit, RejectLimitError, Table,
};
use crate::sql;

/// MySQL's limit for the length of a table or column name, in characters.
/// <https://dev.mysql.com/doc/refman/8.0/en/identifier-length.html>
const MAX_IDENTIFIER: usize = 64;

/// Rowgate's own tables begin with this.
const RESERVED_PREFIX: &str = "rowgate_";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDictionary {
    #[serde(default)]
    table: Vec<WireTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTable {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    hidden: bool,
    default_mode: Option<String>,
    max_rejects: Option<WireLimit>,
    files: Option<WireFiles>,
    expectations: Option<WireExpectations>,
    columns: Vec<WireColumn>,
}

/// `100` or `"5%"`; anything else that TOML has is told apart later, to say what would be right.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireLimit {
    Count(u64),
    Text(String),
    Other(toml::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireColumn {
    name: String,
    #[serde(rename = "type")]
    column_type: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    key: bool,
    #[serde(default)]
    auto_increment: bool,
    #[serde(default)]
    personal: bool,
    references: Option<String>,
    default: Option<WireDefault>,
}

fn yes() -> bool {
    true
}

/// A mistake found so far without its place in the file.
struct Mistake {
    table: Option<String>,
    column: Option<String>,
    problem: String,
}

impl Mistake {
    fn new(problem: impl Into<String>) -> Self {
        Self { table: None, column: None, problem: problem.into() }
    }

    fn in_table(mut self, table: &str) -> Self {
        self.table = Some(table.to_owned());
        self
    }

    fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }
}

impl Dictionary {
    /// Reads a dictionary from TOML text; `file` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong, with the table and column where it is: TOML that does not parse, a key that
    /// is not known, a name that is no identifier or is taken, a missing or unsuitable primary key, a reference
    /// that leads nowhere or in a circle, or rows too wide for one SQL statement.
    pub fn parse(file: &str, text: &str) -> Result<Self, DictionaryError> {
        read(text).map_err(|mistake| DictionaryError {
            file: file.to_owned(),
            table: mistake.table,
            column: mistake.column,
            problem: mistake.problem,
        })
    }
}

fn read(text: &str) -> Result<Dictionary, Mistake> {
    let wire: WireDictionary =
        toml::from_str(text).map_err(|error| Mistake::new(error.to_string().trim_end().to_owned()))?;
    if wire.table.is_empty() {
        return Err(Mistake::new("there is no [[table]] block"));
    }
    let mut names = BTreeSet::new();
    let mut tables = Vec::with_capacity(wire.table.len());
    for table in wire.table {
        let name = table.name.clone();
        tables.push(read_table(table, &mut names).map_err(|mistake| mistake.in_table(&name))?);
    }
    check_references(&tables)?;
    Ok(Dictionary { tables: in_reference_order(tables)? })
}

fn read_table(wire: WireTable, names: &mut BTreeSet<String>) -> Result<Table, Mistake> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        match (name.starts_with(RESERVED_PREFIX), wire.hidden) {
            (true, false) => {
                return Err(Mistake::new(format!(
                    "names that begin with {RESERVED_PREFIX} are Rowgate's own; choose another than {name:?}"
                )));
            }
            (false, true) => {
                return Err(Mistake::new(format!(
                    "names of hidden tables begin with {RESERVED_PREFIX}; choose another than {name:?}"
                )));
            }
            _ => {}
        }
        if !names.insert(name.clone()) {
            return Err(Mistake::new(format!("the name {name:?} is already a table's name or alias")));
        }
    }
    let default_mode = match wire.default_mode.as_deref() {
        None => LoadMode::Append,
        Some(name) => LoadMode::from_name(name).ok_or_else(|| {
            Mistake::new(format!("unknown default_mode {name:?}; use append, upsert or replace"))
        })?,
    };
    let max_rejects = wire.max_rejects.map(read_limit).transpose()?;
    let files = wire.files.as_ref().map(read_files).transpose();
    let files = files.map_err(|problem| Mistake::new(format!("files: {problem}")))?.unwrap_or_default();
    let expectations = wire.expectations.as_ref().map(read_expectations).transpose();
    let expectations = expectations.map_err(|problem| Mistake::new(format!("expectations: {problem}")))?;
    let mut taken = BTreeSet::new();
    let mut columns = Vec::with_capacity(wire.columns.len());
    let mut keys = Vec::new();
    for (index, column) in wire.columns.into_iter().enumerate() {
        let name = column.name.clone();
        if column.key {
            keys.push(index);
        }
        columns.push(read_column(column, &mut taken).map_err(|mistake| mistake.in_column(&name))?);
    }
    let [key] = keys[..] else {
        return Err(Mistake::new(format!(
            "exactly one column must have `key = true`; {} have it",
            if keys.is_empty() { "none".to_owned() } else { keys.len().to_string() }
        )));
    };
    let table = Table {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        is_hidden: wire.hidden,
        default_mode,
        max_rejects,
        files,
        expectations: expectations.unwrap_or_default(),
        columns,
        key,
    };
    let widest = sql::widest_insert(&table);
    if widest > sql::MAX_SQL_CHARS {
        return Err(Mistake::new(format!(
            "a row can take {widest} characters of SQL, the Data API allows {}; shorten its string columns \
             (each character counts 8)",
            sql::MAX_SQL_CHARS
        )));
    }
    Ok(table)
}

fn read_limit(wire: WireLimit) -> Result<RejectLimit, Mistake> {
    let (text, limit) = match wire {
        WireLimit::Count(count) => return Ok(RejectLimit::Count(count)),
        WireLimit::Text(text) => (format!("{text:?}"), RejectLimit::parse(&text)),
        WireLimit::Other(value) => (value.to_string(), Err(RejectLimitError)),
    };
    limit.map_err(|error| Mistake::new(format!("max_rejects {text}: {error}")))
}

fn read_column(wire: WireColumn, taken: &mut BTreeSet<String>) -> Result<Column, Mistake> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        if !taken.insert(name.clone()) {
            return Err(Mistake::new(format!("the name {name:?} is already a column's name or alias")));
        }
    }
    let column_type = read_type(&wire.column_type)?;
    let is_whole_number = matches!(column_type, ColumnType::Integer | ColumnType::Bigint);
    if wire.key && !is_whole_number {
        return Err(Mistake::new(format!("a primary key must be integer or bigint, not {column_type}")));
    }
    if wire.key && !wire.required {
        return Err(Mistake::new("a primary key must be required"));
    }
    if wire.auto_increment && !wire.key {
        return Err(Mistake::new("only the primary key can have auto_increment"));
    }
    if wire.references.is_some() && !is_whole_number {
        return Err(Mistake::new(format!("a reference must be integer or bigint, not {column_type}")));
    }
    if wire.key && wire.default.is_some() {
        return Err(Mistake::new("a primary key can have no default: each row has another"));
    }
    let mut column = Column {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        column_type,
        required: wire.required,
        auto_increment: wire.auto_increment,
        personal: wire.personal,
        references: wire.references,
        default: None,
    };
    if let Some(default) = &wire.default {
        column.default = Some(read_default(&column, default).map_err(Mistake::new)?);
    }
    Ok(column)
}

fn check_identifier(name: &str) -> Result<(), Mistake> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let all_well = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if starts_well && all_well && name.len() <= MAX_IDENTIFIER {
        Ok(())
    } else {
        Err(Mistake::new(format!(
            "{name:?} is no name: use a-z, 0-9 and _, a letter first, at most {MAX_IDENTIFIER} characters"
        )))
    }
}

fn read_type(text: &str) -> Result<ColumnType, Mistake> {
    let unknown = || {
        Mistake::new(format!(
            "unknown type {text:?}; use integer, bigint, decimal(p,s), string(n), boolean, date or timestamp"
        ))
    };
    match text {
        "integer" => return Ok(ColumnType::Integer),
        "bigint" => return Ok(ColumnType::Bigint),
        "boolean" => return Ok(ColumnType::Boolean),
        "date" => return Ok(ColumnType::Date),
        "timestamp" => return Ok(ColumnType::Timestamp),
        _ => {}
    }
    let (name, rest) = text.split_once('(').ok_or_else(unknown)?;
    let arguments = rest.strip_suffix(')').ok_or_else(unknown)?;
    match name {
        "string" => {
            let max: u32 = arguments.trim().parse().map_err(|_| unknown())?;
            if max == 0 {
                return Err(Mistake::new("string(0) holds nothing; use at least string(1)"));
            }
            Ok(ColumnType::String { max })
        }
        "decimal" => {
            let (precision, scale) = arguments.split_once(',').ok_or_else(unknown)?;
            let precision: u8 = precision.trim().parse().map_err(|_| unknown())?;
            let scale: u8 = scale.trim().parse().map_err(|_| unknown())?;
            // MySQL allows at most 30 digits after the point.
            if precision == 0 || precision > ColumnType::MAX_PRECISION || scale > precision.min(30) {
                return Err(Mistake::new(format!(
                    "decimal({precision},{scale}): the precision must be 1 to {}, the scale at most the \
                     precision and at most 30",
                    ColumnType::MAX_PRECISION
                )));
            }
            Ok(ColumnType::Decimal { precision, scale })
        }
        _ => Err(unknown()),
    }
}

fn check_references(tables: &[Table]) -> Result<(), Mistake> {
    for table in tables {
        for (index, target) in table.references() {
            let column = &table.columns[index];
            let mistake =
                |problem: String| Mistake::new(problem).in_table(&table.name).in_column(&column.name);
            let Some(referred) = tables.iter().find(|candidate| candidate.name == target) else {
                return Err(mistake(format!("references {target:?}, but there is no such table")));
            };
            if referred.is_hidden && !table.is_hidden {
                return Err(mistake(format!("references {target:?}, which is hidden and in no backup")));
            }
            if referred.key().column_type != column.column_type {
                return Err(mistake(format!(
                    "is {}, but the key of {target} is {}",
                    column.column_type,
                    referred.key().column_type
                )));
            }
        }
    }
    Ok(())
}

/// Puts every table after the tables that it refers to; a table may refer to itself.
fn in_reference_order(tables: Vec<Table>) -> Result<Vec<Table>, Mistake> {
    let mut waiting: BTreeMap<usize, Table> = tables.into_iter().enumerate().collect();
    let mut ordered: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().find_map(|(&position, table)| {
            let all_there = table
                .references()
                .all(|(_, target)| target == table.name || ordered.iter().any(|done| done.name == target));
            all_there.then_some(position)
        });
        match ready.and_then(|position| waiting.remove(&position)) {
            Some(table) => ordered.push(table),
            None => {
                let names: Vec<&str> = waiting.values().map(|table| table.name.as_str()).collect();
                return Err(Mistake::new(format!(
                    "the tables {} refer to each other in a circle",
                    names.join(", ")
                )));
            }
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::super::{Expectations, Severity};
    use super::*;

    fn problem(text: &str) -> String {
        Dictionary::parse("dictionary.toml", text).unwrap_err().to_string()
    }

    fn table(columns: &str) -> String {
        format!(
            "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, {columns}]"
        )
    }

    #[test]
    fn reads_every_type() {
        let text = table(
            r#"{ name = "a", type = "bigint" }, { name = "b", type = "decimal(10,2)" }, { name = "c", type = "string(20)" },
               { name = "d", type = "boolean" }, { name = "e", type = "date" }, { name = "f", type = "timestamp", required = false }"#,
        );
        let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
        let types: Vec<String> =
            dictionary.tables()[0].columns().iter().map(|column| column.column_type().to_string()).collect();
        assert_eq!(
            types,
            ["integer", "bigint", "decimal(10,2)", "string(20)", "boolean", "date", "timestamp"]
        );
        assert!(!dictionary.tables()[0].columns()[6].required());
    }

    #[test]
    fn orders_tables_by_reference_and_lets_a_table_refer_to_itself() {
        let text = r#"
            [[table]]
            name = "people"
            columns = [
                { name = "id", type = "integer", key = true },
                { name = "team", type = "integer", references = "teams" },
                { name = "boss", type = "integer", references = "people", required = false },
            ]
            [[table]]
            name = "teams"
            columns = [{ name = "id", type = "integer", key = true }]
        "#;
        let dictionary = Dictionary::parse("dictionary.toml", text).unwrap();
        assert_eq!(dictionary.table_names(), "teams, people");
    }

    #[test]
    fn reads_a_limit_of_rejects_as_number_or_share() {
        for (line, expected) in [
            ("", None),
            ("max_rejects = 100", Some(RejectLimit::Count(100))),
            ("max_rejects = \"100\"", Some(RejectLimit::Count(100))),
            ("max_rejects = \"0.5%\"", Some(RejectLimit::Share { per_million: 5000 })),
        ] {
            let text =
                table(r#"{ name = "a", type = "bigint" }"#).replace("columns", &format!("{line}\ncolumns"));
            let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
            assert_eq!(dictionary.tables()[0].max_rejects(), expected, "{line}");
        }
    }

    #[test]
    fn reads_what_the_lake_does_with_rows_that_break_the_dictionary() {
        let read = |line: &str| {
            let text =
                table(r#"{ name = "a", type = "bigint" }"#).replace("columns", &format!("{line}\ncolumns"));
            Dictionary::parse("dictionary.toml", &text).unwrap().tables()[0].expectations()
        };
        let (stop, warn) = (Severity::Stop, Severity::Warn);
        let usual = Expectations { required: stop, references: warn, rules: warn };
        assert_eq!(read(""), usual);
        assert_eq!(read("expectations = {}"), usual);
        let other = r#"expectations = { required = "warn", references = "stop", rules = "stop" }"#;
        assert_eq!(read(other), Expectations { required: warn, references: stop, rules: stop });
        let one = r#"expectations = { references = "stop" }"#;
        assert_eq!(read(one), Expectations { references: stop, ..usual });
    }

    #[test]
    fn hidden_tables_are_found_by_name_and_listed_nowhere() {
        let hidden = "[[table]]\nname = \"rowgate_x\"\nhidden = true\n\
                      columns = [{ name = \"id\", type = \"bigint\", key = true }]\n";
        let text = format!("{hidden}{}", table(r#"{ name = "a", type = "date" }"#));
        let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
        assert!(dictionary.table("rowgate_x").unwrap().is_hidden());
        assert_eq!(dictionary.tables().len(), 2);
        assert_eq!(dictionary.visible_tables().map(Table::name).collect::<Vec<_>>(), ["things"]);
        assert_eq!(dictionary.table_names(), "things");
        let referring = table(r#"{ name = "x", type = "bigint", references = "rowgate_x" }"#);
        let expected = "table things, column x: references \"rowgate_x\", which is hidden and in no backup";
        assert!(problem(&format!("{hidden}{referring}")).contains(expected));
    }

    #[test]
    fn names_the_place_of_every_mistake() {
        let cases = [
            ("", "dictionary.toml: there is no [[table]] block"),
            (&*table(r#"{ name = "a", type = "text" }"#), "table things, column a: unknown type \"text\""),
            (
                &*table(r#"{ name = "a", type = "string" }"#),
                "table things, column a: unknown type \"string\"",
            ),
            (&*table(r#"{ name = "a", type = "string(0)" }"#), "column a: string(0) holds nothing"),
            (
                &*table(r#"{ name = "a", type = "decimal(40,2)" }"#),
                "column a: decimal(40,2): the precision must be",
            ),
            (
                &*table(r#"{ name = "a", type = "decimal(4,5)" }"#),
                "column a: decimal(4,5): the precision must be",
            ),
            (&*table(r#"{ name = "a", type = "string(9000)" }"#), "table things: a row can take 72"),
            (&*table(r#"{ name = "A", type = "date" }"#), "column A: \"A\" is no name"),
            (&*table(r#"{ name = "id", type = "date" }"#), "column id: the name \"id\" is already"),
            (
                &*table(r#"{ name = "a", type = "date", aliases = ["id"] }"#),
                "column a: the name \"id\" is already",
            ),
            (
                &*table(r#"{ name = "a", type = "date", key = true }"#),
                "column a: a primary key must be integer",
            ),
            (&*table(r#"{ name = "a", type = "integer", key = true }"#), "exactly one column must have"),
            (
                &*table(r#"{ name = "a", type = "integer", auto_increment = true }"#),
                "only the primary key can",
            ),
            (
                &*table(r#"{ name = "a", type = "integer", references = "no" }"#),
                "column a: references \"no\", but",
            ),
            (
                &*table(r#"{ name = "a", type = "bigint", references = "things" }"#),
                "is bigint, but the key of things",
            ),
            (
                &*table(r#"{ name = "a", type = "date", references = "things" }"#),
                "a reference must be integer",
            ),
            (&*table(r#"{ name = "a", type = "date", requird = true }"#), "unknown field `requird`"),
            ("[[table]]\nname = \"rowgate_x\"\ncolumns = []", "are Rowgate's own"),
            (
                "[[table]]\nname = \"x\"\nhidden = true\ncolumns = []",
                "names of hidden tables begin with rowgate_",
            ),
            (
                "[[table]]\nname = \"x\"\ndefault_mode = \"merge\"\ncolumns = []",
                "unknown default_mode \"merge\"",
            ),
            (
                "[[table]]\nname = \"x\"\nexpectations = { rules = \"halt\" }\ncolumns = []",
                "dictionary.toml: table x: expectations: unknown rules \"halt\"; use stop or warn",
            ),
            (
                "[[table]]\nname = \"x\"\nexpectations = { unique = \"stop\" }\ncolumns = []",
                "unknown field `unique`, expected one of `required`, `references`, `rules`",
            ),
            ("[[table]]\nname = \"x\"\nmax_rejects = -1\ncolumns = []", "max_rejects -1: use a number of"),
            ("[[table]]\nname = \"x\"\nmax_rejects = \"5 %\"\ncolumns = []", "max_rejects \"5 %\": use a"),
            (
                "[[table]]\nname = \"x\"\ncolumns = []",
                "exactly one column must have `key = true`; none have it",
            ),
        ];
        for (text, expected) in cases {
            let found = problem(text);
            assert!(found.contains(expected), "{text}\n  said {found:?}\n  not  {expected:?}");
        }
    }

    #[test]
    fn refuses_tables_that_refer_to_each_other() {
        let text = r#"
            [[table]]
            name = "a"
            columns = [{ name = "id", type = "integer", key = true }, { name = "b", type = "integer", references = "b" }]
            [[table]]
            name = "b"
            columns = [{ name = "id", type = "integer", key = true }, { name = "a", type = "integer", references = "a" }]
        "#;
        assert_eq!(problem(text), "dictionary.toml: the tables a, b refer to each other in a circle");
    }
}
