//! S3 as the SDK speaks to it, with connections that break and answers that are lost.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::io::Read;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use bucket::{BucketError, PART_BYTES, Put, Reader, S3Bucket, Store, Upload, When};
use bytes::Bytes;
use testkit::{Bucket, FaultPlan};

fn bucket(url: &str) -> S3Bucket {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    S3Bucket::new(&config, "data")
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

async fn read(store: &S3Bucket, key: &'static str) -> std::io::Result<Vec<u8>> {
    let mut reader = Reader::open(store.clone(), key);
    let thread = move || {
        let mut content = Vec::new();
        reader.read_to_end(&mut content).map(|_| content)
    };
    tokio::task::spawn_blocking(thread).await.unwrap()
}

#[tokio::test]
async fn conditions_of_writes_hold() {
    let s3 = Bucket::serve().await.unwrap();
    let store = bucket(&s3.url());
    let put = async |text: &'static str, when: When<'_>| {
        store.put("k.json", Bytes::from_static(text.as_bytes()), when).await.unwrap()
    };
    assert_eq!(put("a", When::Is("\"0123456789abcdef0123456789abcdef\"")).await, Put::Refused);
    let first = put("a", When::New).await;
    let Put::Written(etag) = &first else { unreachable!("{first:?}") };
    assert_eq!(put("b", When::New).await, Put::Refused);
    assert!(matches!(put("c", When::Is(etag)).await, Put::Written(_)));
    assert_eq!(put("d", When::Is(etag)).await, Put::Refused);
    let there = store.get("k.json", 1).await.unwrap().unwrap();
    assert_eq!(there.content, "c");
    assert!(matches!(store.get("k.json", 0).await, Err(BucketError::TooLarge { bytes: 1, limit: 0, .. })));
    assert_eq!(store.get("none", 1).await.unwrap(), None);
}

#[tokio::test]
async fn large_and_small_objects_are_written_once_and_read_back() {
    let s3 = Bucket::serve().await.unwrap();
    let store = bucket(&s3.url());
    for (key, length) in [("small", 1000), ("large", 2 * PART_BYTES + 5)] {
        let content = content(length);
        for is_first in [true, false] {
            let mut upload = Upload::new(store.clone(), key);
            for piece in content.chunks(1_000_000) {
                upload.write(piece).await.unwrap();
            }
            assert_eq!(upload.finish().await.unwrap().is_written, is_first);
            assert!(read(&store, key).await.unwrap() == content, "{key}");
            assert_eq!(s3.open_uploads(), 0);
        }
    }
    let missing = read(&store, "none").await.unwrap_err();
    assert!(matches!(missing.downcast(), Ok(BucketError::Gone { .. })));
    let beyond = store.open(&"small".into(), 2000).await.unwrap();
    assert_eq!(beyond.from, 2000);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_counts_once() {
    let s3 = Bucket::serve().await.unwrap();
    let store = bucket(&s3.url());
    let large = content(PART_BYTES + 5);
    let mut struck = 0;
    for seed in 0..30 {
        s3.set_faults(FaultPlan { seed, lost: 0.3, ..FaultPlan::default() });
        let before = s3.faults();
        let key = format!("k-{seed}");
        if let Ok(put) = store.put(&key, "a".into(), When::New).await {
            assert!(matches!(put, Put::Written(_)), "seed {seed}");
        }
        if seed % 5 == 0 {
            let mut upload = Upload::new(store.clone(), format!("large-{seed}"));
            if upload.write(&large).await.is_ok()
                && let Ok(uploaded) = upload.finish().await
            {
                assert!(uploaded.is_written, "seed {seed}");
            }
        }
        struck += s3.faults() - before;
    }
    assert!(struck > 5, "{struck}");
}

#[tokio::test]
async fn content_that_is_cut_off_is_requested_again() {
    let s3 = Bucket::serve().await.unwrap();
    let store = bucket(&s3.url());
    let content = content(3_000_000);
    s3.put("k", content.clone());
    let mut struck = 0;
    for seed in 0..10 {
        s3.set_faults(FaultPlan { seed, cut: 0.4, ..FaultPlan::default() });
        let before = s3.faults();
        if let Ok(found) = read(&store, "k").await {
            assert!(found == content, "seed {seed}");
        }
        struck += s3.faults() - before;
    }
    assert!(struck > 0);
}

#[tokio::test]
async fn lists_and_deletes_more_than_a_page() {
    let s3 = Bucket::serve().await.unwrap();
    let store = bucket(&s3.url());
    let keys: Vec<String> = (0..1234).map(|number| format!("a/{number:04}/x é+&.avro")).collect();
    for key in &keys {
        s3.put(key, "12");
    }
    s3.put("b/1/x", "");
    let listed = store.list_all("a/").await.unwrap();
    assert_eq!(listed.iter().map(|object| object.key.clone()).collect::<Vec<_>>(), keys);
    assert!(listed.iter().all(|object| object.bytes == 2 && object.modified > 1_000_000_000_000));
    assert_eq!(store.folders("a/").await.unwrap().len(), 1234);
    store.delete(&keys).await.unwrap();
    store.delete(&keys[..1]).await.unwrap();
    store.delete(&[]).await.unwrap();
    assert_eq!(s3.keys(""), ["b/1/x"]);
}
