//! Uploads without AWS credentials: links, parts, settings, checks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::join;

use crate::support::{Cloud, People, assert_counts, assert_problem};

const MIB: usize = 1024 * 1024;

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// Puts content to a link, with its headers; returns the status and S3's answer.
async fn put(url: &Value, headers: &Value, content: impl Into<Vec<u8>>) -> (u16, String) {
    let mut request = client().put(url.as_str().unwrap()).body(content.into());
    for (name, value) in headers.as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

impl Cloud {
    async fn begin(&self, body: &Value) -> Value {
        let reply = self.api.post("/uploads", body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()
    }

    /// Returns the load of a file that has been uploaded.
    async fn load_of(&self, key: &str) -> Value {
        let load = self.ended(key, 1).await.pop().unwrap();
        let reply = self.api.query("/loads", &[("key", key)]).await;
        assert_eq!(reply.json()["loads"][0]["load"], load["load"], "{reply:?}");
        load
    }
}

#[tokio::test]
async fn a_file_that_is_put_to_its_link_is_loaded() {
    let cloud = Cloud::connect().await;
    let content = format!("{},Welder\n{},Mason\n", cloud.ids.at(1), cloud.ids.at(2));
    let name = format!("{} jobs +ü.csv", cloud.ids.number);
    let begun =
        cloud.begin(&json!({"table": "jobs", "file": name, "mode": "upsert", "bytes": content.len()})).await;
    let key = format!("incoming/jobs/upsert/{name}");
    assert_eq!((&begun["key"], &begun["method"]), (&json!(key), &json!("PUT")));
    assert_eq!(put(&begun["url"], &begun["headers"], content).await.0, 200);
    assert_counts(&cloud.load_of(&key).await, "completed", 2, 2, 0);
}

#[tokio::test]
async fn a_link_takes_one_key_one_size_and_one_set_of_settings() {
    let cloud = Cloud::connect().await;
    let name = format!("{}.csv", cloud.ids.number);
    let settings = json!({"delimiter": ";"});
    let begun = cloud.begin(&json!({"table": "jobs", "file": name, "bytes": 4, "settings": settings})).await;
    let (url, headers) = (&begun["url"], &begun["headers"]);
    let text = url.as_str().unwrap();
    let elsewhere = json!(text.replace(&name, &format!("other-{name}")));
    let table = json!(text.replace("/incoming/jobs/", "/incoming/employees/"));
    let longer = json!(text.replace("X-Amz-Expires=900", "X-Amz-Expires=9000"));
    let mut others = headers.clone();
    others["x-amz-meta-rowgate-settings"] = json!("e30");
    for (url, headers, content) in [
        (url, headers, "1;WW\n"),
        (url, headers, "1;W"),
        (url, &json!({}), "1;W\n"),
        (url, &others, "1;W\n"),
        (&elsewhere, headers, "1;W\n"),
        (&table, headers, "1;W\n"),
        (&longer, headers, "1;W\n"),
    ] {
        let (status, body) = put(url, headers, content).await;
        assert_eq!(status, 403, "{url}, {headers}, {content:?}: {body}");
    }
    assert!(cloud.loads_of(begun["key"].as_str().unwrap()).await.is_empty());
}

#[tokio::test]
async fn a_large_file_goes_in_parts_in_any_order() {
    let cloud = Cloud::connect().await;
    let name = format!("{}-large.csv", cloud.ids.number);
    // It fails by its header, so that nobody has to wait for so many rows.
    let mut content = b"id,colour\n".to_vec();
    content.resize(64 * MIB + 5, b'1');
    let begun = cloud.begin(&json!({"table": "jobs", "file": name, "bytes": content.len()})).await;
    let key = format!("incoming/jobs/{name}");
    let id = begun["id"].as_str().unwrap();
    let (path, complete) = (format!("/uploads/{id}"), format!("/uploads/{id}/complete"));
    let part_bytes = usize::try_from(begun["part_bytes"].as_u64().unwrap()).unwrap();
    let parts: Vec<&[u8]> = content.chunks(part_bytes).collect();
    assert_eq!(begun["parts"].as_array().unwrap().len(), parts.len());

    // A link takes the bytes of its part alone.
    let last = &begun["parts"][parts.len() - 1];
    assert_eq!(put(&last["url"], &json!({}), parts[0]).await.0, 403);
    for number in [parts.len(), 2] {
        let link = &begun["parts"][number - 1];
        assert_eq!(link["number"], number);
        assert_eq!(put(&link["url"], &json!({}), parts[number - 1]).await.0, 200);
    }
    assert_problem(&cloud.api.post(&complete, &Value::Null).await, 409, "incomplete-upload");
    let reply = cloud.api.get(&path).await;
    let missing = reply.json();
    assert_eq!(missing["done"], json!([2, parts.len()]), "{missing}");
    for link in missing["parts"].as_array().unwrap() {
        let number = usize::try_from(link["number"].as_u64().unwrap()).unwrap();
        assert_eq!(put(&link["url"], &json!({}), parts[number - 1]).await.0, 200);
    }

    // Of two that complete it at once, one may hear that it is gone; the file is loaded once.
    let (one, other) =
        join!(cloud.api.post(&complete, &Value::Null), cloud.api.post(&complete, &Value::Null));
    let statuses = [one.status, other.status];
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 404].contains(status)),
        "{statuses:?}"
    );
    let load = cloud.load_of(&key).await;
    assert_eq!((&load["status"], &load["bytes"]), (&json!("failed"), &json!(content.len())));
    assert_problem(&cloud.api.get(&path).await, 404, "not-found");
}

#[tokio::test]
async fn an_upload_that_was_aborted_is_not_known() {
    let cloud = Cloud::connect().await;
    let name = format!("{}-aborted.csv", cloud.ids.number);
    let begun = cloud.begin(&json!({"table": "jobs", "file": name, "bytes": 70 * MIB})).await;
    let (id, key) = (begun["id"].as_str().unwrap(), begun["key"].as_str().unwrap());
    let open = cloud.s3.list_multipart_uploads().bucket(&cloud.bucket).prefix(key).send().await.unwrap();
    let upload = open.uploads()[0].upload_id().unwrap();
    cloud.s3.abort_multipart_upload().bucket(&cloud.bucket).key(key).upload_id(upload).send().await.unwrap();
    assert_problem(&cloud.api.get(&format!("/uploads/{id}")).await, 404, "not-found");
    assert_problem(&cloud.api.post(&format!("/uploads/{id}/complete"), &Value::Null).await, 404, "not-found");
    let (status, _) = put(&begun["parts"][0]["url"], &json!({}), vec![b'1'; 16 * MIB]).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn hostile_names_lead_nowhere() {
    let cloud = Cloud::connect().await;
    for (table, file) in [
        ("jobs", "../employees/a.csv"),
        ("jobs", "..\\a.csv"),
        ("jobs", "upsert/a.csv"),
        ("jobs", ".a.csv"),
        ("jobs", "a\u{202E}.csv"),
        ("jobs", "a.exe"),
    ] {
        let reply = cloud.api.post("/uploads", &json!({"table": table, "file": file})).await;
        assert_problem(&reply, 400, "invalid-upload");
    }
    let reply = cloud.api.post("/uploads", &json!({"table": "../backups", "file": "a.csv"})).await;
    assert_problem(&reply, 400, "unknown-table");
    let reply = cloud
        .api
        .post("/uploads", &json!({"table": "jobs", "file": "a.csv", "bytes": 6_000_000_000_000_u64}))
        .await;
    assert_problem(&reply, 400, "invalid-upload");
}

/// The whole way of an odd file: checked, matched as proposed, sent, loaded, and its rejects kept
/// so that they can be corrected.
#[tokio::test]
async fn a_file_with_a_header_of_another_system_is_checked_matched_and_loaded() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let place = cloud.ids.base;
    let content = format!(
        "Employee ID;Name;Hired;Job ID;Department ID;Shoe size\n{};Ada;27/07/2021 16:02;{place};{place};44\n{};;28/07/2021 08:00;{place};{place};\n",
        cloud.ids.at(1),
        cloud.ids.at(2)
    );
    let name = format!("{}-odd.csv", cloud.ids.number);
    let check = json!({"table": "employees", "file": name, "content": BASE64_STANDARD.encode(&content), "whole": true});
    let reply = cloud.api.post("/uploads/check", &check).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let found = reply.json();
    assert!(found["problem"].is_string(), "{found}");
    let proposal = found["proposal"].clone();
    assert_eq!(proposal["columns"]["Shoe size"], Value::Null);
    assert_eq!(proposal["timestamp_formats"], json!(["%d/%m/%Y %H:%M"]));
    let mut again = check.clone();
    again["settings"] = proposal.clone();
    let found = cloud.api.post("/uploads/check", &again).await.json();
    assert_eq!(
        (&found["problem"], &found["rows_read"], &found["rows_rejected"]),
        (&Value::Null, &json!(2), &json!(1))
    );

    let begun = cloud
        .begin(&json!({"table": "employees", "file": name, "bytes": content.len(), "settings": proposal}))
        .await;
    assert_eq!(put(&begun["url"], &begun["headers"], content).await.0, 200);
    let load = cloud.load_of(begun["key"].as_str().unwrap()).await;
    assert_counts(&load, "completed", 2, 1, 1);
    let sql = format!(
        "SELECT name, DATE_FORMAT(`datetime`, '%Y-%m-%dT%H:%i:%sZ') FROM employees WHERE id = {}",
        cloud.ids.at(1)
    );
    assert_eq!(cloud.database.rows(&sql).await, [["Ada", "2021-07-27T16:02:00Z"]]);

    // The rejected record is mended and dropped again by a copy within S3, which keeps what is
    // known of it.
    let rejects = cloud.reject_keys(&load).await;
    let head = cloud.s3.head_object().bucket(&cloud.bucket).key(&rejects[0]).send().await.unwrap();
    let settings = head.metadata().unwrap()["rowgate-settings"].clone();
    let text = String::from_utf8(cloud.bytes(&rejects[0]).await).unwrap();
    let nameless = format!("{},,28", cloud.ids.at(2));
    let fixed = text.replace(&nameless, &nameless.replace(",,", ",Bea,"));
    assert_ne!(fixed, text, "{text}");
    let key = cloud.key("employees", "fixed.csv");
    let request = cloud.s3.put_object().bucket(&cloud.bucket).key(&key).body(fixed.into_bytes().into());
    request.metadata("rowgate-settings", settings).send().await.unwrap();
    assert_counts(&cloud.ended(&key, 1).await[0], "completed", 1, 1, 0);
}

#[tokio::test]
async fn settings_that_cannot_be_used_fail_the_load_with_the_reason() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "settings.csv");
    let body = format!("{},Welder\n", cloud.ids.at(1)).into_bytes();
    let request = cloud.s3.put_object().bucket(&cloud.bucket).key(&key).body(body.into());
    request.metadata("rowgate-settings", "not base64!").send().await.unwrap();
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_eq!(load["status"], "failed");
    assert!(load["error"].as_str().unwrap().starts_with("the settings cannot be read"), "{load}");
}

#[tokio::test]
async fn people_upload_for_the_tables_that_they_see() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let name = format!("{}-team.csv", cloud.ids.number);
    let writer = people.member(&cloud.ids, "team", &["writer", "table:jobs"]).await;
    let body = json!({"table": "jobs", "file": name, "bytes": 70 * MIB});
    let reply = people.call(&writer, Method::POST, "/uploads", &body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let audit = people.get(&people.operator, &format!("/audit?username={}", writer.username)).await.json();
    let entry =
        audit["entries"].as_array().unwrap().iter().find(|entry| entry["action"] == "upload").unwrap();
    assert_eq!((&entry["table"], &entry["detail"]["bytes"]), (&json!("jobs"), &json!(70 * MIB)));

    let other = people.member(&cloud.ids, "others", &["writer", "table:departments"]).await;
    for (method, path) in [
        (Method::POST, "/uploads".to_owned()),
        (Method::GET, format!("/uploads/{id}")),
        (Method::POST, format!("/uploads/{id}/complete")),
    ] {
        assert_problem(&people.call(&other, method, &path, &body).await, 403, "forbidden");
    }
    let reader = people.member(&cloud.ids, "reads", &["reader"]).await;
    assert_problem(&people.call(&reader, Method::POST, "/uploads", &body).await, 403, "forbidden");
    assert_problem(&people.get(&reader, &format!("/uploads/{id}")).await, 403, "forbidden");
}
