//! Operators manage accounts.

use anyhow::Result;
use serde_json::{Value, json};

use crate::support::{Function, PASSWORD};

const OLA: Option<(&str, &str)> = Some(("ola@x.example", "operator"));

async fn function() -> Result<Function> {
    let function = Function::start().await?;
    function.pool.put("ola@x.example", PASSWORD, &["operator"]);
    function.pool.put("ann@x.example", PASSWORD, &[]);
    Ok(function)
}

#[tokio::test]
async fn an_account_is_approved_changed_disabled_and_let_in_again() -> Result<()> {
    let function = function().await?;
    let approve = async |groups: Value| {
        function.ask(OLA, "POST", "/accounts/Ann@x.example/approve", json!({ "groups": groups })).await
    };
    let answer = approve(json!(["writer", "table:filed_documents"])).await;
    let account = |status: &str, groups: Value| {
        json!({
            "username": "ann@x.example", "status": status, "groups": groups,
            "created_at": "2026-11-29T16:00:00.000Z", "changed_at": null
        })
    };
    assert_eq!(
        (answer.status, &answer.body),
        (200, &account("active", json!(["writer", "table:documents"])))
    );
    let answer = approve(json!(["reader", "table:tags"])).await;
    assert_eq!(answer.body, account("active", json!(["reader", "table:tags"])));
    let answer = function.ask(OLA, "POST", "/accounts/ann%40x.example/disable", json!(null)).await;
    assert_eq!((answer.status, &answer.body), (200, &account("disabled", json!(["reader", "table:tags"]))));
    let member = function.pool.member("ann@x.example");
    assert!(member.is_disabled && member.sign_outs == 1);
    assert_eq!(approve(json!(["reader"])).await.body, account("active", json!(["reader"])));
    assert_eq!(
        function.trail().await?,
        [
            r#"ola@x.example approve {"account":"ann@x.example","groups":["writer","table:documents"]}"#,
            r#"ola@x.example approve {"account":"ann@x.example","groups":["reader","table:tags"]}"#,
            r#"ola@x.example disable {"account":"ann@x.example"}"#,
            r#"ola@x.example approve {"account":"ann@x.example","groups":["reader"]}"#,
        ]
    );
    Ok(())
}

#[tokio::test]
async fn groups_are_those_that_there_are() -> Result<()> {
    let function = function().await?;
    for groups in [json!([]), json!(["table:tags"]), json!(["admin"]), json!(["writer", "table:people"])] {
        let answer =
            function.ask(OLA, "POST", "/accounts/ann@x.example/approve", json!({ "groups": groups })).await;
        assert_eq!((answer.status, &*answer.kind), (400, "wrong-shape"), "{groups}");
        assert!(answer.body["detail"].as_str().unwrap().contains("reader, writer and operator"));
    }
    for body in
        [json!(null), json!({}), json!({ "groups": "writer" }), json!({ "groups": ["writer"], "x": 1 })]
    {
        let answer = function.ask(OLA, "POST", "/accounts/ann@x.example/approve", body).await;
        assert_eq!(answer.status, 400);
    }
    assert!(function.pool.state().changes.is_empty() && function.trail().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn there_is_always_somebody_who_operates() -> Result<()> {
    let function = function().await?;
    let refused = async |person, path: &str, body: Value| {
        let answer = function.ask(person, "POST", path, body).await;
        assert_eq!((answer.status, &*answer.kind), (409, "account-state"), "{path}");
    };
    refused(OLA, "/accounts/ola@x.example/disable", json!(null)).await;
    refused(OLA, "/accounts/ola@x.example/approve", json!({ "groups": ["writer"] })).await;
    // A token that is good for some minutes more than its account's rights.
    let pia = Some(("pia@x.example", "operator"));
    refused(pia, "/accounts/ola@x.example/disable", json!(null)).await;
    // One who is disabled is no other operator.
    function.pool.put("pia@x.example", PASSWORD, &["operator"]);
    function.pool.state().users.get_mut("pia@x.example").unwrap().is_disabled = true;
    refused(pia, "/accounts/ola@x.example/disable", json!(null)).await;
    function.pool.state().users.get_mut("pia@x.example").unwrap().is_disabled = false;
    let answer = function.ask(pia, "POST", "/accounts/ola@x.example/disable", json!(null)).await;
    assert_eq!(answer.status, 200);
    refused(pia, "/accounts/pia@x.example/approve", json!({ "groups": ["reader"] })).await;
    Ok(())
}

#[tokio::test]
async fn operators_alone_manage_accounts() -> Result<()> {
    let function = function().await?;
    let paths = [
        ("GET", "/accounts"),
        ("GET", "/accounts/"),
        ("POST", "/accounts/ann@x.example/approve"),
        ("POST", "/accounts/ann@x.example/disable"),
        ("GET", "/audit"),
    ];
    for (method, path) in paths {
        for groups in ["", "reader", "writer", "reader,table:tags", "Operator", "table:operator"] {
            let answer = function
                .ask(Some(("ann@x.example", groups)), method, path, json!({ "groups": ["operator"] }))
                .await;
            assert_eq!((answer.status, &*answer.kind), (403, "forbidden"), "{path} {groups}");
        }
        assert_eq!(function.ask(None, method, path, json!(null)).await.status, 403, "{path}");
        assert_eq!(function.ask(Some(("", "operator")), method, path, json!(null)).await.status, 403);
    }
    assert!(function.pool.state().changes.is_empty());
    Ok(())
}

#[tokio::test]
async fn accounts_that_are_missing_or_have_no_password_are_reported() -> Result<()> {
    let function = function().await?;
    for name in ["nobody@x.example", "nobody", "%00", "a%2Fb@x.example", "%ff"] {
        for verb in ["approve", "disable"] {
            let path = format!("/accounts/{name}/{verb}");
            let answer = function.ask(OLA, "POST", &path, json!({ "groups": ["reader"] })).await;
            assert_eq!((answer.status, &*answer.kind), (404, "not-found"), "{path}");
        }
    }
    function.pool.state().users.get_mut("ann@x.example").unwrap().password = None;
    let body = json!({ "groups": ["reader"] });
    let answer = function.ask(OLA, "POST", "/accounts/ann@x.example/approve", body).await;
    assert_eq!((answer.status, &*answer.kind), (409, "account-state"));
    assert!(answer.body["detail"].as_str().unwrap().contains("register again"));
    Ok(())
}

#[tokio::test]
async fn all_accounts_are_listed_page_by_page() -> Result<()> {
    let function = Function::start().await?;
    for number in 0..130 {
        function.pool.put(&format!("p{number:03}@x.example"), PASSWORD, &[["reader"], ["other"]][number % 2]);
    }
    let (mut names, mut path) = (Vec::new(), "/accounts?limit=60".to_owned());
    loop {
        let answer = function.ask(OLA, "GET", &path, json!(null)).await;
        assert_eq!(answer.status, 200);
        for account in answer.body["accounts"].as_array().unwrap() {
            let is_pending = account["groups"] == json!([]);
            assert_eq!(account["status"], if is_pending { "pending" } else { "active" });
            names.push(account["username"].as_str().unwrap().to_owned());
        }
        let Some(next) = answer.body["next"].as_str() else { break };
        path = format!("/accounts?limit=60&after={next}");
    }
    names.dedup();
    assert_eq!(names.len(), 130);
    let answer = function.ask(OLA, "GET", "/accounts", json!(null)).await;
    assert_eq!(answer.body["accounts"].as_array().unwrap().len(), 50);
    for query in ["limit=61", "limit=0", "after=", "after=x", "after=a%20b", "page=2"] {
        let answer = function.ask(OLA, "GET", &format!("/accounts?{query}"), json!(null)).await;
        assert_eq!((answer.status, &*answer.kind), (400, "invalid-parameter"), "{query}");
    }
    Ok(())
}
