//! The first operator of the local cloud, by whom people come in.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::layout::Layout;
use crate::accounts::{Account, add, list};
use crate::aws::Aws;
use crate::printer::Printer;

/// The account. Nobody has an address of this domain (RFC 2606).
pub(crate) const USERNAME: &str = "operator@rowgate.example";
const GROUP: &str = "operator";
/// Bytes that are drawn for a password.
const RANDOM_BYTES: usize = 16;

/// Makes the account where it is missing, and gives its password, which is kept in the cloud's folder.
pub(crate) async fn ensure(aws: &Aws, layout: &Layout, printer: Printer) -> Result<String> {
    let kept = kept(&layout.operator());
    let is_operator = |account: &Account| {
        account.username == USERNAME
            && account.status == "active"
            && account.groups.iter().any(|group| group == GROUP)
    };
    let password = match &kept {
        Some(password) if list(aws).await?.iter().any(is_operator) => return Ok(password.clone()),
        Some(password) => password.clone(),
        None => drawn()?,
    };
    let step = printer.step("making the first operator");
    // Kept first: an account whose password nobody knows would be of no use.
    keep(&layout.operator(), &password)?;
    add(aws, USERNAME, &password, &[GROUP.to_owned()]).await?;
    step.done("first operator made");
    Ok(password)
}

/// A password that keeps the rule of the stack's user pool.
fn drawn() -> Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("reading /dev/urandom")?;
    Ok(format!("Local-1-{}", hex::encode(bytes)))
}

fn kept(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let password = text.trim_end();
    (!password.is_empty()).then(|| password.to_owned())
}

fn keep(path: &Path, password: &str) -> Result<()> {
    let _ = fs::remove_file(path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{password}"));
    written.with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{Replay, answer};

    fn account(status: &str, groups: &[&str]) -> Value {
        json!({ "username": USERNAME, "status": status, "groups": groups, "created_at": null, "changed_at": null })
    }

    async fn ensured(layout: &Layout, answers: &[Value]) -> (String, Vec<Value>) {
        let replay = Replay::new(answers.iter().map(|body| answer("", body.to_string())));
        let password = ensure(&replay.aws(), layout, Printer::for_terminal()).await.unwrap();
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
        let mode = fs::metadata(layout.operator()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (again, sent) = ensured(&layout, &[json!({ "accounts": [there] })]).await;
        assert_eq!((again, sent), (first.clone(), vec![json!({ "list": {} })]));
        for listed in
            [json!([]), json!([account("disabled", &["operator"])]), json!([account("active", &["reader"])])]
        {
            let (again, sent) = ensured(&layout, &[json!({ "accounts": listed }), there.clone()]).await;
            assert_eq!((again, &sent[1]["add"]["password"]), (first.clone(), &json!(first)));
        }
        assert!(layout.data().contains(&layout.operator()), "`clean` removes it");
    }

    #[test]
    fn passwords_are_drawn_and_keep_the_rule() {
        let (one, other) = (drawn().unwrap(), drawn().unwrap());
        assert!(one != other && one.len() == 40, "{one}");
        assert!(one.starts_with("Local-1-") && !one.contains(char::is_whitespace));
    }
}
