//! The end of each load is sent to the bus, at least once and never for what did not happen.

use anyhow::Result;
use serde_json::{Value, json};
use testkit::events::{bus, refused, sent, taken};
use testkit::replay::{Exchange, Replay};

use crate::cloud::{Cloud, Message};

/// A cloud whose bus gives these answers.
async fn cloud(answers: impl IntoIterator<Item = Exchange>) -> Result<(Cloud, Replay)> {
    let account = Replay::new(answers);
    let mut cloud = Cloud::start().await?;
    cloud.events = bus(&account);
    Ok((cloud, account))
}

/// The detail types that were sent, each once.
fn types(account: &Replay) -> Vec<String> {
    sent(account).into_iter().map(|(detail_type, _)| detail_type).collect()
}

async fn due(cloud: &Cloud) -> Result<String> {
    cloud.test.value("SELECT COALESCE(GROUP_CONCAT(event_due ORDER BY seq), '') FROM rowgate_loads").await
}

#[tokio::test]
async fn a_load_is_told_once_with_its_fields() -> Result<()> {
    let (cloud, account) = cloud([taken()]).await?;
    let message = cloud.drop_file("incoming/tags/a.csv", "1,One\n,x\n");
    for _ in 0..2 {
        assert_eq!(cloud.deliver(std::slice::from_ref(&message)).await?, [] as [usize; 0]);
    }
    let load = cloud.newest().await?;
    assert_eq!(sent(&account), [("Load Completed".to_owned(), json!(load))]);
    assert_eq!((load.rows_loaded, load.rows_rejected), (1, 1));
    assert!(account.is_exhausted());
    Ok(())
}

#[tokio::test]
async fn the_type_says_whether_the_load_failed() -> Result<()> {
    let (cloud, account) = cloud(vec![taken(); 4]).await?;
    for (key, content) in [
        ("incoming/tags/a.csv", "1,One\n"),
        ("incoming/tags/b.csv", "1,One\n"),
        ("incoming/tags/c.csv", "Name,Vorname\n"),
        ("incoming/nowhere/d.csv", "1,One\n"),
    ] {
        cloud.load(key, content).await?;
    }
    let events = sent(&account);
    let ended: Vec<_> = events.iter().map(|(of, detail)| (&**of, detail["status"].as_str())).collect();
    let failed = ("Load Failed", Some("failed"));
    let completed = |status| ("Load Completed", Some(status));
    assert_eq!(ended, [completed("completed"), completed("skipped"), failed, failed]);
    let error = events[2].1["error"].as_str().unwrap();
    assert!(error.contains("neither a header") && !error.contains("Vorname"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_not_taken_brings_the_message_back() -> Result<()> {
    // Two deliveries of three tries each, and then one that succeeds.
    let (cloud, account) = cloud(vec![refused(); 6].into_iter().chain([taken()])).await?;
    let message = cloud.drop_file("incoming/tags/a.csv", "1,One\n");
    for receives in 1..=2 {
        assert_eq!(cloud.deliver(&[message.received(receives)]).await?, [0]);
        assert_eq!(due(&cloud).await?, "1");
    }
    assert_eq!(cloud.deliver(&[message.received(3)]).await?, [] as [usize; 0]);
    assert_eq!((&*due(&cloud).await?, account.is_exhausted()), ("0", true));
    assert_eq!(cloud.newest().await?.attempts, 1, "the load itself was not begun again");
    Ok(())
}

#[tokio::test]
async fn a_delivery_that_finds_the_load_ended_sends_what_a_killed_function_did_not() -> Result<()> {
    let (mut cloud, account) = cloud([taken()]).await?;
    let with_bus = std::mem::take(&mut cloud.events);
    let message = cloud.drop_file("incoming/tags/a.csv", "1,One\n");
    assert_eq!(cloud.deliver(std::slice::from_ref(&message)).await?, [] as [usize; 0]);
    assert_eq!((sent(&account).len(), &*due(&cloud).await?), (0, "1"));
    cloud.events = with_bus;
    assert_eq!(cloud.deliver(&[message]).await?, [] as [usize; 0]);
    assert_eq!((types(&account), due(&cloud).await?), (vec!["Load Completed".to_owned()], "0".to_owned()));
    Ok(())
}

#[tokio::test]
async fn an_abandoned_load_that_resumes_is_told_twice() -> Result<()> {
    let (cloud, account) = cloud([taken(), taken()]).await?;
    let message = cloud.drop_file("incoming/tags/a.csv", "1,One\n");
    // The bucket is away once the load has begun.
    cloud.bucket.stop_after(0);
    let time = std::time::Duration::from_secs(12);
    assert_eq!(cloud.deliver_within(&[message.received(5)], time).await?, [0]);
    cloud.bucket.resume();
    assert_eq!(types(&account), ["Load Failed"]);
    assert_eq!(cloud.deliver(&[Message::new(message.body)]).await?, [] as [usize; 0]);
    assert_eq!(types(&account), ["Load Failed", "Load Completed"]);
    let details: Vec<Value> = sent(&account).into_iter().map(|(_, detail)| detail).collect();
    assert_eq!(details[0]["load"], details[1]["load"]);
    assert!(details[0]["finished_at"].as_str() < details[1]["finished_at"].as_str());
    Ok(())
}

#[tokio::test]
async fn nothing_is_told_of_the_canary() -> Result<()> {
    let (cloud, account) = cloud([]).await?;
    let load = cloud.load("incoming/rowgate_canary/a.csv", "1,file,2026-11-30T00:00:00Z\n").await?;
    assert_eq!(load.rows_loaded, 1);
    assert_eq!(sent(&account), []);
    Ok(())
}
