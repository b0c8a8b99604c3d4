//! Replaces that do not end with a swap, and what is left of loads that nobody works on.

use anyhow::Result;
use aurora::loads::{self, Claim, Ending, Swapped};
use aurora::swap::{self, Fence};

use super::loader::{DIGEST, File, TABLE, begin, commit, fill, load, named, table};
use super::{assert_settled, content, database, fence, let_time_pass, status};
use crate::restores::left_behind;

#[tokio::test]
async fn a_failed_replace_leaves_the_table_alone_and_counts_only_what_it_rejected() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let before = content(&test).await?;
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &run, &target).await?;
    test.sql(
        "UPDATE rowgate_load_chunks SET rows_read = rows_read + 2, rows_rejected = 2 WHERE chunk_no = 1",
    )
    .await?;
    test.sql(&format!("UPDATE rowgate_loads SET content_digest = '{DIGEST}'")).await?;
    loads::undo(&db, &run, Ending::Failed("line 9: a quote is never closed")).await?;
    assert_eq!(test.value("SELECT COUNT(content_digest) FROM rowgate_loads").await?, "0");
    assert_eq!(content(&test).await?, before);
    assert_eq!(status(&test, &file).await?, "failed 2 = 0 + 2");
    let error = test.value("SELECT error FROM rowgate_loads").await?;
    assert_eq!(error, "line 9: a quote is never closed; the table is as it was before");
    assert_settled(&test).await?;
    // Neither a late worker nor a second delivery changes anything.
    assert_eq!(commit(&db, &file, &run, &target, &file.chunks()[0]).await?, Claim::Ended);
    load(&db, &file).await?;
    loads::undo(&db, &run, Ending::Failed("again")).await?;
    assert_eq!(test.value("SELECT error FROM rowgate_loads").await?, error);
    assert_eq!(content(&test).await?, before);
    assert_settled(&test).await
}

#[tokio::test]
async fn an_abandoned_replace_begins_again() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let before = content(&test).await?;
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &run, &target).await?;
    loads::undo(&db, &run, Ending::Abandoned("tired")).await?;
    assert_eq!(content(&test).await?, before);
    assert_eq!(status(&test, &file).await?, "failed 0 = 0 + 0");
    assert_settled(&test).await?;
    let (again, _) = begin(&db, &file).await?.unwrap();
    assert_ne!(again, run);
    // A late worker of the first run must not put its rows into the second one's chunks.
    assert_eq!(commit(&db, &file, &run, &target, &file.chunks()[0]).await?, Claim::Restarted);
    load(&db, &file).await?;
    assert_eq!(content(&test).await?, file.rows);
    assert_eq!(status(&test, &file).await?, "completed 6 = 6 + 0");
    assert_settled(&test).await
}

#[tokio::test]
async fn a_replace_without_a_shadow_can_fail_too() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&db, &file).await?.unwrap();
    test.sql(&format!("DROP TABLE {target}")).await?;
    test.sql("UPDATE rowgate_job_tables SET shadow_table = NULL").await?;
    loads::undo(&db, &run, Ending::Failed("no")).await?;
    assert_eq!(status(&test, &file).await?, "failed 0 = 0 + 0");
    assert_settled(&test).await
}

/// Proves S2, S4.
#[tokio::test]
async fn a_rename_that_comes_once_its_fence_is_lifted_finds_nothing() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let before = content(&test).await?;
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &run, &target).await?;
    let rename = fence(&test, file.id.as_str(), &[TABLE]).await?;
    let_time_pass(&test).await?;
    assert_eq!(swap::recover(&db, TABLE).await?, Fence::Lifted);
    assert!(test.sql(&rename).await.is_err());
    // The filled table stays.
    assert_eq!(begin(&db, &file).await?.unwrap(), (run.clone(), target));
    loads::undo(&db, &run, Ending::Abandoned("tired")).await?;
    assert!(test.sql(&rename).await.is_err());
    assert_eq!(content(&test).await?, before);
    load(&db, &file).await?;
    assert_eq!(content(&test).await?, file.rows);
    assert_settled(&test).await
}

/// Proves S1, S5, S6.
#[tokio::test]
async fn a_replace_whose_rename_has_happened_completes_whatever_its_loader_makes_of_it() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    for (version, ending) in [("v1", Ending::Failed("out of time")), ("v2", Ending::Abandoned("out of time"))]
    {
        let file = File::replace(version, named(1..=6, version));
        let (run, target) = begin(&db, &file).await?.unwrap();
        fill(&db, &file, &run, &target).await?;
        let rename = fence(&test, file.id.as_str(), &[TABLE]).await?;
        test.sql(&rename).await?;
        loads::undo(&db, &run, ending).await?;
        assert_eq!(content(&test).await?, file.rows);
        assert_eq!(status(&test, &file).await?, "completed 6 = 6 + 0");
        assert_settled(&test).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_replace_whose_shadow_is_lost_begins_again() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &run, &target).await?;
    test.sql(&format!("DROP TABLE {target}")).await?;
    assert_eq!(loads::swap(&db, &run, table(), DIGEST).await?, Swapped::Unfilled);
    let (run, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &run, &target).await?;
    test.sql(&format!("DROP TABLE {target}")).await?;
    load(&db, &file).await?;
    assert_eq!(content(&test).await?, file.rows);
    assert_eq!(status(&test, &file).await?, "completed 6 = 6 + 0");
    assert_settled(&test).await
}

/// Proves S8.
#[tokio::test]
async fn the_audit_drops_what_no_load_needs_and_nothing_else() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let filling = File::replace("v1", named(1..=6, "new"));
    let (run, needed) = begin(&db, &filling).await?.unwrap();
    fill(&db, &filling, &run, &needed).await?;
    let just_begun = File::replace("v2", named(1..=6, "newer"));
    begin(&db, &just_begun).await?.unwrap();
    test.sql(&format!(
        "UPDATE rowgate_job_tables SET shadow_table = NULL WHERE job_id = '{}'",
        just_begun.id
    ))
    .await?;
    let ended = File::replace("v3", named(1..=3, "old"));
    load(&db, &ended).await?;
    let unknown = File::replace("v4", Vec::new());
    let left = |file: &File| {
        [format!("rowgate_new_{}_00000000", file.id), format!("rowgate_previous_{}_00000000", file.id)]
    };
    for name in [left(&filling), left(&just_begun), left(&ended), left(&unknown)].concat() {
        test.sql(&format!("CREATE TABLE {name} LIKE collections")).await?;
    }
    test.sql("CREATE TABLE rowgate_new_ideas (id INT PRIMARY KEY)").await?;
    let mut dropped = swap::reap(&db).await?.dropped;
    dropped.sort();
    // Removed are a shadow that its load has not recorded, if the load has another one, and both
    // shadows of an ended load. A shadow of a load that has recorded none may be recorded soon, and
    // a previous table is evidence of a swap until its load is completed.
    let mut expected = vec![left(&filling)[0].clone(), left(&ended)[0].clone(), left(&ended)[1].clone()];
    expected.sort();
    assert_eq!(dropped, expected);
    assert_eq!(swap::reap(&db).await?, swap::Orphans::default());
    load(&db, &filling).await?;
    assert_eq!(content(&test).await?, filling.rows);
    Ok(())
}

/// Proves S4.
#[tokio::test]
async fn a_fence_that_a_load_without_a_swap_has_raised_is_lifted() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let ended = File::replace("v1", named(1..=6, "new"));
    load(&db, &ended).await?;
    let unknown = File::replace("v2", Vec::new());
    for file in [&ended, &unknown] {
        fence(&test, file.id.as_str(), &[TABLE]).await?;
        assert_eq!(swap::recover(&db, TABLE).await?, Fence::Raised);
        let_time_pass(&test).await?;
        assert_eq!(swap::recover(&db, TABLE).await?, Fence::Lifted);
    }
    assert_eq!(left_behind(&test).await?, Vec::<Vec<_>>::new());
    assert_settled(&test).await
}
