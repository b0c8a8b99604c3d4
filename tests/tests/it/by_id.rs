//! Rows by their ids, through the gateway.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::hr::tables;

use crate::support::{Api, Cloud, Reply, assert_problem, with};

async fn put(api: &Api, path: &str, row: &Value) -> Reply {
    let request = api.request(Method::PUT, path).header("content-type", "application/json");
    api.send(request.body(row.to_string())).await
}

async fn delete(api: &Api, path: &str) -> Reply {
    api.send(api.request(Method::DELETE, path)).await
}

#[tokio::test]
async fn a_row_is_put_read_listed_and_deleted() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (api, operator) = (&cloud.api, cloud.as_operator());
    let row = cloud.ids.employee(1);
    let path = format!("/tables/employees/rows/{}", cloud.ids.at(1));
    assert_problem(&api.get(&path).await, 404, "not-found");
    assert_eq!(put(api, &path, &row).await.status, 201);
    let renamed = with(row.clone(), "name", "Grace ñ 😀");
    let replaced = put(api, &format!("{path}/"), &renamed).await;
    assert_eq!((replaced.status, replaced.json()), (200, renamed.clone()));
    assert_eq!(api.get(&path).await.json(), renamed);
    let page = format!("/tables/hired_employees/rows?after={}&limit=1", cloud.ids.at(0));
    assert_eq!(api.get(&page).await.json()["rows"], json!([renamed]));
    let bad = put(api, &path, &with(row, "job_id", cloud.ids.at(2))).await;
    assert_problem(&bad, 422, "invalid-row");
    assert_eq!(bad.json()["errors"][0]["code"], "unknown_reference");

    assert_problem(&delete(api, &path).await, 403, "forbidden");
    let department = format!("/tables/departments/rows/{}", cloud.ids.base);
    assert_problem(&delete(&operator, &department).await, 409, "referenced");
    let gone = delete(&operator, &path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_problem(&delete(&operator, &path).await, 404, "not-found");
    assert_eq!(delete(&operator, &department).await.status, 204);
}

#[tokio::test]
async fn a_row_that_is_only_to_be_created_replaces_none() {
    let cloud = Cloud::connect().await;
    let path = format!("/tables/jobs/rows/{}", cloud.ids.at(1));
    let create = async |name: &str| {
        let request = cloud.api.request(Method::PUT, &path).header("content-type", "application/json");
        let body = json!({"job_name": name}).to_string();
        cloud.api.send(request.header("if-none-match", "*").body(body)).await
    };
    assert_eq!(create("First").await.status, 201);
    assert_problem(&create("Second").await, 412, "precondition-failed");
    assert_eq!(cloud.api.get(&path).await.json()["job_name"], "First");
    let request = cloud.api.request(Method::PUT, &path).header("content-type", "application/json");
    let other = cloud.api.send(request.header("if-match", "\"1\"").body("{}")).await;
    assert_problem(&other, 400, "invalid-parameter");
}

#[tokio::test]
async fn the_tables_are_listed_without_hidden_ones() {
    let cloud = Cloud::connect().await;
    let answer = cloud.api.get("/tables").await.json();
    let names: Vec<&str> =
        answer["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, tables());
}
