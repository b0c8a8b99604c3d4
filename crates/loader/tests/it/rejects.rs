//! Rejected records: how many may be, and what becomes of them when they are dropped again.

use anyhow::Result;
use domain::load::{LoadStatus, RejectLimit};

use crate::cloud::Cloud;

#[tokio::test]
async fn beyond_the_limit_the_load_fails_and_says_what_stays() -> Result<()> {
    for (limit, fails) in [("2", false), ("1", true), ("50%", false), ("49%", true)] {
        let mut cloud = Cloud::start().await?;
        cloud.options.max_rejects = RejectLimit::parse(limit).ok();
        let load = cloud.load("incoming/jobs/a.csv", "1,a\n2,\n3,c\nx,d\n").await?;
        assert_eq!((load.rows_read, load.rows_loaded, load.rows_rejected), (4, 2, 2), "{limit}");
        assert_eq!(load.status, if fails { LoadStatus::Failed } else { LoadStatus::Completed }, "{limit}");
        let expected = fails.then(|| {
            format!(
                "more records were rejected than the limit of {limit} allows; of 4 records read 2 are loaded and stay, \
                 2 were rejected"
            )
        });
        assert_eq!(load.error, expected);
        assert_eq!(cloud.test.value("SELECT COUNT(*) FROM jobs").await?, "2");
    }
    Ok(())
}

#[tokio::test]
async fn beyond_the_limit_a_replace_is_undone() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.load("incoming/jobs/a.csv", "1,a\n").await?;
    cloud.options.max_rejects = RejectLimit::parse("10%").ok();
    let load = cloud.load("incoming/jobs/replace/b.csv", "2,b\n3,\n").await?;
    assert_eq!((load.status, load.rows_loaded), (LoadStatus::Failed, 0));
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(id) FROM jobs").await?, "1");
    Ok(())
}

#[tokio::test]
async fn a_fixed_rejects_file_loads_what_was_missing_and_names_its_parent() -> Result<()> {
    let cloud = Cloud::start().await?;
    let load = cloud.load("incoming/jobs/a.csv", "1,a\n2,\n3,c\nx,d\n").await?;
    let files = cloud.bucket.rejects(&load);
    let [(name, content)] = &files[..] else { anyhow::bail!("{files:?}") };
    assert_eq!(*name, format!("{}-00000.csv", load.load));
    let fixed = content.replace("2,,", "2,b,").replace("x,d,", "4,d,");
    let again = cloud.load(&format!("incoming/jobs/{name}"), fixed).await?;
    assert_eq!((again.rows_read, again.rows_loaded, again.parent.as_ref()), (2, 2, Some(&load.load)));
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(job_name ORDER BY id) FROM jobs").await?, "a,b,c,d");
    // A copy within S3 keeps what the file says of itself, whatever its name.
    let key = format!("rejected/jobs/{}/{name}", load.load);
    cloud.bucket.copy(&key, "incoming/jobs/copy.csv", "v-copy");
    let size = content.len();
    let event = crate::cloud::event(
        &serde_json::json!({"key": "incoming/jobs/copy.csv", "size": size, "versionId": "v-copy"}),
    );
    assert_eq!(cloud.deliver(&[crate::cloud::Message::new(event)]).await?, [] as [usize; 0]);
    assert_eq!(cloud.newest().await?.parent, Some(load.load.clone()));
    // Another table's load is no parent.
    let other = cloud.load(&format!("incoming/departments/{name}"), "1,a\n").await?;
    assert_eq!(other.parent, None);
    Ok(())
}
