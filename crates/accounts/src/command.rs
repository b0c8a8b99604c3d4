//! The commands of direct invocations: `rowgate accounts`.

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

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An account, as it is now.
    Account(Account),
    /// All accounts.
    List {
        /// The accounts; those that wait for approval come first.
        accounts: Vec<Account>,
    },
}

/// Why an invocation fails.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The payload is not a command.
    #[error("the payload cannot be used: {0}")]
    Payload(String),
    /// The command failed.
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
    Add { username: String, password: Password, groups: Vec<String> },
    List {},
    Approve { username: String, groups: Vec<String> },
    Disable { username: String },
}

/// Runs the command in a payload. Whoever may invoke the function has rights in AWS and no account,
/// so CloudTrail has the trail of it.
///
/// # Errors
/// [`CommandError`], which has no password in it.
pub async fn invoke<D: Directory>(accounts: &Accounts<D>, payload: Value) -> Result<Answer, CommandError> {
    // Serde's messages quote values.
    let command = serde_json::from_value(payload).map_err(|_| CommandError::Payload(SHAPES.to_owned()))?;
    let groups = |names: Vec<String>| {
        Groups::parse(&names, accounts.dictionary).map_err(|error| payload_error(&error))
    };
    let account = match command {
        Command::List {} => return Ok(Answer::List { accounts: accounts.all().await? }),
        Command::Add { username, password, groups: names } => {
            accounts.add(&name(&username)?, &password, &groups(names)?).await?
        }
        Command::Approve { username, groups: names } => {
            accounts.approve(&name(&username)?, &groups(names)?).await?
        }
        Command::Disable { username } => accounts.disable(&name(&username)?).await?,
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
