//! Accounts against the user pool of the cloud: from registering to being disabled.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Cloud, PASSWORD, People, Reply, Session, assert_problem, rowgate, rowgate_with_input};

/// Returns everything of an answer but the request's own id and time.
fn comparable(reply: &Reply) -> (u16, String, BTreeSet<String>) {
    let names = reply.headers.keys().map(ToString::to_string).collect();
    (reply.status, reply.text.clone(), names)
}

async fn register(people: &People, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    people.open(Method::POST, "/register", &body).await
}

async fn login(people: &People, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    people.open(Method::POST, "/login", &body).await
}

async fn refresh(people: &People, token: &str) -> Reply {
    people.open(Method::POST, "/refresh", &json!({ "refresh_token": token })).await
}

async fn approve(people: &People, by: &Session, username: &str, groups: Value) -> Reply {
    let path = format!("/accounts/{username}/approve");
    people.call(by, Method::POST, &path, &json!({ "groups": groups })).await
}

async fn disable(people: &People, by: &Session, username: &str) -> Reply {
    people.call(by, Method::POST, &format!("/accounts/{username}/disable"), &json!({})).await
}

#[tokio::test]
async fn a_person_registers_is_approved_works_and_signs_out() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let username = format!("first-{}@rowgate.example", ids.number);
    let reply = register(&people, &username.to_uppercase(), PASSWORD).await;
    assert_eq!((reply.status, reply.json()), (202, json!({ "status": "pending-approval" })));
    assert_problem(&login(&people, &username, PASSWORD).await, 403, "pending-approval");

    let reply =
        approve(&people, &people.operator, &username, json!(["writer", "table:hired_employees"])).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let account = reply.json();
    assert_eq!((&account["username"], &account["status"]), (&json!(username), &json!("active")));
    assert_eq!(account["groups"], json!(["writer", "table:employees"]));

    let reply = login(&people, &username, PASSWORD).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
    let session = people.login(&username).await;
    let me = people.get(&session, "/me").await.json();
    assert_eq!(me, json!({ "username": username, "groups": ["writer"], "tables": ["employees"] }));

    let renewed = refresh(&people, &session.refresh).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let tokens = renewed.json();
    assert_eq!(tokens["refresh_token"], json!(session.refresh), "it stays good until the session is over");
    assert_ne!(tokens["access_token"], json!(session.access));
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));

    let reply = people.call(&session, Method::POST, "/logout", &json!({})).await;
    assert_eq!((reply.status, &*reply.text), (204, ""));
    assert_problem(&refresh(&people, &session.refresh).await, 401, "session-over");

    let path = format!("/audit?username={username}");
    let trail = people.get(&people.operator, &path).await.json();
    let actions: Vec<&Value> =
        trail["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["logout", "login", "login"]);
    let trail = people.get(&people.operator, "/audit?username=anonymous&limit=100").await.json();
    let mut entries = trail["entries"].as_array().unwrap().iter();
    let registered = json!({ "account": username });
    assert!(entries.any(|entry| entry["action"] == "register" && entry["detail"] == registered), "{trail}");
    let path = format!("/audit?username={}&limit=100", people.operator.username);
    let trail = people.get(&people.operator, &path).await.json();
    let is_approval = |entry: &&Value| entry["action"] == "approve" && entry["detail"]["account"] == username;
    let approval = trail["entries"].as_array().unwrap().iter().find(is_approval).unwrap();
    assert_eq!(approval["detail"]["groups"], json!(["writer", "table:employees"]));
    assert!(!trail.to_string().contains(PASSWORD));
}

#[tokio::test]
async fn no_answer_tells_whether_a_name_exists() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let active = people.member(&ids, "active", &["reader"]).await.username;
    let pending = format!("pending-{}@rowgate.example", ids.number);
    let new = format!("new-{}@rowgate.example", ids.number);
    let off = people.member(&ids, "off", &["reader"]).await.username;
    assert_eq!(disable(&people, &people.operator, &off).await.status, 200);
    assert_eq!(register(&people, &pending, PASSWORD).await.status, 202);

    let other = "Another-horse-9-word";
    let mut answers = BTreeSet::new();
    for name in [&active, &pending, &new, &off] {
        answers.insert(comparable(&register(&people, name, other).await));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Registering again has changed nobody's password.
    assert_eq!(login(&people, &active, PASSWORD).await.status, 200);
    assert_problem(&login(&people, &pending, PASSWORD).await, 403, "pending-approval");

    let mut answers = BTreeSet::new();
    let nobody = format!("nobody-{}@rowgate.example", ids.number);
    for (name, password) in [
        (&active, "Wrong-horse-9-word"),
        (&active, ""),
        (&pending, "Wrong-horse-9-word"),
        (&off, PASSWORD),
        (&off, "Wrong-horse-9-word"),
        (&nobody, PASSWORD),
        (&"no address".to_owned(), PASSWORD),
    ] {
        let reply = login(&people, name, password).await;
        assert_problem(&reply, 401, "wrong-credentials");
        answers.insert(comparable(&reply));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");

    let mut answers = BTreeSet::new();
    for name in [&active, &nobody] {
        let reply = register(&people, name, "horse").await;
        assert_problem(&reply, 422, "password");
        assert!(reply.json()["detail"].as_str().unwrap().contains("12 to 256 characters"));
        answers.insert(comparable(&reply));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn an_account_that_is_disabled_comes_in_no_more_until_it_is_approved_again() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let session = people.member(&ids, "out", &["writer"]).await;
    let reply = disable(&people, &people.operator, &session.username).await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("disabled")));
    assert_problem(&refresh(&people, &session.refresh).await, 401, "session-over");
    assert_problem(&login(&people, &session.username, PASSWORD).await, 401, "wrong-credentials");
    let reply = approve(&people, &people.operator, &session.username, json!(["reader"])).await;
    assert_eq!((reply.status, &reply.json()["groups"]), (200, &json!(["reader"])));
    assert_problem(&refresh(&people, &session.refresh).await, 401, "session-over");
    let again = people.login(&session.username).await;
    assert_eq!(people.get(&again, "/me").await.json()["groups"], json!(["reader"]));
}

#[tokio::test]
async fn rights_that_are_taken_are_gone_with_the_next_token() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let session = people.member(&ids, "less", &["writer"]).await;
    let reply = approve(&people, &people.operator, &session.username, json!(["reader", "table:jobs"])).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let renewed = refresh(&people, &session.refresh).await.json();
    let access = renewed["access_token"].as_str().unwrap().to_owned();
    let session = Session { access, ..session };
    let me = people.get(&session, "/me").await.json();
    assert_eq!((&me["groups"], &me["tables"]), (&json!(["reader"]), &json!(["jobs"])));
    let reply = people.call(&session, Method::POST, "/tables/jobs/rows", &json!([])).await;
    assert_problem(&reply, 403, "forbidden");
}

#[tokio::test]
async fn nobody_disables_themselves() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let second = people.member(&ids, "second", &["operator"]).await;
    assert_problem(&disable(&people, &second, &second.username).await, 409, "account-state");
    assert_problem(
        &disable(&people, &people.operator, &people.operator.username).await,
        409,
        "account-state",
    );
    // Another operator can.
    assert_eq!(disable(&people, &people.operator, &second.username).await.status, 200);
}

#[tokio::test]
async fn groups_that_there_are_not_and_accounts_that_there_are_not_are_refused() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let username = format!("waits-{}@rowgate.example", ids.number);
    assert_eq!(register(&people, &username, PASSWORD).await.status, 202);
    for groups in
        [json!([]), json!(["admin"]), json!(["table:jobs"]), json!(["reader", "table:rowgate_audit"])]
    {
        let reply = approve(&people, &people.operator, &username, groups).await;
        assert_problem(&reply, 400, "wrong-shape");
    }
    assert_problem(&login(&people, &username, PASSWORD).await, 403, "pending-approval");
    let nobody = format!("nobody-{}@rowgate.example", ids.number);
    assert_problem(&approve(&people, &people.operator, &nobody, json!(["reader"])).await, 404, "not-found");
    assert_problem(&disable(&people, &people.operator, &nobody).await, 404, "not-found");
}

#[tokio::test]
async fn changes_at_once_end_as_one_of_them_asked() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let username = people.member(&ids, "both", &["reader", "table:departments"]).await.username;
    let (one, other) = (json!(["reader", "table:jobs"]), json!(["writer", "table:employees"]));
    for _ in 0..3 {
        let replies = tokio::join!(
            approve(&people, &people.operator, &username, one.clone()),
            approve(&people, &people.operator, &username, other.clone()),
        );
        assert_eq!((replies.0.status, replies.1.status), (200, 200), "{replies:?}");
        let found = account(&people, &username).await["groups"].clone();
        assert!(found == one || found == other, "{found}");
    }
    let replies = tokio::join!(
        approve(&people, &people.operator, &username, one.clone()),
        disable(&people, &people.operator, &username),
    );
    assert_eq!((replies.0.status, replies.1.status), (200, 200), "{replies:?}");
    let found = account(&people, &username).await;
    assert_eq!(found["groups"], one);
    assert!(found["status"] == "active" || found["status"] == "disabled", "{found}");
}

/// Finds an account by reading all pages.
async fn account(people: &People, username: &str) -> Value {
    let mut path = "/accounts?limit=60".to_owned();
    loop {
        let page = people.get(&people.operator, &path).await.json();
        let accounts = page["accounts"].as_array().unwrap().clone();
        if let Some(found) = accounts.into_iter().find(|account| account["username"] == username) {
            return found;
        }
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{username} is not listed"));
        path = format!("/accounts?limit=60&after={next}");
    }
}

#[tokio::test]
async fn more_accounts_than_a_page_has_are_listed_once_each() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let name = |number: usize| format!("page-{}-{number:02}@rowgate.example", ids.number);
    for number in 0..65 {
        people.add_to(&people.pool, &name(number)).await;
    }
    let (mut found, mut path) = (Vec::new(), "/accounts?limit=60".to_owned());
    loop {
        let page = people.get(&people.operator, &path).await.json();
        let accounts = page["accounts"].as_array().unwrap();
        assert!(accounts.len() <= 60);
        let names = accounts.iter().map(|account| account["username"].as_str().unwrap().to_owned());
        found.extend(names.filter(|other| other.starts_with(&format!("page-{}-", ids.number))));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/accounts?limit=60&after={next}");
    }
    found.sort_unstable();
    assert_eq!(found, (0..65).map(name).collect::<Vec<_>>());
}

#[tokio::test]
async fn operators_manage_accounts_by_the_command() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let username = format!("command-{}@rowgate.example", ids.number);
    let added = rowgate_with_input(
        &["accounts", "add", &username, "--groups", "reader,table:jobs", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(added.status.success(), "{added:?}");
    assert!(!format!("{added:?}").contains(PASSWORD));
    let session = people.login(&username).await;
    assert_eq!(people.get(&session, "/me").await.json()["tables"], json!(["jobs"]));
    let approved = rowgate(&["accounts", "approve", &username, "--groups", "writer"]);
    assert!(approved.status.success(), "{approved:?}");
    let listed = rowgate(&["accounts", "list", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let found = listed.as_array().unwrap().iter().find(|account| account["username"] == username);
    assert_eq!(found.unwrap()["groups"], json!(["writer"]));
    let disabled = rowgate(&["accounts", "disable", &username]);
    assert!(disabled.status.success(), "{disabled:?}");
    assert_problem(&login(&people, &username, PASSWORD).await, 401, "wrong-credentials");
    for (arguments, words) in [
        (&["accounts", "approve", &username, "--groups", "admin"][..], "There is no group"),
        (&["accounts", "approve", "no address", "--groups", "reader"], "e-mail address"),
        (&["accounts", "disable", "nobody@rowgate.example"], "there is no such account"),
    ] {
        let refused = rowgate(arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(words), "{refused:?}");
    }
    let weak = rowgate_with_input(
        &["accounts", "add", &username, "--groups", "reader", "--password-stdin"],
        "horse",
    );
    assert!(String::from_utf8_lossy(&weak.stderr).contains("12 to 256 characters"), "{weak:?}");
}

#[tokio::test]
async fn passwords_are_in_no_log() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let since = Timestamp::now();
    let username = format!("log-{}@rowgate.example", cloud.ids.number);
    let password = format!("Log-horse-{}", cloud.ids.number);
    assert_eq!(register(&people, &username, &password).await.status, 202);
    let reply = login(&people, &username, &password).await;
    assert_problem(&reply, 403, "pending-approval");
    let id = reply.header("x-request-id");
    let enough =
        |lines: &[Value]| lines.iter().any(|line| line["request.id"] == id && line["http.route"] == "/login");
    let (log, _) = cloud.logged("rowgate-accounts", since, &json!({ "list": {} }), enough).await;
    assert!(!log.contains(&password), "{log}");
}
