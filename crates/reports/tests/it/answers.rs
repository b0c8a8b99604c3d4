//! The form of the answers.

use crate::support::{ABOVE_MEAN, Api, FILES, Reply};

fn with_headers(reply: &Reply) -> String {
    let mut head = format!("{}\n", reply.status);
    for name in ["content-type", "vary", "content-disposition", "allow", "retry-after"] {
        if let Some(value) = reply.headers.get(name) {
            head.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    // Line ends are what this is about, so they are shown.
    format!("{head}\n{}", reply.body.replace('\r', "\\r"))
}

async fn with_odd_names() -> Api {
    let api = Api::start().await;
    api.sql(&[
        "INSERT INTO collections VALUES (1, 'R&D, \"Labs\"'), (2, 'Two\\nlines'), (3, '=HYPERLINK(\"http://x\",\"y\")'), \
         (4, '\u{1F600} Ünïcode'), (5, '')",
        "INSERT INTO tags VALUES (1, '-1+1'), (2, 'O''Neil \\\\ Co')",
        "INSERT INTO documents (name, datetime, collection_id, tag_id) VALUES \
         ('A', '2021-01-02 00:00:00', 1, 1), ('B', '2021-04-02 00:00:00', 2, 2), ('C', '2021-07-02 00:00:00', 3, 1), \
         ('D', '2021-10-02 00:00:00', 4, 2), ('E', '2021-10-02 00:00:00', 5, 2), ('F', '2021-10-02 00:00:00', 3, 1)",
    ])
    .await;
    api
}

#[tokio::test]
async fn a_report_as_json() {
    let api = with_odd_names().await;
    insta::assert_snapshot!(with_headers(&api.get(FILES).await));
    insta::assert_snapshot!(with_headers(&api.get(&format!("{ABOVE_MEAN}?scope=all")).await));
}

#[tokio::test]
async fn a_report_as_csv() {
    let api = with_odd_names().await;
    insta::assert_snapshot!(with_headers(&api.csv(FILES).await));
    insta::assert_snapshot!(with_headers(&api.csv(ABOVE_MEAN).await));
}

#[tokio::test]
async fn the_list_of_reports() {
    let api = Api::start().await;
    let reply = api.get("/reports").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    insta::assert_json_snapshot!(reply.json());
}

#[tokio::test]
async fn problems() {
    let api = Api::start().await;
    let mut all = String::new();
    for path in [
        "/reports/files-by-quarter?year=twenty",
        "/reports/files-by-quarter?year=999",
        "/reports/collections-above-mean?yaer=2020&year=2020&year=2021&scope=both&%F0%9F%98%80=",
        "/reports?year=2021",
        "/reports/files",
        "/reports/%ff",
        "/loads?table=people&status=done&limit=1001&after=x",
        "/loads/7",
        "/nowhere",
    ] {
        all.push_str(&format!("GET {path}\n{}\n\n", with_headers(&api.get(path).await)));
    }
    insta::assert_snapshot!(all);
}
