//! Restoring tables, over a real database: all of them at once, exactly once, and never for good.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod beside;
mod chunks;
mod ends;
mod loads;
mod undo;
pub(crate) mod worker;

use anyhow::Result;
use aurora::restores;
use testkit::TestDatabase;
use testkit::local_data_api::Config;
use worker::{Rows, Work, restore};

use crate::swap::let_time_pass;

/// A database whose tables hold the rows 1 to 3, named `old`.
pub(crate) async fn database() -> Result<TestDatabase> {
    database_with(|_| {}).await
}

pub(crate) async fn database_with(configure: impl FnOnce(&mut Config)) -> Result<TestDatabase> {
    let test = TestDatabase::start_with(configure).await?;
    test.migrate().await?;
    for table in ["collections", "tags", "documents"] {
        let insert = worker::insert(table, table, &worker::named(1..=3, "old"));
        test.sql(insert.sql()).await?;
    }
    Ok(test)
}

/// The rows of a table, by id.
pub(crate) async fn content(test: &TestDatabase, table: &str) -> Result<Rows> {
    let name = worker::table(table).columns()[1].name();
    rows(test, table, name).await
}

async fn rows(test: &TestDatabase, target: &str, name: &str) -> Result<Rows> {
    let rows = test.sql(&format!("SELECT id, {name} FROM `{target}` ORDER BY id")).await?;
    let row = |mut row: Vec<Option<String>>| {
        let name = row.pop().flatten().unwrap_or_default();
        Ok((row.pop().flatten().unwrap_or_default().parse()?, name))
    };
    rows.into_iter().map(row).collect()
}

fn exists(table: &str) -> String {
    format!(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}'"
    )
}

/// The table that a restore keeps of what it took the place of.
async fn previous(test: &TestDatabase, work: &Work, table: &str) -> Result<Option<String>> {
    let sql = format!(
        "SELECT previous_table FROM rowgate_job_tables WHERE job_id = '{}' AND table_name = '{table}'",
        work.id
    );
    Ok(test.sql(&sql).await?.pop().and_then(|mut row| row.pop().flatten()))
}

/// Returns the rows of the previous table.
pub(crate) async fn previous_content(test: &TestDatabase, work: &Work, table: &str) -> Result<Rows> {
    let name = worker::table(table).columns()[1].name();
    match previous(test, work, table).await? {
        Some(kept) => rows(test, &kept, name).await,
        None => Ok(Rows::new()),
    }
}

/// The tables beside the tables that the ledger notes nowhere.
pub(crate) async fn left_behind(test: &TestDatabase) -> Result<Vec<Vec<Option<String>>>> {
    let sql = "SELECT table_name FROM information_schema.tables i WHERE table_schema = DATABASE() \
               AND table_name RLIKE '^rowgate_(new|previous|swap|swapped)_[0-9a-f]' \
               AND NOT EXISTS (SELECT 1 FROM rowgate_job_tables t \
               WHERE BINARY t.previous_table = BINARY i.table_name OR BINARY t.shadow_table = BINARY i.table_name)";
    test.sql(sql).await
}

/// Nothing is half done: no restore runs, no table is fenced or orphaned, what is kept is there,
/// and the figures of loads add up.
pub(crate) async fn assert_settled(test: &TestDatabase) -> Result<()> {
    assert_eq!(left_behind(test).await?, Vec::<Vec<_>>::new());
    let none = |sql: &'static str| async move { Ok::<_, anyhow::Error>(test.value(sql).await? == "0") };
    let fenced = "SELECT COUNT(*) FROM rowgate_table_fences \
                  WHERE job_id IS NOT NULL OR commit_marker IS NOT NULL OR fenced_since IS NOT NULL";
    assert!(none(fenced).await?);
    assert!(none("SELECT COUNT(*) FROM rowgate_restores WHERE status = 'running'").await?);
    assert!(none("SELECT COUNT(*) FROM rowgate_job_tables WHERE shadow_table IS NOT NULL").await?);
    assert!(none("SELECT COUNT(*) FROM rowgate_restore_chunks WHERE rejects_key IS NULL").await?);
    let lost = "SELECT COUNT(*) FROM rowgate_job_tables t WHERE previous_table IS NOT NULL AND NOT EXISTS \
                (SELECT 1 FROM information_schema.tables i WHERE i.table_schema = DATABASE() \
                AND BINARY i.table_name = BINARY t.previous_table)";
    assert!(none(lost).await?);
    let wrong = "SELECT COUNT(*) FROM rowgate_loads l LEFT JOIN (SELECT load_id, SUM(rows_read) AS rows_read, \
                 SUM(rows_loaded) AS rows_loaded, SUM(rows_rejected) AS rows_rejected FROM rowgate_load_chunks \
                 GROUP BY load_id) c ON c.load_id = l.load_id WHERE l.rows_read <> l.rows_loaded + l.rows_rejected \
                 OR l.status <> 'running' AND (l.rows_read <> COALESCE(c.rows_read, 0) \
                 OR l.rows_loaded <> COALESCE(c.rows_loaded, 0) OR l.rows_rejected <> COALESCE(c.rows_rejected, 0))";
    assert!(none(wrong).await?);
    // At most one previous table of a table is kept.
    let twice = "SELECT COUNT(*) FROM (SELECT table_name FROM rowgate_job_tables WHERE previous_table IS NOT NULL \
                 GROUP BY table_name HAVING COUNT(*) > 1) x";
    assert!(none(twice).await?);
    Ok(())
}

/// Makes every restore look abandoned for half an hour.
pub(crate) async fn let_an_hour_pass(test: &TestDatabase) -> Result<()> {
    let_time_pass(test).await?;
    test.sql("UPDATE rowgate_restores SET active_at = active_at - INTERVAL 1 HOUR").await?;
    test.sql("UPDATE rowgate_restore_chunks SET committed_at = committed_at - INTERVAL 1 HOUR").await?;
    Ok(())
}

/// `completed`, `failed: why`.
pub(crate) async fn status(test: &TestDatabase, work: &Work) -> Result<String> {
    let restore = restores::get(&test.database(), &work.id).await?.unwrap();
    let reason = restore.error.map(|error| format!(": {error}")).unwrap_or_default();
    Ok(format!("{}{reason}", restore.status.as_str()))
}

const THREE: [&str; 3] = ["collections", "documents", "tags"];

#[tokio::test]
async fn a_restore_takes_the_place_of_its_tables_and_keeps_them_as_they_were() -> Result<()> {
    let test = database().await?;
    let work = Work::of(&THREE, "new");
    restore(&test.database(), &work).await?;
    for table in THREE {
        assert_eq!(content(&test, table).await?, work.rows(table));
        assert_eq!(previous_content(&test, &work, table).await?, worker::named(1..=3, "old"));
    }
    let restore = restores::get(&test.database(), &work.id).await?.unwrap();
    assert_eq!((restore.status.as_str(), restore.attempts, restore.error.as_deref()), ("completed", 1, None));
    assert!(restore.finished_at.is_some_and(|end| end.len() == 24 && end >= restore.started_at));
    let tags = &restore.tables["tags"];
    assert_eq!((tags.rows_read, tags.rows_restored, tags.rows_rejected, tags.kept), (5, 5, 0, true));
    assert_eq!(tags.checksum.as_deref(), Some(worker::CHECKSUM));
    assert_settled(&test).await
}

#[tokio::test]
async fn the_next_restore_of_a_table_drops_its_previous_table_and_no_other() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let (first, second) =
        (Work::of(&["collections", "tags"], "one"), Work::of(&["tags", "documents"], "two"));
    restore(&db, &first).await?;
    restore(&db, &second).await?;
    assert_eq!(previous(&test, &first, "tags").await?, None);
    assert_eq!(previous_content(&test, &first, "collections").await?, worker::named(1..=3, "old"));
    assert_eq!(previous_content(&test, &second, "tags").await?, first.rows("tags"));
    assert_eq!(previous_content(&test, &second, "documents").await?, worker::named(1..=3, "old"));
    // Late invocations of what is done change nothing.
    for work in [&first, &second] {
        restore(&db, work).await?;
        restores::swap(&db, &work.id).await?;
        restores::fail(&db, &work.id, "late").await?;
    }
    crate::reap(&db).await?;
    assert_eq!(content(&test, "tags").await?, second.rows("tags"));
    assert_eq!(status(&test, &first).await?, "completed");
    assert_settled(&test).await
}

#[tokio::test]
async fn a_number_that_a_table_has_handed_out_is_not_handed_out_again_after_a_restore() -> Result<()> {
    let test = database().await?;
    let work = Work::of(&["collections"], "new");
    test.sql("INSERT INTO collections (id, collection_name) VALUES (70, 'gone soon')").await?;
    test.sql("DELETE FROM collections WHERE id = 70").await?;
    restore(&test.database(), &work).await?;
    test.sql("INSERT INTO collections (collection_name) VALUES ('next')").await?;
    assert_eq!(test.value("SELECT MAX(id) FROM collections").await?, "71");
    Ok(())
}

#[tokio::test]
async fn a_verification_leaves_the_tables_alone_and_nothing_behind() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&THREE, "new").verify();
    restore(&db, &work).await?;
    for table in THREE {
        assert_eq!(content(&test, table).await?, worker::named(1..=3, "old"));
        assert_eq!(previous(&test, &work, table).await?, None);
    }
    let restore = restores::get(&db, &work.id).await?.unwrap();
    assert_eq!((restore.status.as_str(), restore.tables["tags"].rows_restored), ("completed", 5));
    assert_settled(&test).await
}

#[tokio::test]
async fn a_restore_stays_what_it_was_first_asked_for_and_the_newest_is_listed_first() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&["tags"], "new");
    let first = worker::begin(&db, &work).await?;
    let other = Work { id: work.id.clone(), mode: restores::Mode::Verify, ..Work::of(&["collections"], "x") };
    let again = worker::begin(&db, &other).await?;
    assert_eq!((again.mode, again.tables), (first.mode, first.tables));
    assert_eq!((first.attempts, again.attempts), (1, 2));
    let mut ids = vec![work.id.clone()];
    for random in [7, 9] {
        let later = Work {
            id: domain::backup::RestoreId::new(1_795_226_401, random),
            ..Work::of(&["tags", "collections"], "x")
        };
        worker::begin(&db, &later).await?;
        ids.push(later.id);
    }
    let ids_of = |list: &[restores::Restore]| list.iter().map(|r| r.restore.clone()).collect::<Vec<_>>();
    let page = restores::list(&db, 2, None).await?;
    assert_eq!(ids_of(&page), [ids[2].clone(), ids[1].clone()]);
    assert_eq!(page[0].tables.len(), 2);
    assert_eq!(ids_of(&restores::list(&db, 2, Some(&ids[1])).await?), [ids[0].clone()]);
    assert_eq!(restores::list(&db, 2, Some(&ids[0])).await?, []);
    Ok(())
}
