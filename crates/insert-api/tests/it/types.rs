//! Values of every type, from the request into the database and back.

use serde_json::{Value, json};

use crate::support::Api;

const EVERY: &str = r#"
    [[table]]
    name = "every"
    columns = [
        { name = "id", type = "smallint", key = true },
        { name = "size", type = "double", required = false },
        { name = "story", type = "text", required = false },
        { name = "opens", type = "time", required = false },
        { name = "at3", type = "timestamp(3)", required = false },
        { name = "at6", type = "timestamp(6)", required = false },
        { name = "it", type = "uuid", required = false },
        { name = "document", type = "json", required = false },
        { name = "image", type = "binary(9000)", required = false },
        { name = "long", type = "string(9000)", required = false },
    ]
"#;

const ANN: (&str, &str) = ("ann@x.example", "operator");
const ROWS: &str = "/tables/every/rows";

fn nothing(id: i64) -> Value {
    json!({"id": id, "size": null, "story": null, "opens": null, "at3": null, "at6": null, "it": null,
           "document": null, "image": null, "long": null})
}

fn full() -> Vec<Value> {
    let (a, z) = ("1000-01-01", "9999-12-31");
    vec![
        json!({"id": -32768, "size": 0.1, "story": "a\"\n'\\ 😀", "opens": "00:00:00", "at3": format!("{a}T00:00:00.000Z"),
               "at6": format!("{a}T00:00:00.000001Z"), "it": "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a",
               "document": {"a": [1, 2.5, null, true, "x\"y"], "bb": {}}, "image": "AP8n", "long": "x"}),
        json!({"id": 1, "size": -1.797_693_134_862_315_7e308, "story": ":p0 :a ?", "opens": "23:59:59",
               "at3": format!("{z}T23:59:59.999Z"), "at6": format!("{z}T23:59:59.999999Z"),
               "it": "00000000-0000-0000-0000-000000000000", "document": "text", "image": "AA==", "long": "é"}),
        json!({"id": 2, "size": 5e-324, "story": "x", "opens": "16:02:08", "at3": "2021-07-27T16:02:08.120Z",
               "at6": "2021-07-27T16:02:08.000007Z", "it": null, "document": [], "image": "////", "long": null}),
        nothing(3),
    ]
}

#[tokio::test]
async fn every_value_comes_back_as_it_went_in() {
    let api = Api::over(EVERY).await;
    let rows = full();
    let reply = api.by(ANN, "POST", ROWS, &[], &json!(rows)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(api.get(ROWS).await.body, json!({"rows": rows, "next": null}));
    for row in &rows {
        let path = format!("{ROWS}/{}", row["id"]);
        assert_eq!(&api.get(&path).await.body, row);
        // The trail has the row as the database writes it, and as the API does.
        assert_eq!(api.by(ANN, "PUT", &path, &[], row).await.status, 200);
        assert_eq!(&api.get(&path).await.body, row);
    }
    let sql = "SELECT after_json, before_json FROM rowgate_audit WHERE action = 'put-row' ORDER BY id";
    for (entry, row) in api.db.sql(sql).await.unwrap().iter().zip(&rows) {
        for text in entry {
            assert_eq!(&serde_json::from_str::<Value>(text.as_ref().unwrap()).unwrap(), row);
        }
    }
    for (filter, id) in [
        ("size:0.1", -32768),
        ("size:5e-324", 2),
        ("opens:23:59:59", 1),
        ("at3:2021-07-27T16:02:08.12Z", 2),
        ("at6:1000-01-01T00:00:00.000001Z", -32768),
        ("it:1F0E7C1C-6C9D-4F2A-8F51-0A4F6D1C2B3A", -32768),
        ("story::p0", 1),
        ("document:\"bb\"", -32768),
        ("image:AP8n", -32768),
    ] {
        let reply = api.get(&format!("{ROWS}?filter={}", filter.replace('"', "%22"))).await;
        let found: Vec<i64> =
            reply.body["rows"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(found, [id], "{filter}");
    }
}

/// The database joins a text in ASCII with others in some orders of the columns alone.
#[tokio::test]
async fn the_trail_has_rows_whose_uuid_comes_before_their_texts() {
    let api = Api::over(
        r#"
        [[table]]
        name = "parcels"
        columns = [
            { name = "code", type = "uuid", key = true },
            { name = "place", type = "string(20)" },
            { name = "note", type = "text", required = false },
        ]
    "#,
    )
    .await;
    let code = "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
    let path = format!("/tables/parcels/rows/{code}");
    let row = json!({"code": code, "place": "Köln", "note": "ü"});
    for status in [201, 200] {
        assert_eq!(api.by(ANN, "PUT", &path, &[], &row).await.status, status);
    }
    assert_eq!(api.by(ANN, "DELETE", &path, &[], &Value::Null).await.status, 204);
    let sql = "SELECT before_json FROM rowgate_audit WHERE action = 'delete-row'";
    let before = api.db.value(sql).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&before).unwrap(), row);
}

#[tokio::test]
async fn long_values_travel_beside_the_text() {
    let api = Api::over(EVERY).await;
    // Bytes around what is a literal, characters that JSON escapes, and more than one statement has
    // room for.
    let mut rows = Vec::new();
    for (number, length) in [2047, 2048, 2049, 4000, 30_000].into_iter().cycle().take(40).enumerate() {
        let mut row = nothing(number as i64);
        let letter = ["x", "\"", "\\", "\u{1}", "é"][number % 5];
        let text = letter.repeat(length / letter.len());
        row["long"] = json!(text.chars().take(9000).collect::<String>());
        row["document"] = json!([text.chars().filter(|c| *c != '\u{1}').collect::<String>()]);
        row["image"] = json!("AP8n".repeat(length.min(9000) / 3));
        row["story"] = json!(text);
        rows.push(row);
    }
    let reply = api.post(ROWS, &json!(rows)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    for row in &rows {
        let path = format!("{ROWS}/{}", row["id"]);
        let read = api.get(&path).await;
        assert_eq!((read.status, &read.body), (200, row));
        assert_eq!(api.put(&path, row).await.status, 200);
    }
    let lengths = "SELECT SUM(CHAR_LENGTH(`long`)), SUM(LENGTH(story)), SUM(LENGTH(image)) FROM every";
    let sum = |length: &dyn Fn(&Value) -> usize| Some(rows.iter().map(length).sum::<usize>().to_string());
    let expected = [
        sum(&|row| row["long"].as_str().unwrap().chars().count()),
        sum(&|row| row["story"].as_str().unwrap().len()),
        sum(&|row| row["image"].as_str().unwrap().len() / 4 * 3),
    ];
    assert_eq!(api.db.sql(lengths).await.unwrap(), [expected]);
}
