//! Changes that are made at once, and those that are cut off.

use std::collections::BTreeSet;
use std::time::Duration;

use accounts::{ChangeError, DirectoryError, Groups, Password, Username};
use anyhow::Result;
use aurora::{AccountLock, Deadline};
use serde_json::json;

use crate::support::{Function, PASSWORD};

fn groups(names: &[&str]) -> Groups {
    Groups::parse(names, testkit::dictionary()).unwrap()
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

#[tokio::test]
async fn of_two_approvals_at_once_one_holds() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    let (one, other) = (&["reader", "table:tags"][..], &["writer", "table:documents"][..]);
    for _ in 0..20 {
        function.pool.put("ann@x.example", PASSWORD, &["reader", "table:collections"]);
        let (ones, others) = (groups(one), groups(other));
        let both =
            tokio::join!(function.accounts.approve(&ann, &ones), function.accounts.approve(&ann, &others));
        assert!(both.0.is_ok() && both.1.is_ok());
        let found: BTreeSet<String> = function.pool.member("ann@x.example").groups;
        let is = |wanted: &[&str]| found == wanted.iter().map(ToString::to_string).collect();
        assert!(is(one) || is(other), "{found:?}");
    }
    assert_eq!(function.database.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn of_an_approval_and_a_disabling_at_once_one_holds() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    for _ in 0..20 {
        function.pool.put("ann@x.example", PASSWORD, &["reader"]);
        let wanted = groups(&["writer"]);
        let both = tokio::join!(function.accounts.approve(&ann, &wanted), function.accounts.disable(&ann));
        assert!(both.0.is_ok() && both.1.is_ok());
        let member = function.pool.member("ann@x.example");
        assert_eq!(member.groups, BTreeSet::from(["writer".to_owned()]));
        let last = function.pool.state().changes.last().cloned().unwrap();
        assert_eq!(member.is_disabled, last == "sign_out ann@x.example", "{last}");
    }
    Ok(())
}

#[tokio::test]
async fn of_two_operators_who_disable_each_other_one_stays() -> Result<()> {
    let function = Function::start().await?;
    for _ in 0..20 {
        function.pool.put("ola@x.example", PASSWORD, &["operator"]);
        function.pool.put("pia@x.example", PASSWORD, &["operator"]);
        let (ola, pia) = (name("ola@x.example"), name("pia@x.example"));
        let both = tokio::join!(function.accounts.disable(&ola), function.accounts.disable(&pia));
        assert!(both.0.is_ok() != both.1.is_ok());
        let names = ["ola@x.example", "pia@x.example"];
        assert_eq!(names.iter().filter(|name| !function.pool.member(name).is_disabled).count(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn of_two_registrations_at_once_the_first_password_holds() -> Result<()> {
    let function = Function::start().await?;
    for number in 0..10 {
        let ann = name(&format!("ann{number}@x.example"));
        let (one, other) = (Password::new("Sesame-open-1"), Password::new("Sesame-open-2"));
        let both =
            tokio::join!(function.accounts.register(&ann, &one), function.accounts.register(&ann, &other));
        assert!(both.0.is_ok() && both.1.is_ok());
        let changes = function.pool.state().changes.clone();
        let set = changes.iter().filter(|change| **change == format!("set_password {ann}"));
        assert_eq!(set.count(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn an_account_never_has_more_rights_on_the_way() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    function.pool.put("ola@x.example", PASSWORD, &["operator"]);
    let all = [
        &["reader"][..],
        &["reader", "table:tags"],
        &["writer", "table:tags", "table:documents"],
        &["writer", "table:collections"],
        &["operator"],
        &["reader", "writer"],
    ];
    let sees = |groups: &BTreeSet<String>| -> Option<BTreeSet<String>> {
        let tables: BTreeSet<String> =
            groups.iter().filter_map(|group| group.strip_prefix("table:")).map(str::to_owned).collect();
        (!tables.is_empty()).then_some(tables)
    };
    for before in all {
        for after in all {
            function.pool.put("ann@x.example", PASSWORD, before);
            function.pool.state().changes.clear();
            function.accounts.approve(&ann, &groups(after)).await?;
            let set =
                |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
            let (from, to) = (set(before), set(after));
            let mut groups = from.clone();
            for change in function.pool.state().changes.clone() {
                let parts: Vec<&str> = change.split(' ').collect();
                match parts[..] {
                    ["join", _, group] => drop(groups.insert(group.to_owned())),
                    ["leave", _, group] => drop(groups.remove(group)),
                    _ => {}
                }
                let has_right = groups.iter().any(|group| !group.starts_with("table:"));
                let roles = |groups: &BTreeSet<String>| -> BTreeSet<String> {
                    groups.iter().filter(|group| !group.starts_with("table:")).cloned().collect()
                };
                assert!(
                    roles(&groups).is_subset(&roles(&from)) || roles(&groups).is_subset(&roles(&to)),
                    "{before:?} {after:?} {groups:?}"
                );
                // All tables only where they were seen before or are to be.
                if has_right && sees(&groups).is_none() {
                    assert!(sees(&from).is_none() || sees(&to).is_none(), "{before:?} {after:?} {groups:?}");
                }
            }
            assert_eq!(groups, to);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_change_without_time_to_end_is_not_begun() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    function.pool.put("ann@x.example", PASSWORD, &["reader"]);
    let deadline = Deadline::after(Duration::from_secs(4));
    let accounts = function.accounts.with_database(function.accounts.database.with_deadline(deadline));
    let is_late = |error: ChangeError| matches!(error, ChangeError::Directory(DirectoryError::Busy { .. }));
    assert!(is_late(accounts.approve(&ann, &groups(&["writer"])).await.unwrap_err()));
    assert!(is_late(accounts.disable(&ann).await.unwrap_err()));
    let word = Password::new(PASSWORD);
    assert!(is_late(accounts.add(&ann, &word, &groups(&["writer"])).await.unwrap_err()));
    assert!(function.pool.state().changes.is_empty());
    assert_eq!(function.database.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn a_directory_that_does_not_answer_keeps_no_lock() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    function.pool.put("ann@x.example", PASSWORD, &["reader"]);
    function.pool.state().hanging = Some("get");
    let deadline = Deadline::after(Duration::from_secs(1));
    let accounts = function.accounts.with_database(function.accounts.database.with_deadline(deadline));
    let error = accounts.approve(&ann, &groups(&["writer"])).await.unwrap_err();
    assert!(matches!(error, ChangeError::Directory(DirectoryError::Busy { .. })), "{error:?}");
    assert_eq!(function.database.open_transactions(), 0);
    function.pool.state().hanging = None;
    function.accounts.approve(&ann, &groups(&["writer"])).await?;
    Ok(())
}

#[tokio::test]
async fn who_waits_too_long_for_the_lock_changes_nothing() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &[]);
    let lock = AccountLock::take(&function.accounts.database).await?;
    let body = json!({ "groups": ["writer"] });
    let ola = Some(("ola@x.example", "operator"));
    let answer = function.ask(ola, "POST", "/accounts/ann@x.example/approve", body).await;
    assert_eq!((answer.status, &*answer.kind), (503, "unavailable"));
    assert!(answer.headers.iter().any(|(name, _)| name == "retry-after"));
    assert!(answer.body["detail"].as_str().unwrap().starts_with("Others are changing accounts"));
    assert!(function.pool.state().changes.is_empty());
    lock.release().await;
    Ok(())
}

#[tokio::test]
async fn a_change_that_fails_releases_its_lock() -> Result<()> {
    let function = Function::start().await?;
    let ann = name("ann@x.example");
    function.pool.put("ann@x.example", PASSWORD, &["reader"]);
    for operation in ["get", "groups", "leave", "join", "enable"] {
        let failed = DirectoryError::Failed { operation, code: "AccessDeniedException".to_owned() };
        function.pool.state().failing = Some((operation, failed));
        assert!(function.accounts.approve(&ann, &groups(&["writer"])).await.is_err());
        assert_eq!(function.database.open_transactions(), 0, "{operation}");
        function.pool.put("ann@x.example", PASSWORD, &["reader"]);
    }
    function.pool.state().failing = None;
    function.accounts.approve(&ann, &groups(&["writer"])).await?;
    Ok(())
}
