//! The API's declarations, its document, and the page that shows it. `make test` also holds the API
//! to the document with generated requests.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, process};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Cloud, assert_problem, with_values};

/// A method that no path takes, which answers with the methods that the path does take.
const OTHER: Method = Method::PATCH;

#[tokio::test]
async fn names_the_methods_that_each_path_takes() {
    let cloud = Cloud::connect().await;
    let reply = cloud.api.get("/openapi.json").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], cloud.api.url.as_str());
    for (path, methods) in document["paths"].as_object().unwrap() {
        let mut named: Vec<String> =
            methods.as_object().unwrap().keys().map(|method| method.to_ascii_uppercase()).collect();
        if named.contains(&"GET".to_owned()) {
            named.push("HEAD".to_owned());
        }
        named.sort();
        let reply = cloud.api.send(cloud.api.request(OTHER, &with_values(path))).await;
        assert_problem(&reply, 405, "method-not-allowed");
        let mut allowed: Vec<&str> = reply.header("allow").split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed, named, "{path}");
    }
}

#[tokio::test]
async fn every_declared_method_needs_a_valid_key() {
    let cloud = Cloud::connect().await;
    let wrong = cloud.api.with_key("not-a-key".to_owned());
    for operation in openapi::operations().iter().filter(|operation| operation.is_at(openapi::Door::Scripts))
    {
        let method: Method = operation.method().parse().unwrap();
        let path = with_values(operation.path);
        let keyless = cloud.api.keyless(method.clone(), &path).body("{}");
        assert_problem(&cloud.api.send(keyless).await, 403, "forbidden");
        let with_wrong_key = wrong.request(method, &path).body("{}");
        assert_problem(&wrong.send(with_wrong_key).await, 403, "forbidden");
    }
}

#[tokio::test]
async fn the_page_holds_all_it_needs_and_runs_nothing_else() {
    let cloud = Cloud::connect().await;
    let reply = cloud.api.get("/docs").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(reply.text.contains("SwaggerUIBundle") && reply.text.contains("/insert_data"));
    for outside in ["<script src", "<link rel=\"stylesheet\"", "<link href"] {
        assert!(!reply.text.contains(outside), "{outside}");
    }
    for path in ["/docs", "/openapi.json"] {
        assert_problem(&cloud.api.send(cloud.api.keyless(Method::GET, path)).await, 403, "forbidden");
    }
}

/// Ends the command with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_command_shows_the_page_and_passes_calls_on_with_the_key() {
    let _cloud = Cloud::connect().await;
    let program = env::var_os("ROWGATE_BIN").map_or_else(
        || env::current_exe().unwrap().ancestors().nth(2).unwrap().join("rowgate"),
        PathBuf::from,
    );
    let mut served = Served(
        Command::new(program).arg("docs").stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap(),
    );
    let mut page = String::new();
    BufReader::new(served.0.stdout.take().unwrap()).read_line(&mut page).unwrap();
    let page = page.trim();
    assert!(page.starts_with("http://127.0.0.1:") && page.ends_with("/docs"), "{page} of {}", process::id());
    let base = page.strip_suffix("/docs").unwrap();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let shown = client.get(page).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    assert!(shown.headers().contains_key("content-security-policy"));
    let status = client.get(format!("{base}/status")).send().await.unwrap();
    assert_eq!(status.status(), 200);
    assert_eq!(status.json::<Value>().await.unwrap()["status"], "ok");
    let checked = client
        .post(format!("{base}/tables/jobs/rows"))
        .header("prefer", "tx=dry-run")
        .header("content-type", "application/json")
        .body("{\"id\": 1}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (checked.status().as_u16(), &checked.headers()["preference-applied"]),
        (422, &"tx=dry-run".parse().unwrap())
    );

    // Without the secret, or from a page of another site that had its name lead here.
    let root = base.rsplit_once('/').unwrap().0;
    for url in [format!("{root}/status"), format!("{root}/{}/status", "0".repeat(32))] {
        assert_eq!(client.get(url).send().await.unwrap().status(), 404);
    }
    let rebound =
        client.get(format!("{base}/status")).header("host", "rowgate.example").send().await.unwrap();
    assert_eq!(rebound.status(), 404);
}
