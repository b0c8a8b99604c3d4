//! What the function is asked for, and what it answers.

use aurora::restores::Mode;
use domain::backup::{BackupId, RestoreId};
use domain::dictionary::{Dictionary, Table};
use domain::external::IgnoredFields;
use domain::shortened;
use lambda_kit::object;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::foreign;

/// A command, with names that the dictionary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `{"backup": …}`
    Backup(FromBackup),
    /// `{"from": …}`
    Files {
        /// Where the files are: a key, or what their keys begin with.
        prefix: String,
        /// The table that they go to.
        table: &'static Table,
        /// Whether one row that breaks a rule fails all of it.
        strict: bool,
        /// Fields of the files that may be left out; `*` for all that are for no column.
        ignore: Vec<String>,
        /// What becomes of the rows.
        mode: Mode,
        /// The restore's id, where one was chosen.
        restore: Option<RestoreId>,
    },
    /// `{"put_back": …}`: the tables as they were before a restore.
    PutBack {
        /// That restore.
        of: RestoreId,
        /// Which of its tables; all of them where none are named.
        tables: Option<Vec<&'static Table>>,
        /// The id of the restore that this is, where one was chosen.
        restore: Option<RestoreId>,
    },
    /// `{"drill": {}}` verifies the newest backup, `{"drill": {"backup": …}}` this one.
    Drill(Option<BackupId>),
    /// `{"sweep": {}}`: ends what was left behind.
    Sweep,
    /// `{"continue": {"restore": …}}`: goes on with a restore.
    Continue {
        /// The restore.
        restore: RestoreId,
        /// Whether it is the verification that a drill is.
        is_drill: bool,
    },
    /// `{"status": {"restore": …}}`: tells how a restore is getting on, and does nothing.
    Status(RestoreId),
}

/// What a restore from a backup is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromBackup {
    /// Which backup.
    pub backup: Which,
    /// Which of its tables; all of them where none are named.
    pub tables: Option<Vec<&'static Table>>,
    /// What becomes of the rows.
    pub mode: Mode,
    /// The restore's id, where one was chosen.
    pub restore: Option<RestoreId>,
}

/// Which backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest good one that has the tables.
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    backup: Option<String>,
    from: Option<String>,
    put_back: Option<String>,
    drill: Option<Drill>,
    sweep: Option<Nothing>,
    r#continue: Option<Continue>,
    status: Option<Asked>,
    tables: Option<Vec<String>>,
    mode: Option<Mode>,
    strict: Option<bool>,
    ignore: Option<Vec<String>>,
    restore: Option<String>,
}

/// What `POST /restores` takes.
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
struct Asked {
    restore: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Continue {
    restore: String,
    #[serde(default)]
    drill: bool,
}

impl Command {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong with it.
    pub fn read(dictionary: &'static Dictionary, payload: Value) -> Result<Self, RequestError> {
        let wire: Wire = object::of_value(payload).map_err(shape)?;
        let verbs = [
            ("backup", wire.backup.is_some()),
            ("from", wire.from.is_some()),
            ("put_back", wire.put_back.is_some()),
            ("drill", wire.drill.is_some()),
            ("sweep", wire.sweep.is_some()),
            ("continue", wire.r#continue.is_some()),
            ("status", wire.status.is_some()),
        ];
        let mut given = verbs.iter().filter(|(_, is_given)| *is_given);
        let (Some((verb, _)), None) = (given.next(), given.next()) else {
            return Err(shape("name one of backup, from, put_back, drill, sweep, continue and status"));
        };
        let members = [
            ("tables", wire.tables.is_some(), &["backup", "from", "put_back"][..]),
            ("mode", wire.mode.is_some(), &["backup", "from"]),
            ("strict", wire.strict.is_some(), &["from"]),
            ("ignore", wire.ignore.is_some(), &["from"]),
            ("restore", wire.restore.is_some(), &["backup", "from", "put_back"]),
        ];
        for (member, is_given, verbs) in members {
            if is_given && !verbs.contains(verb) {
                return Err(shape(format!("{member} is nothing that {verb} takes")));
            }
        }
        let restore = wire.restore.as_deref().map(restore_id).transpose()?;
        let tables = wire.tables.map(|names| tables(dictionary, &names)).transpose()?;
        let mode = wire.mode.unwrap_or(Mode::Replace);
        Ok(if let Some(backup) = wire.backup {
            Self::Backup(FromBackup { backup: which(&backup)?, tables, mode, restore })
        } else if let Some(prefix) = wire.from {
            if prefix.is_empty() {
                return Err(shape(
                    "from is empty; give the key of a file, or what the keys of all begin with",
                ));
            }
            let Some([table]) = tables.as_deref() else {
                return Err(shape("name with tables the one table that the files go to"));
            };
            let ignore = wire.ignore.unwrap_or_default();
            if !foreign::fits(&prefix, &ignore) {
                return Err(shape(
                    "from and ignore are too long; they may have some 900 characters together",
                ));
            }
            let is_name = |name: &String| {
                let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                name == IgnoredFields::ALL || !name.is_empty() && name.bytes().all(is_letter)
            };
            if !ignore.iter().all(is_name) {
                return Err(shape("ignore takes names of fields, or \"*\" for all that are for no column"));
            }
            let strict = wire.strict.unwrap_or_default();
            Self::Files { prefix, table, strict, ignore, mode, restore }
        } else if let Some(of) = wire.put_back {
            Self::PutBack { of: restore_id(&of)?, tables, restore }
        } else if let Some(Continue { restore, drill }) = wire.r#continue {
            Self::Continue { restore: restore_id(&restore)?, is_drill: drill }
        } else if let Some(Asked { restore }) = wire.status {
            Self::Status(restore_id(&restore)?)
        } else if let Some(Drill { backup }) = wire.drill {
            Self::Drill(backup.as_deref().map(backup_id).transpose()?)
        } else {
            Self::Sweep
        })
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
        Ok(Self { backup: which(&backup)?, tables, mode: mode.unwrap_or(Mode::Replace), restore: None })
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
        let expected = FromBackup { backup: Which::Latest, tables: None, mode: Mode::Replace, restore: None };
        assert_eq!(all, Ok(Command::Backup(expected)));
        let tables = ["hired_employees", "jobs", "employees"];
        let Ok(Command::Backup(some)) =
            read(json!({ "backup": ID, "tables": tables, "mode": "verify", "restore": ID }))
        else {
            panic!("no restore of a backup");
        };
        assert_eq!(names(some.tables), Some(vec!["jobs", "employees"]));
        assert_eq!((some.backup, some.mode), (Which::Id(BackupId::parse(ID).unwrap()), Mode::Verify));
        let restore = RestoreId::parse(ID).unwrap();
        assert_eq!(some.restore.as_ref(), Some(&restore));
        let files = read(json!({ "from": "export/", "tables": ["jobs"], "strict": true })).unwrap();
        assert!(
            matches!(files, Command::Files { table, strict: true, mode: Mode::Replace, .. } if table.name() == "jobs")
        );
        let put_back = Command::PutBack { of: restore.clone(), tables: None, restore: None };
        assert_eq!(read(json!({ "put_back": ID })), Ok(put_back));
        assert_eq!(read(json!({ "drill": {} })), Ok(Command::Drill(None)));
        let named = Command::Drill(BackupId::parse(ID));
        assert_eq!(read(json!({ "drill": { "backup": ID } })), Ok(named));
        assert_eq!(read(json!({ "status": { "restore": ID } })), Ok(Command::Status(restore.clone())));
        assert_eq!(read(json!({ "sweep": {} })), Ok(Command::Sweep));
        let going_on = read(json!({ "continue": { "restore": ID } }));
        assert_eq!(going_on, Ok(Command::Continue { restore: restore.clone(), is_drill: false }));
        let drill = read(json!({ "continue": { "restore": ID, "drill": true } }));
        assert_eq!(drill, Ok(Command::Continue { restore, is_drill: true }));
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
