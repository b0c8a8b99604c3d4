//! Swaps beside functions that are late: each waits before one of its calls while others go on.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use aurora::loads::{self, Ending, Run};
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, Faults, Rule};

use super::job::{Job, Kind};
use super::loader::{File, begin, load, named};
use super::{TABLE, assert_settled, database, no_faults};
use crate::restores::{content, database_with, worker};

/// Locks a fence, as raising and lifting do first.
const LOCK: &str = "FROM rowgate_table_fences WHERE table_name = :table FOR UPDATE";

/// Makes a call with this SQL wait for two seconds, after some others.
fn hold(test: &TestDatabase, sql: &str, after: usize) {
    let hold = Rule::new(Effect::DelayMs(2000)).sql(sql).after(u32::try_from(after).unwrap()).times(1);
    test.data_api().set(Faults::default().with(hold));
}

/// Waits until a table is there whose name begins so: then a call after it is held.
async fn made(test: &TestDatabase, prefix: &str) -> Result<()> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND LEFT(table_name, {}) = '{prefix}'",
        prefix.len()
    );
    for _ in 0..1000 {
        if test.value(&sql).await? != "0" {
            // The calls between the two.
            tokio::time::sleep(Duration::from_millis(200)).await;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("no table {prefix} in ten seconds")
}

/// Proves S5.
#[tokio::test]
async fn a_start_of_a_load_that_is_over_records_no_shadow() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let file = File::replace("v1", named(1..=6, "new"));
    hold(&test, "SET t.shadow_table = :shadow", 0);
    let late = tokio::spawn({
        let (db, file) = (test.database(), file.clone());
        async move { begin(&db, &file).await }
    });
    made(&test, "rowgate_new_").await?;
    let first = Run { id: file.id.clone(), restarts: 0 };
    loads::undo(&db, &first, Ending::Abandoned("tired")).await?;
    loads::begin(&db, file.new_load()).await?;
    // Its table is gone by now. Had it been recorded, the load would have started over again.
    let (run, _) = late.await??.unwrap();
    assert_eq!(run.restarts, 1);
    no_faults(&test);
    load(&db, &file).await?;
    assert_eq!(content(&test, TABLE).await?, file.rows);
    assert_settled(&test).await
}

/// Proves S9.
#[tokio::test]
async fn a_shadow_that_another_has_taken_the_place_of_is_not_swapped_in() -> Result<()> {
    for kind in Kind::BOTH {
        let test = database().await?;
        let job = Job::new(kind, "new");
        let (_, id) = job.ledger();
        let filled = job.fill(&test).await?;
        hold(&test, LOCK, 0);
        let late = tokio::spawn(filled.swap(test.database()));
        made(&test, "rowgate_swap_").await?;
        let later = worker::named(1..=4, "later");
        for table in job.tables() {
            let shadow = format!("rowgate_new_{}_00000001", id.replace('-', "_"));
            let shadow = if *table == TABLE { shadow } else { shadow.replace("00000001", "00000002") };
            test.sql(&format!("CREATE TABLE {shadow} LIKE {table}")).await?;
            test.sql(worker::insert(table, &shadow, &later).sql()).await?;
            test.sql(&format!(
                "UPDATE rowgate_job_tables SET shadow_table = '{shadow}' WHERE job_id = '{id}' AND table_name = '{table}'"
            ))
            .await?;
        }
        late.await??;
        for seen in job.content(&test).await? {
            assert_eq!(seen, later, "{kind:?}");
        }
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S3, S5: also where the database refuses to lock a row that has changed since an earlier
/// read of the transaction.
#[tokio::test]
async fn a_fence_that_has_just_changed_is_locked_all_the_same() -> Result<()> {
    for kind in Kind::BOTH {
        // The first lock before the RENAME, and the first after it.
        for (locks, marker) in [(0, "rowgate_swap_"), (1, "rowgate_swapped_")] {
            let test = database().await?;
            let job = Job::new(kind, "new");
            let before = job.content(&test).await?;
            let filled = job.fill(&test).await?;
            hold(&test, LOCK, locks * job.tables().len());
            let swap = tokio::spawn(filled.swap(test.database()));
            made(&test, marker).await?;
            for since in ["'2021-07-27'", "NULL"] {
                test.sql(&format!("UPDATE rowgate_table_fences SET fenced_since = {since}")).await?;
            }
            swap.await??;
            no_faults(&test);
            job.assert_done(&test, &before, &format!("{kind:?}, {marker}")).await?;
            assert_settled(&test).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_load_begins_when_the_job_that_it_waits_for_lets_it() -> Result<()> {
    let test = database_with(|config| config.limits.call = Duration::from_secs(1)).await?;
    let file = File::replace("v1", named(1..=6, "new"));
    // The gap into which the load's row falls.
    let mut holder = test.connect().await?;
    holder.query_drop("START TRANSACTION").await?;
    holder.query_drop("SELECT * FROM rowgate_job_tables WHERE job_id = 'none' FOR UPDATE").await?;
    let loading = tokio::spawn({
        let (db, file) = (test.database(), file.clone());
        async move { load(&db, &file).await }
    });
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!loading.is_finished());
    holder.query_drop("COMMIT").await?;
    loading.await??;
    assert_eq!(content(&test, TABLE).await?, file.rows);
    assert_settled(&test).await
}

/// Proves S8.
#[tokio::test]
async fn an_orphaned_table_that_somebody_reads_holds_up_no_job() -> Result<()> {
    for kind in Kind::BOTH {
        let test = database().await?;
        let ended = File::replace("v1", named(1..=3, "old"));
        load(&test.database(), &ended).await?;
        let orphans =
            ["rowgate_previous_", "rowgate_swapped_"].map(|role| format!("{role}{}_00000000", ended.id));
        for orphan in &orphans {
            test.sql(&format!("CREATE TABLE {orphan} LIKE collections")).await?;
        }
        let mut reader = test.connect().await?;
        reader.query_drop("START TRANSACTION").await?;
        reader.query_drop(format!("SELECT * FROM {}", orphans[0])).await?;
        let job = Job::new(kind, "new");
        let before = job.content(&test).await?;
        let began = Instant::now();
        job.clone().run(test.database()).await?;
        // The job waits for each table that it cannot drop, but not for long.
        assert!(began.elapsed() < Duration::from_secs(20), "{kind:?}: {:?}", began.elapsed());
        job.assert_done(&test, &before, "held").await?;
        let left = "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables \
                    WHERE table_schema = DATABASE() AND table_name LIKE '%\\_00000000'";
        assert_eq!(test.value(left).await?, orphans[0]);
        reader.query_drop("COMMIT").await?;
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}
