//! Reports and the API's document.

use domain::dictionary::Column;

use super::folder;
use crate::support::Cloud;

#[tokio::test]
async fn every_report_answers_with_its_columns() {
    let (cloud, folder) = (Cloud::connect().await, folder());
    let listed = cloud.api.get("/reports").await.json();
    assert_eq!(listed["reports"].as_array().unwrap().len(), folder.reports.len(), "{listed}");
    for report in &folder.reports {
        let columns: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
        let path = format!("/reports/{}", report.name);
        let reply = cloud.api.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        let answer = reply.json();
        assert_eq!(answer["columns"], serde_json::json!(columns));
        let request = cloud.api.request(reqwest::Method::GET, &path).header("accept", "text/csv");
        let text = cloud.api.send(request).await.text;
        assert_eq!(text.lines().next(), Some(&*columns.join(",")), "{path}");
    }
}

#[tokio::test]
async fn every_table_is_listed_and_described() {
    let (cloud, folder) = (Cloud::connect().await, folder());
    let listed = cloud.api.get("/tables").await.json();
    let document = cloud.api.get("/openapi.json").await.json();
    let tables: Vec<_> = folder.dictionary.visible_tables().collect();
    assert_eq!(listed["tables"].as_array().unwrap().len(), tables.len());
    for (table, listed) in tables.into_iter().zip(listed["tables"].as_array().unwrap()) {
        assert_eq!(listed["name"], table.name());
        let key: Vec<&str> = table.key_columns().map(Column::name).collect();
        assert_eq!(listed["key"], key.join(","));
        assert_eq!(listed["columns"].as_array().unwrap().len(), table.columns().len());
        let is_there = |schema: &str| document["components"]["schemas"][schema].is_object();
        let words: Vec<String> = table.name().split('_').map(capitalized).collect();
        assert!(is_there(&format!("{}Insert", words.concat())), "{}", table.name());
    }
}

fn capitalized(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}
