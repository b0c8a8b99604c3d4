//! A versioned bucket of the cloud that notifies a queue of dropped files.

use anyhow::{Context, Result};
use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, Delete, Event, NotificationConfiguration, ObjectIdentifier, QueueConfiguration,
    VersioningConfiguration,
};
use aws_smithy_http_client::Builder;

use super::queue::Queue;

#[derive(Debug, Clone)]
pub(super) struct Bucket {
    client: Client,
    pub(super) name: String,
}

impl Bucket {
    pub(super) async fn create(name: &str, queue: &Queue) -> Result<Self> {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().build_http())
            .load()
            .await;
        // A local endpoint has no host name for each bucket.
        let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let bucket = Self { client: Client::from_conf(config), name: name.to_owned() };
        bucket.client.create_bucket().bucket(name).send().await?;
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        bucket.client.put_bucket_versioning().bucket(name).versioning_configuration(versions).send().await?;
        let created = QueueConfiguration::builder()
            .queue_arn(&queue.arn)
            .events(Event::from("s3:ObjectCreated:*"))
            .filter(incoming()?)
            .build()?;
        let notifications = NotificationConfiguration::builder().queue_configurations(created).build();
        bucket
            .client
            .put_bucket_notification_configuration()
            .bucket(name)
            .notification_configuration(notifications)
            .send()
            .await?;
        Ok(bucket)
    }

    /// Removes the bucket with all that is in it.
    pub(super) async fn remove(&self) -> Result<()> {
        loop {
            let page = self.client.list_object_versions().bucket(&self.name).send().await?;
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            let all: Vec<_> = versions
                .chain(markers)
                .map(|(key, version)| {
                    Ok(ObjectIdentifier::builder()
                        .key(key.unwrap_or_default())
                        .set_version_id(version.map(str::to_owned))
                        .build()?)
                })
                .collect::<Result<_>>()?;
            if all.is_empty() {
                break;
            }
            let delete = Delete::builder().set_objects(Some(all)).quiet(true).build()?;
            self.client.delete_objects().bucket(&self.name).delete(delete).send().await?;
        }
        self.client.delete_bucket().bucket(&self.name).send().await?;
        Ok(())
    }

    /// Puts an object and gives back its version.
    pub(super) async fn put(&self, key: &str, content: Vec<u8>) -> Result<String> {
        let put = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(content));
        put.send().await?.version_id.context("the bucket gives versions")
    }

    pub(super) async fn get(&self, key: &str) -> Result<Vec<u8>> {
        let object = self.client.get_object().bucket(&self.name).key(key).send().await?;
        Ok(object.body.collect().await?.to_vec())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        self.client.delete_object().bucket(&self.name).key(key).send().await?;
        Ok(())
    }

    /// The keys under a prefix, in order.
    pub(super) async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let mut pages =
            self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page?.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        }
        keys.sort_unstable();
        Ok(keys)
    }
}

/// Rejects files are no events.
fn incoming() -> Result<aws_sdk_s3::types::NotificationConfigurationFilter> {
    use aws_sdk_s3::types::{FilterRule, FilterRuleName, NotificationConfigurationFilter, S3KeyFilter};
    let rule = FilterRule::builder().name(FilterRuleName::Prefix).value("incoming/").build();
    let key = S3KeyFilter::builder().filter_rules(rule).build();
    Ok(NotificationConfigurationFilter::builder().key(key).build())
}
