//! Events: repeated, at the same time, for files that are gone, and those that are none.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cloud::{Cloud, Message, event, record};
use crate::sample::Sample;

const NONE: [usize; 0] = [];

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_event_delivered_three_times_at_once_counts_once() -> Result<()> {
    let cloud = Cloud::start().await?;
    let sample = Sample::new(12_000);
    let message = [cloud.drop_file("incoming/documents/x.csv", sample.content.clone())];
    let (a, b, c) = tokio::join!(cloud.deliver(&message), cloud.deliver(&message), cloud.deliver(&message));
    assert_eq!((a?, b?, c?), (vec![], vec![], vec![]));
    let load = cloud.newest().await?;
    sample.check(&cloud, &load).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_files_with_the_same_ids_at_once_load_each_id_once() -> Result<()> {
    let cloud = Cloud::start().await?;
    let content: String = (1..=12_000).map(|id| format!("{id},tag number {id}\n")).collect();
    let backwards: String = (1..=12_000).rev().map(|id| format!("{id},number {id}\n")).collect();
    let first = [cloud.drop_file("incoming/tags/up.csv", content)];
    let second = [cloud.drop_file("incoming/tags/down.csv", backwards)];
    let both = async |message| -> Result<()> {
        for _ in 0..20 {
            if cloud.deliver(message).await?.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("still comes back")
    };
    let (up, down) = tokio::join!(both(&first), both(&second));
    up?;
    down?;
    let sums = cloud
        .test
        .sql("SELECT SUM(rows_read), SUM(rows_loaded), SUM(rows_rejected) FROM rowgate_loads")
        .await?;
    assert_eq!(sums[0].iter().flatten().collect::<Vec<_>>(), ["24000", "12000", "12000"]);
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "12000");
    Ok(())
}

#[tokio::test]
async fn messages_that_are_no_events_of_files() -> Result<()> {
    let cloud = Cloud::start().await?;
    let test = Message::new(r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "rowgate-data"}"#);
    let garbage = Message::new("hello");
    let good = cloud.drop_file("incoming/tags/x.csv", "1,a\n");
    // An unreadable message goes to the dead-letter queue in the end, and does not affect the
    // others.
    assert_eq!(cloud.deliver(&[test, garbage, good]).await?, [1]);
    assert_eq!(cloud.newest().await?.rows_loaded, 1);
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM rowgate_loads").await?, "1");
    Ok(())
}

#[tokio::test]
async fn one_message_may_bring_several_files() -> Result<()> {
    let cloud = Cloud::start().await?;
    let records: Vec<_> = (1..=3)
        .map(|id| {
            let message = cloud.drop_file(&format!("incoming/tags/{id}.csv"), format!("{id},a\n"));
            let event: serde_json::Value = serde_json::from_str(&message.body).unwrap();
            record(&event["Records"][0]["s3"]["object"])
        })
        .collect();
    assert_eq!(cloud.deliver(&[Message::new(json!({ "Records": records }).to_string())]).await?, NONE);
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "3");
    Ok(())
}

#[tokio::test]
async fn distinguishes_puts_to_a_bucket_without_versions_by_their_sequencers() -> Result<()> {
    let cloud = Cloud::start().await?;
    let put = |content: &str, sequencer: &str| {
        // A bucket without versions has one object for a key.
        cloud.bucket.insert("incoming/tags/x.csv", content.to_owned());
        let object = json!({ "key": "incoming/tags/x.csv", "size": content.len(), "sequencer": sequencer });
        Message::new(event(&object))
    };
    let first = put("1,a\n", "0055AED6DCD90281E5");
    assert_eq!(cloud.deliver(std::slice::from_ref(&first)).await?, NONE);
    let second = put("2,b\n", "0055AED6DCD90281E6");
    assert_eq!(cloud.deliver(&[second, first]).await?, NONE);
    assert_eq!(cloud.test.value("SELECT SUM(rows_loaded) FROM rowgate_loads").await?, "2");
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM rowgate_loads WHERE status = 'completed'").await?, "2");
    Ok(())
}

#[tokio::test]
async fn a_load_that_runs_out_of_time_continues_with_the_next_delivery() -> Result<()> {
    let cloud = Cloud::start().await?;
    let sample = Sample::new(8_000);
    let message = [cloud.drop_file("incoming/documents/x.csv", sample.content.clone())];
    assert_eq!(cloud.deliver_within(&message, Duration::from_millis(1)).await?, [0]);
    assert_eq!(cloud.deliver(&message).await?, NONE);
    sample.check(&cloud, &cloud.newest().await?).await
}

#[tokio::test]
async fn a_folder_that_somebody_makes_is_no_load() -> Result<()> {
    let cloud = Cloud::start().await?;
    let folder = cloud.drop_file("incoming/tags/", "");
    assert_eq!(cloud.deliver(&[folder]).await?, NONE);
    assert!(cloud.newest().await.is_err());
    Ok(())
}
