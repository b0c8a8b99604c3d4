//! Markers, hidden files and files that are still being written: they are not loads, and are not
//! reported.

use anyhow::Result;
use loader::TargetOverride;

use crate::cloud::Cloud;
use crate::support::World;

const NONE: [usize; 0] = [];

#[tokio::test]
async fn what_programs_leave_beside_data_is_no_load() -> Result<()> {
    let cloud = Cloud::start().await?;
    let mut messages = Vec::new();
    for key in [
        "incoming/tags/_SUCCESS",
        "incoming/tags/upsert/_committed_4711",
        "incoming/tags/replace/.tags.csv.crc",
        "incoming/tags/~$tags.xlsx",
        "incoming/tags/tags.csv.filepart",
        "incoming/tags/tags.csv~",
        "incoming/tags/Thumbs.db",
        "incoming/tags/_temporary/0/tags.csv",
        "incoming/tags/upsert/.spark-staging/tags.csv",
        "incoming/people/_SUCCESS",
    ] {
        // Some hold something, some nothing.
        messages.push(cloud.drop_file(key, if messages.len() % 2 == 0 { "" } else { "1,a\n" }));
    }
    assert_eq!(cloud.deliver(&messages).await?, NONE);
    assert!(cloud.newest().await.is_err(), "{:?}", cloud.newest().await);
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "0");
    // A name that begins with _ and ends as data does is data.
    let load = cloud.load("incoming/tags/_tags.csv", "1,a\n").await?;
    assert_eq!(load.rows_loaded, 1);
    Ok(())
}

#[tokio::test]
async fn so_is_one_whose_table_is_overridden() {
    let world = World::start().await;
    for key in ["exports/2021/_SUCCESS", "exports/2021/.tags.csv", "exports/_2021/tags.csv.tmp"] {
        let mut object = world.put(key, "v1", "1,a\n");
        object.target = Some(TargetOverride { table: "tags".to_owned(), mode: None });
        world.deliver(&object).await.unwrap();
    }
    assert_eq!(world.count("rowgate_loads").await, 0);
    // The folders below the named one are not known here.
    let mut object = world.put("exports/_2021/tags.csv", "v1", "1,a\n");
    object.target = Some(TargetOverride { table: "tags".to_owned(), mode: None });
    world.deliver(&object).await.unwrap();
    assert_eq!(world.record(&object).await.rows_loaded, 1);
}
