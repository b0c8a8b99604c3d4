//! `rowgate accounts add|list|approve|disable`: people's accounts, by direct invocations of the
//! accounts function. Whoever may invoke it needs no account.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arguments::ListFormat;
use crate::ask;
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::ExitStatus;
use crate::invoke::invoke;
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Makes, lists, approves and disables people's accounts.
#[derive(Debug, Args)]
pub(crate) struct Accounts {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    environment: EnvironmentArguments,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes an account, or gives one that is there another password and other groups. Asks for the
    /// password.
    Add {
        /// The account: an e-mail address.
        username: String,
        #[command(flatten)]
        groups: Groups,
        /// Read the password from standard input, to its end, rather than ask for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists the accounts, those that wait for approval first.
    List {
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Lets an account in, with exactly these groups.
    Approve {
        /// The account.
        username: String,
        #[command(flatten)]
        groups: Groups,
    },
    /// Lets an account in no more, and ends its sessions.
    Disable {
        /// The account.
        username: String,
    },
}

#[derive(Debug, Args)]
struct Groups {
    /// reader, writer or operator, and table:<name> for each table that the account is to see;
    /// without one it sees all.
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',', required = true)]
    groups: Vec<String>,
}

/// An account, as the function answers it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Account {
    pub username: String,
    pub status: String,
    pub groups: Vec<String>,
    pub created_at: Option<String>,
    pub changed_at: Option<String>,
}

impl Verb for Accounts {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let aws = async || Aws::from_environment().await.in_environment(&self.environment.environment);
        let account = match &self.action {
            Action::Add { username, groups, password_stdin } => {
                let password = ask::password(*password_stdin)?;
                add(&aws().await, username, &password, &groups.groups).await?
            }
            Action::List { format } => {
                let accounts = list(&aws().await).await?;
                match format {
                    ListFormat::Table => printer.result(&render(&accounts))?,
                    ListFormat::Json => printer.line(serde_json::to_string(&accounts)?)?,
                }
                return Ok(ExitStatus::Success);
            }
            Action::Approve { username, groups } => approve(&aws().await, username, &groups.groups).await?,
            Action::Disable { username } => disable(&aws().await, username).await?,
        };
        let Account { username, status, groups, .. } = account;
        printer.note(&format!("The account {username} is {status}; its groups: {}.", groups.join(", ")));
        Ok(ExitStatus::Success)
    }
}

/// Makes an account, or gives one that exists this password and these groups.
pub(super) async fn add(aws: &Aws, username: &str, password: &str, groups: &[String]) -> Result<Account> {
    call(aws, &json!({ "add": { "username": username, "password": password, "groups": groups } })).await
}

/// Returns all accounts, those that wait for approval first.
pub(super) async fn list(aws: &Aws) -> Result<Vec<Account>> {
    #[derive(Deserialize)]
    struct List {
        accounts: Vec<Account>,
    }
    Ok(call::<List>(aws, &json!({ "list": {} })).await?.accounts)
}

async fn approve(aws: &Aws, username: &str, groups: &[String]) -> Result<Account> {
    call(aws, &json!({ "approve": { "username": username, "groups": groups } })).await
}

async fn disable(aws: &Aws, username: &str) -> Result<Account> {
    call(aws, &json!({ "disable": { "username": username } })).await
}

async fn call<T: for<'de> Deserialize<'de>>(aws: &Aws, payload: &Value) -> Result<T> {
    let function = aws.environment().function_name("accounts");
    invoke(aws, &function, "The accounts function", payload).await
}

fn render(accounts: &[Account]) -> String {
    let mut table = Table::new(["username", "status", "groups", "registered"]);
    for Account { username, status, groups, created_at, .. } in accounts {
        let registered = created_at.clone().unwrap_or_default();
        table.push([username.clone(), status.clone(), groups.join(" "), registered]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use testkit::replay::{Replay, answer, refusal};

    use super::*;

    fn account(username: &str, status: &str, groups: &[&str]) -> Account {
        Account {
            username: username.to_owned(),
            status: status.to_owned(),
            groups: groups.iter().map(ToString::to_string).collect(),
            created_at: Some("2026-11-29T16:00:00.000Z".to_owned()),
            changed_at: None,
        }
    }

    #[test]
    fn the_table_has_who_waits_and_who_may_what() {
        let accounts = [
            account("bea@x.example", "pending", &[]),
            account("ann@x.example", "active", &["writer", "table:tags"]),
        ];
        insta::assert_snapshot!(render(&accounts), @r"
          username       status   groups             registered
          -------------  -------  -----------------  ------------------------
          bea@x.example  pending                     2026-11-29T16:00:00.000Z
          ann@x.example  active   writer table:tags  2026-11-29T16:00:00.000Z
        ");
    }

    #[tokio::test]
    async fn the_function_is_asked_for_what_was_said() {
        let ann = account("ann@x.example", "active", &["writer"]);
        let one = serde_json::to_string(&ann).unwrap();
        let all = json!({ "accounts": [ann] }).to_string();
        let replay = Replay::new([answer("", &*one), answer("", all), answer("", &*one), answer("", &*one)]);
        let aws = Aws::of(&replay);
        let groups = ["writer".to_owned(), "table:tags".to_owned()];
        assert_eq!(add(&aws, "ann@x.example", "Sesame-open-7", &groups).await.unwrap(), ann);
        assert_eq!(list(&aws).await.unwrap(), std::slice::from_ref(&ann));
        approve(&aws, "ann@x.example", &groups).await.unwrap();
        disable(&aws, "ann@x.example").await.unwrap();
        assert!(replay.is_exhausted());
        assert_eq!(
            replay.sent(),
            [
                json!({ "add": { "username": "ann@x.example", "password": "Sesame-open-7", "groups": groups } }),
                json!({ "list": {} }),
                json!({ "approve": { "username": "ann@x.example", "groups": groups } }),
                json!({ "disable": { "username": "ann@x.example" } }),
            ]
        );
    }

    #[tokio::test]
    async fn a_function_that_is_not_there_is_named_and_the_password_is_not() {
        let replay = Replay::new([refusal("", "ResourceNotFoundException", "none")]);
        let error = add(&Aws::of(&replay), "ann@x.example", "Sesame-open-7", &[]).await.unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("rowgate-accounts") && !text.contains("Sesame"), "{text}");
    }
}
