//! Inserts batches of rows, good and flawed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Client, DEPARTMENTS};
use crate::gateway::Request;
use crate::requests::oracle::cells;

/// The expected fate of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    In,
    Out(&'static str),
    /// It refers to another client's row, which may be there.
    Either,
}

impl Client {
    /// Inserts the rows that its employees refer to.
    pub(super) async fn begin(&mut self) -> Result<()> {
        let name = |id| format!("{id} é😀 'of' \"{}\"", self.number);
        let departments: Vec<_> = (self.base..self.base + DEPARTMENTS)
            .map(|id| (json!({"id": id, "department_name": name(id)}), Fate::In))
            .collect();
        let jobs = vec![(json!({"id": self.base, "job_name": name(self.base)}), Fate::In)];
        self.send_batch(&[("jobs", jobs), ("departments", departments)], None).await
    }

    pub(super) async fn post(&mut self) -> Result<()> {
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
}
