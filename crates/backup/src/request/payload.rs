//! Requests to the function.

use domain::backup::BackupId;
use domain::dictionary::{Dictionary, Table};
use lambda_kit::object::{self, RequestError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A command, with names that the dictionary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `{}`, or `{"tables": […]}`: these tables, in a new backup.
    Make(Vec<&'static Table>),
    /// `{"continue": {"backup": …, "etag": …}}`: continues a backup.
    Continue(Unfinished),
    /// `{"status": {"backup": …}}`: returns how a backup is getting on.
    Status(BackupId),
    /// `{"expire": {}}`: retention alone.
    Expire,
}

/// A backup that another invocation is to continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// The backup.
    pub backup: BackupId,
    /// The ETag of its state, as the last invocation wrote it.
    pub etag: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    tables: Option<Vec<String>>,
    r#continue: Option<Unfinished>,
    status: Option<StatusOf>,
    expire: Option<Nothing>,
}

/// The body of `POST /backups`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tables: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusOf {
    backup: BackupId,
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
        let Wire { tables, r#continue, status, expire } =
            object::of_value(payload).map_err(RequestError::Shape)?;
        match (tables, r#continue, status, expire) {
            (tables, None, None, None) => Ok(Self::Make(named(dictionary, tables)?)),
            (None, Some(unfinished), None, None) => Ok(Self::Continue(unfinished)),
            (None, None, Some(StatusOf { backup }), None) => Ok(Self::Status(backup)),
            (None, None, None, Some(Nothing {})) => Ok(Self::Expire),
            _ => {
                let one = "name one of tables, continue, status and expire, or nothing";
                Err(RequestError::Shape(one.to_owned()))
            }
        }
    }
}

/// Reads the body of `POST /backups`: the tables to back up.
pub(crate) fn read_body(
    dictionary: &'static Dictionary,
    body: &RawValue,
) -> Result<Vec<&'static Table>, RequestError> {
    let Body { tables } = object::of_text(body).map_err(RequestError::Shape)?;
    named(dictionary, tables)
}

/// Returns the tables of these names, or all.
fn named(
    dictionary: &'static Dictionary,
    names: Option<Vec<String>>,
) -> Result<Vec<&'static Table>, RequestError> {
    match names {
        None => Ok(dictionary.visible_tables().collect()),
        Some(names) if names.is_empty() => {
            Err(RequestError::Shape("tables is empty; leave it out for all of them".to_owned()))
        }
        Some(names) => Ok(dictionary.tables_named(&names)?),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::dictionary;

    use super::*;

    fn read(payload: Value) -> Result<Command, String> {
        Command::read(dictionary(), payload).map_err(|error| error.to_string())
    }

    fn tables(payload: Value) -> Vec<&'static str> {
        match read(payload) {
            Ok(Command::Make(tables)) => tables.into_iter().map(Table::name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tells_commands_apart() {
        assert_eq!(tables(json!({})), testkit::tables());
        assert_eq!(tables(json!({"tables": ["filed_documents", "tags"]})), ["documents", "tags"]);
        assert_eq!(read(json!({"expire": {}})), Ok(Command::Expire));
        let backup = BackupId::new(0, 1);
        assert_eq!(read(json!({"status": {"backup": backup}})), Ok(Command::Status(backup.clone())));
        let payload = json!({"continue": {"backup": backup, "etag": "\"e\""}});
        assert_eq!(read(payload), Ok(Command::Continue(Unfinished { backup, etag: "\"e\"".to_owned() })));
    }

    #[test]
    fn says_what_is_wrong_with_a_payload() {
        let unknown = format!("there is no table \"tag\"; there are {}", dictionary().table_names());
        for (payload, expected) in [
            (json!([]), "it must be a JSON object"),
            (json!({"tables": []}), "tables is empty; leave it out for all of them"),
            (json!({"tables": ["tags", "tag"]}), &unknown),
            (
                json!({"expire": {}, "tables": ["tags"]}),
                "name one of tables, continue, status and expire, or nothing",
            ),
            (json!({"status": {"backup": "latest"}}), "\"latest\" is no id of a backup"),
            (json!({"continue": {"backup": "../x", "etag": ""}}), "\"../x\" is no id of a backup"),
        ] {
            assert_eq!(read(payload), Err(expected.to_owned()));
        }
        assert!(read(json!({"table": ["tags"]})).unwrap_err().contains("unknown field `table`"));
        assert!(read(json!({"tables": "tags"})).unwrap_err().contains("invalid type"));
    }
}
