//! Functions at work on a queue, and the event source between: what Lambda does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use e2e::lock;
use serde_json::{Value, json};
use testkit::{Answer, Ended, Function};
use tokio::time::sleep;

use super::queue::{Message, Queue};
use crate::fleet::{self, Invoker, Programs};

/// The number of functions that may work at once.
const FUNCTIONS: usize = 4;
/// Receives after which the queue would move a message to its dead-letter queue.
const MAX_RECEIVES: u32 = 5;
/// The time limit of an audit.
const TIME: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// Receives without a message after which the messages that are to come are released again.
const RELEASE_AGAIN: u32 = 20;

pub(super) struct Fleet {
    queue: Queue,
    programs: Programs,
    invoker: Invoker<Message>,
    /// Held by the function that receives; counts receives without a message.
    turn: tokio::sync::Mutex<u32>,
    /// Messages that are to come again, and have not yet.
    released: Mutex<Vec<Message>>,
    over: AtomicBool,
    /// Messages that were received for the first time.
    pub(super) first_receives: AtomicU64,
    /// Messages that went to the dead-letter queue, and were redriven from there.
    pub(super) redrives: AtomicU64,
}

impl fleet::Fleet for Fleet {
    type Work = Message;

    fn invoker(&self) -> &Invoker<Message> {
        &self.invoker
    }

    /// Lets a stopped function's message time out.
    async fn deliver_again(self: &Arc<Self>, message: Message) {
        let _ = self.queue.release(&message).await;
    }
}

impl Fleet {
    pub(super) fn new(
        queue: Queue,
        programs: Programs,
        time: Duration,
        short_invocations: &[u64],
    ) -> Arc<Self> {
        let invoker = Invoker::new(time);
        invoker.hurry(short_invocations);
        Arc::new(Self {
            queue,
            programs,
            invoker,
            turn: tokio::sync::Mutex::default(),
            released: Mutex::default(),
            over: AtomicBool::new(false),
            first_receives: AtomicU64::new(0),
            redrives: AtomicU64::new(0),
        })
    }

    pub(super) fn invocations(&self) -> u64 {
        self.invoker.invocations()
    }

    /// Works on the queue until [`end`](Self::end).
    ///
    /// # Errors
    /// If the queue, or a process, does not do what it should; never for what a function answers.
    pub(super) async fn work(self: Arc<Self>) -> Result<()> {
        let workers: Vec<_> =
            (0..FUNCTIONS).map(|slot| tokio::spawn(Arc::clone(&self).serve(slot))).collect();
        for worker in workers {
            worker.await??;
        }
        Ok(())
    }

    /// Ends the work, and kills the processes that still run.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.invoker.kill_all();
    }

    async fn serve(self: Arc<Self>, slot: usize) -> Result<()> {
        let mut function: Option<Arc<Function>> = None;
        while !self.over.load(Ordering::SeqCst) {
            let Some(message) = self.next_message().await? else { continue };
            if message.receives == 1 {
                self.first_receives.fetch_add(1, Ordering::SeqCst);
            }
            let process = match function.take().filter(|function| function.is_alive()) {
                Some(process) => process,
                None => self.start(slot).await?,
            };
            function = Some(Arc::clone(&process));
            match self.invoker.invoke(&process, message.clone(), event(&message).to_string()).await? {
                Ended::Answered(Answer::Response(answer)) if is_done(&answer, &message)? => {
                    self.queue.delete(&message).await?;
                }
                _ if message.receives >= MAX_RECEIVES => {
                    // An operator redrives the dead-letter queue.
                    self.redrives.fetch_add(1, Ordering::SeqCst);
                    self.queue.send(&message.body).await?;
                    self.queue.delete(&message).await?;
                }
                _ => self.release(message).await?,
            }
        }
        Ok(())
    }

    /// Lets the loader audit its ledger, and checks that it finds nothing.
    pub(super) async fn audit(&self) -> Result<()> {
        let function = self.start(FUNCTIONS).await?;
        let Ended::Answered(Answer::Response(answer)) =
            function.invoke(json!({"audit": {}}).to_string(), TIME).await?
        else {
            bail!("the audit failed");
        };
        let audited: Value = serde_json::from_str(&answer)?;
        let is_well = audited["spared"] == false
            && ["faults", "stalled", "debris"].iter().all(|found| audited[found] == json!([]));
        ensure!(is_well, "the audit found: {answer}");
        Ok(())
    }

    /// Receives a message, one function after the other: all at once would keep the queue busy with
    /// nothing.
    async fn next_message(&self) -> Result<Option<Message>> {
        let mut empty_receives = self.turn.lock().await;
        let message = self.queue.receive().await?;
        match &message {
            Some(message) => {
                lock(&self.released).retain(|released| released.id != message.id);
            }
            None => {
                sleep(POLL).await;
                if empty_receives.is_multiple_of(RELEASE_AGAIN) {
                    self.release_again().await?;
                }
                *empty_receives += 1;
            }
        }
        Ok(message)
    }

    /// Makes a message visible again at once.
    async fn release(&self, message: Message) -> Result<()> {
        self.queue.release(&message).await?;
        lock(&self.released).push(message);
        Ok(())
    }

    /// Makes messages visible once more: a function that is gone may have asked the queue to hide
    /// its message, and the queue may hear of it only now.
    async fn release_again(&self) -> Result<()> {
        let released = lock(&self.released).clone();
        for message in &released {
            self.queue.release(message).await?;
        }
        Ok(())
    }

    async fn start(&self, slot: usize) -> Result<Arc<Function>> {
        self.programs.start("loader", &format!("function-{slot}")).await
    }
}

/// Returns true if the answer does not report the message as failed.
fn is_done(answer: &str, message: &Message) -> Result<bool> {
    let answer: Value = serde_json::from_str(answer)?;
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    for failure in &failures {
        ensure!(failure["itemIdentifier"] == message.id, "{answer} names no message of the batch");
    }
    Ok(failures.is_empty())
}

/// Returns the event of a batch of one message.
fn event(message: &Message) -> Value {
    json!({"Records": [{
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": "1763712000000",
            "SenderId": "chaos",
            "ApproximateFirstReceiveTimestamp": "1763712000000",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:chaos",
        "awsRegion": "us-east-1",
    }]})
}
