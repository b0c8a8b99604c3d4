//! Direct invocations of the function.

use accounts::{Password, invoke};
use anyhow::Result;
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::support::{Function, PASSWORD};

async fn run(function: &Function, payload: Value) -> Result<Value, Diagnostic> {
    Ok(json!(invoke(&function.accounts, payload).await?))
}

#[tokio::test]
async fn the_first_operator_is_made_and_made_again() -> Result<()> {
    let function = Function::start().await?;
    let add = |password: &str, groups: Value| json!({ "add": { "username": "Ola@x.example", "password": password, "groups": groups } });
    let answer = run(&function, add(PASSWORD, json!(["operator"]))).await.unwrap();
    assert_eq!(
        answer,
        json!({
            "username": "ola@x.example", "status": "active", "groups": ["operator"],
            "created_at": "2026-11-29T16:00:00.000Z", "changed_at": null
        })
    );
    assert_eq!(function.pool.member("ola@x.example").sign_outs, 0);
    function.pool.state().users.get_mut("ola@x.example").unwrap().is_disabled = true;
    run(&function, add("Another-word-1", json!(["operator", "reader"]))).await.unwrap();
    let ola = function.pool.member("ola@x.example");
    assert_eq!((ola.password, ola.is_disabled), (Some(Password::new("Another-word-1")), false));
    assert_eq!(ola.sign_outs, 1, "who knew the old password is signed in no more");
    Ok(())
}

#[tokio::test]
async fn accounts_are_listed_approved_and_disabled() -> Result<()> {
    let function = Function::start().await?;
    for number in 0..70 {
        function.pool.put(&format!("p{number:02}@x.example"), PASSWORD, &[]);
    }
    let names = ["p69@x.example", "p68@x.example"];
    for name in names {
        let approve = json!({ "approve": { "username": name, "groups": ["operator"] } });
        assert_eq!(run(&function, approve).await.unwrap()["status"], "active");
    }
    let disable = |name: &str| json!({ "disable": { "username": name } });
    assert_eq!(run(&function, disable(names[0])).await.unwrap()["status"], "disabled");
    let refused = run(&function, disable(names[1])).await.unwrap_err();
    assert_eq!(refused.error_type, "AccountsFailed");
    assert!(refused.error_message.contains("last account of an operator"));
    let list = run(&function, json!({ "list": {} })).await.unwrap();
    let statuses: Vec<&str> = list["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| account["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses.len(), 70);
    assert_eq!(&statuses[67..], ["pending", "active", "disabled"]);
    Ok(())
}

#[tokio::test]
async fn payloads_that_are_none_are_refused_without_a_word_of_them() -> Result<()> {
    let function = Function::start().await?;
    for payload in [
        json!({}),
        json!([]),
        json!("list"),
        json!({ "list": {}, "disable": {} }),
        json!({ "list": { "limit": 1 } }),
        json!({ "add": { "username": "ola@x.example", "password": PASSWORD } }),
        json!({ "add": { "username": "ola@x.example", "password": [PASSWORD], "groups": ["reader"] } }),
        json!({ "add": { "username": "ola", "password": PASSWORD, "groups": ["reader"] } }),
        json!({ "add": { "username": "ola@x.example", "password": PASSWORD, "groups": ["admin"] } }),
        json!({ "disable": { "username": PASSWORD } }),
    ] {
        let refused = run(&function, payload.clone()).await.unwrap_err();
        assert_eq!(refused.error_type, "InvalidPayload", "{payload}");
        assert!(!refused.error_message.contains(PASSWORD), "{}", refused.error_message);
    }
    let weak = json!({ "add": { "username": "ola@x.example", "password": "sesame", "groups": ["reader"] } });
    let refused = run(&function, weak).await.unwrap_err();
    assert_eq!(refused.error_type, "AccountsFailed");
    assert!(refused.error_message.starts_with("A password has 12 to 256"), "{}", refused.error_message);
    assert!(function.pool.state().users.is_empty());
    Ok(())
}
