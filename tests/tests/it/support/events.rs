//! A rule of EventBridge with a queue behind it, as a program has that reacts to events.

use serde_json::{Value, json};

use super::cloud::Cloud;
use super::wait::until;

/// Long enough for what a busy machine does behind an event.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

/// A queue that gets the events that a rule matches.
pub(crate) struct Listener<'c> {
    cloud: &'c Cloud,
    /// The name of rule and queue.
    name: String,
    queue: String,
}

impl<'c> Listener<'c> {
    /// Listens for the events that have this in their detail.
    pub(crate) async fn start(cloud: &'c Cloud, name: &str, detail: &Value) -> Self {
        let name = format!("e2e-{name}-{}", cloud.ids.number);
        let created = cloud.sqs("CreateQueue", &json!({"QueueName": name})).await.unwrap();
        let queue = created["QueueUrl"].as_str().unwrap().to_owned();
        let arn = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
        let arn = cloud.sqs("GetQueueAttributes", &arn).await.unwrap()["Attributes"]["QueueArn"].clone();
        let pattern = json!({"source": ["rowgate"], "detail": detail}).to_string();
        let rule = json!({"Name": name, "EventPattern": pattern});
        let rule = cloud.events("PutRule", &rule).await["RuleArn"].clone();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }]});
        let policy = json!({"QueueUrl": queue, "Attributes": {"Policy": policy.to_string()}});
        cloud.sqs("SetQueueAttributes", &policy).await.unwrap();
        let target = json!({"Rule": name, "Targets": [{"Id": "queue", "Arn": arn}]});
        assert_eq!(cloud.events("PutTargets", &target).await["FailedEntryCount"], 0);
        Self { cloud, name, queue }
    }

    /// Waits for the next event that passes.
    pub(crate) async fn next(&self, passes: impl Fn(&Value) -> bool) -> Value {
        until(&format!("an event for {}", self.name), LIMIT, async || {
            let request = json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 1});
            let received = self.cloud.sqs("ReceiveMessage", &request).await.unwrap();
            let Some(message) = received["Messages"].get(0) else { return Err("no message") };
            let receipt = json!({"QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"]});
            self.cloud.sqs("DeleteMessage", &receipt).await.unwrap();
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            assert_eq!(event["source"], "rowgate", "{event}");
            if passes(&event) { Ok(event) } else { Err("others") }
        })
        .await
    }

    /// Removes rule and queue.
    pub(crate) async fn end(self) {
        let Self { cloud, name, queue } = self;
        cloud.events("RemoveTargets", &json!({"Rule": name, "Ids": ["queue"]})).await;
        cloud.events("DeleteRule", &json!({"Name": name})).await;
        cloud.sqs("DeleteQueue", &json!({"QueueUrl": queue})).await.unwrap();
    }
}

impl Cloud {
    /// Calls EventBridge.
    async fn events(&self, action: &str, request: &Value) -> Value {
        self.aws_json("events", &format!("AWSEvents.{action}"), request).await.unwrap()
    }
}
