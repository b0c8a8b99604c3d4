//! The first operator of the local cloud, who lets other people in.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::layout::Layout;
use crate::aws::Aws;
use crate::commands::accounts::{Account, add, list};
use crate::printer::Printer;
use crate::secret::random_hex;
use crate::stored;

/// The account. Nobody has an address of this domain (RFC 2606).
pub(super) const USERNAME: &str = "operator@rowgate.example";
const GROUP: &str = "operator";

/// Creates the account if it is missing, and returns its password, which is kept in the cloud's
/// folder.
pub(super) async fn ensure(aws: &Aws, layout: &Layout, printer: Printer) -> Result<String> {
    let stored = read(&layout.deployed.operator);
    let is_operator = |account: &Account| {
        account.username == USERNAME
            && account.status == "active"
            && account.groups.iter().any(|group| group == GROUP)
    };
    let password = match &stored {
        Some(password) if list(aws).await?.iter().any(is_operator) => return Ok(password.clone()),
        Some(password) => password.clone(),
        None => draw()?,
    };
    let step = printer.step("making the first operator");
    // Written first: an account with a lost password would be useless.
    stored::write_private(&layout.deployed.operator, &format!("{password}\n"))?;
    add(aws, USERNAME, &password, &[GROUP.to_owned()]).await?;
    step.done("first operator made");
    Ok(password)
}

/// Returns a random password that keeps the rule of the stack's user pool.
fn draw() -> Result<String> {
    Ok(format!("Local-1-{}", random_hex()?))
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let password = text.trim_end();
    (!password.is_empty()).then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use testkit::replay::{Replay, answer};

    use super::*;

    fn account(status: &str, groups: &[&str]) -> Value {
        json!({ "username": USERNAME, "status": status, "groups": groups, "created_at": null, "changed_at": null })
    }

    async fn ensured(layout: &Layout, answers: &[Value]) -> (String, Vec<Value>) {
        let replay = Replay::new(answers.iter().map(|body| answer("", body.to_string())));
        let password = ensure(&Aws::of(&replay), layout, Printer::for_terminal()).await.unwrap();
        assert!(replay.is_exhausted());
        (password, replay.sent())
    }

    #[tokio::test]
    async fn the_operator_is_made_once_and_again_where_the_account_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let there = account("active", &["operator"]);
        let (first, sent) = ensured(&layout, std::slice::from_ref(&there)).await;
        assert_eq!(
            sent[0]["add"],
            json!({ "username": USERNAME, "password": first, "groups": ["operator"] })
        );
        let mode = fs::metadata(&layout.deployed.operator).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (again, sent) = ensured(&layout, &[json!({ "accounts": [there] })]).await;
        assert_eq!((again, sent), (first.clone(), vec![json!({ "list": {} })]));
        for listed in
            [json!([]), json!([account("disabled", &["operator"])]), json!([account("active", &["reader"])])]
        {
            let (again, sent) = ensured(&layout, &[json!({ "accounts": listed }), there.clone()]).await;
            assert_eq!((again, &sent[1]["add"]["password"]), (first.clone(), &json!(first)));
        }
        assert!(layout.data().contains(&layout.deployed.operator), "`clean` removes it");
    }

    #[test]
    fn passwords_are_drawn_and_keep_the_rule() {
        let (one, other) = (draw().unwrap(), draw().unwrap());
        assert!(one != other && one.len() == 40, "{one}");
        assert!(one.starts_with("Local-1-") && !one.contains(char::is_whitespace));
    }
}
