//! Values of rows as they are checked and as the database holds them.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use aurora::Statement;
use domain::batch::Batch;
use domain::dictionary::Dictionary;
use domain::row_text::{row_text_sql, write_row_text};
use domain::sql::InsertWriter;
use fastrand::Rng;
use testkit::TestDatabase;

const ROWS: usize = 500;

const TABLE: &str = r#"
    [[table]]
    name = "things"
    columns = [
        { name = "id", type = "integer", key = true },
        { name = "document", type = "json" },
        { name = "number", type = "double" },
    ]
"#;

/// MySQL brings a document to a form of its own: the one that it is given already. MariaDB keeps
/// the text as it is.
#[tokio::test]
async fn documents_and_doubles_are_printed_as_they_were_checked() -> Result<()> {
    let test = TestDatabase::start().await?;
    test.sql("CREATE TABLE things (id INT PRIMARY KEY, document JSON NOT NULL, number DOUBLE NOT NULL)")
        .await?;
    let dictionary = Dictionary::parse("test", TABLE)?;
    let table = dictionary.table("things").context("a table")?;
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let mut body = String::from("[");
    for id in 0..ROWS {
        let mut document = String::new();
        push_document(&mut random, 0, &mut document);
        let comma = if id > 0 { "," } else { "" };
        write!(body, "{comma}{{\"id\":{id},\"document\":{document},\"number\":{}}}", number(&mut random))?;
    }
    body.push(']');
    let batch = Batch::read_rows(table, body.as_bytes())?;
    let mut writer = InsertWriter::new(table);
    let mut statements = Vec::new();
    let mut expected = Vec::new();
    for row in &batch.tables[0].rows {
        ensure!(row.checked.is_valid(), "seed {seed}: {} has {:?}", row.raw, row.checked.errors);
        statements.extend(writer.push(&row.checked.values));
        let mut text = String::new();
        write_row_text(&row.checked.values, &mut text);
        expected.push(text);
    }
    statements.extend(writer.finish());
    for statement in statements {
        test.database().execute(Statement::from(statement)).await?;
    }
    let sql = format!("SELECT {} FROM things ORDER BY id", row_text_sql(table, &[false; 3]));
    let found: Vec<String> = test.sql(&sql).await?.into_iter().filter_map(|row| row[0].clone()).collect();
    ensure!(found.len() == expected.len(), "{} rows", found.len());
    for ((found, expected), row) in found.iter().zip(&expected).zip(&batch.tables[0].rows) {
        ensure!(found == expected, "seed {seed}: of {} the database has {found}, not {expected}", row.raw);
    }
    Ok(())
}

/// Appends a document that is written in no particular form.
fn push_document(random: &mut Rng, depth: u32, json: &mut String) {
    let blank = |random: &mut Rng| ["", "", " ", "\n\t"][random.usize(..4)];
    // `null` alone is no value.
    let kinds = if depth == 0 { 1..7 } else { 0..7 };
    match random.u8(kinds) {
        0 => json.push_str("null"),
        1 => json.push_str(["true", "false"][random.usize(..2)]),
        2 => json.push_str(&random.i64(..).to_string()),
        3 => json.push_str(&number(random)),
        4 => push_string(random, json),
        kind => {
            let (open, close) = if kind == 5 { ('[', ']') } else { ('{', '}') };
            json.push(open);
            for item in 0..random.u32(..5 - depth.min(4)) {
                json.push_str(if item > 0 { "," } else { blank(random) });
                if kind == 6 {
                    push_string(random, json);
                    json.push_str(blank(random));
                    json.push(':');
                }
                json.push_str(blank(random));
                push_document(random, depth + 1, json);
                json.push_str(blank(random));
            }
            json.push(close);
        }
    }
}

fn push_string(random: &mut Rng, json: &mut String) {
    let pieces = [
        "a",
        "b",
        "B",
        "é",
        "😀",
        "\u{7f}",
        "\u{2028}",
        " ",
        "/",
        "\\/",
        "\\\"",
        "\\\\",
        "\\n",
        "\\u0000",
        "\\u001f",
        "\\u00e9",
        "\\ud83d\\ude00",
        "'",
        "%",
        ":p0",
    ];
    json.push('"');
    for _ in 0..random.usize(..4) {
        json.push_str(pieces[random.usize(..pieces.len())]);
    }
    json.push('"');
}

/// Returns a number as JSON has it.
fn number(random: &mut Rng) -> String {
    let edges = ["0.0", "-0.0", "1e15", "999999999999999.9", "1E+2", "12.50e-1", "1e-15", "1e-16", "5e-324"];
    match random.u8(..4) {
        0 => edges[random.usize(..edges.len())].to_owned(),
        1 => loop {
            let number = f64::from_bits(random.u64(..));
            if number.is_finite() {
                break format!("{number:e}");
            }
        },
        2 => format!("{:e}", 2_f64.powi(random.i32(-1000..1000))),
        _ => format!("{:?}", (random.f64() - 0.5) * 10_f64.powi(random.i32(-17..20))),
    }
}
