use crate::dictionary::{Column, Dictionary, Expectations, OnUnknown, RejectLimit, Severity, Table, Unknown};
use crate::value::{Key, Value};

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
    let types = [
        "bigint",
        "smallint",
        "double",
        "decimal(10,2)",
        "string(20)",
        "string(9000)",
        "text",
        "boolean",
        "date",
        "time",
        "timestamp",
        "timestamp(3)",
        "timestamp(6)",
        "uuid",
        "json",
        "binary(16)",
    ];
    let columns: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(index, name)| format!("{{ name = \"c{index}\", type = \"{name}\", required = false }}"))
        .collect();
    let dictionary = Dictionary::parse("dictionary.toml", &table(&columns.join(","))).unwrap();
    let columns = &dictionary.tables()[0].columns()[1..];
    let read: Vec<String> = columns.iter().map(|column| column.column_type().to_string()).collect();
    assert_eq!(read, types);
    assert!(columns.iter().all(|column| !column.required()));
}

#[test]
fn reads_keys_and_unique_columns() {
    let text = r#"
        [[table]]
        name = "lines"
        unique = [["code", "day"]]
        columns = [
            { name = "sale", type = "uuid", key = true },
            { name = "note", type = "text", required = false },
            { name = "line", type = "smallint", key = true },
            { name = "day", type = "date" },
            { name = "code", type = "string(10)" },
            { name = "mail", type = "string(99)", unique = true },
        ]
    "#;
    let dictionary = Dictionary::parse("dictionary.toml", text).unwrap();
    let lines = &dictionary.tables()[0];
    assert_eq!(lines.key_indexes(), [0, 2]);
    assert_eq!(lines.unique(), [vec![3, 4], vec![5]]);
    let compared: Vec<bool> = lines.columns().iter().map(Column::is_compared).collect();
    assert_eq!(compared, [true, false, true, true, true, true]);
}

#[test]
fn reads_references_to_keys_of_every_shape() {
    let text = r#"
        [[table]]
        name = "addresses"
        columns = [
            { name = "client", type = "string(9)", key = true, references = "clients", on_unknown = "reject" },
            { name = "number", type = "smallint", key = true },
        ]
        [[table]]
        name = "clients"
        references = [{ columns = ["id", "first"], table = "addresses", on_unknown = { files = "reject" } }]
        columns = [{ name = "id", type = "string(20)", key = true }, { name = "first", type = "smallint" }]
    "#;
    assert_eq!(
        problem(text),
        "dictionary.toml: the tables addresses, clients refer to each other in a circle"
    );
    let text =
        text.replace("references = \"clients\", on_unknown = \"reject\" ", "").replace("true,  }", "true }");
    let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
    let [reference] = dictionary.table("clients").unwrap().references() else { panic!("one reference") };
    assert_eq!((reference.columns(), reference.table()), (&[0, 1][..], "addresses"));
    assert_eq!(reference.on_unknown(), OnUnknown { api: Unknown::Reject, files: Unknown::Reject });
    let values = [Value::Text("a".into()), Value::Null];
    assert_eq!(reference.key_of(&values), None);
    let values = [Value::Text("a".into()), Value::Integer(7)];
    assert_eq!(reference.key_of(&values), Key::of(&values));
}

#[test]
fn reads_the_rules_of_columns_and_rows() {
    let text = table(
        r#"{ name = "a", type = "smallint", minimum = 1, maximum = "9" }, { name = "z", type = "integer" },
           { name = "b", type = "string(9)", min_length = 2, pattern = "^[a-z]+$", values = ["ab", "abc", "ABC"] },
           { name = "c", type = "double", minimum = 0.5 }, { name = "d", type = "date", maximum = "2030-01-01" }"#,
    )
    .replace("columns", "check = [\"a <=   z\", \"a <> id\"]\ncolumns");
    let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
    let things = &dictionary.tables()[0];
    let rules = |index: usize| things.columns()[index].rules().unwrap();
    let broken =
        |index: usize, value: Value<'static>| rules(index).broken_by(&value).map(|rule| format!("{rule:?}"));
    assert_eq!(broken(1, Value::Integer(0)).unwrap(), "Minimum(Integer(1))");
    assert_eq!(broken(1, Value::Integer(10)).unwrap(), "Maximum(Integer(9))");
    assert_eq!((broken(1, Value::Integer(9)), broken(1, Value::Null)), (None, None));
    let text = |text: &'static str| Value::Text(text.into());
    assert_eq!(broken(3, text("é")).unwrap(), "MinLength(2)");
    assert!(broken(3, text("ABC")).unwrap().starts_with("Pattern("));
    assert!(broken(3, text("abcd")).unwrap().starts_with("Values("));
    assert_eq!(broken(3, text("abc")), None);
    let [first, second] = things.checks() else { panic!("two checks") };
    assert_eq!((first.text(), second.text()), ("a <= z", "a <> id"));
    let row = |id, a, z| [Value::Integer(id), a, z];
    assert!(first.holds(&row(1, Value::Integer(3), Value::Integer(3))));
    assert!(!first.holds(&row(1, Value::Integer(4), Value::Integer(3))));
    assert!(first.holds(&row(1, Value::Null, Value::Integer(3))));
    assert!(!second.holds(&row(4, Value::Integer(4), Value::Null)));
}

#[test]
fn says_on_which_line_a_mistake_is() {
    let text = "# tables\n\n[[table]]\nname = \"things\"\ncolumns = [\n\
                { name = \"id\", type = \"integer\", key = true },\n{ name = \"a\", type = \"floot\" },\n]\n";
    assert!(problem(text).starts_with("dictionary.toml:7: table things, column a: unknown type \"floot\""));
    assert!(
        problem(&text.replace("floot", "date").replace("key = true", "kee = true"))
            .starts_with("dictionary.toml:6: unknown field `kee`")
    );
    assert!(
        problem(&text.replace("floot", "date").replace(", key = true", ""))
            .starts_with("dictionary.toml:3: table things: no column has `key = true`")
    );
    assert!(problem(&text.replace("# tables", "tables")).starts_with("dictionary.toml:1: "));
}

#[test]
fn says_on_which_line_of_a_table_a_mistake_is() {
    let table = "[[table]]\nname = \"things\"\n";
    let columns = "columns = [{ name = \"id\", type = \"integer\", key = true }]\n";
    for (before, after, expected) in [
        ("default_mode = \"merge\"\n", "", ":3: table things: unknown default_mode"),
        ("max_rejects = \"5 %\"\n", "", ":3: table things: max_rejects"),
        ("unique = [\n[\"id\"],\n[\"no\"],\n]\n", "", ":5: table things: unique: there is no column"),
        ("references = [\n{ columns = [\"id\"], table = \"no\" },\n]\n", "", ":4: table things: references"),
        ("check = \"id > no\"\n", "", ":3: table things: "),
        ("", "[table.files]\ndelimiter = \"ab\"\n", ":4: table things: files: "),
        ("", "[table.files.columns]\nx = \"no\"\n", ":4: table things: files: columns names"),
        ("", "[table.expectations]\nrules = \"halt\"\n", ":4: table things: expectations: "),
    ] {
        let found = problem(&format!("{table}{before}{columns}{after}"));
        assert!(found.starts_with(&format!("dictionary.toml{expected}")), "{found}");
    }
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
fn a_column_refers_to_one_table() {
    let others = ["a", "b"].map(|name| {
        format!(
            "[[table]]\nname = \"{name}\"\ncolumns = [{{ name = \"id\", type = \"bigint\", key = true }}]\n"
        )
    });
    let twice = r#"
        [[table]]
        name = "c"
        references = [{ columns = ["x"], table = "b" }]
        columns = [
            { name = "id", type = "bigint", key = true },
            { name = "x", type = "bigint", references = "a" },
        ]
    "#;
    assert!(problem(&(others.concat() + twice)).ends_with("table c: x refers to a and to b"));
}

#[test]
fn the_built_in_tables_are_in_every_dictionary_and_listed_nowhere() {
    let text = table(r#"{ name = "a", type = "date" }"#);
    let dictionary = Dictionary::parse("dictionary.toml", &text).unwrap();
    assert!(dictionary.table("rowgate_canary").unwrap().is_hidden());
    assert!(dictionary.table("rowgate_verify").unwrap().is_hidden());
    assert_eq!(dictionary.tables().len(), 3);
    assert_eq!(dictionary.visible_tables().map(Table::name).collect::<Vec<_>>(), ["things"]);
    assert_eq!(dictionary.table_names(), "things");
    let referring = table(r#"{ name = "x", type = "bigint", references = "rowgate_canary" }"#);
    assert!(problem(&referring).contains("references \"rowgate_canary\", but there is no such table"));
}

#[test]
fn names_the_place_of_every_mistake() {
    let cases = [
        ("", "dictionary.toml: there is no [[table]] block"),
        (&*table(r#"{ name = "a", type = "float" }"#), "table things, column a: unknown type \"float\""),
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
        (&*table(r#"{ name = "a", type = "string(65536)" }"#), "is more than MySQL holds in a row"),
        (&*table(r#"{ name = "a", type = "timestamp(2)" }"#), "unknown type \"timestamp(2)\""),
        (&*table(r#"{ name = "a", type = "binary(0)" }"#), "binary(0) holds nothing"),
        (&*table(r#"{ name = "A", type = "date" }"#), "column A: \"A\" is no name"),
        (&*table(r#"{ name = "id", type = "date" }"#), "column id: the name \"id\" is already"),
        (
            &*table(r#"{ name = "a", type = "date", aliases = ["id"] }"#),
            "column a: the name \"id\" is already",
        ),
        (
            &*table(r#"{ name = "a", type = "text", key = true }"#),
            "column a: a part of the primary key cannot be text",
        ),
        (
            &*table(r#"{ name = "a", type = "double", unique = true }"#),
            "column a: a unique column cannot be double",
        ),
        (
            &*table(r#"{ name = "a", type = "date", key = true, required = false }"#),
            "column a: a primary key must be required",
        ),
        (
            &*table(r#"{ name = "a", type = "integer", auto_increment = true }"#),
            "only a primary key of whole",
        ),
        (
            &*table(r#"{ name = "a", type = "integer", key = true, auto_increment = true }"#),
            "column a: only a primary key of one column can have auto_increment",
        ),
        (
            &*table(r#"{ name = "a", type = "date", minimum = "2021" }"#),
            "column a: minimum \"2021\": a must be",
        ),
        (
            &*table(r#"{ name = "a", type = "date", min_length = 2 }"#),
            "min_length is a rule of texts, not of date",
        ),
        (&*table(r#"{ name = "a", type = "json", values = ["1"] }"#), "values is a rule of strings"),
        (
            &*table(r#"{ name = "a", type = "string(5)", pattern = "(" }"#),
            "column a: pattern \"(\": unclosed group",
        ),
        (
            &*table(r#"{ name = "a", type = "string(5)", min_length = 6 }"#),
            "min_length 6 is more than string(5)",
        ),
        (&*table(r#"{ name = "a", type = "bigint", minimum = 2, maximum = 1 }"#), "no value keeps both"),
        (&*table(r#"{ name = "a", type = "bigint", on_unknown = "reject" }"#), "on_unknown is of references"),
        (
            &*table(r#"{ name = "a", type = "integer", references = "things", on_unknown = "drop" }"#),
            "column a: unknown on_unknown \"drop\"; use reject or accept",
        ),
        (
            "[[table]]\nname = \"x\"\nunique = [[\"b\"]]\ncolumns = [{ name = \"a\", type = \"date\", key = true }]",
            "unique: there is no column \"b\"",
        ),
        (
            "[[table]]\nname = \"x\"\nunique = [[\"a\"]]\ncolumns = [{ name = \"a\", type = \"date\", key = true }]",
            "unique: a holds the key, which is unique by itself",
        ),
        (
            "[[table]]\nname = \"x\"\ncheck = \"a>b\"\ncolumns = [{ name = \"a\", type = \"date\", key = true }]",
            "check \"a>b\": write two columns",
        ),
        (
            "[[table]]\nname = \"x\"\ncheck = \"a > b\"\ncolumns = [{ name = \"a\", type = \"date\", key = true }]",
            "check \"a > b\": there is no column \"b\"",
        ),
        (
            &*table(r#"{ name = "a", type = "integer", references = "no" }"#),
            "column a: references \"no\", but",
        ),
        (
            &*table(r#"{ name = "a", type = "bigint", references = "things" }"#),
            "a is bigint, but the key of things",
        ),
        (
            &*table(r#"{ name = "a", type = "date", references = "things" }"#),
            "a is date, but the key of things is",
        ),
        (&*table(r#"{ name = "a", type = "date", requird = true }"#), "unknown field `requird`"),
        ("[[table]]\nname = \"rowgate_x\"\ncolumns = []", "are Rowgate's own"),
        ("[[table]]\nname = \"x\"\nhidden = true\ncolumns = []", "unknown field `hidden`"),
        ("[[table]]\nname = \"x\"\ndefault_mode = \"merge\"\ncolumns = []", "unknown default_mode \"merge\""),
        (
            "[[table]]\nname = \"x\"\nexpectations = { rules = \"halt\" }\ncolumns = []",
            "dictionary.toml:3: table x: expectations: unknown rules \"halt\"; use stop or warn",
        ),
        (
            "[[table]]\nname = \"x\"\nexpectations = { unique = \"stop\" }\ncolumns = []",
            "unknown field `unique`, expected one of `required`, `references`, `rules`",
        ),
        ("[[table]]\nname = \"x\"\nmax_rejects = -1\ncolumns = []", "max_rejects -1: use a number of"),
        ("[[table]]\nname = \"x\"\nmax_rejects = \"5 %\"\ncolumns = []", "max_rejects \"5 %\": use a"),
        ("[[table]]\nname = \"x\"\ncolumns = []", "no column has `key = true`; a table needs a primary key"),
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
