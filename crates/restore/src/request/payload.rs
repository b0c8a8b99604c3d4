//! Requests to the function.

use aurora::restores::Mode;
use domain::backup::{BackupId, RestoreId};
use domain::dictionary::{Dictionary, Table};
use domain::external::IgnoredFields;
use domain::shortened;
use lambda_kit::object::{self, RequestError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::read::listing;

/// The characters of an invalid name that are quoted: it may be as long as a request.
const MAX_NAME: usize = 64;

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

/// The verbs: the one of these members that a payload has says what it asks for.
const VERBS: [&str; 7] = ["backup", "from", "put_back", "drill", "sweep", "continue", "status"];

/// The other members, with the verbs that take them.
const TAKEN_BY: [(&str, &[&str]); 5] = [
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
    #[serde(rename = "put_back")]
    Undo {
        #[serde(rename = "put_back")]
        of: String,
        tables: Option<Vec<String>>,
        restore: Option<String>,
    },
    Drill {
        drill: Drill,
    },
    #[serde(rename = "sweep")]
    Reap {
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
            Wire::Undo { of, tables, restore } => {
                let (restore, tables) = (id(restore)?, named(tables)?);
                wanted(Wanted::Undo { of: restore_id(&of)?, tables }, restore)
            }
            Wire::Drill { drill } => Ok(Self::Drill(drill.backup.as_deref().map(backup_id).transpose()?)),
            Wire::Reap { .. } => Ok(Self::Reap),
            Wire::Continue { r#continue } => Ok(Self::Continue(r#continue)),
            Wire::Status { status } => Ok(Self::Status(restore_id(&status.restore)?)),
        }
    }
}

impl Wire {
    fn read(payload: Value) -> Result<Self, RequestError> {
        let mut members: Map<String, Value> = object::of_value(payload).map_err(shape)?;
        let known = || VERBS.into_iter().chain(TAKEN_BY.map(|(member, _)| member));
        // Null is the same as no member, but not under an unknown name.
        if let Some(name) = members.keys().find(|name| !known().any(|known| known == name.as_str())) {
            let (name, known) = (shortened(name, MAX_NAME), known().collect::<Vec<_>>().join("`, `"));
            return Err(shape(format!("unknown field `{name}`, expected one of `{known}`")));
        }
        members.retain(|_, value| !value.is_null());
        let verbs: Vec<&str> = VERBS.into_iter().filter(|verb| members.contains_key(*verb)).collect();
        let [verb] = verbs[..] else {
            return Err(shape("name one of backup, from, put_back, drill, sweep, continue and status"));
        };
        for (member, verbs) in TAKEN_BY {
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
        if !listing::fits(&prefix, &ignore) {
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
    BackupId::parse(text).ok_or_else(|| RequestError::NotFound("there is no such backup".to_owned()))
}

fn restore_id(text: &str) -> Result<RestoreId, RequestError> {
    RestoreId::parse(text).ok_or_else(|| shape("that is no id of a restore"))
}

fn read_restore_id<'de, D: Deserializer<'de>>(id: D) -> Result<RestoreId, D::Error> {
    restore_id(&String::deserialize(id)?).map_err(D::Error::custom)
}

/// Returns the tables of these names, each once, in the dictionary's order.
fn tables(dictionary: &'static Dictionary, names: &[String]) -> Result<Vec<&'static Table>, RequestError> {
    if names.is_empty() {
        return Err(shape("tables is empty; leave it out for all tables"));
    }
    let named = dictionary.tables_named(names)?;
    let is_named = |table: &&Table| named.iter().any(|named| named.name() == table.name());
    Ok(dictionary.tables().iter().filter(is_named).collect())
}

#[cfg(test)]
mod tests;
