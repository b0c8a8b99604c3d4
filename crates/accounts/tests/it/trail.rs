//! `GET /audit`.

use anyhow::Result;
use serde_json::{Value, json};
use testkit::gateway::REQUEST_ID;

use crate::support::{Function, PASSWORD, credentials};

const OLA: Option<(&str, &str)> = Some(("ola@x.example", "operator"));

async fn audit(function: &Function, query: &str) -> Value {
    let answer = function.ask(OLA, "GET", &format!("/audit{query}"), json!(null)).await;
    assert_eq!(answer.status, 200, "{query} {}", answer.body);
    answer.body
}

#[tokio::test]
async fn the_trail_is_read_newest_first_and_by_whom_and_what() -> Result<()> {
    let function = Function::start().await?;
    function.pool.put("ola@x.example", PASSWORD, &["operator"]);
    for name in ["ann@x.example", "bea@x.example"] {
        function.post("/register", credentials(name, PASSWORD)).await;
    }
    let body = json!({ "groups": ["reader"] });
    function.ask(OLA, "POST", "/accounts/ann@x.example/approve", body).await;
    function
        .database
        .sql(
            "INSERT INTO rowgate_audit (at, username, action, table_name, row_key, before_json, request_id) \
             VALUES (UTC_TIMESTAMP(3), 'ann@x.example', 'delete-row', 'documents', '7', '{\"id\": 7}', 'r-2')",
        )
        .await?;
    let all = audit(&function, "").await;
    let actions = |page: &Value| -> Vec<String> {
        let entries = page["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(actions(&all), ["delete-row", "approve", "register", "register"]);
    assert_eq!(all["next"], json!(null));
    let approval = &all["entries"][1];
    assert_eq!(approval["username"], "ola@x.example");
    assert_eq!(approval["detail"], json!({ "account": "ann@x.example", "groups": ["reader"] }));
    assert_eq!(approval["request_id"], REQUEST_ID);
    assert!(approval["at"].as_str().unwrap().ends_with('Z'));
    let registered = json!({ "account": "bea@x.example" });
    assert_eq!(
        (&all["entries"][2]["username"], &all["entries"][2]["detail"]),
        (&json!("anonymous"), &registered)
    );
    // A registration by others in a person's name makes no entry for that person.
    assert_eq!(actions(&audit(&function, "?username=Ann%40x.example").await), ["delete-row"]);
    assert_eq!(actions(&audit(&function, "?username=anonymous").await), ["register", "register"]);
    let row = audit(&function, "?table=filed_documents&row=7").await;
    assert_eq!(row["entries"][0]["before"], json!({ "id": 7 }));
    assert_eq!(actions(&row), ["delete-row"]);
    let first = audit(&function, "?limit=3").await;
    let rest = audit(&function, &format!("?after={}", first["next"])).await;
    assert_eq!((actions(&first).len(), actions(&rest)), (3, vec!["register".to_owned()]));
    for query in ["limit=0", "limit=101", "after=x", "after=0", "who=ann"] {
        let answer = function.ask(OLA, "GET", &format!("/audit?{query}"), json!(null)).await;
        assert_eq!((answer.status, &*answer.kind), (400, "invalid-parameter"), "{query}");
    }
    Ok(())
}
