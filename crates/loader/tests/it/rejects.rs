//! Rejected records: their limit, and their way back when they are dropped again.

use anyhow::Result;
use domain::dictionary::RejectLimit;
use domain::load::LoadStatus;

use crate::cloud::{Cloud, rejects};

#[tokio::test]
async fn beyond_the_limit_the_load_fails_and_says_what_stays() -> Result<()> {
    for (limit, fails) in [("2", false), ("1", true), ("50%", false), ("49%", true)] {
        let mut cloud = Cloud::start().await?;
        cloud.options.max_rejects = RejectLimit::parse(limit).ok();
        let load = cloud.load("incoming/tags/a.csv", "1,a\n2,\n3,c\n4,\n").await?;
        assert_eq!((load.rows_read, load.rows_loaded, load.rows_rejected), (4, 2, 2), "{limit}");
        assert_eq!(load.status, if fails { LoadStatus::Failed } else { LoadStatus::Completed }, "{limit}");
        let expected = fails.then(|| {
            format!(
                "more records were rejected than the limit of {limit} allows, mostly because \"tag_name is required\" \
                 (required); of 4 records read 2 are loaded and stay, 2 were rejected"
            )
        });
        assert_eq!(load.error, expected);
        assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "2");
    }
    Ok(())
}

#[tokio::test]
async fn beyond_the_limit_a_replace_is_undone() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n").await?;
    cloud.options.max_rejects = RejectLimit::parse("10%").ok();
    let load = cloud.load("incoming/tags/replace/b.csv", "2,b\n3,\n").await?;
    assert_eq!((load.status, load.rows_loaded), (LoadStatus::Failed, 0));
    assert_eq!(
        load.error.as_deref(),
        Some(
            "more records were rejected than the limit of 10% allows, mostly because \"tag_name is required\" (required); the \
             table is as it was before"
        )
    );
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(id) FROM tags").await?, "1");
    Ok(())
}

#[tokio::test]
async fn a_replace_takes_all_records_unless_a_limit_is_set() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n").await?;
    let file = "2,b\n3,\n2,again\n4,\n";
    let load = cloud.load("incoming/tags/replace/b.csv", file).await?;
    assert_eq!((load.status, load.rows_read, load.rows_rejected), (LoadStatus::Failed, 3, 3));
    assert_eq!(
        load.error.as_deref(),
        Some(
            "a replace takes all records of its file, and some were rejected, mostly because \"tag_name is required\" \
             (required); fix them and drop the whole file again, or set max_rejects for the table; the table is as it was before"
        )
    );
    // Its people want to see them.
    assert_eq!(rejects(&cloud.bucket, &load).len(), 1);
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(id) FROM tags").await?, "1");
    // Neither a record that counts for nothing nor an unknown reference is a reject.
    let load = cloud.load("incoming/tags/replace/c.csv", "id,tag_name\n2,b\n,\nid,tag_name\n").await?;
    assert_eq!((load.status, load.rows_read, load.rows_loaded), (LoadStatus::Completed, 1, 1));
    for (limit, expected) in
        [("3", LoadStatus::Completed), ("2", LoadStatus::Failed), ("75%", LoadStatus::Completed)]
    {
        cloud.options.max_rejects = RejectLimit::parse(limit).ok();
        let load = cloud.load("incoming/tags/replace/d.csv", file).await?;
        assert_eq!(load.status, expected, "{limit}: {load:?}");
    }
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(id) FROM tags").await?, "2");
    Ok(())
}

#[tokio::test]
async fn a_replace_that_cannot_complete_stops_early() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
    let rows: String = (3..30_000).map(|id| format!("{id},a tag of thirty letters or so\n")).collect();
    let load = cloud.load("incoming/tags/replace/b.csv", format!("1,a\n2,\n{rows}")).await?;
    assert_eq!((load.status, load.rows_rejected), (LoadStatus::Failed, 1));
    let chunks: u64 = cloud.test.value("SELECT COUNT(*) FROM rowgate_load_chunks").await?.parse()?;
    assert!(chunks < 20, "{chunks} of about 1000 chunks were loaded");
    Ok(())
}

#[tokio::test]
async fn a_fixed_rejects_file_loads_what_was_missing_and_names_its_parent() -> Result<()> {
    let cloud = Cloud::start().await?;
    let load = cloud.load("incoming/tags/a.csv", "1,a\n2,\n3,c\nx,d\n").await?;
    let files = rejects(&cloud.bucket, &load);
    let [(name, content)] = &files[..] else { anyhow::bail!("{files:?}") };
    assert_eq!(*name, format!("{}-00000.csv", load.load));
    let fixed = content.replace("2,,", "2,b,").replace("x,d,", "4,d,");
    let again = cloud.load(&format!("incoming/tags/{name}"), fixed).await?;
    assert_eq!((again.rows_read, again.rows_loaded, again.parent.as_ref()), (2, 2, Some(&load.load)));
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(tag_name ORDER BY id) FROM tags").await?, "a,b,c,d");
    // A copy within S3 keeps what the file says of itself, whatever its name.
    let key = format!("rejected/tags/{}/{name}", load.load);
    cloud.bucket.insert_version("incoming/tags/copy.csv", "v-copy", content.clone());
    cloud.bucket.describe("incoming/tags/copy.csv", &cloud.bucket.metadata(&key));
    let size = content.len();
    let event = crate::cloud::event(
        &serde_json::json!({"key": "incoming/tags/copy.csv", "size": size, "versionId": "v-copy"}),
    );
    assert_eq!(cloud.deliver(&[crate::cloud::Message::new(event)]).await?, [] as [usize; 0]);
    assert_eq!(cloud.newest().await?.parent, Some(load.load.clone()));
    // Another table's load is no parent.
    let other = cloud.load(&format!("incoming/collections/{name}"), "1,a\n").await?;
    assert_eq!(other.parent, None);
    Ok(())
}
