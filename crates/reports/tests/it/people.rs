//! Answers to people who see some of the tables.

use serde_json::{Value, json};
use testkit::tables;

use crate::support::{ABOVE_MEAN, Api, HIRES, Reply};

const TEAM: &str = "writer,table:employees,table:departments";

fn names(reply: &Reply, list: &str, name: &str) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()[list].as_array().unwrap().iter().map(|entry| entry[name].clone()).collect()
}

async fn with_loads() -> Api {
    let api = Api::start().await;
    for (number, table) in ["employees", "jobs", "people", "employees"].into_iter().enumerate() {
        let insert = format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, started_at) \
             VALUES ('{number:032x}', 'data', 'incoming/{table}/a.csv', 'v{number}', '{table}', 'append', 'completed', \
             UTC_TIMESTAMP(3))"
        );
        api.sql(&[&insert]).await;
    }
    api
}

fn is_forbidden(reply: &Reply, table: &str) {
    assert_eq!(reply.status, 403, "{}", reply.body);
    let detail = format!("This account does not see the table {table}.");
    assert_eq!(
        (&reply.json()["type"], &reply.json()["detail"]),
        (&json!("urn:rowgate:problem:forbidden"), &json!(detail))
    );
}

#[tokio::test]
async fn a_team_sees_its_tables() {
    let api = Api::start().await;
    assert_eq!(names(&api.by(TEAM, "/tables").await, "tables", "name"), ["departments", "employees"]);
    for groups in ["reader", "operator,table:jobs"] {
        assert_eq!(names(&api.by(groups, "/tables").await, "tables", "name"), tables(), "{groups}");
    }
    assert_eq!(api.by("table:jobs", "/tables").await.status, 403);
}

#[tokio::test]
async fn a_team_sees_its_tables_alone() {
    let api = Api::start().await;
    for (groups, seen) in [(TEAM, vec!["departments", "employees"]), ("reader", tables())] {
        let reply = api.by(groups, "/outliers?table=people").await;
        let names = seen.join(", ");
        let detail = format!("There is no such table. The tables are: {names}.");
        assert_eq!((reply.status, &reply.json()["detail"]), (400, &json!(detail)), "{groups}");
    }
}

#[tokio::test]
async fn a_team_sees_the_reports_of_its_tables() {
    let api = Api::start().await;
    assert_eq!(names(&api.by(TEAM, "/reports").await, "reports", "name"), ["departments-above-mean"]);
    assert_eq!(api.by(TEAM, ABOVE_MEAN).await.status, 200);
    is_forbidden(&api.by(TEAM, HIRES).await, "jobs");
    let unknown = api.by(TEAM, "/reports/nothing").await;
    assert_eq!(
        (unknown.status, unknown.json()["detail"].as_str().unwrap()),
        (404, "There is no such report. The reports are: departments-above-mean.")
    );
}

#[tokio::test]
async fn a_team_sees_the_loads_of_its_tables() {
    let api = with_loads().await;
    let tables = |reply: &Reply| names(reply, "loads", "table");
    assert_eq!(tables(&api.by(TEAM, "/loads").await), ["employees", "employees"]);
    assert_eq!(tables(&api.by("reader", "/loads").await), ["employees", "people", "jobs", "employees"]);
    assert_eq!(tables(&api.by(TEAM, "/loads?table=hired_employees").await), ["employees", "employees"]);
    is_forbidden(&api.by(TEAM, "/loads?table=jobs").await, "jobs");
    is_forbidden(&api.by(TEAM, "/loads?table=people").await, "people");
    assert_eq!(api.by(TEAM, &format!("/loads/{:032x}", 0)).await.status, 200);
    is_forbidden(&api.by(TEAM, &format!("/loads/{:032x}", 1)).await, "jobs");
}

#[tokio::test]
async fn a_load_is_found_by_its_key() {
    let api = with_loads().await;
    let found = |reply: Reply| names(&reply, "loads", "load");
    let of = |key: &str| format!("/loads?key={key}");
    assert_eq!(
        found(api.get(&of("incoming%2Femployees%2Fa.csv")).await),
        [format!("{:032x}", 3), format!("{:032x}", 0)]
    );
    // Keys differ in case, and are no pattern.
    for key in ["incoming/Employees/a.csv", "incoming/employees/%25", "incoming/employees/a.cs", ""] {
        assert_eq!(found(api.get(&of(key)).await), [] as [Value; 0], "{key}");
    }
    assert_eq!(found(api.by(TEAM, &of("incoming/jobs/a.csv")).await), [] as [Value; 0]);
    assert_eq!(
        found(api.get(&(of("incoming/jobs/a.csv") + "&table=jobs&status=completed&limit=1")).await).len(),
        1
    );
}

#[tokio::test]
async fn the_document_is_that_of_the_door() {
    let api = Api::start().await;
    let scripts = api.get("/openapi.json").await.json();
    let people = api.by("reader", "/openapi.json").await.json();
    assert_eq!(scripts["servers"], json!([{ "url": "https://api.example.com/v1" }]));
    assert_eq!(people["servers"], json!([{ "url": "https://people.example.com/v1" }]));
    assert!(scripts["paths"]["/login"].is_null() && people["paths"]["/login"].is_object());
    assert_eq!(people["security"], json!([{ "accessToken": [] }]));
    assert!(api.by("reader", "/docs").await.body.contains("accessToken"));
}
