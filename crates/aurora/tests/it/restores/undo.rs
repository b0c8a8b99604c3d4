//! Putting back what a restore took the place of, and putting that back again.

use anyhow::Result;
use aurora::restores;

use super::worker::{Work, begin, named, restore};
use super::{THREE, assert_settled, content, database, previous, previous_content, status};

#[tokio::test]
async fn an_undo_swaps_the_previous_tables_in_and_can_be_undone_again_and_again() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = Work::of(&THREE, "new");
    restore(&db, &first).await?;
    test.sql("INSERT INTO tags (tag_name) VALUES ('since')").await?;
    let news = content(&test, "tags").await?;
    let mut last = first.clone();
    for round in 0..4 {
        let back = last.undone();
        restore(&db, &back).await?;
        assert_eq!(status(&test, &back).await?, "completed", "{round}");
        let (there, set_aside) =
            if round % 2 == 0 { (named(1..=3, "old"), &news) } else { (news.clone(), &named(1..=3, "old")) };
        assert_eq!(content(&test, "tags").await?, there, "{round}");
        assert_eq!(&previous_content(&test, &back, "tags").await?, set_aside, "{round}");
        assert_eq!(previous(&test, &last, "tags").await?, None, "{round}");
        assert_settled(&test).await?;
        last = back;
    }
    // The numbers continue even so.
    test.sql("INSERT INTO tags (tag_name) VALUES ('next')").await?;
    let ids = "SELECT GROUP_CONCAT(id ORDER BY id) FROM tags WHERE tag_name IN ('since', 'next')";
    assert_eq!(test.value(ids).await?, "6,7");
    Ok(())
}

#[tokio::test]
async fn an_undo_of_one_table_leaves_the_others() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = Work::of(&THREE, "new");
    restore(&db, &first).await?;
    let mut back = first.undone();
    back.tables.retain(|(table, _)| *table == "documents");
    restore(&db, &back).await?;
    assert_eq!(content(&test, "documents").await?, named(1..=3, "old"));
    assert_eq!(content(&test, "tags").await?, first.rows("tags"));
    assert_eq!(previous_content(&test, &first, "tags").await?, named(1..=3, "old"));
    assert_settled(&test).await
}

#[tokio::test]
async fn an_undo_without_a_previous_table_fails() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let (first, second) = (Work::of(&["tags"], "one"), Work::of(&["tags"], "two"));
    restore(&db, &first).await?;
    restore(&db, &second).await?;
    let unknown = Work::of(&["tags"], "unknown");
    let mut more = second.undone();
    more.tables.push(("collections", Vec::new()));
    for back in [first.undone(), unknown.undone(), more] {
        restore(&db, &back).await?;
        let reason = format!(
            "failed: the restore {} keeps no former table of that name; the tables are as they were before",
            back.source
        );
        assert_eq!(status(&test, &back).await?, reason);
        assert_eq!(content(&test, "tags").await?, second.rows("tags"));
        assert_eq!(previous_content(&test, &second, "tags").await?, first.rows("tags"));
        assert_settled(&test).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_undo_that_fails_loses_nothing() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = Work::of(&["collections", "tags"], "new");
    restore(&db, &first).await?;
    test.sql("ALTER TABLE collections ADD COLUMN note VARCHAR(10) NULL").await?;
    let back = first.undone();
    restore(&db, &back).await?;
    let reason = "failed: the columns or indexes of collections have changed since the former table was set aside; \
                  the tables are as they were before";
    assert_eq!(status(&test, &back).await?, reason);
    crate::reap(&db).await?;
    assert_eq!(previous_content(&test, &first, "collections").await?, named(1..=3, "old"));
    assert_settled(&test).await?;
    test.sql("ALTER TABLE collections DROP COLUMN note").await?;
    let again = first.undone();
    restore(&db, &again).await?;
    assert_eq!(content(&test, "collections").await?, named(1..=3, "old"));
    assert_eq!(content(&test, "tags").await?, named(1..=3, "old"));
    assert_settled(&test).await
}

#[tokio::test]
async fn a_restore_that_completes_first_takes_the_previous_table_of_an_undo() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = Work::of(&["tags"], "one");
    restore(&db, &first).await?;
    let back = first.undone();
    begin(&db, &back).await?;
    // It has found what is kept, and is killed.
    let adopt = format!(
        "UPDATE rowgate_job_tables SET shadow_table = '{}', is_filled = TRUE WHERE job_id = '{}'",
        previous(&test, &first, "tags").await?.unwrap_or_default(),
        back.id
    );
    test.sql(&adopt).await?;
    let second = Work::of(&["tags"], "two");
    restore(&db, &second).await?;
    restore(&db, &back).await?;
    let reason = format!(
        "failed: the restore {} keeps no former tags any more: the table has been restored since; \
         the tables are as they were before",
        first.id
    );
    assert_eq!(status(&test, &back).await?, reason);
    assert_eq!(content(&test, "tags").await?, second.rows("tags"));
    assert_eq!(previous_content(&test, &second, "tags").await?, first.rows("tags"));
    assert_settled(&test).await
}

#[tokio::test]
async fn the_previous_table_of_a_table_of_rowgates_own_is_dropped_after_an_hour() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = Work::of(&THREE, "new");
    restore(&db, &first).await?;
    let kept = previous(&test, &first, "tags").await?.unwrap_or_default();
    // As if it were a hidden table.
    let own = "UPDATE rowgate_job_tables SET table_name = 'rowgate_verify' WHERE table_name = 'tags'";
    test.sql(own).await?;
    assert_eq!(restores::drop_orphans(&db).await?.dropped, [""; 0]);
    test.sql("UPDATE rowgate_restores SET finished_at = finished_at - INTERVAL 61 MINUTE").await?;
    // An undo of it has begun.
    let shadow = "UPDATE rowgate_job_tables SET shadow_table = '{kept}' WHERE table_name = 'collections'";
    test.sql(&shadow.replace("{kept}", &kept)).await?;
    assert_eq!(restores::drop_orphans(&db).await?.dropped, [""; 0]);
    test.sql("UPDATE rowgate_job_tables SET shadow_table = NULL").await?;
    assert_eq!(restores::drop_orphans(&db).await?.dropped, [kept]);
    assert_eq!(previous_content(&test, &first, "documents").await?, named(1..=3, "old"));
    assert_settled(&test).await
}
