//! A client, which repeats each request until it is answered, and remembers what the answers say.
//!
//! Its rows have ids of its own, so the answers to it decide what they are. It never uses an id
//! again that it has deleted: a request that it abandoned may still be on its way. For the same
//! reason it waits for the end of every PUT and DELETE that it has sent before it sends another
//! request; a POST is protected by its key.

mod batch;
mod send;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::lock;
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::fleet::Fleet;
use super::oracle::{Expected, cells};
use crate::gateway::{OPERATOR, Request, writer};
use crate::runs::Tally;

/// The number of ids of a client.
const BLOCK: i64 = 10_000;
/// Departments that a client begins with.
const DEPARTMENTS: i64 = 4;
/// The number of departments to be deleted that other rows refer to.
const DOOMED: usize = 6;

/// The state that all clients share.
pub(super) struct World {
    pub(super) fleet: Arc<Fleet>,
    pub(super) seed: u64,
    pub(super) clients: u64,
    /// Requests of each client.
    pub(super) requests: u64,
    /// Nothing is lost on the way, and everyone has patience.
    pub(super) is_calm: bool,
    /// POST goes without its key, and the first answer to each is lost.
    pub(super) is_keyless: bool,
    pub(super) doomed: Mutex<VecDeque<i64>>,
    /// Requests that have their answer.
    pub(super) answered: AtomicU64,
    pub(super) tally: Arc<Tally>,
}

pub(super) struct Client {
    world: Arc<World>,
    random: Rng,
    number: u64,
    base: i64,
    next: i64,
    gone_departments: Vec<i64>,
    expected: Expected,
}

impl Client {
    pub(super) fn new(world: Arc<World>, number: u64) -> Self {
        let random = Rng::with_seed(world.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let base = base_of(number);
        Self {
            world,
            random,
            number,
            base,
            next: base + 100,
            gone_departments: Vec::new(),
            expected: Expected::default(),
        }
    }

    /// Sends all its requests.
    ///
    /// # Errors
    /// If an answer is wrong.
    pub(super) async fn run(mut self) -> Result<Expected> {
        for number in 0..self.world.requests {
            let done = match (number, self.random.u8(..100)) {
                (0, _) => self.begin().await,
                (_, 0..45) => self.post().await,
                (_, 45..65) => self.put().await,
                (_, 65..80) => self.delete().await,
                (_, 80..95) => self.list().await,
                _ => self.read().await,
            };
            done.with_context(|| format!("client {}, request {number}", self.number))?;
            self.world.answered.fetch_add(1, Ordering::SeqCst);
        }
        Ok(self.expected)
    }

    /// Creates or replaces a row of its own, which must succeed.
    async fn put(&mut self) -> Result<()> {
        let (table, row) = match (self.random.u8(..4), self.any("employees")) {
            (0, _) => {
                let id = self.base + self.random.i64(0..DEPARTMENTS);
                let is_gone = self.gone_departments.contains(&id);
                let id = if is_gone { self.fresh() } else { id };
                let name = format!("Put {:08x}", self.random.u32(..));
                ("departments", json!({"id": id, "department_name": name}))
            }
            (1 | 2, Some(id)) => {
                let mut row = self.employee();
                row["id"] = json!(id);
                ("employees", row)
            }
            _ => ("employees", self.employee()),
        };
        let id = row["id"].as_i64().context("an id")?;
        let request = Request::new("PUT", format!("/tables/{table}/rows/{id}"), &self.caller()).json(&row);
        let (reply, tries) = self.until_answered(&request, true).await?;
        let was_there =
            self.expected.tables.entry(table).or_default().insert(id, cells(table, &row)).is_some();
        let is_right = match reply.status {
            201 => !was_there,
            200 => was_there || tries > 1,
            _ => false,
        };
        ensure!(is_right && reply.json()? == row, "{was_there}, {tries} tries: {reply:?} to {request:?}");
        Ok(())
    }

    async fn delete(&mut self) -> Result<()> {
        let table = if self.random.bool() { "departments" } else { "employees" };
        // Few of the client's own employees refer to the newest department.
        let newest = self.expected.tables.get(table).and_then(|rows| rows.keys().last().copied());
        let some = if table == "departments" && self.random.bool() { newest } else { self.any(table) };
        let id = match some {
            Some(id) if self.random.u8(..10) > 0 && id != self.permanent_department() => id,
            _ => self.fresh(),
        };
        if table == "departments" {
            self.doom(id);
            sleep(Duration::from_millis(self.random.u64(..30))).await;
        }
        let request = Request::new("DELETE", format!("/tables/{table}/rows/{id}"), OPERATOR);
        let (reply, tries) = self.until_answered(&request, true).await?;
        let rows = self.expected.tables.entry(table).or_default();
        let is_right = match (reply.status, reply.problem().as_str()) {
            (204, "") => rows.remove(&id).is_some(),
            (404, "not-found") => rows.remove(&id).is_none() || tries > 1,
            (409, "referenced") => table == "departments" && rows.contains_key(&id),
            _ => false,
        };
        ensure!(is_right, "{tries} tries: {reply:?} to {request:?}");
        if table == "departments" && !rows.contains_key(&id) {
            self.gone_departments.push(id);
        }
        Ok(())
    }

    /// Reads all its own employees page by page: what was answered can be read at once.
    async fn list(&mut self) -> Result<()> {
        let end = self.base + BLOCK;
        let (mut after, mut found) = (self.base - 1, BTreeMap::new());
        loop {
            let limit = self.random.usize(1..=60);
            let mut request = Request::new("GET", "/tables/employees/rows".to_owned(), &self.caller());
            request.query = vec![("after", after.to_string()), ("limit", limit.to_string())];
            let (reply, _) = self.until_answered(&request, true).await?;
            let page = reply.json()?;
            let rows = page["rows"].as_array().context("rows")?;
            ensure!(reply.status == 200 && rows.len() <= limit, "{reply:?} to {request:?}");
            for row in rows {
                let id = row["id"].as_i64().context("an id")?;
                ensure!(id > after, "{id} after {after}: {page}");
                after = id;
                if id < end {
                    found.insert(id, cells("employees", row));
                }
            }
            match page["next"].as_i64() {
                Some(next) => ensure!(next == after, "next is {next} after {after}"),
                None => break,
            }
            if after >= end {
                break;
            }
        }
        let expected = self.expected.tables.entry("employees").or_default();
        ensure!(&found == expected, "read {found:?} instead of {expected:?}");
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        let id = match self.any("employees") {
            Some(id) if self.random.u8(..4) > 0 => id,
            _ => self.fresh(),
        };
        let request = Request::new("GET", format!("/tables/employees/rows/{id}"), &self.caller());
        let (reply, _) = self.until_answered(&request, true).await?;
        let expected = self.expected.tables.entry("employees").or_default().get(&id);
        let found = (reply.status == 200).then(|| reply.json()).transpose()?;
        let found = found.map(|row| cells("employees", &row));
        ensure!(
            found.as_ref() == expected && matches!(reply.status, 200 | 404),
            "{reply:?} instead of {expected:?}"
        );
        Ok(())
    }

    /// Makes a valid employee with a fresh id.
    fn employee(&mut self) -> Value {
        let id = self.fresh();
        let department = self.any("departments").filter(|id| *id < self.base + DEPARTMENTS);
        json!({
            "id": id,
            "name": format!("Person {id} ü😀 {:08x}", self.random.u32(..)),
            "datetime": format!("2021-0{}-1{}T16:02:0{}Z", self.random.u8(1..=9), self.random.u8(..10), self.random.u8(..10)),
            "department_id": department.unwrap_or(self.permanent_department()),
            "job_id": self.base,
        })
    }

    /// Returns a department of another client, or one that is about to be deleted.
    fn others_department(&mut self) -> i64 {
        let other = base_of(self.random.u64(..self.world.clients)) + self.random.i64(0..DEPARTMENTS);
        let is_doomed = self.random.bool();
        let doomed = lock(&self.world.doomed);
        match doomed.get(self.random.usize(..DOOMED)) {
            Some(id) if is_doomed => *id,
            _ => other,
        }
    }

    /// Shows the others a department that is about to be deleted.
    fn doom(&self, id: i64) {
        let mut doomed = lock(&self.world.doomed);
        doomed.push_front(id);
        doomed.truncate(DOOMED);
    }

    /// Returns the department that it never deletes.
    fn permanent_department(&self) -> i64 {
        self.base + DEPARTMENTS - 1
    }

    fn caller(&self) -> String {
        writer(self.number)
    }

    fn fresh(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    /// Returns the id of one of its rows.
    fn any(&mut self, table: &str) -> Option<i64> {
        let rows = self.expected.tables.get(table).filter(|rows| !rows.is_empty())?;
        rows.keys().nth(self.random.usize(..rows.len())).copied()
    }
}

fn base_of(client: u64) -> i64 {
    i64::try_from(client + 1).unwrap_or_default() * BLOCK
}
