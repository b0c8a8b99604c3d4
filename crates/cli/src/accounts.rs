//! People's accounts, by direct invocations of the accounts function: whoever may invoke it needs no account.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::Aws;
use crate::invoke::invoke;
use crate::table::{Align, Table};

const FUNCTION: &str = "rowgate-accounts";
const WORK: &str = "The accounts function";

/// An account, as the function tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Account {
    pub username: String,
    pub status: String,
    pub groups: Vec<String>,
    pub created_at: Option<String>,
    pub changed_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct List {
    accounts: Vec<Account>,
}

/// Makes an account, or gives one that is there this password and these groups.
pub(crate) async fn add(aws: &Aws, username: &str, password: &str, groups: &[String]) -> Result<Account> {
    let add = json!({ "add": { "username": username, "password": password, "groups": groups } });
    invoke(aws, FUNCTION, WORK, &add).await
}

/// All accounts, those that wait for approval first.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<Account>> {
    let list: List = invoke(aws, FUNCTION, WORK, &json!({ "list": {} })).await?;
    Ok(list.accounts)
}

/// Gives an account exactly these groups, and lets it in.
pub(crate) async fn approve(aws: &Aws, username: &str, groups: &[String]) -> Result<Account> {
    let approve = json!({ "approve": { "username": username, "groups": groups } });
    invoke(aws, FUNCTION, WORK, &approve).await
}

/// Lets an account in no more.
pub(crate) async fn disable(aws: &Aws, username: &str) -> Result<Account> {
    invoke(aws, FUNCTION, WORK, &json!({ "disable": { "username": username } })).await
}

/// The accounts as a table.
pub(crate) fn render(accounts: &[Account]) -> String {
    let columns = ["username", "status", "groups", "registered"];
    let mut table = Table::new(columns.map(|name| (name, Align::Left)));
    for account in accounts {
        let Account { username, status, groups, created_at, .. } = account;
        let registered = created_at.clone().unwrap_or_default();
        table.push(vec![username.clone(), status.clone(), groups.join(" "), registered]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Replay, answer, refusal};

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
            account("ann@x.example", "active", &["writer", "table:jobs"]),
        ];
        insta::assert_snapshot!(render(&accounts), @r"
          username       status   groups             registered
          -------------  -------  -----------------  ------------------------
          bea@x.example  pending                     2026-11-29T16:00:00.000Z
          ann@x.example  active   writer table:jobs  2026-11-29T16:00:00.000Z
        ");
    }

    #[tokio::test]
    async fn the_function_is_asked_for_what_was_said() {
        let ann = account("ann@x.example", "active", &["writer"]);
        let one = serde_json::to_string(&ann).unwrap();
        let all = json!({ "accounts": [ann] }).to_string();
        let replay = Replay::new([answer("", &*one), answer("", all), answer("", &*one), answer("", &*one)]);
        let aws = replay.aws();
        let groups = ["writer".to_owned(), "table:jobs".to_owned()];
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
        let replay =
            Replay::new([refusal("", r#"{"__type": "ResourceNotFoundException", "message": "none"}"#)]);
        let error = add(&replay.aws(), "ann@x.example", "Sesame-open-7", &[]).await.unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("rowgate-accounts") && !text.contains("Sesame"), "{text}");
    }
}
