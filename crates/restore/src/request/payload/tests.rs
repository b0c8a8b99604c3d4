use serde_json::json;

use super::*;

const ID: &str = "20261121-020000-0000001f";

fn read(payload: Value) -> Result<Command, String> {
    Command::read(testkit::dictionary(), payload).map_err(|error| error.to_string())
}

fn names(tables: Option<Vec<&'static Table>>) -> Option<Vec<&'static str>> {
    tables.map(|tables| tables.into_iter().map(Table::name).collect())
}

#[test]
fn reads_every_command() {
    let all = read(json!({ "backup": "latest" }));
    let expected = FromBackup { backup: Which::Latest, tables: None, mode: Mode::Replace };
    assert_eq!(all, Ok(Command::Restore { wanted: Wanted::Backup(expected), restore: None }));
    let tables = ["filed_documents", "tags", "documents"];
    let Ok(Command::Restore { wanted: Wanted::Backup(some), restore: chosen }) =
        read(json!({ "backup": ID, "tables": tables, "mode": "verify", "restore": ID }))
    else {
        panic!("no restore of a backup");
    };
    assert_eq!(names(some.tables), Some(vec!["tags", "documents"]));
    assert_eq!((some.backup, some.mode), (Which::Id(BackupId::parse(ID).unwrap()), Mode::Verify));
    let restore = RestoreId::parse(ID).unwrap();
    assert_eq!(chosen.as_ref(), Some(&restore));
    let files = read(json!({ "from": "export/", "tables": ["tags"], "strict": true })).unwrap();
    assert!(
        matches!(files, Command::Restore { wanted: Wanted::Files(FromFiles { table, strict: true, mode: Mode::Replace, .. }), .. } if table.name() == "tags")
    );
    let wanted = Wanted::Undo { of: restore.clone(), tables: None };
    assert_eq!(read(json!({ "put_back": ID })), Ok(Command::Restore { wanted, restore: None }));
    assert_eq!(read(json!({ "drill": {} })), Ok(Command::Drill(None)));
    let named = Command::Drill(BackupId::parse(ID));
    assert_eq!(read(json!({ "drill": { "backup": ID } })), Ok(named));
    assert_eq!(read(json!({ "status": { "restore": ID } })), Ok(Command::Status(restore.clone())));
    assert_eq!(read(json!({ "sweep": {} })), Ok(Command::Reap));
    let continued = read(json!({ "continue": { "restore": ID } }));
    assert_eq!(continued, Ok(Command::Continue(Unfinished { restore: restore.clone(), drill: false })));
    let drill = read(json!({ "continue": { "restore": ID, "drill": true } }));
    assert_eq!(drill, Ok(Command::Continue(Unfinished { restore, drill: true })));
}

#[test]
fn null_is_the_same_as_no_member() {
    let nulls = json!({ "drill": {}, "backup": null, "tables": null, "mode": null, "strict": null });
    assert_eq!(read(nulls), Ok(Command::Drill(None)));
    let nulls = json!({ "put_back": ID, "tables": null, "restore": null, "continue": null });
    assert_eq!(read(nulls), read(json!({ "put_back": ID })));
}

#[test]
fn says_what_is_wrong_with_a_payload() {
    let tables = testkit::dictionary().table_names();
    let unknown = format!("there is no table \"people\"; there are {tables}");
    for (payload, expected) in [
        (json!({}), "name one of backup, from, put_back, drill, sweep, continue and status"),
        (json!({ "backup": "latest", "drill": {} }), "name one of backup, from"),
        (json!({ "backup": 7 }), "invalid type"),
        (
            json!({ "backup": "latest", "table": "tags" }),
            "unknown field `table`, expected one of `backup`, `from`",
        ),
        (
            json!({ "backup": "latest", "table": null }),
            "unknown field `table`, expected one of `backup`, `from`",
        ),
        (
            json!({ "table": null }),
            "unknown field `table`, expected one of `backup`, `from`, `put_back`, `drill`, `sweep`, `continue`, \
             `status`, `tables`, `mode`, `strict`, `ignore`, `restore`",
        ),
        // None of the members that a verb takes is a verb.
        (
            json!({ "tables": ["tags"], "mode": "verify", "strict": true, "ignore": [], "restore": ID }),
            "name one of backup, from",
        ),
        (json!({ "drill": {}, "x".repeat(1000): null }), "x…`"),
        (json!({ "status": null, "mode": null }), "name one of backup, from"),
        (json!({ "backup": "../x" }), "there is no such backup"),
        (json!({ "backup": "latest", "mode": "append" }), "unknown variant `append`"),
        (json!({ "backup": "latest", "tables": [] }), "tables is empty"),
        (json!({ "backup": "latest", "tables": ["people"] }), &unknown),
        (json!({ "backup": "latest", "strict": true }), "strict is nothing that backup takes"),
        (json!({ "backup": "latest", "restore": "7" }), "that is no id of a restore"),
        (json!({ "from": "x/" }), "name with tables the one table"),
        (json!({ "from": "x/", "tables": ["tags", "documents"] }), "name with tables the one table"),
        (json!({ "from": "", "tables": ["tags"] }), "from is empty"),
        (json!({ "from": "x/", "tables": ["tags"], "ignore": ["a&b"] }), "ignore takes names of fields"),
        (json!({ "from": "x".repeat(1000), "tables": ["tags"] }), "are too long"),
        (json!({ "drill": {}, "mode": "verify" }), "mode is nothing that drill takes"),
        (json!({ "drill": { "backup": "latest" } }), "there is no such backup"),
        (json!({ "drill": { "tables": [] } }), "unknown field `tables`"),
        (json!({ "status": {} }), "missing field `restore`"),
        (json!({ "status": { "restore": "7" } }), "that is no id of a restore"),
        (json!(["latest"]), "it must be a JSON object"),
    ] {
        let wrong = read(payload.clone()).unwrap_err();
        assert!(wrong.contains(expected), "{payload}: {wrong}");
    }
}
