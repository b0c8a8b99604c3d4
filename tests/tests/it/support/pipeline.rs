//! A second loader pipeline before the same database: a bucket, a queue and a loader of one test's
//! own.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType};
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, FilterRule, FilterRuleName, NotificationConfiguration,
    NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter, VersioningConfiguration,
};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::cloud::Cloud;
use super::loads::ended;
use super::wait::until;

/// The function's time-out in seconds, so short that a load of some size needs many invocations.
const TIMEOUT: i32 = 3;
const LOADER: &str = "rowgate-loader";
/// The longest time of a load, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(240);

/// A copy of the stack's loader with a bucket and a queue of its own, before the same database.
pub(crate) struct Pipeline {
    /// The cloud, with this pipeline's bucket in place of the stack's.
    pub(crate) cloud: Cloud,
    /// The name of everything that the pipeline consists of.
    name: String,
}

/// Messages of a queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) visible: u64,
    /// Received, and not to be received again for now.
    pub(crate) held: u64,
}

impl Pipeline {
    /// Runs a test with a pipeline of its own, which is removed however the test ends.
    pub(crate) async fn with<F, T>(test: T)
    where
        F: Future<Output = ()>,
        T: FnOnce(Rc<Self>) -> F + 'static,
    {
        let mut cloud = Cloud::connect().await;
        let name = format!("e2e-loader-{}", cloud.ids.number);
        cloud.bucket.clone_from(&name);
        let pipeline = Rc::new(Self { cloud, name });
        let running = Rc::clone(&pipeline);
        let task = async move {
            running.create().await;
            test(running).await;
        };
        let tasks = LocalSet::new();
        let outcome = tasks.run_until(tasks.spawn_local(task)).await;
        pipeline.remove().await;
        if let Err(failure) = outcome {
            std::panic::resume_unwind(failure.into_panic());
        }
    }

    async fn create(&self) {
        let Self { cloud, name } = self;
        let dead_letters = self.create_queue(&self.dead_letters(), json!({})).await;
        let redrive = json!({"deadLetterTargetArn": dead_letters, "maxReceiveCount": "5"});
        // Six times the function's timeout, as in the stack.
        let attributes =
            json!({"VisibilityTimeout": (6 * TIMEOUT).to_string(), "RedrivePolicy": redrive.to_string()});
        let queue = self.create_queue(name, attributes).await;
        self.let_bucket_send(&queue).await;

        let (s3, lambda) = (&cloud.s3, &cloud.lambda);
        s3.create_bucket().bucket(name).send().await.unwrap();
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = s3.put_bucket_versioning().bucket(name).versioning_configuration(versioned);
        put.send().await.unwrap();

        let variables = [
            ("ROWGATE_BUCKET", name.as_str()),
            ("ROWGATE_QUEUE_URL", &self.queue_url(name).await),
            // So many transactions, one after the other, that time runs out on a fast machine too.
            ("ROWGATE_CHUNK_BYTES", "1024"),
            ("ROWGATE_LANES", "1"),
        ];
        let role = self.create_role(&queue).await;
        cloud.copy_function(LOADER, name, role, &variables, Some(TIMEOUT)).await;

        let map = lambda.create_event_source_mapping().function_name(name).event_source_arn(&queue);
        let map = map.batch_size(1).function_response_types(FunctionResponseType::ReportBatchItemFailures);
        map.send().await.unwrap();

        let prefix = FilterRule::builder().name(FilterRuleName::Prefix).value("incoming/").build();
        let filter = NotificationConfigurationFilter::builder()
            .key(S3KeyFilter::builder().filter_rules(prefix).build())
            .build();
        let events = QueueConfiguration::builder().queue_arn(&queue).filter(filter);
        let events = events.events(Event::from("s3:ObjectCreated:*")).build().unwrap();
        let events = NotificationConfiguration::builder().queue_configurations(events).build();
        let put = s3.put_bucket_notification_configuration().bucket(name).notification_configuration(events);
        put.send().await.unwrap();
    }

    /// Removes the pipeline, as far as it exists.
    async fn remove(&self) {
        let Self { cloud, name } = self;
        let (s3, lambda) = (&cloud.s3, &cloud.lambda);
        for mapping in self.mappings().await {
            let _ = lambda.delete_event_source_mapping().set_uuid(mapping.uuid).send().await;
        }
        let _ = lambda.delete_function().function_name(name).send().await;
        cloud.remove_role(name).await;
        for queue in [name, &self.dead_letters()] {
            if let Ok(url) = self.find_queue(queue).await {
                let _ = cloud.sqs("DeleteQueue", &json!({"QueueUrl": url})).await;
            }
        }
        self.empty_bucket().await;
        let _ = s3.delete_bucket().bucket(name).send().await;
        let group = json!({"logGroupName": self.log_group()});
        let _ = cloud.aws_json("logs", "Logs_20140328.DeleteLogGroup", &group).await;
    }

    /// Removes every version of every object, as far as it can.
    async fn empty_bucket(&self) {
        let (s3, name) = (&self.cloud.s3, &self.name);
        while let Ok(page) = s3.list_object_versions().bucket(name).send().await {
            let versions = page.versions().iter().map(|object| (object.key(), object.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            let mut is_empty = true;
            for (key, version) in versions.chain(markers) {
                is_empty = false;
                let delete = s3.delete_object().bucket(name).set_key(key.map(str::to_owned));
                if delete.set_version_id(version.map(str::to_owned)).send().await.is_err() {
                    return;
                }
            }
            if is_empty {
                return;
            }
        }
    }

    async fn mappings(&self) -> Vec<EventSourceMappingConfiguration> {
        let list = self.cloud.lambda.list_event_source_mappings().function_name(&self.name);
        list.send().await.map_or_else(|_| Vec::new(), |found| found.event_source_mappings.unwrap_or_default())
    }

    /// Creates a queue and returns its ARN.
    async fn create_queue(&self, name: &str, attributes: Value) -> String {
        let request = json!({"QueueName": name, "Attributes": attributes});
        self.cloud.sqs("CreateQueue", &request).await.unwrap();
        self.attribute(name, "QueueArn").await
    }

    /// Creates a role that may do with these bucket and queue what the stack's loader may do with
    /// its own.
    async fn create_role(&self, queue: &str) -> String {
        let rights = self.cloud.rights_of(LOADER).await;
        let on = |sid: &str| {
            let right = rights.iter().find(|right| right["Sid"] == sid).unwrap();
            right["Resource"].as_str().unwrap().to_owned()
        };
        let ours = Value::Array(rights.clone()).to_string();
        let ours = ours.replace(&on("ListDroppedFiles"), &format!("arn:aws:s3:::{}", self.name));
        let ours: Vec<Value> = serde_json::from_str(&ours.replace(&on("SendToQueue"), queue)).unwrap();
        self.cloud.create_role(&self.name, &ours).await
    }

    async fn let_bucket_send(&self, queue: &str) {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnLike": {"aws:SourceArn": format!("arn:aws:s3:::{}", self.name)}},
        }]});
        let attributes = json!({"Policy": policy.to_string()});
        let request = json!({"QueueUrl": self.queue_url(&self.name).await, "Attributes": attributes});
        self.cloud.sqs("SetQueueAttributes", &request).await.unwrap();
    }

    async fn find_queue(&self, name: &str) -> Result<String, String> {
        let found = self.cloud.sqs("GetQueueUrl", &json!({"QueueName": name})).await?;
        Ok(found["QueueUrl"].as_str().unwrap().to_owned())
    }

    async fn queue_url(&self, name: &str) -> String {
        self.find_queue(name).await.unwrap()
    }

    async fn attribute(&self, queue: &str, attribute: &str) -> String {
        let request = json!({"QueueUrl": self.queue_url(queue).await, "AttributeNames": [attribute]});
        let answer = self.cloud.sqs("GetQueueAttributes", &request).await.unwrap();
        answer["Attributes"][attribute].as_str().unwrap().to_owned()
    }

    async fn messages(&self, queue: &str) -> Waiting {
        let count = async |attribute| self.attribute(queue, attribute).await.parse().unwrap();
        Waiting {
            visible: count("ApproximateNumberOfMessages").await,
            held: count("ApproximateNumberOfMessagesNotVisible").await,
        }
    }

    /// Counts the messages in the loader's queue.
    pub(crate) async fn waiting(&self) -> Waiting {
        self.messages(&self.name).await
    }

    /// Counts the messages in the dead-letter queue.
    pub(crate) async fn dead(&self) -> Waiting {
        self.messages(&self.dead_letters()).await
    }

    /// Puts the event of an object's creation on the queue once more.
    pub(crate) async fn send_event(&self, key: &str, version: &str, size: usize) {
        let queue = self.queue_url(&self.name).await;
        self.cloud.send_event_to(&queue, key, version, size).await;
    }

    /// Returns the log lines of each invocation that has ended so far.
    pub(crate) async fn invocations(&self) -> Vec<Vec<String>> {
        let request = json!({"logGroupName": self.log_group()});
        let found = self.cloud.aws_json("logs", "Logs_20140328.FilterLogEvents", &request).await.unwrap();
        let mut invocations: HashMap<String, Vec<String>> = HashMap::new();
        for event in found["events"].as_array().unwrap() {
            let stream = event["logStreamName"].as_str().unwrap().to_owned();
            invocations.entry(stream).or_default().push(event["message"].as_str().unwrap().to_owned());
        }
        invocations.into_values().collect()
    }

    /// Waits for the end of the only load of a key, checks it against the rules of the ledger, and
    /// returns it.
    pub(crate) async fn ended(&self, key: &str) -> Value {
        until(&format!("{key} has ended"), LIMIT, async || {
            let loads = self.cloud.loads_of(key).await;
            if loads.iter().any(ended) { Ok(()) } else { Err(loads) }
        })
        .await;
        self.cloud.ended(key, 1).await.remove(0)
    }

    /// Kills the processes of the function; returns how many there were.
    pub(crate) fn kill(&self) -> usize {
        self.cloud.kill_function(&self.name)
    }

    /// Returns true if the function has a process, busy or idle.
    pub(crate) fn has_process(&self) -> bool {
        !self.cloud.processes(&self.name).is_empty()
    }

    fn dead_letters(&self) -> String {
        format!("{}-dead-letters", self.name)
    }

    fn log_group(&self) -> String {
        format!("/aws/lambda/{}", self.name)
    }
}
