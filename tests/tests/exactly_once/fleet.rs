//! Functions at work on a queue, each a process of its own, and the event source between: what Lambda does.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use e2e::lock;
use serde_json::{Value, json};
use testkit::{Answer, Ended, Function};
use tokio::time::sleep;

use crate::queue::{Message, Queue};

/// How many functions may work at once.
const FUNCTIONS: usize = 4;
/// Receives after which the queue would move a message to its dead-letter queue.
const MAX_RECEIVES: u32 = 5;
/// What an audit may take.
const TIME: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// Receives without a message after which those that are to come are released again.
const RELEASE_AGAIN: u32 = 20;

pub(crate) struct Fleet {
    pub(crate) queue: Queue,
    pub(crate) program: PathBuf,
    pub(crate) environment: Vec<(String, OsString)>,
    /// Where the functions' output goes.
    pub(crate) logs: PathBuf,
    slots: Vec<Slot>,
    turn: tokio::sync::Mutex<()>,
    empty_receives: AtomicU32,
    /// Messages that are to come again, and have not yet.
    released: Mutex<Vec<Message>>,
    /// What an invocation may take, and what the next ones may.
    time: Duration,
    short: Mutex<Vec<u64>>,
    over: AtomicBool,
    /// Messages that were received for the first time.
    pub(crate) first_receives: AtomicU32,
    pub(crate) invocations: AtomicU32,
    /// Messages that went to the dead-letter queue, from where they came back.
    pub(crate) redrives: AtomicU32,
}

/// Where one function runs, one process after the other.
#[derive(Default)]
struct Slot {
    working: Mutex<Option<Working>>,
}

/// A process with the message that it works on.
#[derive(Clone)]
pub(crate) struct Working {
    pub(crate) function: Arc<Function>,
    pub(crate) message: Message,
}

impl Fleet {
    pub(crate) fn new(
        queue: Queue,
        program: PathBuf,
        environment: Vec<(String, OsString)>,
        logs: PathBuf,
        time: Duration,
        short_invocations: &[u64],
    ) -> Self {
        Self {
            queue,
            program,
            environment,
            logs,
            slots: (0..FUNCTIONS).map(|_| Slot::default()).collect(),
            turn: tokio::sync::Mutex::default(),
            empty_receives: AtomicU32::new(0),
            released: Mutex::default(),
            time,
            short: Mutex::new(short_invocations.to_vec()),
            over: AtomicBool::new(false),
            first_receives: AtomicU32::new(0),
            invocations: AtomicU32::new(0),
            redrives: AtomicU32::new(0),
        }
    }

    /// Works on the queue until [`end`](Self::end).
    ///
    /// # Errors
    /// When the queue, or a process, does not do what it should; never for what a function says.
    pub(crate) async fn work(self: &Arc<Self>) -> Result<()> {
        let workers: Vec<_> = (0..FUNCTIONS).map(|slot| tokio::spawn(Arc::clone(self).serve(slot))).collect();
        for worker in workers {
            worker.await??;
        }
        Ok(())
    }

    /// Ends the work; processes that still run are killed.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        for working in self.working() {
            working.function.kill();
        }
    }

    /// The processes that are at work now.
    pub(crate) fn working(&self) -> Vec<Working> {
        self.slots.iter().filter_map(|slot| lock(&slot.working).clone()).collect()
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
                None => Arc::new(self.start(slot).await?),
            };
            function = Some(Arc::clone(&process));
            let working = Working { function: Arc::clone(&process), message: message.clone() };
            *lock(&self.slots[slot].working) = Some(working);
            let time = lock(&self.short).pop().map_or(self.time, Duration::from_millis);
            self.invocations.fetch_add(1, Ordering::SeqCst);
            let ended = process.invoke(event(&message).to_string(), time).await;
            *lock(&self.slots[slot].working) = None;
            match ended? {
                Ended::Answered(Answer::Response(answer)) if is_done(&answer, &message)? => {
                    self.queue.delete(&message).await?;
                }
                _ if message.receives >= MAX_RECEIVES => {
                    // Somebody has looked after the dead-letter queue.
                    self.redrives.fetch_add(1, Ordering::SeqCst);
                    self.queue.send(&message.body).await?;
                    self.queue.delete(&message).await?;
                }
                _ => self.release(message).await?,
            }
        }
        Ok(())
    }

    /// Lets the loader audit its ledger; it must agree that all is well.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn audit(&self) -> Result<()> {
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

    /// One asks after the other: all at once would keep the queue busy with nothing.
    async fn next_message(&self) -> Result<Option<Message>> {
        let _turn = self.turn.lock().await;
        let message = self.queue.receive().await?;
        match &message {
            Some(message) => {
                lock(&self.released).retain(|released| released.id != message.id);
            }
            None => {
                sleep(POLL).await;
                if self.empty_receives.fetch_add(1, Ordering::Relaxed).is_multiple_of(RELEASE_AGAIN) {
                    self.release_again().await?;
                }
            }
        }
        Ok(message)
    }

    /// Lets a message come again at once: the time that it would stay away passes.
    async fn release(&self, message: Message) -> Result<()> {
        self.queue.release(&message).await?;
        lock(&self.released).push(message);
        Ok(())
    }

    /// A function that is gone may have asked the queue to keep its message, and the queue may hear of it only now. That time
    /// passes too.
    async fn release_again(&self) -> Result<()> {
        let released = lock(&self.released).clone();
        for message in &released {
            self.queue.release(message).await?;
        }
        Ok(())
    }

    async fn start(&self, slot: usize) -> Result<Function> {
        let log = self.logs.join(format!("function-{slot}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        Function::start(&self.program, &self.environment, log).await
    }
}

/// Whether a batch answer leaves the message out.
fn is_done(answer: &str, message: &Message) -> Result<bool> {
    let answer: Value = serde_json::from_str(answer)?;
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    for failure in &failures {
        ensure!(failure["itemIdentifier"] == message.id, "{answer} names no message of the batch");
    }
    Ok(failures.is_empty())
}

/// The event of a batch of one message.
fn event(message: &Message) -> Value {
    json!({"Records": [{
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": "1763712000000",
            "SenderId": "exactly-once",
            "ApproximateFirstReceiveTimestamp": "1763712000000",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:exactly-once",
        "awsRegion": "us-east-1",
    }]})
}
