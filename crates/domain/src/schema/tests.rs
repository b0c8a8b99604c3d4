use super::*;

const DICTIONARY: &str = r#"
[[table]]
name = "books"
unique = [["title", "year"]]
columns = [
    { name = "isbn", type = "string(13)", key = true, pattern = "^[0-9X]+$" },
    { name = "title", type = "string(200)" },
    { name = "year", type = "smallint" },
    { name = "code", type = "uuid", unique = true, required = false },
    { name = "price", type = "decimal(8,2)", required = false },
    { name = "added_at", type = "timestamp(3)", default = "2020-01-01T00:00:00Z" },
    { name = "details", type = "json", required = false },
]

[[table]]
name = "copies"
columns = [
    { name = "isbn", type = "string(13)", key = true, pattern = "^[0-9X]+$", references = "books" },
    { name = "number", type = "integer", key = true },
    { name = "note", type = "text", required = false },
]
"#;

/// Rows of texts from lines, whose fields are separated by `|`; `-` is NULL.
fn rows(text: &str) -> TextRows {
    let field = |field: &str| Some(field.trim().to_owned()).filter(|text| text != "-");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split('|').map(field).collect()).collect()
}

const COLUMNS: &str = "
    books|isbn|varchar|varchar(13)|13|-|-|-|NO||ascii_bin|-
    books|title|varchar|varchar(200)|200|-|-|-|NO||utf8mb4_bin|-
    books|year|smallint|smallint|-|5|0|-|NO||-|-
    books|code|char|char(36)|36|-|-|-|YES||ascii_bin|-
    books|price|decimal|decimal(8,2)|-|8|2|-|YES||-|-
    books|added_at|datetime|datetime(3)|-|-|-|3|NO|DEFAULT_GENERATED|-|current_timestamp(3)
    books|details|longtext|longtext|4294967295|-|-|-|YES||utf8mb4_bin|-
    copies|isbn|varchar|varchar(13)|13|-|-|-|NO||ascii_bin|-
    copies|number|int|int|-|10|0|-|NO||-|-
    copies|note|text|text|65535|-|-|-|YES||utf8mb4_unicode_520_ci|-
    rowgate_canary|id|bigint|bigint|-|19|0|-|NO||-|-
    rowgate_canary|note|varchar|varchar(64)|64|-|-|-|NO||utf8mb4_general_ci|-
    rowgate_canary|at|datetime|datetime|-|-|-|0|NO||-|-
    rowgate_verify|id|bigint|bigint|-|19|0|-|NO||-|-
    rowgate_verify|label|varchar|varchar(40)|40|-|-|-|YES||utf8mb4_bin|-
    rowgate_verify|amount|int|int|-|10|0|-|NO||-|-
    rowgate_verify|parent|bigint|bigint|-|19|0|-|YES||-|-
    rowgate_verify|note|varchar|varchar(64)|64|-|-|-|NO||utf8mb4_general_ci|-
    rowgate_verify|at|datetime|datetime|-|-|-|0|NO||-|-
    rowgate_loads|id|int|int|-|10|0|-|NO||-|-";
const INDEXES: &str = "
    rowgate_canary|PRIMARY|0|id|-
    rowgate_verify|PRIMARY|0|id|-
    rowgate_verify|rowgate_verify_by_label|0|label|-
    rowgate_verify|rowgate_verify_by_parent|1|parent|-
    books|PRIMARY|0|isbn|-
    books|code|0|code|-
    books|of_a_year|0|year|-
    books|of_a_year|0|title|-
    copies|PRIMARY|0|isbn|-
    copies|PRIMARY|0|number|-";
const TABLES: &str = "
    books|InnoDB
    copies|InnoDB
    rowgate_canary|InnoDB
    rowgate_verify|InnoDB
    rowgate_loads|InnoDB";

/// The differences after changes of the rows: each replaces a text, which must be there.
fn found(changes: &[(&str, &str)], extras: &str) -> Vec<String> {
    let mut texts = [COLUMNS, INDEXES, TABLES, extras].map(str::to_owned);
    for (from, to) in changes {
        assert!(texts.iter().any(|text| text.contains(from)), "{from}");
        texts = texts.map(|text| text.replace(from, to));
    }
    let dictionary = Dictionary::parse("d.toml", DICTIONARY).unwrap();
    differences(&dictionary, texts.map(|text| rows(&text))).iter().map(ToString::to_string).collect()
}

#[test]
fn a_schema_as_the_dictionary_says_has_no_difference() {
    assert_eq!(found(&[], ""), [""; 0]);
    let mysql = [("longtext|longtext|4294967295|-|-|-|YES||utf8mb4_bin", "json|json|-|-|-|-|YES||-")];
    assert_eq!(found(&mysql, ""), [""; 0]);
    // The database may allow more.
    assert_eq!(found(&[("|3|NO|DEFAULT_GENERATED", "|3|YES|")], ""), [""; 0]);
}

#[test]
fn every_kind_of_difference_is_found() {
    for (from, to, expected) in [
        (
            "title|varchar|varchar(200)|200",
            "title|varchar|varchar(100)|100",
            "books.title is string(100); in the dictionary string(200), which is VARCHAR(200)",
        ),
        (
            "int|int|-|10|0|-|NO||-|-\n    copies",
            "int|int(10) unsigned|-|10|0|-|NO||-|-\n    copies",
            "copies.number is int(10) unsigned; in the dictionary integer, which is INT",
        ),
        (
            "datetime|datetime(3)|-|-|-|3",
            "datetime|datetime|-|-|-|0",
            "books.added_at is timestamp; in the dictionary timestamp(3), which is DATETIME(3)",
        ),
        ("-|8|2|-|YES", "-|8|2|-|NO", "books.price is NOT NULL; in the dictionary it is not required"),
        (
            "smallint|-|5|0|-|NO||-",
            "smallint|-|5|0|-|NO|auto_increment|-",
            "books.year has AUTO_INCREMENT; in the dictionary it has none",
        ),
        (
            "current_timestamp(3)",
            "-",
            "books.added_at is NOT NULL without a DEFAULT; in the dictionary it has one",
        ),
        (
            "smallint|-|5|0|-|NO||-|-",
            "smallint|-|5|0|-|NO||-|1",
            "books.year is NOT NULL with a DEFAULT; in the dictionary it has none, so that no backup from before the column \
             could be restored",
        ),
        (
            "-|8|2|-|YES||-",
            "-|8|2|-|YES|STORED GENERATED|-",
            "books.price is generated, so that no row can be written",
        ),
        (
            "YES||ascii_bin",
            "YES||utf8mb4_bin",
            "books.code has the collation utf8mb4_bin; a uuid needs ascii_bin",
        ),
        (
            "copies|isbn|varchar|varchar(13)|13|-|-|-|NO||ascii_bin",
            "copies|isbn|varchar|varchar(13)|13|-|-|-|NO||utf8mb4_bin",
            "copies.isbn has the collation utf8mb4_bin; books.isbn, to which it refers, has ascii_bin",
        ),
        (
            "title|varchar|varchar(200)|200|-|-|-|NO||utf8mb4_bin",
            "title|varchar|varchar(200)|200|-|-|-|NO||ascii_bin",
            "books.title has the collation ascii_bin, and values may have other letters; declare values or a pattern that \
             allow ASCII alone, such as \"^[!-~]+$\", or take utf8mb4_bin",
        ),
        (
            "books|year|smallint|smallint|-|5|0",
            "books|year|double|double(5,2)|-|5|2",
            "books.year is DOUBLE(5,2); in the dictionary smallint, which is SMALLINT",
        ),
        (
            "title|varchar|varchar(200)|200|-|-|-|NO||utf8mb4_bin",
            "title|varchar|varchar(200)|200|-|-|-|NO||utf8mb4_unicode_520_ci",
            "books.title has the collation utf8mb4_unicode_520_ci; keys, unique columns and references need utf8mb4_bin or ascii_bin",
        ),
        (
            "utf8mb4_unicode_520_ci",
            "latin1_swedish_ci",
            "copies.note has the collation latin1_swedish_ci; text needs the character set utf8mb4",
        ),
        (
            "books|details|longtext|longtext|4294967295|-|-|-|YES||utf8mb4_bin|-",
            "",
            "books has the columns isbn, title, year, code, price, added_at; in the dictionary isbn, title, year, code, price, added_at, details",
        ),
        (
            "copies|PRIMARY|0|isbn|-\n    copies|PRIMARY|0|number|-",
            "copies|PRIMARY|0|number|-\n    copies|PRIMARY|0|isbn|-\n    copies|i|1|isbn|-",
            "copies has the primary key number, isbn; in the dictionary isbn, number",
        ),
        (
            "books|code|0",
            "books|code|1",
            "books.code is unique in the dictionary, but has no UNIQUE KEY (code)",
        ),
        (
            "copies|PRIMARY|0|number|-",
            "copies|PRIMARY|0|number|-\n    copies|note|0|note|20",
            "copies has the unique key note (note(20)), which is not in the dictionary",
        ),
        ("copies|InnoDB", "copies|Aria", "copies has the engine Aria; only InnoDB has transactions"),
        ("rowgate_loads|InnoDB", "extra|InnoDB", "extra is not in the dictionary"),
        ("    copies|InnoDB", "", "copies is in the dictionary, but no migration creates it"),
    ] {
        assert_eq!(found(&[(from, to)], ""), [expected]);
    }
    assert_eq!(
        found(&[("copies|PRIMARY|0|isbn|-\n    copies|PRIMARY|0|number|-", "copies|other|1|number|-")], ""),
        [
            "copies has the primary key none; in the dictionary isbn, number",
            "copies.isbn is a reference without an index that begins with (isbn)",
        ]
    );
    assert_eq!(
        found(&[], "books|foreign key|of_a_shelf\n books|trigger|watcher"),
        ["books has a foreign key, of_a_shelf", "books has a trigger, watcher"]
    );
}
