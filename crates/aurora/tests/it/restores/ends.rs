//! Restores that do not end with a swap, and what is left of those that nobody works on.

use anyhow::Result;
use aurora::restores::{self, Prepared, Swapped, prepare};
use aurora::swap::{self, Fence, Orphans};

use super::worker::{self, Work, begin, fill, named, restore, table};
use super::{
    THREE, assert_settled, content, database, left_behind, let_an_hour_pass, let_time_pass, previous, status,
};
use crate::swap::fence;

#[tokio::test]
async fn a_failed_restore_leaves_the_tables_alone_and_nothing_but_its_reason() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&THREE, "new");
    begin(&db, &work).await?;
    fill(&db, &work).await?;
    test.sql(
        "UPDATE rowgate_restore_chunks SET rows_read = rows_read + 2, rows_rejected = 2, rejects_key = 'rejected/x' \
         WHERE table_name = 'tags' AND chunk_no = 1",
    )
    .await?;
    restores::fail(&db, &work.id, "part-00001.avro is cut off").await?;
    let failed = "failed: part-00001.avro is cut off; the tables are as they were before";
    assert_eq!(status(&test, &work).await?, failed);
    let tags = restores::get(&db, &work.id).await?.unwrap().tables["tags"].clone();
    assert_eq!((tags.rows_read, tags.rows_restored, tags.rows_rejected, tags.checksum), (7, 0, 2, None));
    assert_settled(&test).await?;
    assert_eq!(
        test.value("SELECT GROUP_CONCAT(rejects_key) FROM rowgate_restore_chunks").await?,
        "rejected/x"
    );
    // Neither a late function nor another invocation changes anything.
    restore(&db, &work).await?;
    restores::fail(&db, &work.id, "again").await?;
    assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Ended);
    assert_eq!(status(&test, &work).await?, failed);
    for table in THREE {
        assert_eq!(content(&test, table).await?, named(1..=3, "old"));
    }
    assert_settled(&test).await
}

/// Proves S2, S4.
#[tokio::test]
async fn a_rename_that_comes_once_the_fences_are_lifted_moves_nothing() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&THREE, "new");
    begin(&db, &work).await?;
    fill(&db, &work).await?;
    let rename = fence(&test, work.id.as_str(), &THREE).await?;
    assert_eq!(swap::recover(&db, "tags").await?, Fence::Raised);
    let_time_pass(&test).await?;
    assert_eq!(swap::recover(&db, "tags").await?, Fence::Lifted);
    for table in THREE {
        // All fences are lifted, not only the one that was read.
        let sql = format!(
            "SELECT COUNT(*) FROM rowgate_table_fences WHERE table_name = '{table}' AND job_id IS NULL"
        );
        assert_eq!(test.value(&sql).await?, "1");
    }
    assert!(test.sql(&rename).await.is_err());
    for table in THREE {
        assert_eq!(content(&test, table).await?, named(1..=3, "old"));
    }
    // Filled tables are kept: nothing is inserted again.
    for table in THREE {
        assert_eq!(prepare(&db, &work.id, worker::table(table)).await?, Prepared::Filled);
    }
    restore(&db, &work).await?;
    assert_eq!(content(&test, "documents").await?, work.rows("documents"));
    assert!(test.sql(&rename).await.is_err());
    assert_eq!(content(&test, "documents").await?, work.rows("documents"));
    assert_settled(&test).await
}

/// Proves S1, S5, S6.
#[tokio::test]
async fn a_restore_whose_rename_has_happened_completes_whatever_is_made_of_it() -> Result<()> {
    for what in ["fail", "swap", "prepare", "recover", "reap", "abandoned", "fenced anew", "unread"] {
        let test = database().await?;
        let db = test.database();
        let work = Work::of(&THREE, what);
        begin(&db, &work).await?;
        fill(&db, &work).await?;
        let rename = fence(&test, work.id.as_str(), &THREE).await?;
        test.sql(&rename).await?;
        match what {
            "fail" => restores::fail(&db, &work.id, "out of time").await?,
            "swap" => assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Ended),
            "prepare" => assert_eq!(prepare(&db, &work.id, table("tags")).await?, Prepared::Ended),
            "recover" => {
                let_time_pass(&test).await?;
                assert_eq!(swap::recover(&db, "documents").await?, Fence::Lifted);
            }
            "reap" => {
                let_time_pass(&test).await?;
                assert_eq!(crate::reap(&db).await?.0, []);
            }
            "abandoned" => {
                let_an_hour_pass(&test).await?;
                assert_eq!(crate::reap(&db).await?.0, []);
            }
            "fenced anew" => {
                let_an_hour_pass(&test).await?;
                test.sql("UPDATE rowgate_table_fences SET fenced_since = UTC_TIMESTAMP(3)").await?;
                assert_eq!(crate::reap(&db).await?.0, []);
            }
            _ => {
                // What cannot be read then is no reason to leave the tables fenced.
                let_an_hour_pass(&test).await?;
                test.sql("RENAME TABLE rowgate_restore_chunks TO hidden").await?;
                assert!(crate::reap(&db).await.is_err());
                test.sql("RENAME TABLE hidden TO rowgate_restore_chunks").await?;
                assert_eq!(status(&test, &work).await?, "completed");
                crate::reap(&db).await?;
            }
        }
        assert_eq!(status(&test, &work).await?, "completed", "{what}");
        for table in THREE {
            assert_eq!(content(&test, table).await?, work.rows(table));
            assert_eq!(super::previous_content(&test, &work, table).await?, named(1..=3, "old"));
        }
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S9.
#[tokio::test]
async fn a_migration_during_a_restore_survives_and_the_restore_fails_with_the_reason() -> Result<()> {
    for migration in [
        "ALTER TABLE collections ADD COLUMN note VARCHAR(10) NULL",
        "ALTER TABLE collections ADD KEY collections_by_name (collection_name)",
    ] {
        let test = database().await?;
        let db = test.database();
        let work = Work::of(&["collections", "tags"], "new");
        begin(&db, &work).await?;
        fill(&db, &work).await?;
        test.sql(migration).await?;
        assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Ended);
        let reason = "failed: the columns or indexes of collections have changed during the restore; \
                      the tables are as they were before";
        assert_eq!(status(&test, &work).await?, reason);
        for table in ["collections", "tags"] {
            assert_eq!(content(&test, table).await?, named(1..=3, "old"));
        }
        assert_settled(&test).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_dropped_table_is_reported_before_and_after_its_shadow_is_filled() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&["collections", "tags"], "new");
    begin(&db, &work).await?;
    fill(&db, &work).await?;
    test.sql("DROP TABLE tags").await?;
    assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Ended);
    let reason = "failed: the database has no table tags any more; the tables are as they were before";
    assert_eq!(status(&test, &work).await?, reason);
    let late = Work::of(&["tags"], "new");
    begin(&db, &late).await?;
    assert_eq!(prepare(&db, &late.id, table("tags")).await?, Prepared::Missing);
    restores::fail(&db, &late.id, "the database has no table tags").await?;
    assert_eq!(content(&test, "collections").await?, named(1..=3, "old"));
    assert_settled(&test).await
}

/// Proves S8.
#[tokio::test]
async fn the_reaper_drops_what_no_restore_needs_and_nothing_else() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let ended = Work::of(&["collections"], "one");
    restore(&db, &ended).await?;
    let previous_table = previous(&test, &ended, "collections").await?.unwrap();
    let filling = Work::of(&["tags"], "two");
    begin(&db, &filling).await?;
    fill(&db, &filling).await?;
    let just_begun = Work::of(&["tags"], "three");
    begin(&db, &just_begun).await?;
    let verifying = Work::of(&["documents"], "four").verify();
    restore(&db, &verifying).await?;
    let unknown = Work::of(&["tags"], "five");
    let left = |work: &Work| {
        ["new", "previous", "swap", "swapped"]
            .map(|what| format!("rowgate_{what}_{}_00000000", work.id.as_str().replace('-', "_")))
    };
    for name in [left(&ended), left(&filling), left(&just_begun), left(&verifying), left(&unknown)].concat() {
        test.sql(&format!("CREATE TABLE {name} LIKE collections")).await?;
    }
    test.sql("CREATE TABLE rowgate_previous_ideas (id INT PRIMARY KEY)").await?;
    let mut dropped = crate::reap(&db).await?.1.dropped;
    dropped.sort();
    // Of ended restores, everything that the ledger does not record is removed. Of a running one, a
    // shadow beside the one that it fills. A table or marker of a restore that has none yet may be
    // recorded soon; a renamed marker and a previous table are evidence of a swap.
    let mut expected =
        [left(&ended).to_vec(), left(&verifying).to_vec(), vec![left(&filling)[0].clone()]].concat();
    expected.sort();
    assert_eq!(dropped, expected);
    assert_eq!(swap::reap(&db).await?, Orphans::default());
    assert_eq!(test.value(&super::exists(&previous_table)).await?, "1");
    restore(&db, &filling).await?;
    assert_eq!(content(&test, "tags").await?, filling.rows("tags"));
    Ok(())
}

#[tokio::test]
async fn a_restore_that_nobody_works_on_fails_and_one_that_commits_chunks_does_not() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let left_alone = Work::of(&["tags"], "one");
    let working = Work::of(&["tags"], "two");
    for work in [&left_alone, &working] {
        begin(&db, work).await?;
        fill(&db, work).await?;
    }
    assert_eq!(crate::reap(&db).await?.0, []);
    let_an_hour_pass(&test).await?;
    let touch = format!(
        "UPDATE rowgate_restore_chunks SET committed_at = UTC_TIMESTAMP(3) WHERE restore_id = '{}' AND chunk_no = 1",
        working.id
    );
    test.sql(&touch).await?;
    let (failed, orphans) = crate::reap(&db).await?;
    assert_eq!(failed, std::slice::from_ref(&left_alone.id));
    // Its table, which was needed until then.
    assert_eq!(orphans.dropped.len(), 1);
    let reason = "failed: nobody has worked on it for 30 minutes; the tables are as they were before";
    assert_eq!(status(&test, &left_alone).await?, reason);
    restore(&db, &working).await?;
    assert_eq!(content(&test, "tags").await?, working.rows("tags"));
    assert_settled(&test).await
}

/// Proves S4.
#[tokio::test]
async fn a_fence_that_a_restore_without_a_swap_has_raised_is_lifted() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let ended = Work::of(&["tags"], "one");
    restore(&db, &ended).await?;
    for work in [&ended, &Work::of(&["tags"], "unknown")] {
        fence(&test, work.id.as_str(), &["tags"]).await?;
        assert_eq!(swap::recover(&db, "tags").await?, Fence::Raised);
        let_time_pass(&test).await?;
        assert_eq!(swap::recover(&db, "tags").await?, Fence::Lifted);
    }
    assert_eq!(left_behind(&test).await?, Vec::<Vec<_>>::new());
    assert_settled(&test).await
}
