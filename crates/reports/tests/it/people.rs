//! Answers to people and scripts that see some of the tables.

use serde_json::{Value, json};
use testkit::gateway::By;
use testkit::tables;

use crate::support::{ABOVE_MEAN, Api, FILES, Reply};

/// Writers who see two tables.
const TEAMS: [By; 2] = [By::Person("writer,table:documents,table:collections"), By::Key("team")];

fn names(reply: &Reply, list: &str, name: &str) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()[list].as_array().unwrap().iter().map(|entry| entry[name].clone()).collect()
}

async fn with_loads() -> Api {
    let api = Api::start().await;
    for (number, table) in ["documents", "tags", "people", "documents"].into_iter().enumerate() {
        let insert = format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, started_at) \
             VALUES ('{number:032x}', 'data', 'incoming/{table}/a.csv', 'v{number}', '{table}', 'append', 'completed', \
             UTC_TIMESTAMP(3))"
        );
        api.sql(&[&insert]).await;
    }
    api
}

fn is_forbidden(reply: &Reply, by: By, table: &str) {
    assert_eq!(reply.status, 403, "{}", reply.body);
    let detail = format!("This {} does not see the table {table}.", by.noun());
    assert_eq!(
        (&reply.json()["type"], &reply.json()["detail"]),
        (&json!("urn:rowgate:problem:forbidden"), &json!(detail))
    );
}

#[tokio::test]
async fn a_team_sees_its_tables() {
    let api = Api::start().await;
    for team in TEAMS {
        assert_eq!(names(&api.by(team, "/tables").await, "tables", "name"), ["collections", "documents"]);
    }
    let all =
        [By::Person("reader"), By::Person("operator,table:tags"), By::Key("reader"), By::Key("operator")];
    for caller in all {
        assert_eq!(names(&api.by(caller, "/tables").await, "tables", "name"), tables(), "{caller:?}");
    }
    for nobody in [By::Person("table:tags"), By::Key("nobody")] {
        assert_eq!(api.by(nobody, "/tables").await.status, 403);
    }
}

#[tokio::test]
async fn a_team_sees_its_tables_alone() {
    let api = Api::start().await;
    let of_team = vec!["collections", "documents"];
    for (caller, seen) in [
        (TEAMS[0], of_team.clone()),
        (TEAMS[1], of_team),
        (By::Person("reader"), tables()),
        (By::Key("reader"), tables()),
    ] {
        let reply = api.by(caller, "/outliers?table=people").await;
        let names = seen.join(", ");
        let detail = format!("There is no such table. The tables are: {names}.");
        assert_eq!((reply.status, &reply.json()["detail"]), (400, &json!(detail)), "{caller:?}");
    }
}

#[tokio::test]
async fn a_team_sees_the_reports_of_its_tables() {
    let api = Api::start().await;
    for team in TEAMS {
        assert_eq!(names(&api.by(team, "/reports").await, "reports", "name"), ["collections-above-mean"]);
        assert_eq!(api.by(team, ABOVE_MEAN).await.status, 200);
        is_forbidden(&api.by(team, FILES).await, team, "tags");
        let unknown = api.by(team, "/reports/nothing").await;
        assert_eq!(
            (unknown.status, unknown.json()["detail"].as_str().unwrap()),
            (404, "There is no such report. The reports are: collections-above-mean.")
        );
    }
}

#[tokio::test]
async fn a_team_sees_the_loads_of_its_tables() {
    let api = with_loads().await;
    let tables = |reply: &Reply| names(reply, "loads", "table");
    for all in [By::Person("reader"), By::Key("reader")] {
        assert_eq!(tables(&api.by(all, "/loads").await), ["documents", "people", "tags", "documents"]);
    }
    for team in TEAMS {
        assert_eq!(tables(&api.by(team, "/loads").await), ["documents", "documents"]);
        assert_eq!(tables(&api.by(team, "/loads?table=filed_documents").await), ["documents", "documents"]);
        is_forbidden(&api.by(team, "/loads?table=tags").await, team, "tags");
        is_forbidden(&api.by(team, "/loads?table=people").await, team, "people");
        assert_eq!(api.by(team, &format!("/loads/{:032x}", 0)).await.status, 200);
        is_forbidden(&api.by(team, &format!("/loads/{:032x}", 1)).await, team, "tags");
    }
}

#[tokio::test]
async fn a_load_is_found_by_its_key() {
    let api = with_loads().await;
    let found = |reply: Reply| names(&reply, "loads", "load");
    let of = |key: &str| format!("/loads?key={key}");
    assert_eq!(
        found(api.get(&of("incoming%2Fdocuments%2Fa.csv")).await),
        [format!("{:032x}", 3), format!("{:032x}", 0)]
    );
    // Keys differ in case, and are no pattern.
    for key in ["incoming/Documents/a.csv", "incoming/documents/%25", "incoming/documents/a.cs", ""] {
        assert_eq!(found(api.get(&of(key)).await), [] as [Value; 0], "{key}");
    }
    for team in TEAMS {
        assert_eq!(found(api.by(team, &of("incoming/tags/a.csv")).await), [] as [Value; 0]);
    }
    assert_eq!(
        found(api.get(&(of("incoming/tags/a.csv") + "&table=tags&status=completed&limit=1")).await).len(),
        1
    );
}

#[tokio::test]
async fn the_document_is_that_of_the_door() {
    let api = Api::start().await;
    let scripts = api.by(By::Key("tags"), "/openapi.json").await.json();
    let people = api.by(By::Person("reader"), "/openapi.json").await.json();
    assert_eq!(scripts["servers"], json!([{ "url": "https://api.example.com/v1" }]));
    assert_eq!(people["servers"], json!([{ "url": "https://people.example.com/v1" }]));
    assert!(scripts["paths"]["/login"].is_null() && people["paths"]["/login"].is_object());
    assert_eq!(people["security"], json!([{ "accessToken": [] }]));
    assert!(api.by(By::Person("reader"), "/docs").await.body.contains("accessToken"));
}
