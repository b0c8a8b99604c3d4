//! The checks of single rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::date_time::{DateTime, Format};
use deadline::Deadline;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, Call};
use crate::fault::Fault;

/// The canary's own table.
pub(crate) const TABLE: &str = "rowgate_canary";

/// Random bits of an id. The seconds above them take 31 bits until 2038 and 32 after: an id is
/// exact as JSON's double, too.
const RANDOM_BITS: u32 = 20;

/// The age from which a row is taken for that of an unfinished run: longer than a run, and than the
/// wait of a file that it dropped last.
const ORPHANED_AFTER: Duration = Duration::from_secs(15 * 60);

/// Orphaned rows that one run looks at; the next run looks at the others.
const MAX_ORPHANS: usize = 50;

/// The ids of a run, unique among runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids {
    /// Seconds since 1970.
    second: i64,
    /// Even; the next one is the run's too.
    first: i64,
}

impl Ids {
    pub(crate) fn now() -> Self {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let second = i64::try_from(second).unwrap_or_default();
        Self { second, first: (second << RANDOM_BITS) | (fastrand::i64(0..1 << RANDOM_BITS) & !1) }
    }

    /// Returns the id of the inserted row.
    pub(crate) fn row(self) -> i64 {
        self.first
    }

    /// Returns the id of the row in the file.
    pub(crate) fn in_file(self) -> i64 {
        self.first + 1
    }

    /// Returns the start of the run, in the format of rows.
    pub(crate) fn started_at(self) -> String {
        // Every time of a clock can be formatted.
        DateTime::from_secs(self.second).fmt(Format::DateTime).unwrap_or_default()
    }

    /// Returns true if an unfinished run left the row behind.
    fn is_orphaned(self, id: i64) -> bool {
        let age = self.second - (id >> RANDOM_BITS);
        u64::try_from(age).is_ok_and(|age| age > ORPHANED_AFTER.as_secs())
    }
}

/// Inserts one row.
pub(crate) async fn insert(api: &Api<'_>, ids: Ids, deadline: Deadline) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Inserted {
        inserted: u64,
    }
    let row = json!({"id": ids.row(), "note": "insert", "at": ids.started_at()});
    let path = format!("/tables/{TABLE}/rows");
    let call = Call::post(&path, &row, format!("canary-{}", ids.row()));
    match api.read(&call, 201, deadline).await? {
        Inserted { inserted: 1 } => Ok(()),
        _ => Err(Fault::Content {
            call: format!("POST {path}"),
            status: 201,
            what: "says that other than one row is in",
        }),
    }
}

/// Deletes a row that exists.
pub(crate) async fn delete(api: &Api<'_>, id: i64, deadline: Deadline) -> Result<(), Fault> {
    api.expect(&Call::delete(&format!("/tables/{TABLE}/rows/{id}")), &[204], deadline).await?;
    Ok(())
}

/// Deletes the rows of unfinished runs.
pub(crate) async fn clear(api: &Api<'_>, ids: Ids, deadline: Deadline) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Page {
        rows: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        id: i64,
    }
    // In the order of their ids, and so of their age.
    let path = format!("/tables/{TABLE}/rows?limit={MAX_ORPHANS}");
    let page: Page = api.read(&Call::get(&path), 200, deadline).await?;
    for Row { id } in page.rows.into_iter().filter(|row| ids.is_orphaned(row.id)) {
        // Another run may delete it concurrently.
        api.expect(&Call::delete(&format!("/tables/{TABLE}/rows/{id}")), &[204, 404], deadline).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number_that_every_reader_of_json_keeps_and_tells_its_age() {
        let ids = Ids { second: i64::from(u32::MAX), first: (i64::from(u32::MAX) << RANDOM_BITS) | 0xf_fffe };
        assert!(ids.in_file() < 1 << 53 && ids.in_file() == ids.row() + 1);
        let ids = Ids::now();
        assert!(!ids.is_orphaned(ids.row()) && !ids.is_orphaned(ids.in_file()));
        let before = |seconds: u64| ids.row() - (i64::try_from(seconds).unwrap() << RANDOM_BITS);
        assert!(!ids.is_orphaned(before(ORPHANED_AFTER.as_secs())));
        assert!(ids.is_orphaned(before(ORPHANED_AFTER.as_secs() + 1)));
        // Not a row of the canary.
        assert!(ids.is_orphaned(1) && ids.is_orphaned(-1));
    }

    #[test]
    fn a_start_is_written_in_the_format_of_rows() {
        assert_eq!(Ids { second: 1_627_401_728, first: 0 }.started_at(), "2021-07-27T16:02:08Z");
    }
}
