use std::collections::HashSet;
use std::fmt::Write;

use anyhow::{Context, Result};
use domain::dictionary::{Column, ColumnType, Dictionary, Table};
use domain::row_text::write_row_text;
use domain::value::{CivilDate, CivilTime, Decimal, Double, Key, Timestamp, Value};
use fastrand::Rng;
use uuid::Uuid;

/// A table of random shape with rows: a key of one to three columns, perhaps unique columns, and a
/// column of every type, NULL in some rows where it may be.
#[derive(Debug)]
pub struct RandomTable {
    /// The dictionary that has it alone.
    pub dictionary: &'static Dictionary,
    /// The statement that creates it.
    pub create: String,
    /// Its rows, in no order. No two have the same key, or the same values in unique columns.
    pub rows: Vec<Vec<Value<'static>>>,
}

/// The columns of a table in a random order: in the dictionary, in SQL, and if they take NULL.
#[derive(Debug, Default)]
struct Columns {
    dictionary: Vec<String>,
    sql: Vec<String>,
    nullable: Vec<bool>,
}

impl RandomTable {
    /// Draws a table called `name`, and at most `rows` rows: fewer where its key has fewer values.
    ///
    /// # Errors
    /// If the dictionary does not take it, which is a mistake in here.
    pub fn draw(random: &mut Rng, name: &str, rows: usize) -> Result<Self> {
        let mut columns = Vec::new();
        let key_columns = random.usize(1..=3);
        // Named as results of Rowgate's statements are, which are not to be taken for columns.
        for name in ["k", "r", "b"].into_iter().take(key_columns) {
            columns.push((name.to_owned(), key_type(random), Role::Key));
        }
        let unique = random.usize(0..3);
        if unique == 1 {
            columns.push(("u0".to_owned(), "string(9)".to_owned(), Role::Unique));
        } else if unique == 2 {
            columns.push(("u0".to_owned(), "integer".to_owned(), Role::UniqueTogether));
            columns.push(("u1".to_owned(), key_type(random), Role::UniqueTogether));
        }
        for (number, column_type) in every_type(random).into_iter().enumerate() {
            columns.push((format!("c{number}"), column_type, Role::Other));
        }
        random.shuffle(&mut columns);
        let mut made = Columns::default();
        for (column, column_type, role) in &columns {
            made.push(random, column, column_type, *role);
        }
        let named = |role: Role| -> Vec<&str> {
            columns.iter().filter(|column| column.2 == role).map(|column| &*column.0).collect()
        };
        let mut dictionary = format!("[[table]]\nname = \"{name}\"\ndescription = \"x\"\n");
        made.sql.push(format!("PRIMARY KEY ({})", named(Role::Key).join(", ")));
        for columns in [named(Role::Unique), named(Role::UniqueTogether)] {
            if !columns.is_empty() {
                made.sql.push(format!("UNIQUE KEY ({})", columns.join(", ")));
            }
        }
        let together = named(Role::UniqueTogether);
        if !together.is_empty() {
            let _ = writeln!(dictionary, "unique = [[\"{}\"]]", together.join("\", \""));
        }
        let _ = writeln!(dictionary, "columns = [\n{}]", made.dictionary.concat());
        let create = format!("CREATE TABLE {name} ({}) DEFAULT CHARACTER SET = utf8mb4", made.sql.join(", "));
        let dictionary: &'static Dictionary =
            Box::leak(Box::new(Dictionary::parse("random", &dictionary).context(create.clone())?));
        let table = dictionary.tables().first().context("a table")?;
        let rows = random_rows(random, table, &made.nullable, rows);
        Ok(Self { dictionary, create, rows })
    }

    /// Returns the table.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        &self.dictionary.tables()[0]
    }

    /// Returns the [row texts](write_row_text) of its rows.
    #[must_use]
    pub fn row_texts(&self) -> Vec<String> {
        let text = |row: &Vec<Value<'_>>| {
            let mut text = String::new();
            write_row_text(row, &mut text);
            text
        };
        self.rows.iter().map(text).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Unique,
    UniqueTogether,
    Other,
}

impl Columns {
    fn push(&mut self, random: &mut Rng, name: &str, column_type: &str, role: Role) {
        let word = match role {
            Role::Key => "key = true, ",
            Role::Unique => "unique = true, ",
            Role::UniqueTogether | Role::Other => "",
        };
        let line = format!("{{ name = \"{name}\", type = \"{column_type}\", {word}description = \"x\" }},\n");
        self.dictionary.push(line);
        let is_nullable = role != Role::Key && random.bool();
        let sql = sql_type(column_type, role != Role::Other);
        self.sql.push(format!("{name} {sql} {}", if is_nullable { "NULL" } else { "NOT NULL" }));
        self.nullable.push(is_nullable);
    }
}

/// Returns the type of a part of a key.
fn key_type(random: &mut Rng) -> String {
    let types = [
        "smallint",
        "integer",
        "bigint",
        "decimal(9,2)",
        "string(12)",
        "string(200)",
        "date",
        "time",
        "timestamp",
        "timestamp(3)",
        "timestamp(6)",
        "uuid",
    ];
    types[random.usize(..types.len())].to_owned()
}

/// Returns every type once.
fn every_type(random: &mut Rng) -> Vec<String> {
    let mut types: Vec<String> = [
        "smallint",
        "integer",
        "bigint",
        "double",
        "text",
        "boolean",
        "date",
        "time",
        "timestamp",
        "timestamp(3)",
        "timestamp(6)",
        "uuid",
        "json",
    ]
    .map(str::to_owned)
    .to_vec();
    types.push(format!("string({})", random.u32(1..=255)));
    types.push(format!("binary({})", random.u32(1..=3000)));
    let precision = random.u32(1..=38);
    types.push(format!("decimal({precision},{})", random.u32(0..=precision.min(30))));
    types
}

/// Returns the type of the database's column. One that is compared has a binary collation.
fn sql_type(column_type: &str, is_compared: bool) -> String {
    match column_type.split('(').next().unwrap_or_default() {
        "string" => {
            let binary = if is_compared { " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" } else { "" };
            column_type.replace("string", "VARCHAR") + binary
        }
        "binary" => column_type.replace("binary", "VARBINARY"),
        "timestamp" => column_type.replace("timestamp", "DATETIME"),
        "integer" => "INT".to_owned(),
        "uuid" => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".to_owned(),
        _ => column_type.to_uppercase(),
    }
}

fn random_rows(random: &mut Rng, table: &Table, nullable: &[bool], most: usize) -> Vec<Vec<Value<'static>>> {
    // Parts of a key from few values each, so that keys share their first parts.
    let few: Vec<Vec<Value<'static>>> = table
        .columns()
        .iter()
        .map(|column| (0..12).map(|_| random_value(random, column)).collect())
        .collect();
    let mut keys = HashSet::new();
    let mut unique = vec![HashSet::new(); table.unique().len()];
    let mut rows = Vec::new();
    for _ in 0..most {
        let value = |(index, column): (usize, &Column), random: &mut Rng| {
            if nullable[index] && random.u8(..4) == 0 {
                Value::Null
            } else if table.key_indexes().len() > 1 && table.key_indexes().contains(&index) {
                few[index][random.usize(..few[index].len())].clone()
            } else {
                random_value(random, column)
            }
        };
        let row: Vec<Value<'static>> =
            table.columns().iter().enumerate().map(|column| value(column, random)).collect();
        let values = |columns: &[usize]| Key::of(columns.iter().map(|index| &row[*index]));
        let taken = |(columns, taken): (&Vec<usize>, &HashSet<Key>)| {
            values(columns).is_some_and(|values| taken.contains(&values))
        };
        if table.unique().iter().zip(&unique).any(taken) || !keys.insert(values(table.key_indexes())) {
            continue;
        }
        for (columns, taken) in table.unique().iter().zip(&mut unique) {
            taken.extend(values(columns));
        }
        rows.push(row);
    }
    rows
}

/// Returns a random value of a column, often one at the end of its range.
fn random_value(random: &mut Rng, column: &Column) -> Value<'static> {
    match column.column_type() {
        column_type @ (ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint) => {
            let (least, most) = column_type.integer_bounds();
            let numbers = [least, most, 0, random.i64(least..=most)];
            Value::Integer(numbers[random.usize(..numbers.len())])
        }
        ColumnType::Double => Value::Double(random_double(random)),
        ColumnType::Decimal { precision, scale } => {
            let most = 10_i128.pow(precision.into()) - 1;
            let numbers = [0, 1, -1, most, -most, random.i128(-most..=most)];
            Value::Decimal(Decimal { unscaled: numbers[random.usize(..numbers.len())], scale })
        }
        ColumnType::String { max } => {
            Value::Text(random_text(random, max as usize, column.is_compared()).into())
        }
        ColumnType::Text => {
            // Seldom as long as can be, in characters of four bytes.
            let most = if random.u8(..40) == 0 { 16_383 } else { 300 };
            Value::Text(random_text(random, most, false).into())
        }
        ColumnType::Boolean => Value::Boolean(random.bool()),
        ColumnType::Date => Value::Date(random_day(random)),
        ColumnType::Time => Value::Time(random_time(random)),
        ColumnType::Timestamp { digits } => {
            let unit = 10_u32.pow(6 - u32::from(digits));
            let micros = random.u32(..1_000_000) / unit * unit;
            let moment = Timestamp::new(random_day(random), random_time(random), micros, digits);
            moment.map_or(Value::Null, Value::Timestamp)
        }
        ColumnType::Uuid => Value::Uuid(Uuid::from_u128(random.u128(..))),
        ColumnType::Json => Value::Json(random_document(random).into()),
        ColumnType::Binary { max } => {
            let length = random.usize(0..=max as usize);
            Value::Binary((0..length).map(|_| random.u8(..)).collect::<Vec<u8>>().into())
        }
    }
}

fn random_double(random: &mut Rng) -> Double {
    let ends = [0.0, -1.5, 1e15, 1e-15, 5e-324, f64::MAX, -2.225_073_858_507_201_4e-308, 0.1 + 0.2];
    loop {
        let number = match random.u8(..3) {
            0 => ends[random.usize(..ends.len())],
            1 => f64::from_bits(random.u64(..)),
            _ => (random.f64() - 0.5) * 10_f64.powi(random.i32(-20..20)),
        };
        if let Some(number) = Double::new(number) {
            return number;
        }
    }
}

/// Returns a text of at most so many characters; of a column that is compared, one with a letter at
/// its end and no control characters.
fn random_text(random: &mut Rng, most: usize, is_compared: bool) -> String {
    let letters =
        ['\0', '\n', 'a', 'Z', '0', ',', ':', '\'', '"', '\\', '%', ' ', 'é', '€', '\u{1F600}', '\u{FFFF}'];
    let from = if is_compared { 2 } else { 0 };
    let lengths = [0, 1, most, random.usize(0..=most)];
    let length = lengths[random.usize(..lengths.len())].max(usize::from(is_compared));
    let mut text: String = (0..length).map(|_| letters[random.usize(from..letters.len())]).collect();
    if is_compared {
        text.pop();
        text.push(char::from(random.u8(b'a'..=b'z')));
    }
    text
}

/// Returns a JSON document in the form in which MySQL prints it.
fn random_document(random: &mut Rng) -> &'static str {
    let documents = [
        "{}",
        "[]",
        "null",
        "-7",
        "2.5",
        "100.0",
        r#""Łoś \"x\" \\ \n 😀""#,
        r#"{"a": 1, "bb": [1, 2.5, null, true], "é": "{\"in\": \"side\"}"}"#,
        r#"[{"x": "y"}, 9223372036854775807, 18446744073709551615, -0.05]"#,
    ];
    documents[random.usize(..documents.len())]
}

fn random_day(random: &mut Rng) -> CivilDate {
    let years = [1000, 1582, 1969, 1970, 2024, 9999, random.u16(1000..=9999)];
    loop {
        let year = years[random.usize(..years.len())];
        if let Some(day) = CivilDate::new(year, random.u8(1..=12), random.u8(1..=31)) {
            return day;
        }
    }
}

fn random_time(random: &mut Rng) -> CivilTime {
    loop {
        if let Some(time) = CivilTime::new(random.u8(..24), random.u8(..60), random.u8(..60)) {
            return time;
        }
    }
}
