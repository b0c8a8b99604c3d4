use crate::dictionary::{Dictionary, Expectations, RejectLimit, Severity, Table};

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
    assert_eq!(types, ["integer", "bigint", "decimal(10,2)", "string(20)", "boolean", "date", "timestamp"]);
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
        (&*table(r#"{ name = "a", type = "string" }"#), "table things, column a: unknown type \"string\""),
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
        (&*table(r#"{ name = "a", type = "date", key = true }"#), "column a: a primary key must be integer"),
        (&*table(r#"{ name = "a", type = "integer", key = true }"#), "exactly one column must have"),
        (&*table(r#"{ name = "a", type = "integer", auto_increment = true }"#), "only the primary key can"),
        (
            &*table(r#"{ name = "a", type = "integer", references = "no" }"#),
            "column a: references \"no\", but",
        ),
        (
            &*table(r#"{ name = "a", type = "bigint", references = "things" }"#),
            "is bigint, but the key of things",
        ),
        (&*table(r#"{ name = "a", type = "date", references = "things" }"#), "a reference must be integer"),
        (&*table(r#"{ name = "a", type = "date", requird = true }"#), "unknown field `requird`"),
        ("[[table]]\nname = \"rowgate_x\"\ncolumns = []", "are Rowgate's own"),
        (
            "[[table]]\nname = \"x\"\nhidden = true\ncolumns = []",
            "names of hidden tables begin with rowgate_",
        ),
        ("[[table]]\nname = \"x\"\ndefault_mode = \"merge\"\ncolumns = []", "unknown default_mode \"merge\""),
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
        ("[[table]]\nname = \"x\"\ncolumns = []", "exactly one column must have `key = true`; none have it"),
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
