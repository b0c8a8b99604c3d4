//! `POST /register`.

use std::time::{Duration, Instant};

use accounts::{DirectoryError, Password};
use anyhow::Result;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{Function, PASSWORD, credentials};

#[tokio::test]
async fn a_name_that_is_new_waits_or_is_taken_gets_the_same_answer() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("taken@x.example", "Another-word-1", &["writer"]);
    function.pool.put("off@x.example", "Another-word-1", &["reader"]);
    function.pool.state().users.get_mut("off@x.example").unwrap().is_disabled = true;
    let mut answers = Vec::new();
    for name in ["new@x.example", "new@x.example", "NEW@X.example", "taken@x.example", "off@x.example"] {
        let answer = function.post("/register", credentials(name, PASSWORD)).await;
        assert_eq!((answer.status, &answer.body), (202, &json!({ "status": "pending-approval" })), "{name}");
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "they do not differ in a header either");
    let new = function.pool.member("new@x.example");
    assert_eq!((new.password, new.groups.len()), (Some(Password::new(PASSWORD)), 0));
    // Nothing of an account that was there has changed.
    for name in ["taken@x.example", "off@x.example"] {
        assert_eq!(function.pool.member(name).password, Some(Password::new("Another-word-1")));
    }
    assert_eq!(
        function.pool.state().changes,
        ["create new@x.example", "set_password new@x.example"],
        "registering again does not change the password"
    );
    assert_eq!(function.trail().await?[3], r#"anonymous register {"account":"taken@x.example"}"#);
    Ok(())
}

#[tokio::test]
async fn what_is_refused_is_refused_before_the_name_is_looked_up() -> Result<()> {
    let function =
        Function::start_with(|options| options.email_domains = ["x.example".to_owned()].into()).await?;
    function.pool.put("taken@x.example", PASSWORD, &["writer"]);
    function.pool.put("taken@y.example", PASSWORD, &["writer"]);
    for who in ["taken", "new"] {
        for (name, password, status, kind) in [
            (format!("{who}@x.example"), "sesame", 422, "password"),
            (format!("{who}@x.example"), "", 422, "password"),
            (format!("{who}@y.example"), PASSWORD, 403, "email-domain"),
            (format!("{who}@sub.x.example"), PASSWORD, 403, "email-domain"),
            (who.to_owned(), PASSWORD, 400, "wrong-shape"),
        ] {
            let answer = function.post("/register", credentials(&name, password)).await;
            assert_eq!((answer.status, &*answer.kind), (status, kind), "{name}");
            assert!(!answer.body.to_string().contains(PASSWORD));
        }
    }
    let answer = function.post("/register", credentials("new@x.example", "sesame")).await;
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("A password has 12 to 256 characters and no blanks, and among them a capital")
    );
    let answer = function.post("/register", credentials("new@y.example", PASSWORD)).await;
    assert_eq!(answer.body["detail"], "Only e-mail addresses of these domains can register here: x.example.");
    assert!(function.pool.state().changes.is_empty() && function.trail().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn nobody_registers_where_registration_is_closed() -> Result<()> {
    let function = Function::start_with(|options| options.self_registration = false).await?;
    for body in [credentials("new@x.example", PASSWORD), json!({})] {
        let answer = function.post("/register", body).await;
        assert_eq!((answer.status, &*answer.kind), (403, "registration-closed"));
    }
    assert!(function.pool.state().users.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_registration_that_was_cut_short_is_finished_by_the_next() -> Result<()> {
    let function = Function::start().await?;
    let busy = DirectoryError::Busy { operation: "AdminSetUserPassword", code: "time-out".to_owned() };
    function.pool.state().failing = Some(("set_password", busy));
    let answer = function.post("/register", credentials("ann@x.example", PASSWORD)).await;
    assert_eq!((answer.status, &*answer.kind), (503, "unavailable"));
    assert!(function.pool.member("ann@x.example").password.is_none());
    function.pool.state().failing = None;
    let answer = function.post("/register", credentials("ann@x.example", PASSWORD)).await;
    assert_eq!(answer.status, 202);
    assert_eq!(function.pool.member("ann@x.example").password, Some(Password::new(PASSWORD)));
    // A registration that an operator has touched since is never finished.
    for touch in ["groups", "disabled"] {
        {
            let mut state = function.pool.state();
            let member = state.users.get_mut("ann@x.example").unwrap();
            member.password = None;
            member.groups.clear();
            match touch {
                "groups" => drop(member.groups.insert("reader".to_owned())),
                _ => member.is_disabled = true,
            }
        }
        let answer = function.post("/register", credentials("ann@x.example", PASSWORD)).await;
        assert_eq!(answer.status, 202);
        assert!(function.pool.member("ann@x.example").password.is_none(), "{touch}");
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_takes_the_same_time_at_least() -> Result<()> {
    let function = Function::start_with(|options| options.register_time = Duration::from_millis(400)).await?;
    for _ in 0..2 {
        let started = Instant::now();
        assert_eq!(function.post("/register", credentials("ann@x.example", PASSWORD)).await.status, 202);
        assert!(started.elapsed() >= Duration::from_millis(400));
    }
    Ok(())
}

#[tokio::test]
async fn bodies_are_limited_and_say_nothing_else() -> Result<()> {
    let function = Function::start().await?;
    for (body, status, kind) in [
        ("", 400, "invalid-json"),
        ("{", 400, "invalid-json"),
        ("[\"ann@x.example\", \"Sesame-open-7\"]", 400, "wrong-shape"),
        ("null", 400, "wrong-shape"),
        (r#"{"username": "ann@x.example"}"#, 400, "wrong-shape"),
        (r#"{"username": "ann@x.example", "password": 7}"#, 400, "wrong-shape"),
        (
            r#"{"username": "ann@x.example", "password": "Sesame-open-7", "groups": ["operator"]}"#,
            400,
            "wrong-shape",
        ),
        (r#"{"username": "a@x.example", "password": "Sesame-open-7", "password": "x"}"#, 400, "wrong-shape"),
        (&format!("{:17000}", ""), 413, "payload-too-large"),
    ] {
        for path in ["/register", "/login"] {
            let request = Request::post(path).header("content-type", "application/json");
            let answer = function.send(request.body(Body::from(body.to_owned())).unwrap()).await;
            assert_eq!((answer.status, &*answer.kind), (status, kind), "{path} {body:.80}");
            assert!(!answer.body.to_string().contains("Sesame"), "{}", answer.body);
        }
    }
    let request = Request::post("/login").body(Body::from("{}")).unwrap();
    assert_eq!(function.send(request).await.status, 415);
    assert_eq!(function.ask(None, "GET", "/register", json!(null)).await.status, 405);
    let answer = function.post("/register?groups=operator", credentials("ann@x.example", PASSWORD)).await;
    assert_eq!((answer.status, &*answer.kind), (400, "invalid-parameter"));
    assert!(function.pool.state().users.is_empty());
    Ok(())
}
