//! Requests to the function.

use aurora::restores::Mode;
use domain::backup::{BackupId, RestoreId};
use domain::dictionary::{Dictionary, Table};
use domain::external::IgnoredFields;
use domain::shortened;
use lambda_kit::object;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::external;

/// A command, with names that the dictionary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Restores tables, or continues the restore with this id if there is one.
    Restore {
        /// The restore to start.
        wanted: Wanted,
        /// The restore's id, if one was chosen.
        restore: Option<RestoreId>,
    },
    /// `{"drill": {}}` verifies the newest backup, `{"drill": {"backup": …}}` this one.
    Drill(Option<BackupId>),
    /// `{"sweep": {}}`: fails abandoned restores, and drops orphaned tables.
    Reap,
    /// `{"continue": {"restore": …}}`: continues a restore.
    Continue(Unfinished),
    /// `{"status": {"restore": …}}`: returns how a restore is getting on.
    Status(RestoreId),
}

/// The source of a restore's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `{"backup": …}`
    Backup(FromBackup),
    /// `{"from": …}`
    Files(FromFiles),
    /// `{"put_back": …}`: the tables as they were before a restore.
    Undo {
        /// The restore to undo.
        of: RestoreId,
        /// The tables to undo; all of them if none are named.
        tables: Option<Vec<&'static Table>>,
    },
}

/// Tables of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromBackup {
    /// The backup.
    pub backup: Which,
    /// The tables to restore; all of them if none are named.
    pub tables: Option<Vec<&'static Table>>,
    /// What happens to the rows.
    pub mode: Mode,
}

/// A table from external Avro files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromFiles {
    /// The key of the file, or the prefix of the files' keys.
    pub prefix: String,
    /// The table that they go to.
    pub table: &'static Table,
    /// True if a single row that breaks a rule fails the restore.
    pub strict: bool,
    /// Fields of the files that may be left out; `*` for all that are for no column.
    pub ignore: Vec<String>,
    /// What happens to the rows.
    pub mode: Mode,
}

/// A restore that another invocation is to continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// The restore.
    #[serde(deserialize_with = "read_restore_id")]
    pub restore: RestoreId,
    /// True for the verification of a drill.
    #[serde(default)]
    pub drill: bool,
}

/// Selects a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest good backup that has the tables.
    Latest,
    /// This one.
    Id(BackupId),
}

/// A request that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It has not the shape of a request.
    #[error("{0}")]
    Shape(String),
    /// A table that the dictionary does not have.
    #[error("{0}")]
    UnknownTable(String),
    /// An id that none can have.
    #[error("{0}")]
    UnknownBackup(String),
}

/// The verbs of payloads. The member that a payload has of these says what it asks for.
const VERBS: [&str; 7] = ["backup", "from", "put_back", "drill", "sweep", "continue", "status"];

/// The other members, with the verbs that take them.
const MEMBERS: [(&str, &[&str]); 5] = [
    ("tables", &["backup", "from", "put_back"]),
    ("mode", &["backup", "from"]),
    ("strict", &["from"]),
    ("ignore", &["from"]),
    ("restore", &["backup", "from", "put_back"]),
];

/// A payload, by its verb.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Wire {
    Backup {
        backup: String,
        tables: Option<Vec<String>>,
        mode: Option<Mode>,
        restore: Option<String>,
    },
    From {
        from: String,
        tables: Option<Vec<String>>,
        mode: Option<Mode>,
        #[serde(default)]
        strict: bool,
        #[serde(default)]
        ignore: Vec<String>,
        restore: Option<String>,
    },
    PutBack {
        put_back: String,
        tables: Option<Vec<String>>,
        restore: Option<String>,
    },
    Drill {
        drill: Drill,
    },
    Sweep {
        #[serde(rename = "sweep")]
        _sweep: Nothing,
    },
    Continue {
        r#continue: Unfinished,
    },
    Status {
        status: Status,
    },
}

/// The body of `POST /restores`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    backup: String,
    tables: Option<Vec<String>>,
    mode: Option<Mode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drill {
    backup: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    restore: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Command {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong with it.
    pub fn read(dictionary: &'static Dictionary, payload: Value) -> Result<Self, RequestError> {
        let named = |names: Option<Vec<String>>| names.map(|names| tables(dictionary, &names)).transpose();
        let id = |id: Option<String>| id.as_deref().map(restore_id).transpose();
        let wanted = |wanted, restore| Ok(Self::Restore { wanted, restore });
        match Wire::read(payload)? {
            Wire::Backup { backup, tables, mode, restore } => {
                let (restore, tables) = (id(restore)?, named(tables)?);
                let (backup, mode) = (which(&backup)?, mode.unwrap_or(Mode::Replace));
                wanted(Wanted::Backup(FromBackup { backup, tables, mode }), restore)
            }
            Wire::From { from, tables, mode, strict, ignore, restore } => {
                let (restore, tables) = (id(restore)?, named(tables)?);
                let mode = mode.unwrap_or(Mode::Replace);
                let files = FromFiles::new(from, tables.as_deref(), strict, ignore, mode)?;
                wanted(Wanted::Files(files), restore)
            }
            Wire::PutBack { put_back, tables, restore } => {
                let (restore, tables) = (id(restore)?, named(tables)?);
                wanted(Wanted::Undo { of: restore_id(&put_back)?, tables }, restore)
            }
            Wire::Drill { drill } => Ok(Self::Drill(drill.backup.as_deref().map(backup_id).transpose()?)),
            Wire::Sweep { .. } => Ok(Self::Reap),
            Wire::Continue { r#continue } => Ok(Self::Continue(r#continue)),
            Wire::Status { status } => Ok(Self::Status(restore_id(&status.restore)?)),
        }
    }
}

impl Wire {
    fn read(payload: Value) -> Result<Self, RequestError> {
        let mut members: Map<String, Value> = object::of_value(payload).map_err(shape)?;
        members.retain(|_, value| !value.is_null());
        let verbs: Vec<&str> = VERBS.into_iter().filter(|verb| members.contains_key(*verb)).collect();
        let [verb] = verbs[..] else {
            return Err(shape("name one of backup, from, put_back, drill, sweep, continue and status"));
        };
        for (member, verbs) in MEMBERS {
            if members.contains_key(member) && !verbs.contains(&verb) {
                return Err(shape(format!("{member} is nothing that {verb} takes")));
            }
        }
        object::of_value(json!({ verb: members })).map_err(shape)
    }
}

impl FromFiles {
    fn new(
        prefix: String,
        tables: Option<&[&'static Table]>,
        strict: bool,
        ignore: Vec<String>,
        mode: Mode,
    ) -> Result<Self, RequestError> {
        if prefix.is_empty() {
            return Err(shape("from is empty; give the key of a file, or what the keys of all begin with"));
        }
        let Some([table]) = tables else {
            return Err(shape("name with tables the one table that the files go to"));
        };
        if !external::fits(&prefix, &ignore) {
            return Err(shape("from and ignore are too long; they may have some 900 characters together"));
        }
        let is_name = |name: &String| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            name == IgnoredFields::ALL || !name.is_empty() && name.bytes().all(is_letter)
        };
        if !ignore.iter().all(is_name) {
            return Err(shape("ignore takes names of fields, or \"*\" for all that are for no column"));
        }
        Ok(Self { prefix, table, strict, ignore, mode })
    }
}

impl FromBackup {
    /// Reads the body of `POST /restores`.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong with it.
    pub fn read(dictionary: &'static Dictionary, body: &RawValue) -> Result<Self, RequestError> {
        let Body { backup, tables: names, mode } = object::of_text(body).map_err(shape)?;
        let tables = names.map(|names| tables(dictionary, &names)).transpose()?;
        Ok(Self { backup: which(&backup)?, tables, mode: mode.unwrap_or(Mode::Replace) })
    }
}

fn shape(reason: impl Into<String>) -> RequestError {
    RequestError::Shape(reason.into())
}

fn which(text: &str) -> Result<Which, RequestError> {
    if text == "latest" {
        return Ok(Which::Latest);
    }
    backup_id(text).map(Which::Id)
}

fn backup_id(text: &str) -> Result<BackupId, RequestError> {
    BackupId::parse(text).ok_or_else(|| RequestError::UnknownBackup("there is no such backup".to_owned()))
}

fn restore_id(text: &str) -> Result<RestoreId, RequestError> {
    RestoreId::parse(text).ok_or_else(|| shape("that is no id of a restore"))
}

fn read_restore_id<'de, D: Deserializer<'de>>(id: D) -> Result<RestoreId, D::Error> {
    restore_id(&String::deserialize(id)?).map_err(D::Error::custom)
}

/// The tables of these names, each once, in the dictionary's order.
fn tables(dictionary: &'static Dictionary, names: &[String]) -> Result<Vec<&'static Table>, RequestError> {
    if names.is_empty() {
        return Err(shape("tables is empty; leave it out for all tables"));
    }
    for name in names {
        if dictionary.table(name).is_none() {
            // A name may be as long as a request.
            let name = shortened(name, 64);
            return Err(RequestError::UnknownTable(format!(
                "there is no table {name:?}; there are {}",
                dictionary.table_names()
            )));
        }
    }
    let is_named = |table: &&Table| names.iter().any(|name| table.answers_to(name));
    Ok(dictionary.tables().iter().filter(is_named).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "20261121-020000-0000001f";

    fn read(payload: Value) -> Result<Command, String> {
        Command::read(domain::shipped::dictionary().unwrap(), payload).map_err(|error| error.to_string())
    }

    fn names(tables: Option<Vec<&'static Table>>) -> Option<Vec<&'static str>> {
        tables.map(|tables| tables.into_iter().map(Table::name).collect())
    }

    #[test]
    fn reads_every_command() {
        let all = read(json!({ "backup": "latest" }));
        let expected = FromBackup { backup: Which::Latest, tables: None, mode: Mode::Replace };
        assert_eq!(all, Ok(Command::Restore { wanted: Wanted::Backup(expected), restore: None }));
        let tables = ["hired_employees", "jobs", "employees"];
        let Ok(Command::Restore { wanted: Wanted::Backup(some), restore: chosen }) =
            read(json!({ "backup": ID, "tables": tables, "mode": "verify", "restore": ID }))
        else {
            panic!("no restore of a backup");
        };
        assert_eq!(names(some.tables), Some(vec!["jobs", "employees"]));
        assert_eq!((some.backup, some.mode), (Which::Id(BackupId::parse(ID).unwrap()), Mode::Verify));
        let restore = RestoreId::parse(ID).unwrap();
        assert_eq!(chosen.as_ref(), Some(&restore));
        let files = read(json!({ "from": "export/", "tables": ["jobs"], "strict": true })).unwrap();
        assert!(
            matches!(files, Command::Restore { wanted: Wanted::Files(FromFiles { table, strict: true, mode: Mode::Replace, .. }), .. } if table.name() == "jobs")
        );
        let wanted = Wanted::Undo { of: restore.clone(), tables: None };
        assert_eq!(read(json!({ "put_back": ID })), Ok(Command::Restore { wanted, restore: None }));
        assert_eq!(read(json!({ "drill": {} })), Ok(Command::Drill(None)));
        let named = Command::Drill(BackupId::parse(ID));
        assert_eq!(read(json!({ "drill": { "backup": ID } })), Ok(named));
        assert_eq!(read(json!({ "status": { "restore": ID } })), Ok(Command::Status(restore.clone())));
        assert_eq!(read(json!({ "sweep": {} })), Ok(Command::Reap));
        let going_on = read(json!({ "continue": { "restore": ID } }));
        assert_eq!(going_on, Ok(Command::Continue(Unfinished { restore: restore.clone(), drill: false })));
        let drill = read(json!({ "continue": { "restore": ID, "drill": true } }));
        assert_eq!(drill, Ok(Command::Continue(Unfinished { restore, drill: true })));
    }

    #[test]
    fn says_what_is_wrong_with_a_payload() {
        for (payload, expected) in [
            (json!({}), "name one of backup, from, put_back, drill, sweep, continue and status"),
            (json!({ "backup": "latest", "drill": {} }), "name one of backup, from"),
            (json!({ "backup": 7 }), "invalid type"),
            (json!({ "backup": "latest", "table": "jobs" }), "unknown field `table`"),
            (json!({ "backup": "../x" }), "there is no such backup"),
            (json!({ "backup": "latest", "mode": "append" }), "unknown variant `append`"),
            (json!({ "backup": "latest", "tables": [] }), "tables is empty"),
            (
                json!({ "backup": "latest", "tables": ["people"] }),
                "there is no table \"people\"; there are departments, jobs, employees",
            ),
            (json!({ "backup": "latest", "strict": true }), "strict is nothing that backup takes"),
            (json!({ "backup": "latest", "restore": "7" }), "that is no id of a restore"),
            (json!({ "from": "x/" }), "name with tables the one table"),
            (json!({ "from": "x/", "tables": ["jobs", "employees"] }), "name with tables the one table"),
            (json!({ "from": "", "tables": ["jobs"] }), "from is empty"),
            (json!({ "from": "x/", "tables": ["jobs"], "ignore": ["a&b"] }), "ignore takes names of fields"),
            (json!({ "from": "x".repeat(1000), "tables": ["jobs"] }), "are too long"),
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
}
