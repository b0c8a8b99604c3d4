//! Functions at work, each a process of its own with one request at a time, and the gateway before them: what Lambda does.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail};
use e2e::lock;
use serde_json::Value;
use testkit::{Answer, Ended, Function};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::ask::{Ask, Reply};

/// How many functions work at once.
const FUNCTIONS: usize = 8;
/// How many more for copies of requests that are still on their way, which would be too late behind all others.
const SPARE: usize = 4;
/// What API Gateway waits for a function.
const TIME: Duration = Duration::from_secs(29);

pub(crate) struct Fleet {
    program: PathBuf,
    environment: Vec<(String, OsString)>,
    log: PathBuf,
    slots: Vec<Mutex<Option<Arc<Function>>>>,
    idle: Mutex<Vec<usize>>,
    turns: Arc<Semaphore>,
    spare_turns: Arc<Semaphore>,
    pub(crate) invocations: AtomicU64,
    broken: Mutex<Option<anyhow::Error>>,
}

/// What a client gets of a request.
pub(crate) struct Got {
    /// None where no answer came.
    pub(crate) reply: Option<Reply>,
    /// The request, where it may still be at work.
    pub(crate) left: Option<JoinHandle<Option<Reply>>>,
}

impl Fleet {
    pub(crate) fn new(program: PathBuf, environment: Vec<(String, OsString)>, log: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            program,
            environment,
            log,
            slots: (0..FUNCTIONS + SPARE).map(|_| Mutex::default()).collect(),
            idle: Mutex::new((0..FUNCTIONS + SPARE).collect()),
            turns: Arc::new(Semaphore::new(FUNCTIONS)),
            spare_turns: Arc::new(Semaphore::new(SPARE)),
            invocations: AtomicU64::new(0),
            broken: Mutex::default(),
        })
    }

    /// Sends a request and waits for its answer, no longer than the client has patience once a function is at work on it. A copy
    /// of one that is still on its way does not wait for a turn behind the others.
    ///
    /// # Errors
    /// When functions cannot be run, or one fails as none should.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        ask: &Ask,
        patience: Option<Duration>,
        is_copy: bool,
    ) -> Result<Got> {
        if let Some(error) = lock(&self.broken).take() {
            return Err(error);
        }
        let turns = if is_copy { &self.spare_turns } else { &self.turns };
        let turn = Arc::clone(turns).acquire_owned().await?;
        let Some(slot) = lock(&self.idle).pop() else { bail!("more turns than functions") };
        let (fleet, event) = (Arc::clone(self), ask.event().to_string());
        let mut work = tokio::spawn(async move {
            let ended = fleet.invoke(slot, event).await;
            lock(&fleet.idle).push(slot);
            drop(turn);
            ended.unwrap_or_else(|error| {
                *lock(&fleet.broken) = Some(error);
                None
            })
        });
        match patience {
            None => Ok(Got { reply: work.await?, left: None }),
            Some(patience) => match tokio::time::timeout(patience, &mut work).await {
                Ok(reply) => Ok(Got { reply: reply?, left: None }),
                Err(_) => Ok(Got { reply: None, left: Some(work) }),
            },
        }
    }

    /// The processes that are there.
    pub(crate) fn processes(&self) -> Vec<Arc<Function>> {
        self.slots.iter().filter_map(|slot| lock(slot).clone()).collect()
    }

    /// Waits until no function is at work.
    ///
    /// # Errors
    /// When one has failed as none should.
    pub(crate) async fn quiet(&self) -> Result<()> {
        let _turns = self.turns.acquire_many(u32::try_from(FUNCTIONS)?).await?;
        let _spare = self.spare_turns.acquire_many(u32::try_from(SPARE)?).await?;
        lock(&self.broken).take().map_or(Ok(()), Err)
    }

    /// Kills what is there.
    pub(crate) fn end(&self) {
        for process in self.processes() {
            process.kill();
        }
    }

    async fn invoke(&self, slot: usize, event: String) -> Result<Option<Reply>> {
        let there = lock(&self.slots[slot]).clone().filter(|process| process.is_alive());
        let process = match there {
            Some(process) => process,
            None => {
                let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
                let process = Arc::new(Function::start(&self.program, &self.environment, log).await?);
                *lock(&self.slots[slot]) = Some(Arc::clone(&process));
                process
            }
        };
        self.invocations.fetch_add(1, Ordering::Relaxed);
        match process.invoke(event, TIME).await? {
            Ended::Answered(Answer::Response(answer)) => {
                Ok(Some(Reply::read(&serde_json::from_str::<Value>(&answer)?)?))
            }
            Ended::Answered(Answer::Error(error)) => bail!("the function failed: {error}"),
            Ended::Died | Ended::TimedOut => Ok(None),
        }
    }
}
