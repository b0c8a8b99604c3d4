//! The meaning of a taken id: rejected, replaced, or gone with the whole table.

use std::time::Duration;

use anyhow::Result;
use domain::dictionary::RejectLimit;
use domain::load::LoadStatus;

use crate::cloud::Cloud;

const NONE: [usize; 0] = [];

/// Tags as lines `id name`.
async fn tags(cloud: &Cloud) -> Result<Vec<String>> {
    column(cloud, "SELECT CONCAT(id, ' ', tag_name) FROM tags ORDER BY id").await
}

/// The first column of a query's rows.
async fn column(cloud: &Cloud, sql: &str) -> Result<Vec<String>> {
    Ok(cloud.test.sql(sql).await?.into_iter().map(|row| row[0].clone().unwrap()).collect())
}

async fn shadows(cloud: &Cloud) -> Result<Vec<String>> {
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
               AND (table_name LIKE 'rowgate\\_new%' OR table_name LIKE 'rowgate\\_old%')";
    column(cloud, sql).await
}

#[tokio::test]
async fn an_upsert_replaces_rows_and_the_last_of_equal_ids_stays() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n2,b\n").await?;
    let load = cloud.load("incoming/tags/upsert/b.csv", "2,B\n3,c\n3,C\n4,\n").await?;
    assert_eq!((load.rows_read, load.rows_loaded, load.rows_rejected), (4, 3, 1));
    assert_eq!(tags(&cloud).await?, ["1 a", "2 B", "3 C"]);
    Ok(())
}

#[tokio::test]
async fn a_replace_leaves_what_the_file_says_and_nothing_else() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n2,b\n").await?;
    let load = cloud.load("incoming/tags/replace/b.csv", "2,B\n3,c\n").await?;
    assert_eq!((load.status, load.rows_loaded, load.rows_rejected), (LoadStatus::Completed, 2, 0));
    assert_eq!(tags(&cloud).await?, ["2 B", "3 c"]);
    assert_eq!(shadows(&cloud).await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn a_replace_that_fails_leaves_the_table_as_it_was() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n").await?;
    let load = cloud.load("incoming/tags/replace/b.csv", format!("2,b\n{}", "x".repeat(2_000_000))).await?;
    assert_eq!((load.status, load.rows_loaded), (LoadStatus::Failed, 0), "{load:?}");
    assert_eq!(load.rows_read, load.rows_rejected);
    let error = load.error.unwrap_or_default();
    assert!(
        error.starts_with("line 2: the record is longer")
            && error.ends_with("; the table is as it was before"),
        "{error}"
    );
    assert_eq!(tags(&cloud).await?, ["1 a"]);
    assert_eq!(shadows(&cloud).await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn a_file_without_a_row_that_passes_replaces_nothing() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n").await?;
    for (name, content) in [("empty", ""), ("header", "id,tag_name\n"), ("blank", "id,tag_name\n,\n")] {
        let load = cloud.load(&format!("incoming/tags/replace/{name}.csv"), content).await?;
        assert_eq!((load.status, load.rows_loaded), (LoadStatus::Failed, 0), "{name}");
        let error = load.error.unwrap_or_default();
        assert_eq!(error, "the file has no row to replace the table with; the table is as it was before");
    }
    let rejects = format!("incoming/tags/replace/{}-00000.csv", "0123456789abcdef".repeat(2));
    let load = cloud.load(&rejects, "2,b\n").await?;
    assert!(load.error.unwrap_or_default().starts_with("a file of rejected records cannot replace a table"));
    assert_eq!(tags(&cloud).await?, ["1 a"]);
    assert_eq!(shadows(&cloud).await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn bytes_that_were_replaced_since_are_loaded_again() -> Result<()> {
    let cloud = Cloud::start().await?;
    let file = "1,a\n2,b\n";
    cloud.load("incoming/tags/a.csv", file).await?;
    assert_eq!(cloud.load("incoming/tags/b.csv", file).await?.status, LoadStatus::Skipped);
    cloud.load("incoming/tags/replace/c.csv", "3,c\n").await?;
    assert_eq!(cloud.load("incoming/tags/d.csv", file).await?.status, LoadStatus::Completed);
    assert_eq!(tags(&cloud).await?, ["1 a", "2 b", "3 c"]);
    // Only an append is ever skipped: the others may have something to put right.
    assert_eq!(cloud.load("incoming/tags/upsert/e.csv", file).await?.status, LoadStatus::Completed);
    assert_eq!(cloud.load("incoming/tags/replace/f.csv", file).await?.status, LoadStatus::Completed);
    assert_eq!(tags(&cloud).await?, ["1 a", "2 b"]);
    Ok(())
}

/// Rows of some chunks, in which the ids 1 to 50 come again and again with another name.
fn repeating() -> (String, Vec<String>, Vec<String>) {
    let (mut file, mut first, mut last) = (String::new(), Vec::new(), Vec::new());
    for round in 0..8 {
        for id in 1..=50 {
            file += &format!("{id},round {round}\n");
        }
        for id in 0..40 {
            file += &format!("{},filler of round {round} to make a chunk\n", 1000 + 100 * round + id);
        }
    }
    for id in 1..=50 {
        first.push(format!("{id} round 0"));
        last.push(format!("{id} round 7"));
    }
    (file, first, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_equal_ids_in_chunks_side_by_side_the_first_counts_and_in_an_upsert_the_last() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options {
        lanes: 8,
        chunk_bytes: 1024,
        max_rejects: Some(RejectLimit::Count(350)),
        ..cloud.options
    };
    let (file, first, last) = repeating();
    for _ in 0..5 {
        cloud.test.sql("TRUNCATE TABLE tags").await?;
        let load = cloud.load("incoming/tags/replace/x.csv", file.clone()).await?;
        assert_eq!((load.rows_loaded, load.rows_rejected), (50 + 320, 350));
        assert_eq!(tags(&cloud).await?[..50], first);
        cloud.test.sql("TRUNCATE TABLE tags").await?;
        let load = cloud.load("incoming/tags/upsert/x.csv", file.clone()).await?;
        assert_eq!((load.rows_loaded, load.rows_rejected), (720, 0));
        assert_eq!(tags(&cloud).await?[..50], last);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_beside_a_replace_is_whole_before_it_or_after_it() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options.chunk_bytes = 1024;
    let rows = |ids: std::ops::Range<u32>, name: &str| -> String {
        ids.map(|id| format!("{id},{name} with some more letters\n")).collect()
    };
    for round in 0..6 {
        cloud.test.sql("TRUNCATE TABLE tags").await?;
        let append = cloud.drop_file(
            "incoming/tags/a.csv",
            rows(0..600, &format!("append {round}")).replacen("0,", "600,", 1),
        );
        let replace =
            cloud.drop_file("incoming/tags/replace/r.csv", rows(1000..1200, &format!("replace {round}")));
        let (later, sooner) = if round % 2 == 0 { (&append, &replace) } else { (&replace, &append) };
        let started = async {
            tokio::time::sleep(Duration::from_millis(20 * round)).await;
            cloud.deliver(std::slice::from_ref(later)).await
        };
        let (one, other) = tokio::join!(cloud.deliver(std::slice::from_ref(sooner)), started);
        assert_eq!((one?, other?), (NONE.to_vec(), NONE.to_vec()));
        let count = |name: &str| {
            let sql = format!("SELECT COUNT(*) FROM tags WHERE tag_name LIKE '{name}%'");
            let cloud = &cloud;
            async move { cloud.test.value(&sql).await }
        };
        let (appended, replaced) = (count("append").await?, count("replace").await?);
        assert_eq!(replaced, "200");
        assert!(appended == "600" || appended == "0", "{appended} rows of the append are left");
        let statuses = column(&cloud, "SELECT DISTINCT status FROM rowgate_loads").await?;
        assert_eq!(statuses, ["completed"]);
        assert_eq!(shadows(&cloud).await?, [] as [&str; 0]);
    }
    Ok(())
}
