//! Functions at work, each a process with one request at a time, and the gateway before them: what
//! Lambda does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail};
use e2e::lock;
use serde_json::Value;
use testkit::{Answer, Ended, Function};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::fleet::{Invoker, Programs};
use crate::gateway::{Reply, Request};

/// The number of functions that work at once.
const FUNCTIONS: usize = 8;
/// The number of further copies of requests that are still on their way: after the others they
/// would come too late.
const SPARE: usize = 4;
/// The timeout of API Gateway.
const TIME: Duration = Duration::from_secs(29);

pub(super) struct Fleet {
    programs: Programs,
    slots: Vec<Mutex<Option<Arc<Function>>>>,
    idle: Mutex<Vec<usize>>,
    turns: Arc<Semaphore>,
    spare_turns: Arc<Semaphore>,
    invoker: Invoker<()>,
    broken: Mutex<Option<anyhow::Error>>,
}

/// A client's answer to a request.
pub(super) struct Got {
    /// `None` if no answer came.
    pub(super) reply: Option<Reply>,
    /// The request, if it may still be at work.
    pub(super) left: Option<JoinHandle<Option<Reply>>>,
}

impl Fleet {
    pub(super) fn new(programs: Programs) -> Arc<Self> {
        Arc::new(Self {
            programs,
            slots: (0..FUNCTIONS + SPARE).map(|_| Mutex::default()).collect(),
            idle: Mutex::new((0..FUNCTIONS + SPARE).collect()),
            turns: Arc::new(Semaphore::new(FUNCTIONS)),
            spare_turns: Arc::new(Semaphore::new(SPARE)),
            invoker: Invoker::new(TIME),
            broken: Mutex::default(),
        })
    }

    /// Sends a request and waits for its answer, up to `patience` once a function is at work on it.
    /// A copy of a request that is still on its way does not wait for a turn behind the others.
    ///
    /// # Errors
    /// If functions cannot be run, or one fails as none should.
    pub(super) async fn ask(
        self: &Arc<Self>,
        request: &Request,
        patience: Option<Duration>,
        is_copy: bool,
    ) -> Result<Got> {
        if let Some(error) = lock(&self.broken).take() {
            return Err(error);
        }
        let turns = if is_copy { &self.spare_turns } else { &self.turns };
        let turn = Arc::clone(turns).acquire_owned().await?;
        let Some(slot) = lock(&self.idle).pop() else { bail!("more turns than functions") };
        let (fleet, event) = (Arc::clone(self), request.event().to_string());
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

    /// Returns the processes, at work or not.
    pub(super) fn processes(&self) -> Vec<Arc<Function>> {
        self.slots.iter().filter_map(|slot| lock(slot).clone()).collect()
    }

    pub(super) fn invocations(&self) -> u64 {
        self.invoker.invocations()
    }

    /// Waits until no function is at work.
    ///
    /// # Errors
    /// If one has failed as none should.
    pub(super) async fn until_quiet(&self) -> Result<()> {
        let _turns = self.turns.acquire_many(u32::try_from(FUNCTIONS)?).await?;
        let _spare = self.spare_turns.acquire_many(u32::try_from(SPARE)?).await?;
        lock(&self.broken).take().map_or(Ok(()), Err)
    }

    /// Kills all processes.
    pub(super) fn end(&self) {
        for process in self.processes() {
            process.kill();
        }
    }

    async fn invoke(&self, slot: usize, event: String) -> Result<Option<Reply>> {
        let there = lock(&self.slots[slot]).clone().filter(|process| process.is_alive());
        let process = match there {
            Some(process) => process,
            None => {
                let process = self.programs.start("insert-api", "insert-api").await?;
                *lock(&self.slots[slot]) = Some(Arc::clone(&process));
                process
            }
        };
        match self.invoker.invoke(&process, (), event).await? {
            Ended::Answered(Answer::Response(answer)) => {
                Ok(Some(Reply::read(&serde_json::from_str::<Value>(&answer)?)?))
            }
            Ended::Answered(Answer::Error(error)) => bail!("the function failed: {error}"),
            Ended::Died | Ended::TimedOut => Ok(None),
        }
    }
}
