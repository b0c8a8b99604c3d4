//! `POST /login`, `POST /refresh`, `POST /logout` and `GET /me`.

use accounts::DirectoryError;
use anyhow::Result;
use serde_json::json;
use testkit::tables;

use crate::support::{Function, PASSWORD, credentials};

#[tokio::test]
async fn a_session_begins_continues_and_ends() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    let login = function.post("/login", credentials("Ann@X.example", PASSWORD)).await;
    assert_eq!(login.status, 200);
    assert_eq!(
        login.body,
        json!({
            "access_token": "access of ann@x.example", "token_type": "Bearer", "expires_in": 300,
            "refresh_token": "refresh 0"
        })
    );
    assert!(login.headers.contains(&("cache-control".to_owned(), "no-store".to_owned())));
    let refresh = json!({ "refresh_token": "refresh 0" });
    let answer = function.post("/refresh", refresh.clone()).await;
    assert_eq!((answer.status, &answer.body), (200, &login.body), "the refresh token stays good");
    let ann = Some(("ann@x.example", "writer"));
    let answer = function.ask(ann, "POST", "/logout", json!(null)).await;
    assert_eq!((answer.status, answer.body), (204, json!(null)));
    let answer = function.post("/refresh", refresh).await;
    assert_eq!((answer.status, &*answer.kind), (401, "session-over"));
    assert!(answer.headers.contains(&("www-authenticate".to_owned(), "Bearer".to_owned())));
    assert_eq!(function.trail().await?, ["ann@x.example login {}", "ann@x.example logout {}"]);
    Ok(())
}

#[tokio::test]
async fn every_reason_not_to_let_somebody_in_is_one_answer() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    function.pool.put("off@x.example", PASSWORD, &["writer"]);
    function.pool.put("half@x.example", PASSWORD, &["writer"]);
    function.pool.state().users.get_mut("off@x.example").unwrap().is_disabled = true;
    function.pool.state().users.get_mut("half@x.example").unwrap().password = None;
    let mut answers = Vec::new();
    for (name, password) in [
        ("ann@x.example", "Sesame-open-8"),
        ("ann@x.example", ""),
        ("ann@x.example", "Sesame\0open-7"),
        ("ann@x.example", &*"x".repeat(257)),
        ("nobody@x.example", PASSWORD),
        ("off@x.example", PASSWORD),
        ("half@x.example", PASSWORD),
        ("half@x.example", ""),
        ("ann", PASSWORD),
        ("", ""),
    ] {
        answers.push(function.post("/login", credentials(name, password)).await);
    }
    for code in ["UserNotConfirmedException", "PasswordResetRequiredException", "NEW_PASSWORD_REQUIRED"] {
        function.pool.state().failing = Some(("sign_in", DirectoryError::Refused(code.to_owned())));
        answers.push(function.post("/login", credentials("ann@x.example", PASSWORD)).await);
    }
    function.pool.state().failing = Some(("sign_in", DirectoryError::NoUser));
    answers.push(function.post("/login", credentials("ann@x.example", PASSWORD)).await);
    assert_eq!((answers[0].status, &*answers[0].kind), (401, "wrong-credentials"));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(function.trail().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn only_the_right_password_learns_that_the_account_waits() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["table:tags"]);
    let answer = function.post("/login", credentials("ann@x.example", PASSWORD)).await;
    assert_eq!((answer.status, &*answer.kind), (403, "pending-approval"));
    assert!(!answer.body.to_string().contains("access of"));
    let answer = function.post("/login", credentials("ann@x.example", "Sesame-open-8")).await;
    assert_eq!((answer.status, &*answer.kind), (401, "wrong-credentials"));
    Ok(())
}

#[tokio::test]
async fn a_session_continues_with_the_current_rights_and_ends_without_any() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    let login = function.post("/login", credentials("ann@x.example", PASSWORD)).await;
    let refresh = json!({ "refresh_token": login.body["refresh_token"] });
    function.pool.state().users.get_mut("ann@x.example").unwrap().groups.clear();
    let answer = function.post("/refresh", refresh.clone()).await;
    assert_eq!((answer.status, &*answer.kind), (401, "session-over"));
    function.pool.put("ann@x.example", PASSWORD, &["reader"]);
    assert_eq!(function.post("/refresh", refresh.clone()).await.status, 200);
    function.pool.state().users.get_mut("ann@x.example").unwrap().is_disabled = true;
    assert_eq!(function.post("/refresh", refresh).await.status, 401);
    for token in ["", "refresh 7"] {
        let answer = function.post("/refresh", json!({ "refresh_token": token })).await;
        assert_eq!((answer.status, &*answer.kind), (401, "session-over"));
    }
    Ok(())
}

#[tokio::test]
async fn failures_are_reported_without_internals() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    let code = "TooManyRequestsException".to_owned();
    let busy = DirectoryError::Busy { operation: "AdminInitiateAuth", code: code.clone() };
    let failed = DirectoryError::Failed { operation: "AdminInitiateAuth", code };
    for (error, status, kind) in [(busy, 503, "unavailable"), (failed, 500, "internal")] {
        function.pool.state().failing = Some(("sign_in", error));
        let answer = function.post("/login", credentials("ann@x.example", PASSWORD)).await;
        assert_eq!((answer.status, &*answer.kind), (status, kind));
        let body = answer.body.to_string();
        assert!(!body.contains("Exception") && !body.contains("Cognito"), "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_signs_in_unrecorded_and_everybody_can_sign_out() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    function.database.sql("DROP TABLE rowgate_audit").await?;
    let answer = function.post("/login", credentials("ann@x.example", PASSWORD)).await;
    assert_eq!((answer.status, &*answer.kind), (500, "internal"));
    let answer = function.ask(Some(("ann@x.example", "writer")), "POST", "/logout", json!(null)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(function.pool.member("ann@x.example").sign_outs, 1);
    Ok(())
}

#[tokio::test]
async fn a_session_ends_before_a_database_that_resumes_is_asked() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ann@x.example", PASSWORD, &["writer"]);
    let code = "time-out".to_owned();
    let busy = DirectoryError::Busy { operation: "AdminUserGlobalSignOut", code };
    function.pool.state().failing = Some(("sign_out", busy));
    let ann = Some(("ann@x.example", "writer"));
    let answer = function.ask(ann, "POST", "/logout", json!(null)).await;
    assert_eq!((answer.status, &*answer.kind), (503, "unavailable"));
    assert!(function.trail().await?.is_empty(), "a session that continues has no end in the trail");
    function.pool.state().failing = None;
    assert_eq!(function.ask(ann, "POST", "/logout", json!(null)).await.status, 204);
    assert_eq!(function.trail().await?, ["ann@x.example logout {}"]);
    Ok(())
}

#[tokio::test]
async fn me_is_who_the_token_says_and_what_it_sees() -> Result<()> {
    let function = Function::start().await?;
    for (groups, roles, seen) in [
        ("writer", json!(["writer"]), json!(tables())),
        ("[reader, writer, table:tags]", json!(["reader", "writer"]), json!(["tags"])),
        ("operator,table:tags", json!(["operator"]), json!(tables())),
        ("", json!([]), json!([])),
        ("table:tags", json!([]), json!([])),
    ] {
        let answer = function.ask(Some(("ann@x.example", groups)), "GET", "/me", json!(null)).await;
        let expected = json!({ "username": "ann@x.example", "groups": roles, "tables": seen });
        assert_eq!((answer.status, answer.body), (200, expected), "{groups}");
    }
    for (method, path) in [("GET", "/me"), ("POST", "/logout")] {
        for nobody in [None, Some(("", "writer"))] {
            let answer = function.ask(nobody, method, path, json!(null)).await;
            assert_eq!((answer.status, &*answer.kind), (403, "forbidden"), "{path}");
        }
    }
    Ok(())
}
