//! What the function is invoked with directly: `rowgate accounts`.

use std::fmt;

use lambda_kit::{ErrorType, INVALID_PAYLOAD};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::{Account, Accounts, ChangeError};
use crate::directory::Directory;
use crate::groups::Groups;
use crate::password::Password;
use crate::username::{self, Username};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An account, as it is now.
    Account(Account),
    /// All accounts.
    List {
        /// Those that wait for approval first.
        accounts: Vec<Account>,
    },
}

/// Why an invocation fails.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The payload is none.
    #[error("the payload cannot be used: {0}")]
    Payload(String),
    /// It could not be done.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<CommandError> for Diagnostic {
    fn from(error: CommandError) -> Self {
        let error_type = match error {
            CommandError::Payload(_) => INVALID_PAYLOAD,
            CommandError::Change(_) => ErrorType("AccountsFailed"),
        };
        error_type.diagnostic(error)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Command {
    Add(Add),
    List(Nothing),
    Approve(Approve),
    Disable(Disable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    username: String,
    password: Password,
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approve {
    username: String,
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disable {
    username: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Does what a payload asks for. Who may invoke the function has rights of the cloud and no account: the trail of that is
/// CloudTrail's.
///
/// # Errors
/// [`CommandError`], which has no password in it.
pub async fn invoke<D: Directory>(accounts: &Accounts<D>, payload: Value) -> Result<Answer, CommandError> {
    // Serde's own words quote values.
    let command = serde_json::from_value(payload).map_err(|_| CommandError::Payload(SHAPES.to_owned()))?;
    let groups = |names: Vec<String>| {
        Groups::parse(&names, accounts.dictionary).map_err(|error| payload_error(&error))
    };
    let account = match command {
        Command::List(Nothing {}) => return Ok(Answer::List { accounts: accounts.all().await? }),
        Command::Add(Add { username, password, groups: names }) => {
            accounts.add(&name(&username)?, &password, &groups(names)?).await?
        }
        Command::Approve(Approve { username, groups: names }) => {
            accounts.approve(&name(&username)?, &groups(names)?).await?
        }
        Command::Disable(Disable { username }) => accounts.disable(&name(&username)?).await?,
    };
    tracing::info!(
        account.username = account.username,
        account.status = ?account.status,
        account.groups = account.groups.join(","),
        "an account was changed by an invocation"
    );
    Ok(Answer::Account(account))
}

const SHAPES: &str = "it must be one of {\"add\": {\"username\", \"password\", \"groups\"}}, {\"list\": {}}, {\"approve\": \
                      {\"username\", \"groups\"}} and {\"disable\": {\"username\"}}";

fn name(text: &str) -> Result<Username, CommandError> {
    Username::parse(text).ok_or_else(|| payload_error(&username::RULE))
}

fn payload_error(error: &impl fmt::Display) -> CommandError {
    CommandError::Payload(error.to_string())
}
