//! A client, which repeats each request until it is answered, and remembers what the answers say.
//!
//! Its rows have ids of its own, so the answers to it decide what they are. It never uses an id
//! again that it has deleted: a request that it abandoned may still be on its way. For the same
//! reason it waits for the end of every PUT and DELETE that it has sent before it sends another
//! request; a POST is protected by its key.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use e2e::lock;
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::fleet::Fleet;
use super::oracle::{Expected, cells};
use crate::gateway::{OPERATOR, Reply, Request};
use crate::runs::Tally;

/// The number of ids of a client.
const BLOCK: i64 = 10_000;
/// Departments that a client begins with.
const DEPARTMENTS: i64 = 4;
/// The share of answers that are lost on their way to the client.
const LOST: f64 = 0.08;
/// The share of requests whose client has little patience.
const IMPATIENT: f64 = 0.3;
/// The number of departments to be deleted that other rows refer to.
const DOOMED: usize = 6;
/// No request may take so many tries.
const TRIES: u32 = 400;

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

/// The expected fate of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    In,
    Out(&'static str),
    /// It refers to another client's row, which may be there.
    Either,
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

    /// Inserts the rows that its employees refer to.
    async fn begin(&mut self) -> Result<()> {
        let name = |id| format!("{id} é😀 'of' \"{}\"", self.number);
        let departments: Vec<_> = (self.base..self.base + DEPARTMENTS)
            .map(|id| (json!({"id": id, "department_name": name(id)}), Fate::In))
            .collect();
        let jobs = vec![(json!({"id": self.base, "job_name": name(self.base)}), Fate::In)];
        self.send_batch(&[("jobs", jobs), ("departments", departments)], None).await
    }

    async fn post(&mut self) -> Result<()> {
        let mut rows: Vec<(Value, Fate)> = Vec::new();
        let mut departments = Vec::new();
        if self.random.u8(..4) == 0 {
            let id = self.fresh();
            departments.push((json!({"id": id, "department_name": format!("Department {id}")}), Fate::In));
        }
        let most = if self.random.u8(..5) == 0 { 120 } else { 12 };
        for _ in 0..self.random.usize(1..=most) {
            let (mut row, mut fate) = (self.employee(), Fate::In);
            match self.random.u8(..20) {
                0 => {
                    row["name"] = json!("");
                    fate = Fate::Out("required");
                }
                1 => {
                    if let Some(id) = self.any("employees") {
                        row["id"] = json!(id);
                        fate = Fate::Out("duplicate_id");
                    }
                }
                2 => {
                    let first = rows.iter().find(|(_, fate)| *fate == Fate::In);
                    if let Some(id) = first.map(|(row, _)| row["id"].clone()) {
                        row["id"] = id;
                        fate = Fate::Out("duplicate_in_batch");
                    }
                }
                3 => {
                    if let Some(id) = self.gone_departments.last() {
                        row["department_id"] = json!(id);
                        fate = Fate::Out("unknown_reference");
                    }
                }
                4..=7 => {
                    row["department_id"] = json!(self.others_department());
                    fate = Fate::Either;
                }
                8 => {
                    if let Some((department, _)) = departments.first() {
                        row["department_id"] = department["id"].clone();
                    }
                }
                _ => {}
            }
            rows.push((row, fate));
        }
        let preference = match self.random.u8(..20) {
            0..4 => Some("tx=atomic"),
            4 => Some("tx=dry-run"),
            _ => None,
        };
        let batch = if departments.is_empty() {
            vec![("employees", rows)]
        } else {
            vec![("employees", rows), ("departments", departments)]
        };
        self.send_batch(&batch, preference).await
    }

    async fn send_batch(
        &mut self,
        batch: &[(&'static str, Vec<(Value, Fate)>)],
        preference: Option<&'static str>,
    ) -> Result<()> {
        let rows = |rows: &[(Value, Fate)]| rows.iter().map(|(row, _)| row.clone()).collect::<Vec<_>>();
        let caller = self.caller();
        let mut request = match batch {
            [(table, only)] => {
                Request::new("POST", format!("/tables/{table}/rows"), &caller).json(&json!(rows(only)))
            }
            several => {
                let body: BTreeMap<_, _> = several.iter().map(|(table, of)| (*table, rows(of))).collect();
                Request::new("POST", "/insert_data".to_owned(), &caller).json(&json!(body))
            }
        };
        if !self.world.is_keyless {
            request = request.header("idempotency-key", format!("{:016x}", self.random.u64(..)));
        }
        if let Some(preference) = preference {
            request = request.header("prefer", preference);
        }
        let is_dry = preference == Some("tx=dry-run");
        let reply = self.until_answered(&request, false).await?.0;
        let answer = reply.json()?;
        let is_atomic = preference == Some("tx=atomic");
        let nothing_in = is_atomic && answer["rejected"] != json!(0);
        for (table, rows) in batch {
            let rejected = answer["tables"][table]["rejected"].as_array().context("rejected rows")?;
            let mut codes = BTreeMap::new();
            for row in rejected {
                let index = row["index"].as_u64().context("an index")?;
                let code = row["errors"][0]["code"].as_str().context("a code")?.to_owned();
                ensure!(codes.insert(index, code).is_none(), "row {index} is rejected twice");
            }
            let inserted = if nothing_in { 0 } else { rows.len() - codes.len() };
            ensure!(answer["tables"][table]["inserted"] == json!(inserted), "{answer}");
            for (index, (row, fate)) in (0..).zip(rows) {
                let code = codes.get(&index).map(String::as_str);
                let is_right = match fate {
                    Fate::In => code.is_none(),
                    Fate::Out(expected) => code == Some(expected),
                    Fate::Either => code.is_none_or(|code| code == "unknown_reference"),
                };
                // Without its key it collides with its own rows, which the oracle must notice.
                ensure!(is_right || self.world.is_keyless, "row {index}, {fate:?}: {code:?} of {request:?}");
                if code.is_none() && !nothing_in && !is_dry {
                    let id = row["id"].as_i64().context("an id")?;
                    let fresh = self.expected.tables.entry(table).or_default().insert(id, cells(table, row));
                    ensure!(fresh.is_none(), "row {id} of {table} was inserted twice");
                }
            }
            if !is_dry {
                self.expected.rejected += codes.len() as u64;
            }
        }
        if !is_dry && !self.world.is_keyless {
            self.expected.keyed.push((request, reply));
        }
        Ok(())
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
            Some(id) if self.random.u8(..10) > 0 && id != self.kept_department() => id,
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

    /// Reads all its own employees page by page: what was acknowledged can be read at once.
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

    /// Sends a request until it is answered; with `alone`, until an answer comes while no earlier
    /// copy of it is on its way. Returns how often it was sent, too.
    async fn until_answered(&mut self, request: &Request, alone: bool) -> Result<(Reply, u32)> {
        let mut left = Vec::new();
        for tries in 1..TRIES {
            let is_last_wait = alone && tries > 3;
            let patience = (!self.world.is_calm && !is_last_wait && self.random.f64() < IMPATIENT)
                .then(|| Duration::from_millis(self.random.u64(5..=300)));
            let is_copy = left.last().is_some_and(|work: &JoinHandle<_>| !work.is_finished());
            let got = self.world.fleet.ask(request, patience, is_copy).await?;
            let is_lost = if self.world.is_keyless {
                request.method == "POST" && tries == 1
            } else {
                !self.world.is_calm && self.random.f64() < LOST
            };
            left.extend(got.left);
            if let Some(reply) = got.reply.filter(|_| !is_lost) {
                self.world.tally.count(
                    match reply.status {
                        200..300 => "answers 2xx",
                        300..500 => "answers 4xx",
                        _ => "answers 5xx",
                    },
                    1,
                );
                match (reply.status, reply.problem().as_str()) {
                    (409, "idempotency-key-in-use") | (503, "unavailable") => {
                        ensure!(!reply.header("retry-after").is_empty(), "no Retry-After: {reply:?}");
                    }
                    (500.., _) | (400, _) => bail!("{reply:?} to {request:?}"),
                    // It is unknown which of two copies was first, and what the other one will do.
                    _ if alone && !left.is_empty() => {}
                    _ => return Ok((reply, tries)),
                }
            }
            // Both copies are on their way for a while.
            if alone && tries > 1 {
                for work in left.drain(..) {
                    work.await?;
                }
            }
            self.world.tally.count("repeats", 1);
            sleep(Duration::from_millis(self.random.u64(10..=120))).await;
        }
        bail!("no answer after {TRIES} tries: {request:?}")
    }

    /// Makes a valid employee with a fresh id.
    fn employee(&mut self) -> Value {
        let id = self.fresh();
        let department = self.any("departments").filter(|id| *id < self.base + DEPARTMENTS);
        json!({
            "id": id,
            "name": format!("Person {id} ü😀 {:08x}", self.random.u32(..)),
            "datetime": format!("2021-0{}-1{}T16:02:0{}Z", self.random.u8(1..=9), self.random.u8(..10), self.random.u8(..10)),
            "department_id": department.unwrap_or(self.kept_department()),
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

    /// Tells others of a department that is about to be deleted.
    fn doom(&self, id: i64) {
        let mut doomed = lock(&self.world.doomed);
        doomed.push_front(id);
        doomed.truncate(DOOMED);
    }

    /// Returns the department that it never deletes.
    fn kept_department(&self) -> i64 {
        self.base + DEPARTMENTS - 1
    }

    fn caller(&self) -> String {
        format!("writer-{}", self.number % 7)
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
