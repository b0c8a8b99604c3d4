use std::collections::BTreeMap;

use super::*;
use crate::folder::TableFolder;

fn records(text: &str, delimiter: char) -> Vec<(u64, Vec<String>)> {
    let fields = |line: &str| line.split(delimiter).map(str::to_owned).collect();
    let all: Vec<(u64, Vec<String>)> = (1..).zip(text.lines().map(fields)).collect();
    // Blank lines are no records.
    all.into_iter().filter(|(_, record)| record.iter().any(|field| !field.is_empty())).collect()
}

/// Drafts a table, and checks that a folder can have it.
fn draft(text: &str) -> TableDraft {
    let draft = draft_table("articles", &records(text, ';'), Settings::default()).unwrap();
    let files =
        [("dictionary.toml", &draft.block), ("migrations/20261121_create_articles/up.sql", &draft.migration)];
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (path.to_owned(), text.clone())).collect();
    TableFolder::parse("sql", &files).unwrap();
    draft
}

const BLOCK: &str = r#"[[table]]
name = "articles"
description = ""
columns = [
    { name = "artikel_nr", type = "string(50)", key = true, description = "Artikel-Nr" },
    { name = "e_mail", type = "string(50)", unique = true, required = false, description = "E-Mail" },
    { name = "groesse_cm", type = "integer", required = false, description = "Größe (cm)" },
    { name = "preis", type = "decimal(10,2)", description = "Preis" },
    { name = "seit", type = "date", description = "seit" },
    { name = "geaendert_am", type = "timestamp", description = "geändert am" },
    { name = "plz", type = "string(50)", description = "PLZ" },
    { name = "notiz", type = "string(50)", required = false, description = "Notiz" },
]

[table.files]
columns = { Artikel-Nr = "artikel_nr", E-Mail = "e_mail", "Größe (cm)" = "groesse_cm", "geändert am" = "geaendert_am" }
null_values = ["N/A"]
decimal_comma = true
date_formats = ["%d.%m.%Y"]
timestamp_formats = ["%d.%m.%Y %H:%M"]
"#;

const MIGRATION: &str = "CREATE TABLE `articles` (
    `artikel_nr` VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
    `e_mail` VARCHAR(50) COLLATE utf8mb4_bin NULL,
    `groesse_cm` INT NULL,
    `preis` DECIMAL(10,2) NOT NULL,
    `seit` DATE NOT NULL,
    `geaendert_am` DATETIME NOT NULL,
    `plz` VARCHAR(50) NOT NULL,
    `notiz` VARCHAR(50) NULL,
    PRIMARY KEY (`artikel_nr`),
    UNIQUE KEY (`e_mail`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
";

#[test]
fn a_german_export_becomes_a_table() {
    let draft = draft(
        "Artikel-Nr;E-Mail;Größe (cm);Preis;seit;geändert am;PLZ;Notiz\n\
         A-1;a@example.com;12;12,50;27.07.2021;27.07.2021 16:02;01067;\n\
         A-2;b@example.com;7;1299,00;01.12.2021;02.12.2021 08:00;10115;neu\n\
         a-2;N/A;;3,5;31.12.2021;31.12.2021 23:59;10117;",
    );
    assert_eq!(draft.block, BLOCK);
    assert_eq!(draft.migration, MIGRATION);
    assert_eq!(
        draft.notes,
        [
            "artikel_nr differs in every row of the file and was taken for the key.",
            "The file has only 3 rows; look whether that holds for others.",
            "The times of geaendert_am have no zone and count as UTC; declare time_zone if they are local ones.",
            "e_mail differs in every row too and was taken for unique, by its name.",
        ]
    );
}

#[test]
fn every_type_is_recognised() {
    let types = |values: &str| -> Vec<String> {
        let text: Vec<String> =
            values.split('|').enumerate().map(|(at, value)| format!("{at};{value}")).collect();
        let draft = draft(&format!("id;it\n{}", text.join("\n")));
        let line = draft.block.lines().find(|line| line.contains("\"it\"")).unwrap().to_owned();
        line.split('"').nth(3).map(str::to_owned).into_iter().collect()
    };
    for (values, expected) in [
        ("1|-20|300", "integer"),
        ("1|3000000000", "bigint"),
        ("007|1", "string(50)"),
        ("+49|1", "string(50)"),
        ("1.5|20|-0.25", "decimal(10,2)"),
        ("123456789.12|1", "decimal(13,2)"),
        ("0.1234567890123|1.5", "double"),
        ("true|FALSE", "boolean"),
        ("2021-07-27|2021-07-28", "date"),
        ("2021-07-27T16:02:08Z|2021-07-27 16:02:08", "timestamp"),
        ("2021-07-27T16:02:08.123Z|2021-07-27T16:02:08Z", "timestamp(3)"),
        ("2021-07-27T16:02:08.123456Z|2021-07-27T16:02:08Z", "timestamp(6)"),
        ("16:02:08|23:59:59", "time"),
        ("1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a|1F0E7C1C-6C9D-4F2A-8F51-0A4F6D1C2B3B", "uuid"),
        ("{\"a\": 1}|[]", "json"),
        ("a|bb", "string(50)"),
        ("|", "string(255)"),
    ] {
        assert_eq!(types(values), [expected], "{values}");
    }
    assert_eq!(types(&"x".repeat(3000)), ["text"]);
}

#[test]
fn separators_of_thousands_are_pointed_out() {
    for (values, comma) in [(["1.234,50", "12,00"], true), (["1,234.50", "12.00"], false)] {
        let draft = draft(&format!("id;price\n1;{}\n2;{}", values[0], values[1]));
        assert!(draft.block.contains("\"price\", type = \"decimal(10,2)\""), "{}", draft.block);
        assert_eq!(draft.block.contains("decimal_comma = true"), comma);
        assert!(draft.notes[2].starts_with("price has numbers with separators of thousands"));
    }
}

#[test]
fn what_is_nearly_so_is_pointed_out() {
    let rows: Vec<String> = (0..40).map(|row| format!("A-{};{}.250;n{row}", row.max(1), row)).collect();
    let draft = draft(&format!("nr;stock;name\n{}", rows.join("\n")));
    assert!(draft.notes[0].starts_with("name differs in every row"), "{:?}", draft.notes);
    let has = |start: &str| draft.notes.iter().any(|note| note.starts_with(start));
    assert!(has("nr differs in all but 1 of 40 rows;"), "{:?}", draft.notes);
    assert!(has("stock has three digits behind each point;"), "{:?}", draft.notes);
}

#[test]
fn a_key_of_two_columns_is_found() {
    let draft = draft("sale;line;what\n1;1;a\n1;2;b\n2;1;a");
    assert!(draft.migration.contains("PRIMARY KEY (`sale`, `line`)"), "{}", draft.migration);
}

#[test]
fn titles_above_the_header_are_skipped_and_a_header_may_be_missing() {
    let titled = draft("Articles of the year\n\nid;name\n1;a\n2;b");
    assert!(titled.block.contains("skip_lines = 2"), "{}", titled.block);
    let bare = draft("1;a\n2;b");
    assert!(
        bare.block.contains("header = \"none\"") && bare.block.contains("\"column_2\""),
        "{}",
        bare.block
    );
}

#[test]
fn says_why_there_is_no_draft() {
    let of =
        |name: &str, text: &str| draft_table(name, &records(text, ';'), Settings::default()).unwrap_err();
    assert_eq!(of("Articles", "id\n1"), DraftError::Name("Articles".to_owned()));
    assert_eq!(of("articles", ""), DraftError::NoRows);
    assert_eq!(of("articles", "a;b\n1;1\n1;1"), DraftError::NoKey);
}

#[test]
fn names_become_identifiers() {
    for (text, expected) in [
        ("Größe (cm)", "groesse_cm"),
        ("  Emp. No ", "emp_no"),
        ("2nd name", "nd_name"),
        ("!", ""),
        ("Прайс", ""),
        ("Añadido", "anadido"),
    ] {
        assert_eq!(identifier(text), expected, "{text}");
    }
}
