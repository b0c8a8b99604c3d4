//! Loads that need more than one invocation, and their answers to the queue.

use std::time::Duration;

use anyhow::Result;
use bucket::Metadata;
use domain::load::{CHUNKS_METADATA, LoadStatus};
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use crate::cloud::{Cloud, Message};
use crate::support::{gzip, tags};

const NONE: [usize; 0] = [];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_needs_more_time_is_sent_again_and_continues_where_it_stopped() -> Result<()> {
    in_many_invocations(Cloud::start().await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_whose_store_knows_no_ranges() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.bucket.ignore_ranges();
    in_many_invocations(cloud).await
}

async fn in_many_invocations(mut cloud: Cloud) -> Result<()> {
    cloud.options.chunk_bytes = 2048;
    // Every transaction takes its time, so that not even a fast machine loads all of it at once.
    let slow = Rule::new(Effect::DelayMs(20));
    cloud.test.data_api().set(Faults::default().with(slow));
    let file = tags(1..=2500);
    let message = cloud.drop_file("incoming/tags/a.csv", file.clone());
    let invocations = cloud.deliver_in_short_invocations(message).await?;
    let load = cloud.newest().await?;
    assert_eq!((load.status, load.rows_loaded, load.rows_rejected), (LoadStatus::Completed, 2500, 0));
    // An invocation that ended before it had reached the ledger was no attempt.
    assert!(load.attempts <= invocations, "{} attempts in {invocations} invocations", load.attempts);
    assert!(invocations >= 5, "{invocations} invocations prove little");
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "2500");
    // The first reads from the start; the others ask for the columns and resume at the byte where a
    // chunk ended.
    let offsets: Vec<u64> = cloud.bucket.opened_at().into_iter().filter(|from| *from > 0).collect();
    assert!(offsets.is_sorted() && offsets.len() >= 4, "{offsets:?}");
    // The digest of a load in many invocations is that of one at once.
    cloud.test.data_api().clear();
    assert_eq!(cloud.load("incoming/tags/b.csv", file).await?.status, LoadStatus::Skipped);
    Ok(())
}

#[tokio::test]
async fn metadata_says_after_how_many_chunks_a_load_continues_in_another_invocation() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 2048, ..cloud.options };
    for (key, ids, count, expected) in
        [("a", 1..=100, "1", 4), ("b", 101..=200, "0", 1), ("c", 201..=300, "x", 1)]
    {
        let key = format!("incoming/tags/{key}.csv");
        let mut message = cloud.drop_file(&key, tags(ids));
        cloud.bucket.describe(&key, &Metadata::from([(CHUNKS_METADATA.to_owned(), count.to_owned())]));
        let mut invocations = 1;
        assert_eq!(cloud.deliver(&[message]).await?, NONE);
        while let Some(body) = cloud.messages.take().sent.pop() {
            message = Message::new(body);
            invocations += 1;
            assert_eq!(cloud.deliver(&[message]).await?, NONE);
        }
        let load = cloud.newest().await?;
        assert_eq!((load.status, load.rows_loaded), (LoadStatus::Completed, 100), "{count}");
        assert_eq!((load.attempts, invocations), (expected, expected), "{count}");
    }
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "300");
    Ok(())
}

#[tokio::test]
async fn a_load_that_comes_no_further_is_not_handed_on_for_ever() -> Result<()> {
    let cloud = Cloud::start().await?;
    let stuck = Rule::new(Effect::DelayMs(5000)).sql("INSERT INTO `tags`");
    cloud.test.data_api().set(Faults::default().with(stuck));
    let message = cloud.drop_file("incoming/tags/a.csv", "1,a\n");
    assert_eq!(cloud.deliver_within(std::slice::from_ref(&message), Duration::from_millis(800)).await?, [0]);
    assert_eq!(cloud.messages.take().sent, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn a_message_is_hidden_while_it_is_worked_on_and_returns_soon_after_a_failure() -> Result<()> {
    let cloud = Cloud::start().await?;
    let message = cloud.drop_file("incoming/tags/a.csv", "1,a\n");
    cloud.bucket.fail_opens(u32::MAX);
    for (receives, seconds) in [(1, 30), (2, 120), (3, 600), (4, 1800), (5, 0)] {
        assert_eq!(
            cloud.deliver_within(&[message.received(receives)], Duration::from_millis(500)).await?,
            [0]
        );
        assert_eq!(cloud.messages.take().hidden_for, Some(Duration::from_secs(seconds)));
    }
    cloud.bucket.fail_opens(0);
    assert_eq!(cloud.deliver(&[message]).await?, NONE);
    assert_eq!(cloud.messages.take().hidden_for, Some(Duration::from_secs(90)));
    Ok(())
}

#[tokio::test]
async fn content_that_changes_between_deliveries_is_not_mixed() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
    let event = crate::cloud::event(
        &serde_json::json!({"key": "incoming/tags/x.csv.gz", "size": 9, "sequencer": "1"}),
    );
    cloud.bucket.insert("incoming/tags/x.csv.gz", gzip(tags(1..=300)));
    let refuse = Rule::error(ErrorKind::AccessDeniedException).sql("INSERT INTO `tags`").after(2);
    cloud.test.data_api().set(Faults::default().with(refuse));
    assert_eq!(cloud.deliver(&[Message::new(event.clone())]).await?, [0]);
    cloud.test.data_api().clear();
    cloud.bucket.insert("incoming/tags/x.csv.gz", gzip(tags(1001..=1300)));
    assert_eq!(cloud.deliver(&[Message::new(event)]).await?, NONE);
    let load = cloud.newest().await?;
    assert_eq!(load.status, LoadStatus::Failed);
    let error = load.error.unwrap_or_default();
    assert!(error.starts_with("from line 1 on the file is not what was read before"), "{error}");
    assert_eq!(cloud.test.value("SELECT MAX(id) < 1001 FROM tags").await?, "1");
    Ok(())
}
