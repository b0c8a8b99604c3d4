//! A stack that `rowgate-sample` fills.

use domain::folder::TableFolder;
use sample::Sample;
use serde_json::json;

use super::{ROWS, content_of};
use crate::support::{Cloud, assert_counts};

/// Fills the tables, which are empty; asks for it twice.
pub(super) async fn has_every_row(cloud: &Cloud, folder: &TableFolder) {
    let sample = Sample::new(folder, ROWS);
    let tables = sample.tables().map(|of_table| {
        let (name, extension) = (of_table.table().name(), of_table.extension());
        (of_table.table(), of_table.rows(), format!("incoming/{name}/append/sample-{ROWS}.{extension}"))
    });
    let tables: Vec<_> = tables.collect();
    // What an earlier run on the same cloud has dropped would not be dropped again.
    for (_, _, key) in &tables {
        cloud.s3.delete_object().bucket(&cloud.bucket).key(key).send().await.unwrap();
    }
    let files = |dropped: bool| {
        let file = |(_, rows, key)| json!({ "key": key, "rows": rows, "dropped": dropped });
        json!({ "files": tables.clone().into_iter().map(file).collect::<Vec<_>>() })
    };
    let payload = json!({ "rows": ROWS });
    assert_eq!(cloud.invoke("rowgate-sample", &payload).await, (files(true), false));
    for (table, rows, key) in &tables {
        let load = cloud.ended(key, 1).await.pop().unwrap();
        assert_counts(&load, "completed", *rows, *rows, 0);
        assert_eq!(content_of(cloud, table).await.len() as u64, *rows, "{}", table.name());
    }
    assert_eq!(cloud.invoke("rowgate-sample", &payload).await, (files(false), false));
    let (refused, failed) = cloud.invoke("rowgate-sample", &json!({ "rows": 0 })).await;
    assert_eq!((failed, &refused["errorType"]), (true, &json!("InvalidPayload")), "{refused}");
}
