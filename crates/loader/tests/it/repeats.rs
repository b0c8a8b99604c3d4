//! The same event, the same file, the same bytes: more than once, and at once.

use aws_lambda_events::sqs::SqsEvent;
use domain::load::LoadStatus;
use serde_json::json;
use std::time::Duration;

use crate::support::{World, figures, tags};

#[tokio::test]
async fn a_repeated_event_changes_nothing() {
    let world = World::start().await;
    let object = world.put("incoming/tags/a.csv", "v1", tags(1..=10));
    for _ in 0..3 {
        world.deliver(&object).await.unwrap();
    }
    let record = world.record(&object).await;
    assert_eq!((record.status, figures(&record), record.attempts), (LoadStatus::Completed, (10, 10, 0), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_delivered_at_once_counts_every_row_once() {
    let world = std::sync::Arc::new(World::start().await);
    let object = world.put("incoming/tags/a.csv", "v1", tags((1..=20_000).chain([5, 6])));
    let deliveries: Vec<_> = (0..3)
        .map(|_| {
            let (world, object) = (world.clone(), object.clone());
            tokio::spawn(async move { world.deliver(&object).await })
        })
        .collect();
    for delivery in deliveries {
        delivery.await.unwrap().unwrap();
    }
    let record = world.record(&object).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (20_002, 20_000, 2)));
    assert_eq!(world.count("tags").await, 20_000);
    let rejects = world.rejects();
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
}

#[tokio::test]
async fn the_same_bytes_again_are_skipped_and_name_the_load_that_has_them() {
    let world = World::start().await;
    let first = world.drop_file("incoming/tags/a.csv", tags(1..=10)).await;
    let again = world.drop_file("incoming/tags/copy of a.csv", tags(1..=10)).await;
    assert_eq!((again.status, figures(&again)), (LoadStatus::Skipped, (0, 0, 0)));
    assert!(again.error.unwrap().contains(first.load.as_str()));
    // As long, but not the same.
    let other = world.drop_file("incoming/tags/other.csv", tags(11..=20).replace("11", "1")).await;
    assert_ne!(other.status, LoadStatus::Skipped);
}

#[tokio::test]
async fn a_failed_file_may_be_dropped_again() {
    let world = World::start().await;
    let broken = world.put("incoming/tags/a.csv", "v1", "1,\"Clerk\n");
    world.deliver(&broken).await.unwrap();
    assert_eq!(world.record(&broken).await.status, LoadStatus::Failed);
    let fixed = world.put("incoming/tags/a.csv", "v2", "1,\"Clerk\"\n");
    world.deliver(&fixed).await.unwrap();
    assert_eq!(world.record(&fixed).await.status, LoadStatus::Completed);
}

#[tokio::test]
async fn rows_whose_ids_are_taken_are_rejected() {
    let world = World::start().await;
    world.drop_file("incoming/tags/a.csv", tags(1..=5000)).await;
    let record = world.drop_file("incoming/tags/b.csv", tags(4000..=6000)).await;
    assert_eq!(figures(&record), (2001, 1000, 1001));
    assert_eq!(world.count("tags").await, 6000);
    assert!(world.rejects().contains(",1,duplicate_id,id is already taken in the table\r\n"));
}

#[tokio::test]
async fn a_batch_answer_names_only_the_messages_that_must_come_back() {
    let world = World::start().await;
    world.store.insert_version("incoming/tags/a.csv", "v1", tags(1..=3));
    let body = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-11-21T05:00:00.000Z",
        "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "p"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "c",
               "bucket": {"name": "rowgate-data", "ownerIdentity": {"principalId": "p"}, "arn": "a"},
               "object": {"key": "incoming/tags/a.csv", "size": 1, "versionId": "v1"}}}]});
    let event: SqsEvent = serde_json::from_value(json!({"Records": [
        {"messageId": "1", "body": body.to_string()},
        {"messageId": "2", "body": "no event"},
        {"messageId": "3", "body": "{\"Service\": \"Amazon S3\", \"Event\": \"s3:TestEvent\"}"},
    ]}))
    .unwrap();
    let deadline = aurora::Deadline::after(Duration::from_secs(60));
    let answer = loader::handle(&world.loader(), event, deadline).await;
    let failed: Vec<&str> =
        answer.batch_item_failures.iter().map(|failure| &*failure.item_identifier).collect();
    assert_eq!(failed, ["2"]);
    assert_eq!(world.count("tags").await, 3);
}
