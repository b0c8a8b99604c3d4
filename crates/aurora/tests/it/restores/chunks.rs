//! Chunks: claimed once, whoever works on them, and only as long as their table is being filled.

use std::time::Duration;

use anyhow::Result;
use aurora::restores::{
    self, Claim, Filled, Prepared, Shadow, Swapped, TableFigures, claim_chunk, committed_chunks,
    is_committed, prepare, record_filled,
};

use super::worker::{self, CHECKSUM, Work, begin, commit, figures, fill, insert, restore, table};
use super::{assert_settled, content, database};

async fn shadow(db: &aurora::Database, work: &Work, name: &str) -> Result<Shadow> {
    match prepare(db, &work.id, table(name)).await? {
        Prepared::Fill { shadow } => Ok(shadow),
        other => anyhow::bail!("{other:?}"),
    }
}

fn all_of(rows: u64) -> TableFigures {
    TableFigures { rows_read: rows, rows_restored: rows, rows_rejected: 0, checksum: CHECKSUM.to_owned() }
}

#[tokio::test]
async fn a_concurrent_delivery_waits_for_a_chunk_in_flight_and_then_finds_it_committed() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&["tags"], "new");
    begin(&db, &work).await?;
    let target = shadow(&db, &work, "tags").await?;
    assert_eq!(shadow(&db, &work, "tags").await?, target);
    let under_way = db.begin().await?;
    let claim = claim_chunk(&under_way, &work.id, "tags", &target, 0, &figures(&work, "tags", 0)).await?;
    assert_eq!(claim, Claim::Ours);
    let concurrent = tokio::spawn({
        let (db, work, target) = (test.database(), work.clone(), target.clone());
        async move { commit(&db, &work, "tags", &target, 0).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!concurrent.is_finished());
    // Another function takes the restore up meanwhile.
    assert_eq!(begin(&db, &work).await?.attempts, 2);
    under_way.execute(insert("tags", target.name(), work.chunks("tags")[0])).await?;
    under_way.commit().await?;
    assert_eq!(concurrent.await??, Claim::Committed);
    assert!(is_committed(&db, &work.id, "tags", 0).await?);
    assert!(!is_committed(&db, &work.id, "tags", 1).await?);
    restore(&db, &work).await?;
    assert_eq!(content(&test, "tags").await?, work.rows("tags"));
    assert_settled(&test).await
}

#[tokio::test]
async fn two_functions_on_one_restore_do_nothing_twice() -> Result<()> {
    let test = database().await?;
    for round in 0..4 {
        let work = Work::of(&["tags", "collections"], &format!("new {round}"));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let (db, work) = (test.database(), work.clone());
                tokio::spawn(async move { restore(&db, &work).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        assert_eq!(content(&test, "tags").await?, work.rows("tags"));
        assert_eq!(content(&test, "collections").await?, work.rows("collections"));
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S9.
#[tokio::test]
async fn no_chunk_is_claimed_once_its_table_is_noted_or_its_restore_has_ended() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&["tags"], "new");
    begin(&db, &work).await?;
    let target = shadow(&db, &work, "tags").await?;
    fill(&db, &work).await?;
    assert_eq!(prepare(&db, &work.id, table("tags")).await?, Prepared::Filled);
    let more = Work { tables: vec![("tags", worker::named(1..=7, "new"))], ..work.clone() };
    assert_eq!(commit(&db, &more, "tags", &target, 2).await?, Claim::Committed);
    assert_eq!(commit(&db, &more, "tags", &target, 3).await?, Claim::Restarted);
    restores::swap(&db, &work.id).await?;
    assert_eq!(commit(&db, &more, "tags", &target, 3).await?, Claim::Ended);
    assert_eq!(prepare(&db, &work.id, table("tags")).await?, Prepared::Ended);
    assert_eq!(record_filled(&db, &work.id, "tags", &target, &all_of(5)).await?, Filled::Ended);
    let failed = Work::of(&["tags"], "failed");
    begin(&db, &failed).await?;
    let target = shadow(&db, &failed, "tags").await?;
    restores::fail(&db, &failed.id, "no").await?;
    assert_eq!(commit(&db, &failed, "tags", &target, 0).await?, Claim::Ended);
    assert_eq!(content(&test, "tags").await?, work.rows("tags"));
    assert_settled(&test).await
}

/// Proves S9.
#[tokio::test]
async fn a_table_is_noted_only_with_the_figures_of_its_chunks_and_none_left_out() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = Work::of(&["tags"], "new");
    begin(&db, &work).await?;
    let target = shadow(&db, &work, "tags").await?;
    for number in [0, 2] {
        commit(&db, &work, "tags", &target, number).await?;
    }
    assert_eq!(committed_chunks(&db, &work.id, "tags").await?.into_keys().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(record_filled(&db, &work.id, "tags", &target, &all_of(3)).await?, Filled::Differs);
    assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Unfilled);
    commit(&db, &work, "tags", &target, 1).await?;
    assert_eq!(record_filled(&db, &work.id, "tags", &target, &all_of(4)).await?, Filled::Differs);
    let other =
        Shadow::parse(&format!("rowgate_new_{}_00000000", work.id.as_str().replace('-', "_"))).unwrap();
    assert_eq!(record_filled(&db, &work.id, "tags", &other, &all_of(5)).await?, Filled::Restarted);
    let more = Work { tables: vec![("tags", worker::named(1..=7, "new"))], ..work.clone() };
    assert_eq!(commit(&db, &more, "tags", &other, 3).await?, Claim::Restarted);
    assert_eq!(record_filled(&db, &work.id, "tags", &target, &all_of(5)).await?, Filled::Recorded);
    assert_eq!(restores::finish_verify(&db, &work.id).await.ok(), None);
    assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Ended);
    assert_settled(&test).await
}

#[tokio::test]
async fn a_shadow_that_is_lost_is_filled_again() -> Result<()> {
    for filled in [false, true] {
        let test = database().await?;
        let db = test.database();
        let work = Work::of(&["collections", "tags"], "new");
        begin(&db, &work).await?;
        let target = shadow(&db, &work, "tags").await?;
        commit(&db, &work, "tags", &target, 0).await?;
        if filled {
            fill(&db, &work).await?;
        }
        test.sql(&format!("DROP TABLE {}", target.name())).await?;
        if filled {
            assert_eq!(restores::swap(&db, &work.id).await?, Swapped::Unfilled);
        }
        restore(&db, &work).await?;
        assert_eq!(content(&test, "tags").await?, work.rows("tags"));
        assert_eq!(content(&test, "collections").await?, work.rows("collections"));
        assert_settled(&test).await?;
    }
    Ok(())
}
