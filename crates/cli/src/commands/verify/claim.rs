//! The claim of a run on the table: a row with a unique value, which every content of the table has
//! that the run makes, also the one that it restores.

use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clean::{Removed, clean, is_clean};
use super::cloud::{Cloud, HEADER, Row, TABLE, ensure_sentence, get};
use super::process::Process;
use super::report::{Outcome, passed};
use super::rows::id;
use crate::api::path;
use crate::exit::user_error;

/// The unique value of the row.
const LABEL: &str = "claim";
/// After how long a claim of another machine has lapsed: longer than a run and its cleaning up.
const LAPSES_AFTER: Duration = Duration::from_secs(30 * 60);
/// Runs that end while this one looks.
const TRIES: usize = 5;

impl Cloud {
    /// Returns the row that claims the table for this run.
    fn claim_row(&self) -> Value {
        let mut row = self.row(0, &Process::current().to_string());
        row["label"] = json!(LABEL);
        row
    }

    /// Returns the same row as a line of a file.
    pub(super) fn claim_line(&self) -> String {
        format!("{},{LABEL},0,,{},{}\n", self.base, Process::current(), self.at())
    }

    /// Returns a file with this row alone.
    pub(super) fn claim_file(&self) -> String {
        format!("{HEADER}{}", self.claim_line())
    }

    /// Returns true if this run has the table.
    pub(super) async fn has_claim(&self) -> Result<bool> {
        let row = self.find(self.base).await?;
        Ok(row.is_some_and(|row| row.get("note") == self.claim_row().get("note")))
    }

    /// Gives the table back.
    pub(super) async fn release(&self) -> Result<()> {
        self.delete(self.base).await.map(drop)
    }
}

/// Claims the table, and removes what a run left there that was killed.
///
/// Of runs at once one gets the table, because the value of its row is unique. A claim that has
/// lapsed is taken over by deleting its row, by its id: the row of a third run stays.
pub(super) async fn claim(cloud: &Cloud) -> Result<Outcome> {
    for _ in 0..TRIES {
        let answer = cloud.post(&cloud.claim_row(), &[], &[201, 404, 422]).await?;
        ensure_sentence(answer.status() != 404, || {
            format!("There is no table {TABLE}: deploy this version, and invoke rowgate-migrate")
        })?;
        if answer.status() == 201 {
            return passed(format!("the table {TABLE} is this run's{}", clean_before(cloud).await));
        }
        let Some(holder) = holder(cloud).await? else { continue };
        let Claim { id, process, began } = Claim::of(&holder);
        if process.as_ref().is_some_and(Process::has_ended) || is_lapsed(began, Timestamp::now()) {
            cloud.delete(id).await?;
            continue;
        }
        let who = match process.as_ref().and_then(Process::id_here) {
            Some(id) => format!("process {id} of this machine"),
            None => "another machine".to_owned(),
        };
        bail!(user_error(format!(
            "Another run of `rowgate verify` works here, by {who}, since {}. Try again when it has ended; half an hour \
             after it began its claim lapses.",
            began.map(|began| began.to_string()).unwrap_or_default()
        )));
    }
    bail!(user_error(format!("The table {TABLE} is claimed by other runs again and again. Try again later.")))
}

/// Removes what a run left that was cut off; returns the end of a sentence about it. What cannot be
/// removed or looked for fails no check here: the one of what is broken does.
async fn clean_before(cloud: &Cloud) -> String {
    if let Ok(true) = is_clean(cloud).await {
        return String::new();
    }
    let Removed { rows, objects, left, failure } = clean(cloud).await;
    let mut seen = String::new();
    if rows + objects > 0 {
        seen.push_str(&format!("; {rows} rows and {objects} objects of a run that was cut off are removed"));
    }
    if let Some(left) = left {
        seen.push_str(&format!("; {left}"));
    }
    if let Some(failure) = failure {
        seen.push_str(&format!("; what an earlier run left could not all be looked for: {failure:#}"));
    }
    seen
}

/// A claim of a run.
struct Claim {
    id: i64,
    process: Option<Process>,
    began: Option<Timestamp>,
}

impl Claim {
    fn of(row: &Row) -> Self {
        let text = |name| row.get(name).and_then(Value::as_str);
        Self {
            id: id(row).unwrap_or_default(),
            process: text("note").and_then(Process::parse),
            began: text("at").and_then(|at| at.parse().ok()),
        }
    }
}

/// Returns the row of the run that has the table; `None` if it has just ended.
async fn holder(cloud: &Cloud) -> Result<Option<Row>> {
    #[derive(serde::Deserialize)]
    struct Page {
        rows: Vec<Row>,
    }
    let filter = format!("label:{LABEL}");
    let page: Page = get(&cloud.api, &path(&["tables", TABLE, "rows"], &[("filter", filter)])).await?;
    Ok(page.rows.into_iter().find(|row| row.get("label").is_some_and(|label| label == LABEL)))
}

/// Returns true if a claim that began then has lapsed. One without a time has.
fn is_lapsed(began: Option<Timestamp>, now: Timestamp) -> bool {
    let age = |began: Timestamp| now.as_second() - began.as_second();
    began.is_none_or(|began| u64::try_from(age(began)).is_ok_and(|age| age > LAPSES_AFTER.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_lapses_after_half_an_hour() {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let is_lapsed = |began: &str| is_lapsed(began.parse().ok(), now);
        assert!(!is_lapsed("2026-12-01T11:30:00Z") && is_lapsed("2026-12-01T11:29:59Z"));
        // The clock of the other machine may be ahead.
        assert!(!is_lapsed("2026-12-01T13:00:00Z"));
        assert!(is_lapsed("yesterday"));
    }

    #[test]
    fn a_claim_is_read_from_its_row() {
        let row = json!({"id": 7, "label": "claim", "note": "0a0a 12 99", "at": "2026-12-01T12:00:00Z"});
        let Value::Object(row) = row else { panic!("it is an object") };
        let Claim { id, process, began } = Claim::of(&row);
        assert_eq!((id, process), (7, Process::parse("0a0a 12 99")));
        assert_eq!(began.map(|began| began.to_string()).as_deref(), Some("2026-12-01T12:00:00Z"));
    }
}
