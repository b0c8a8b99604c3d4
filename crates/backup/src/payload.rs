//! What the function is invoked with, and what it answers.

use domain::backup::BackupId;
use domain::dictionary::{Dictionary, Table};
use domain::shortened;
use lambda_kit::{ErrorType, INVALID_PAYLOAD, object};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use bucket::Store;

use crate::answer::Done;
use crate::error::BackupError;
use crate::expire::{Expired, expire};
use crate::go_on::GoOn;
use crate::run::Backups;
use crate::times::Times;
use crate::view;

/// What is repeated of a name that is none: it may be as long as a request.
const MAX_NAME: usize = 64;

/// A command, with names that the dictionary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `{}`, or `{"tables": […]}`: these tables, in a new backup.
    Make(Vec<&'static Table>),
    /// `{"continue": {"backup": …, "etag": …}}`: goes on with a backup.
    Continue {
        /// The backup.
        backup: BackupId,
        /// The etag of its state, as whoever handed it on wrote it.
        etag: String,
    },
    /// `{"status": {"backup": …}}`: tells how a backup is getting on, and does nothing.
    Status(BackupId),
    /// `{"expire": {}}`: retention alone.
    Expire,
}

/// A request that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It has not the shape of a request.
    #[error("{0}")]
    Shape(String),
    /// A table that the dictionary does not have.
    #[error("there is no table {name:?}; there are {known}")]
    UnknownTable {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    tables: Option<Vec<String>>,
    r#continue: Option<Continue>,
    status: Option<Asked>,
    expire: Option<Nothing>,
}

/// What `POST /backups` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tables: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Continue {
    backup: BackupId,
    etag: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
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
            (None, Some(Continue { backup, etag }), None, None) => Ok(Self::Continue { backup, etag }),
            (None, None, Some(Asked { backup }), None) => Ok(Self::Status(backup)),
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

/// The tables of these names, or all.
fn named(
    dictionary: &'static Dictionary,
    names: Option<Vec<String>>,
) -> Result<Vec<&'static Table>, RequestError> {
    let Some(names) = names else { return Ok(dictionary.visible_tables().collect()) };
    if names.is_empty() {
        return Err(RequestError::Shape("tables is empty; leave it out for all of them".to_owned()));
    }
    let known = || dictionary.table_names();
    let table = |name: String| {
        let unknown = |name: String| {
            let name = shortened(name, MAX_NAME).into_owned();
            RequestError::UnknownTable { name, known: known() }
        };
        dictionary.table(&name).ok_or_else(|| unknown(name))
    };
    names.into_iter().map(table).collect()
}

/// What the function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A backup as the invocation leaves it.
    Done(Done),
    /// What retention did.
    Expired(Expired),
}

/// Why there is no answer; one sentence, the log has the causes.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload.
    #[error("the payload cannot be used: {0}")]
    Request(#[from] RequestError),
    /// The backup.
    #[error("the backup failed: {}", .0.reason())]
    Backup(#[from] BackupError),
    /// There is no such backup.
    #[error("there is no backup {0}")]
    Unknown(BackupId),
    /// Nobody can say how a backup is getting on: the bucket cannot be read.
    #[error("the status of the backup cannot be read: {}", .0.reason())]
    Status(BackupError),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Request(_) | InvocationError::Unknown(_) => INVALID_PAYLOAD,
            InvocationError::Backup(_) | InvocationError::Status(_) => ErrorType("BackupFailed"),
        };
        error_type.diagnostic(error)
    }
}

/// Does what a payload asks for.
///
/// # Errors
/// [`InvocationError`].
pub async fn invoke<S: Store, G: GoOn>(
    backups: &Backups<S, G>,
    payload: Value,
    times: Times,
) -> Result<Answer, InvocationError> {
    let done = match Command::read(backups.dictionary, payload)? {
        Command::Make(tables) => backups.make(&tables, times).await?,
        Command::Continue { backup, etag } => backups.go_on(&backup, &etag, times).await?,
        Command::Status(backup) => {
            let found = view::get(&backups.store, &backup).await.map_err(InvocationError::Status)?;
            let (view, manifest) = found.ok_or(InvocationError::Unknown(backup))?;
            return Ok(Answer::Done(view.into_done(manifest.as_ref())));
        }
        Command::Expire => {
            let expired = expire(&backups.store, backups.dictionary, backups.options.keep).await;
            return Ok(Answer::Expired(expired.inspect_err(log_expiry)?));
        }
    };
    if done.status == crate::Status::Completed
        && let Err(error) = expire(&backups.store, backups.dictionary, backups.options.keep).await
    {
        // The backup is good all the same, and the next hour's retention does what this one left.
        log_expiry(&error);
    }
    Ok(Answer::Done(done))
}

fn log_expiry(error: &BackupError) {
    tracing::error!(
        error.class = error.class(),
        error.causes = error.causes(),
        "backups could not be expired"
    );
}

#[cfg(test)]
mod tests {
    use domain::shipped::dictionary;
    use serde_json::json;

    use super::*;

    fn read(payload: Value) -> Result<Command, String> {
        Command::read(dictionary().unwrap(), payload).map_err(|error| error.to_string())
    }

    fn tables(payload: Value) -> Vec<&'static str> {
        match read(payload) {
            Ok(Command::Make(tables)) => tables.into_iter().map(Table::name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tells_commands_apart() {
        assert_eq!(tables(json!({})), ["departments", "jobs", "employees"]);
        assert_eq!(tables(json!({"tables": ["hired_employees", "jobs"]})), ["employees", "jobs"]);
        assert_eq!(read(json!({"expire": {}})), Ok(Command::Expire));
        let backup = BackupId::new(0, 1);
        assert_eq!(read(json!({"status": {"backup": backup}})), Ok(Command::Status(backup.clone())));
        let payload = json!({"continue": {"backup": backup, "etag": "\"e\""}});
        assert_eq!(read(payload), Ok(Command::Continue { backup, etag: "\"e\"".to_owned() }));
    }

    #[test]
    fn says_what_is_wrong_with_a_payload() {
        for (payload, expected) in [
            (json!([]), "it must be a JSON object"),
            (json!({"tables": []}), "tables is empty; leave it out for all of them"),
            (
                json!({"tables": ["jobs", "job"]}),
                "there is no table \"job\"; there are departments, jobs, employees",
            ),
            (
                json!({"expire": {}, "tables": ["jobs"]}),
                "name one of tables, continue, status and expire, or nothing",
            ),
            (json!({"status": {"backup": "latest"}}), "\"latest\" is no id of a backup"),
            (json!({"continue": {"backup": "../x", "etag": ""}}), "\"../x\" is no id of a backup"),
        ] {
            assert_eq!(read(payload), Err(expected.to_owned()));
        }
        assert!(read(json!({"table": ["jobs"]})).unwrap_err().contains("unknown field `table`"));
        assert!(read(json!({"tables": "jobs"})).unwrap_err().contains("invalid type"));
    }

    #[test]
    fn a_failure_has_a_stable_type() {
        let told = |error: InvocationError| serde_json::to_value(Diagnostic::from(error)).unwrap();
        let payload = RequestError::Shape("it must be a JSON object".to_owned());
        let expected = json!({
            "errorType": "InvalidPayload", "errorMessage": "the payload cannot be used: it must be a JSON object",
        });
        assert_eq!(told(payload.into()), expected);
        let expected = json!({
            "errorType": "BackupFailed", "errorMessage": "the backup failed: the backup has been ended elsewhere",
        });
        assert_eq!(told(BackupError::Ended.into()), expected);
        let expected = json!({
            "errorType": "InvalidPayload", "errorMessage": "there is no backup 19700101-000000-00000001",
        });
        assert_eq!(told(InvocationError::Unknown(BackupId::new(0, 1))), expected);
        let expected = json!({
            "errorType": "BackupFailed",
            "errorMessage": "the status of the backup cannot be read: the backup has been ended elsewhere",
        });
        assert_eq!(told(InvocationError::Status(BackupError::Ended)), expected);
    }
}
