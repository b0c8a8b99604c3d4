//! Faults between the loader, S3 and the database.

use std::time::Duration;

use anyhow::Result;
use domain::load::{LoadRecord, LoadStatus};
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Operation, Rule};

use crate::cloud::{Cloud, Message};
use crate::sample::Sample;

const NONE: [usize; 0] = [];
const ROWS: i64 = 12_000;

/// Loads the sample while the Data API has faults.
async fn survives(faults: Faults) -> Result<()> {
    let test = TestDatabase::start_with(|config| {
        // A request that is lost leaves its transaction open until the service ends it: after three
        // minutes, here after one second.
        config.limits.transaction_idle = Duration::from_secs(1);
        config.limits.call = Duration::from_secs(5);
    })
    .await?;
    let cloud = Cloud::over(test).await?;
    let sample = Sample::new(ROWS);
    let message = cloud.drop_file("incoming/documents/x.csv", sample.content.clone());
    cloud.test.data_api().set(faults.clone());
    let deliveries = cloud.deliver_until_done(&message).await?;
    let injected = cloud.test.data_api().injected();
    cloud.test.data_api().clear();
    assert!(injected > 0 || faults.resume_ms > 0, "no fault struck");
    sample.check(&cloud, &cloud.newest().await?).await.map_err(|error| {
        error.context(format!("after {deliveries} deliveries and {injected} faults of {faults:?}"))
    })
}

#[tokio::test]
async fn lost_answers_to_commits() -> Result<()> {
    survives(Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).rate(0.5))).await
}

#[tokio::test]
async fn commits_that_never_arrive() -> Result<()> {
    survives(Faults::default().with(Rule::new(Effect::DropRequest).on(Operation::CommitTransaction).times(3)))
        .await
}

#[tokio::test]
async fn a_fifth_of_all_answers_lost() -> Result<()> {
    survives(Faults { seed: 7, ..Faults::default() }.with(Rule::lose_answer().rate(0.2))).await
}

#[tokio::test]
async fn a_fifth_of_all_calls_answered_with_errors() -> Result<()> {
    let mut faults = Faults { seed: 11, ..Faults::default() };
    for kind in [ErrorKind::InternalServerErrorException, ErrorKind::ServiceUnavailableError] {
        faults = faults.with(Rule::error(kind).rate(0.1));
    }
    survives(faults).await
}

#[tokio::test]
async fn a_database_that_resumes() -> Result<()> {
    survives(Faults { resume_ms: 3_000, ..Faults::default() }).await
}

#[tokio::test]
async fn a_bucket_that_fails_and_breaks_off() -> Result<()> {
    let cloud = Cloud::start().await?;
    let sample = Sample::new(ROWS);
    let message = cloud.drop_file("incoming/documents/x.csv", sample.content.clone());
    cloud.bucket.fail_opens(2);
    cloud.bucket.break_contents(&[0, 300_000, 700_000]);
    cloud.bucket.fail_puts(2);
    cloud.deliver_until_done(&message).await?;
    sample.check(&cloud, &cloud.newest().await?).await
}

/// Delivers a file to a database that refuses rows of documents after so many statements, and is
/// itself again afterwards. Some chunks are committed, and the load is running.
async fn cut_off(cloud: &Cloud, message: &Message, statements: u32) -> Result<LoadRecord> {
    let refuse = Rule::error(ErrorKind::AccessDeniedException)
        .on(Operation::ExecuteStatement)
        .sql("INSERT INTO `documents`");
    cloud.test.data_api().set(Faults::default().with(refuse.after(statements)));
    assert_eq!(cloud.deliver(std::slice::from_ref(message)).await?, [0]);
    cloud.test.data_api().clear();
    let running = cloud.newest().await?;
    assert_eq!(running.status, LoadStatus::Running);
    assert!(running.rows_read > 0, "no chunk is committed");
    Ok(running)
}

#[tokio::test]
async fn committed_chunks_are_not_loaded_again() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options.lanes = 1;
    let sample = Sample::new(ROWS);
    let message = cloud.drop_file("incoming/documents/x.csv", sample.content.clone());
    let running = cut_off(&cloud, &message, 8).await?;
    assert_eq!(running.rows_read, running.rows_loaded + running.rows_rejected);
    let before =
        cloud.test.sql("SELECT chunk_no, committed_at FROM rowgate_load_chunks ORDER BY chunk_no").await?;
    assert_eq!(cloud.deliver(std::slice::from_ref(&message)).await?, NONE);
    let load = cloud.newest().await?;
    sample.check(&cloud, &load).await?;
    assert_eq!(load.attempts, 2);
    let after =
        cloud.test.sql("SELECT chunk_no, committed_at FROM rowgate_load_chunks ORDER BY chunk_no").await?;
    assert_eq!(after[..before.len()], before);
    Ok(())
}

#[tokio::test]
async fn a_load_keeps_the_chunk_size_that_it_began_with() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
    let sample = Sample::new(400);
    let message = cloud.drop_file("incoming/documents/x.csv", sample.content.clone());
    // A chunk is one statement here.
    cut_off(&cloud, &message, 3).await?;
    cloud.options.chunk_bytes = 4096;
    assert_eq!(cloud.deliver(std::slice::from_ref(&message)).await?, NONE);
    sample.check(&cloud, &cloud.newest().await?).await?;
    let longest = cloud.test.value("SELECT MAX(end_byte - start_byte) FROM rowgate_load_chunks").await?;
    let longest: u64 = longest.parse()?;
    assert!((1024..2048).contains(&longest), "the longest chunk has {longest} bytes");
    Ok(())
}

#[tokio::test]
async fn the_last_try_ends_the_load_with_its_cause() -> Result<()> {
    let cloud = Cloud::start().await?;
    let message = cloud.drop_file("incoming/tags/x.csv", "1,a\n");
    cloud.bucket.fail_opens(u32::MAX);
    for receives in 1..=4 {
        assert_eq!(cloud.deliver_within(&[message.received(receives)], Duration::from_secs(13)).await?, [0]);
        assert_eq!(cloud.newest().await?.status, LoadStatus::Running);
    }
    assert_eq!(cloud.deliver_within(&[message.received(5)], Duration::from_secs(13)).await?, [0]);
    let load = cloud.newest().await?;
    assert_eq!((load.status, load.attempts), (LoadStatus::Failed, 5));
    assert_eq!(load.error.unwrap_or_default(), "given up after the last try; S3 did not do as asked");
    // From the dead-letter queue, once S3 is back.
    cloud.bucket.fail_opens(0);
    assert_eq!(cloud.deliver(&[message.received(1)]).await?, NONE);
    let load = cloud.newest().await?;
    assert_eq!((load.status, load.rows_loaded, load.error), (LoadStatus::Completed, 1, None));
    Ok(())
}

#[tokio::test]
async fn the_last_try_ends_the_load_though_the_database_was_away_for_its_rows() -> Result<()> {
    let cloud = Cloud::start().await?;
    let message = cloud.drop_file("incoming/tags/x.csv", "1,a\n");
    let away = Rule::error(ErrorKind::DatabaseUnavailableException).on(Operation::BeginTransaction);
    cloud.test.data_api().set(Faults::default().with(away));
    assert_eq!(cloud.deliver_within(&[message.received(5)], Duration::from_secs(14)).await?, [0]);
    assert_eq!(cloud.newest().await?.status, LoadStatus::Failed);
    Ok(())
}
