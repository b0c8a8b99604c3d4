//! The queries of an audit to the ledger.

use std::time::Duration;

use anyhow::Result;
use aurora::{Statement, loads};
use domain::load::LoadId;
use testkit::{TestDatabase, numbers};

/// A load that is made up in the ledger.
struct Load<'t> {
    test: &'t TestDatabase,
    id: LoadId,
}

impl<'t> Load<'t> {
    /// Adds a load that has taken no row up to now; it was begun `minutes` ago and, unless it runs,
    /// ended then.
    async fn add(test: &'t TestDatabase, name: &str, status: &str, minutes: u32) -> Result<Self> {
        let id = LoadId::of_object("data", name, "v1");
        let ended = if status == "running" { "NULL" } else { "started_at" };
        test.sql(&format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, etag, table_name, mode, status, \
             started_at, active_at, finished_at) VALUES ('{id}', 'data', '{name}', 'v1', 'tag of {name}', 'tags', 'append', \
             '{status}', UTC_TIMESTAMP(3) - INTERVAL {minutes} MINUTE, started_at, {ended})"
        ))
        .await?;
        Ok(Self { test, id })
    }

    async fn set(&self, assignments: &str) -> Result<()> {
        self.test
            .sql(&format!("UPDATE rowgate_loads SET {assignments} WHERE load_id = '{}'", self.id))
            .await?;
        Ok(())
    }

    /// Its figures, and chunks whose rows were all loaded.
    async fn loaded(self, rows: u64, chunks: &[(u32, u64)]) -> Result<Self> {
        self.set(&format!("rows_read = {rows}, rows_loaded = {rows}")).await?;
        for (number, rows) in chunks {
            self.test
                .sql(&format!(
                    "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, rows_read, \
                     rows_loaded, rows_rejected, unknown_references, committed_at) \
                     VALUES ('{}', {number}, 1, 1, 0, 0, REPEAT('0', 64), {rows}, {rows}, 0, 0, UTC_TIMESTAMP(3))",
                    self.id
                ))
                .await?;
        }
        Ok(self)
    }
}

fn found(checked: &loads::Checked) -> Vec<(&LoadId, &str)> {
    checked.faults.iter().map(|fault| (&fault.load, &*fault.what)).collect()
}

#[tokio::test]
async fn finds_loads_that_do_not_add_up_and_no_others() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    Load::add(&test, "good", "completed", 1).await?.loaded(5, &[(0, 3), (1, 2)]).await?;
    Load::add(&test, "empty", "completed", 1).await?;
    Load::add(&test, "running", "running", 1).await?.loaded(9, &[(0, 3)]).await?;
    Load::add(&test, "failed", "failed", 1).await?.loaded(9, &[]).await?;
    let lost = Load::add(&test, "lost", "completed", 1).await?.loaded(6, &[(0, 3), (1, 2)]).await?;
    let gap = Load::add(&test, "gap", "completed", 1).await?.loaded(5, &[(0, 3), (2, 2)]).await?;
    let wrong = Load::add(&test, "wrong", "failed", 1).await?;
    wrong.set("rows_read = 2, rows_loaded = 1, rows_rejected = 2").await?;

    let odd = Load::add(&test, "odd", "failed", 1).await?.loaded(5, &[(0, 3), (1, 2)]).await?;
    let sql =
        format!("UPDATE rowgate_load_chunks SET rows_read = rows_read + 1 WHERE load_id = '{}'", odd.id);
    test.sql(&sql).await?;
    let unknown = Load::add(&test, "unknown", "completed", 1).await?.loaded(3, &[(0, 3)]).await?;
    unknown.set("unknown_references = 1").await?;
    let skipped = Load::add(&test, "skipped", "completed", 1).await?.loaded(3, &[(0, 3)]).await?;
    skipped.set("rows_skipped = 1").await?;

    let checked = loads::check_ended(&test.database(), None).await?;
    assert_eq!(checked.loads, 9, "all that ended");
    let mut expected = vec![
        (&odd.id, "rows_read of a chunk is not its rows_loaded + rows_rejected"),
        (&unknown.id, "its figures are not the sums of its chunks"),
        (&skipped.id, "its figures are not the sums of its chunks"),
        (&lost.id, "its figures are not the sums of its chunks"),
        (&gap.id, "a chunk is missing"),
        (&wrong.id, "rows_read is not rows_loaded + rows_rejected"),
    ];
    expected.sort_unstable();
    let mut found = found(&checked);
    found.sort_unstable();
    assert_eq!(found, expected);
    Ok(())
}

#[tokio::test]
async fn looks_back_to_the_check_before_and_no_longer_than_a_day() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let recent = Load::add(&test, "recent", "completed", 60).await?.loaded(1, &[]).await?;
    Load::add(&test, "old", "completed", 25 * 60).await?.loaded(1, &[]).await?;
    let first = loads::check_ended(&test.database(), None).await?;
    assert_eq!(first.faults.iter().map(|fault| &fault.load).collect::<Vec<_>>(), [&recent.id]);
    let long_ago = loads::check_ended(&test.database(), Some("2001-01-01 00:00:00.000")).await?;
    assert_eq!(long_ago.loads, 1);

    let late = Load::add(&test, "late", "completed", 1).await?.loaded(1, &[]).await?;
    let second = loads::check_ended(&test.database(), Some(&first.until)).await?;
    assert_eq!(second.faults.iter().map(|fault| &fault.load).collect::<Vec<_>>(), [&late.id]);
    Ok(())
}

#[tokio::test]
async fn checks_every_one_of_many_loads_that_ended_at_the_same_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.sql(
        "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, started_at, \
         finished_at, rows_read) SELECT LEFT(SHA2(n, 256), 32), 'data', n, 'v1', 'tags', 'append', 'completed', m, m, 1 \
         FROM (SELECT 0 + a.d + 10 * b.d + 100 * c.d AS n, UTC_TIMESTAMP(3) AS m FROM \
         (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
          UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) a CROSS JOIN \
         (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
          UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) b CROSS JOIN \
         (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
          UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) c) numbers",
    )
    .await?;
    let checked = loads::check_ended(&test.database(), None).await?;
    assert_eq!((checked.loads, checked.faults.len()), (1000, 1000));
    Ok(())
}

const DAY: u32 = 24 * 60;

async fn forget(test: &TestDatabase) -> Result<u64> {
    let hidden: Vec<_> = testkit::dictionary().tables().iter().filter(|table| table.is_hidden()).collect();
    Ok(loads::forget(&test.database(), &hidden).await?)
}

#[tokio::test]
async fn forgets_loads_of_the_named_tables_that_ended_days_ago_with_their_chunks() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let hidden = "table_name = 'rowgate_canary'";
    for (name, status, minutes) in [
        ("old", "completed", 3 * DAY + 1),
        ("failed", "failed", 30 * DAY),
        ("skipped", "skipped", 30 * DAY),
        ("recent", "completed", 3 * DAY - 10),
        ("running", "running", 30 * DAY),
        ("replace", "completed", 30 * DAY),
    ] {
        let load = Load::add(&test, name, status, minutes).await?.loaded(2, &[(0, 1), (1, 1)]).await?;
        load.set(hidden).await?;
    }
    test.sql("UPDATE rowgate_loads SET mode = 'replace' WHERE object_key = 'replace'").await?;
    Load::add(&test, "of a user", "completed", 300 * DAY).await?.loaded(2, &[(0, 1), (1, 1)]).await?;
    assert_eq!(forget(&test).await?, 3);
    let left = test.value("SELECT GROUP_CONCAT(object_key ORDER BY object_key) FROM rowgate_loads").await?;
    assert_eq!(left, "of a user,recent,replace,running");
    let chunks = "SELECT CONCAT(COUNT(*), ' ', COUNT(l.load_id)) FROM rowgate_load_chunks c \
                  LEFT JOIN rowgate_loads l ON l.load_id = c.load_id";
    assert_eq!(test.value(chunks).await?, "8 8");
    assert_eq!(forget(&test).await?, 0);
    Ok(())
}

#[tokio::test]
async fn forgets_many_loads_some_at_a_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let long_ago = format!("UTC_TIMESTAMP(3) - INTERVAL {} MINUTE", 30 * DAY);
    test.sql(&format!(
        "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, started_at, \
         finished_at) SELECT LEFT(SHA2(seq, 256), 32), 'data', seq, 'v1', 'rowgate_canary', 'append', 'completed', {long_ago}, {long_ago} \
         FROM {}",
        numbers(450)
    ))
    .await?;
    let mut forgotten = Vec::new();
    for _ in 0..4 {
        forgotten.push(forget(&test).await?);
    }
    assert_eq!(forgotten, [200, 200, 50, 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_resumes_meanwhile_is_not_forgotten() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let load = Load::add(&test, "given up", "failed", 30 * DAY).await?.loaded(1, &[(0, 1)]).await?;
    load.set("table_name = 'rowgate_canary', given_up = TRUE").await?;
    let taken_up = test.database().begin().await?;
    taken_up.execute(Statement::new("UPDATE rowgate_loads SET status = 'running', given_up = FALSE")).await?;
    let (forgotten, committed) = tokio::join!(forget(&test), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        taken_up.commit().await
    });
    committed?;
    assert_eq!(forgotten?, 0);
    assert_eq!(loads::committed_chunks(&test.database(), &load.id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_load_is_stalled_when_nobody_took_it_up_for_long() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    assert!(!loads::is_under_way(&database).await?);
    Load::add(&test, "ended", "completed", 300).await?;
    Load::add(&test, "new", "running", 1).await?;
    Load::add(&test, "taken up again", "running", 300).await?.set("active_at = UTC_TIMESTAMP(3)").await?;
    let left = Load::add(&test, "left", "running", 300).await?;
    left.set("restarts = 2").await?;
    let stalled = loads::stalled(&database, Duration::from_secs(2 * 3600)).await?;
    let told: Vec<_> = stalled.iter().map(|load| (&load.run.id, load.run.restarts)).collect();
    assert_eq!(told, [(&left.id, 2)]);
    assert!(loads::is_under_way(&database).await?);
    Ok(())
}

#[tokio::test]
async fn a_fenced_table_is_under_way() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.sql("INSERT INTO rowgate_table_fences (table_name) VALUES ('tags')").await?;
    assert!(!loads::is_under_way(&test.database()).await?);
    for job in ["LEFT(SHA2('x', 256), 32)", "'20261121-020000-0000001f'"] {
        test.sql(&format!("UPDATE rowgate_table_fences SET job_id = {job}")).await?;
        assert!(loads::is_under_way(&test.database()).await?, "{job}");
        test.sql("UPDATE rowgate_table_fences SET job_id = NULL").await?;
    }
    Ok(())
}

#[tokio::test]
async fn knows_the_loads_that_need_not_be_queued_again() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let completed = Load::add(&test, "completed", "completed", 1).await?;
    let failed = Load::add(&test, "failed", "failed", 1).await?;
    let running = Load::add(&test, "running", "running", 1).await?;
    let given_up = Load::add(&test, "given up", "failed", 1).await?;
    given_up.set("given_up = TRUE").await?;
    let mut ids: Vec<LoadId> =
        (0..1200).map(|number| LoadId::of_object("data", "new", &number.to_string())).collect();
    ids.extend([&completed, &failed, &running, &given_up].map(|load| load.id.clone()));
    for (load, ended) in [(&completed, true), (&failed, true), (&running, false), (&given_up, false)] {
        assert_eq!(loads::has_ended_for_good(&test.database(), &load.id).await?, ended, "{:?}", load.id);
    }
    assert!(!loads::has_ended_for_good(&test.database(), &ids[0]).await?);
    let known = loads::known_loads(&test.database(), &ids).await?;
    assert_eq!(known, [completed, failed, running].map(|load| load.id).into());
    assert!(loads::known_loads(&test.database(), &[]).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn knows_contents_by_key_and_tag_together() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    Load::add(&test, "a", "completed", 1).await?;
    Load::add(&test, "B", "failed", 1).await?;
    let asked = [("a", "tag of a"), ("a", "other"), ("b", "tag of B"), ("B", "tag of B"), ("a ", "tag of a")];
    let known = loads::known_contents(&test.database(), "data", &asked).await?;
    let expected = [("a", "tag of a"), ("B", "tag of B")];
    assert_eq!(known, expected.map(|(key, tag)| (key.to_owned(), tag.to_owned())).into());
    assert!(loads::known_contents(&test.database(), "other", &asked).await?.is_empty());
    let many: Vec<String> = (0..250).map(|number| format!("key {number}")).collect();
    let mut many: Vec<(&str, &str)> = many.iter().map(|key| (&**key, "tag")).collect();
    many.push(("a", "tag of a"));
    assert_eq!(loads::known_contents(&test.database(), "data", &many).await?.len(), 1);
    Ok(())
}

/// A statement's "now" may be slightly older than the newest load that it sees.
#[tokio::test]
async fn a_load_that_began_after_the_readers_now_has_taken_no_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let load = Load::add(&test, "ahead", "running", 0).await?;
    load.set("started_at = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE").await?;
    let found = loads::get(&test.database(), &load.id).await?;
    assert_eq!(found.map(|load| load.milliseconds), Some(0));
    Ok(())
}
