//! The ledger's own rules, which the loader builds on.

use anyhow::Result;
use aurora::loads::{self, ChunkCounts, Claim, Ending, LoadFilter, NewLoad, Run, TableFilter};
use aurora::{Database, Error};
use domain::dictionary::LoadMode;
use domain::load::{CHUNK_BYTES, Chunk, Chunker, Dialect, LoadId, LoadStatus, Start};
use testkit::TestDatabase;

use crate::cloud::EVERY_LOAD;

fn id(number: u32) -> LoadId {
    LoadId::of_object("data", &format!("incoming/tags/{number}.csv"), "v")
}

async fn begin(database: &Database, number: u32) -> Result<LoadStatus, Error> {
    let key = format!("incoming/tags/{number}.csv");
    let id = id(number);
    let table = if number.is_multiple_of(2) { "tags" } else { "documents" };
    let load = NewLoad {
        id: &id,
        bucket: "data",
        key: &key,
        version: "v",
        etag: None,
        table,
        mode: LoadMode::Append,
        format: Some("csv"),
        bytes: 7,
        chunk_bytes: 1024,
        parent: None,
    };
    Ok(loads::begin(database, load).await?.status)
}

/// The first run of a load.
fn run(number: u32) -> Run {
    Run { id: id(number), restarts: 0 }
}

fn chunk() -> Chunk {
    let mut chunker = Chunker::new(Dialect::CSV, Start::default(), CHUNK_BYTES);
    chunker.feed(b"1,a\n").unwrap();
    chunker.finish().unwrap().unwrap()
}

#[tokio::test]
async fn loads_are_listed_newest_first_and_page_by_page() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    for number in 0..7 {
        begin(&database, number).await?;
    }
    loads::end(&database, &run(2), Ending::Failed("it's \"bad\"; :really")).await?;
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = loads::find(&database, EVERY_LOAD, 3, after.as_ref()).await?;
        found.extend(page.loads.iter().map(|load| load.key.clone()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..7).rev().map(|number| format!("incoming/tags/{number}.csv")).collect();
    assert_eq!(found, expected);
    let wanted =
        LoadFilter { tables: TableFilter::Table("tags"), status: Some(LoadStatus::Running), key: None };
    let of_tags = loads::find(&database, wanted, 10, None).await?;
    assert_eq!(
        of_tags.loads.iter().map(|load| &*load.key).collect::<Vec<_>>(),
        ["incoming/tags/6.csv", "incoming/tags/4.csv", "incoming/tags/0.csv"]
    );
    let failed = loads::get(&database, &id(2)).await?.unwrap();
    assert_eq!(failed.error.as_deref(), Some("it's \"bad\"; :really"));
    for time in [Some(failed.started_at), failed.finished_at] {
        let time = time.unwrap();
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{time}");
    }
    assert_eq!(loads::get(&database, &id(99)).await?, None);
    assert_eq!(loads::find(&database, EVERY_LOAD, 3, Some(&id(99))).await?.loads, []);
    Ok(())
}

#[tokio::test]
async fn a_record_serializes_as_the_documented_fields() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    begin(&database, 2).await?;
    let record = serde_json::to_value(loads::get(&database, &id(2)).await?)?;
    let names: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "load",
            "table",
            "key",
            "mode",
            "format",
            "status",
            "rows_read",
            "rows_loaded",
            "rows_rejected",
            "unknown_references",
            "bytes",
            "started_at",
            "finished_at",
            "attempts",
            "error",
            "warnings",
            "parent",
            "same_as"
        ]
    );
    assert_eq!((&record["mode"], &record["status"]), (&"append".into(), &"running".into()));
    assert!(record["finished_at"].is_null() && record["error"].is_null() && record["rows_read"] == 0);
    Ok(())
}

#[tokio::test]
async fn an_ended_load_is_not_begun_and_not_ended_again() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    assert_eq!(begin(&database, 2).await?, LoadStatus::Running);
    assert_eq!(begin(&database, 2).await?, LoadStatus::Running);
    assert!(loads::end(&database, &run(2), Ending::Completed("00")).await?);
    assert!(!loads::end(&database, &run(2), Ending::Failed("too late")).await?);
    assert_eq!(begin(&database, 2).await?, LoadStatus::Completed);
    let record = loads::get(&database, &id(2)).await?.unwrap();
    assert_eq!((record.status, record.attempts, record.error), (LoadStatus::Completed, 2, None));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_concurrent_delivery_waits_for_the_chunk_and_finds_it_committed_or_free() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    begin(&database, 2).await?;
    for commits in [false, true] {
        let first = database.begin().await?;
        assert_eq!(
            loads::claim_chunk(&first, &run(2), &chunk(), ChunkCounts::default(), None).await?,
            Claim::Ours
        );
        let other = tokio::spawn({
            let database = database.clone();
            async move {
                let other = database.begin().await?;
                let claim =
                    loads::claim_chunk(&other, &run(2), &chunk(), ChunkCounts::default(), None).await?;
                other.rollback().await;
                Ok::<_, Error>(claim)
            }
        });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!other.is_finished());
        if commits {
            first.commit().await?;
            assert!(loads::is_committed(&database, &id(2), 0).await?);
        } else {
            first.rollback().await;
        }
        assert_eq!(other.await??, if commits { Claim::Committed } else { Claim::Ours });
    }
    Ok(())
}
