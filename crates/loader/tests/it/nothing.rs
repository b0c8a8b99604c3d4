//! Loads that bring in nothing of what they read.

use std::time::Duration;

use anyhow::Result;
use domain::load::{LoadRecord, LoadStatus};
use testkit::local_data_api::{Effect, Faults, Operation, Rule};

use crate::cloud::{Cloud, EVERY_LOAD, Message, rejects};

const NONE: [usize; 0] = [];

fn outcome(load: &LoadRecord) -> (LoadStatus, u64, u64, &str) {
    (load.status, load.rows_loaded, load.rows_rejected, load.error.as_deref().unwrap_or_default())
}

/// Two thousand tags with ids that are no numbers, but for two, with no names. The first record is
/// a header.
fn nothing_good() -> String {
    let flawed =
        (1..=2_000).map(|n| if n % 1_000 == 0 { format!("{n},\n") } else { format!("number {n},Cook\n") });
    "id,tag_name\n".to_owned() + &flawed.collect::<String>()
}

const REASON: &str = "nothing could be loaded: all 2000 records were rejected, 1998 of them because \"id must be a whole \
                      number\" (type)";

#[tokio::test]
async fn a_load_in_which_nothing_could_be_loaded_fails_with_the_commonest_reason() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options.chunk_bytes = 1024;
    for folder in ["", "upsert/"] {
        let load = cloud.load(&format!("incoming/tags/{folder}a.csv"), nothing_good()).await?;
        assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 2_000, REASON));
        // The records are kept, and the ledger names where.
        let files = rejects(&cloud.bucket, &load);
        assert!(files.len() > 10, "{}", files.len());
        let sql = format!(
            "SELECT COUNT(rejects_key), SUM(rows_rejected) FROM rowgate_load_chunks WHERE load_id = '{}'",
            load.load
        );
        let row = &cloud.test.sql(&sql).await?[0];
        assert_eq!((row[0].clone(), row[1].as_deref()), (Some(files.len().to_string()), Some("2000")));
    }
    // A replace comes to its end only where its limit lets it.
    cloud.test.sql("INSERT INTO tags VALUES (1, 'a')").await?;
    cloud.options.max_rejects = domain::dictionary::RejectLimit::parse("100%").ok();
    let load = cloud.load("incoming/tags/replace/a.csv", nothing_good()).await?;
    assert_eq!(
        outcome(&load),
        (LoadStatus::Failed, 0, 2_000, &*format!("{REASON}; the table is as it was before"))
    );
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "1");
    Ok(())
}

#[tokio::test]
async fn says_it_of_one_record_and_of_one_reason() -> Result<()> {
    let cloud = Cloud::start().await?;
    let load = cloud.load("incoming/tags/a.csv", "1,\n").await?;
    let expected =
        "nothing could be loaded: the only record was rejected because \"tag_name is required\" (required)";
    assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 1, expected));
    // Numbers in messages do not split what is one reason; of a record with several errors the
    // first counts.
    let file = format!("id,tag_name\n1,{}\n2,{}\nx,\n", "y".repeat(300), "y".repeat(400));
    let load = cloud.load("incoming/tags/b.csv", file).await?;
    let expected = "nothing could be loaded: all 3 records were rejected, 2 of them because \"tag_name has 300 characters, \
                    at most 255 are allowed\" (too_long)";
    assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 3, expected));
    let load = cloud.load("incoming/tags/c.csv", "id,tag_name\n1\n2,a,b\n3\n").await?;
    let expected = "nothing could be loaded: all 3 records were rejected because \"the record has 1 fields instead of 2\" \
                    (field_count)";
    assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 3, expected));
    Ok(())
}

#[tokio::test]
async fn a_file_whose_rows_are_in_already_is_no_failure() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n2,b\n").await?;
    for (name, file, (loaded, rejected)) in [
        ("all taken", "2,b\n1,a\n", (0, 2)),
        ("taken and repeated", "1,a\n1,b\n1,c\n2,x\n", (0, 4)),
        ("mostly taken", "1,a\n2,b\n3,\n", (0, 3)),
        ("no record", "id,tag_name\n", (0, 0)),
        ("no record that counts", "id,tag_name\n,\n\nid,tag_name\n", (0, 0)),
        ("one new", "1,a\n4,d\n5,\n6,\n", (1, 3)),
    ] {
        let load = cloud.load(&format!("incoming/tags/{name}.csv"), file).await?;
        assert_eq!(outcome(&load), (LoadStatus::Completed, loaded, rejected, ""), "{name}");
    }
    // As many are wrong as are taken, so there is something to mend.
    let load = cloud.load("incoming/tags/half.csv", "1,a\n7,\n").await?;
    assert_eq!((load.status, load.rows_rejected), (LoadStatus::Failed, 2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_figures_are_exact_however_often_the_event_comes_and_wherever_it_is_cut_off() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options.chunk_bytes = 1024;
    let lost = Rule::lose_answer().on(Operation::CommitTransaction).rate(0.2);
    let faults = Faults { seed: 3, ..Faults::default() }.with(lost).with(Rule::new(Effect::DelayMs(15)));
    cloud.test.data_api().set(faults);
    let mut message = cloud.drop_file("incoming/tags/a.csv", nothing_good());
    // Some invocations are too short for all of it, and two are at work at the same time.
    for _ in 0..3 {
        let both = [message.clone()];
        let (one, other) = tokio::join!(
            cloud.deliver_within(&both, Duration::from_millis(700)),
            cloud.deliver_within(&both, Duration::from_millis(900)),
        );
        one?;
        other?;
        if let Some(body) = cloud.messages.take().sent.pop() {
            message = Message::new(body);
        }
    }
    cloud.deliver_until_done(&message).await?;
    cloud.test.data_api().clear();
    assert_eq!(cloud.deliver(&[message]).await?, NONE);
    let load = cloud.newest().await?;
    assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 2_000, REASON));
    assert!(load.attempts > 2, "{} attempts prove little", load.attempts);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_whose_table_is_replaced_before_it_fails_is_repeated_in_the_new_one() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/a.csv", "1,a\n").await?;
    let append = cloud.drop_file("incoming/tags/b.csv", "1,b\n2,\n3,\n");
    let replace = cloud.drop_file("incoming/tags/replace/c.csv", "9,c\n");
    // The append has read why its records were rejected, and is slow to say so.
    let slow = Rule::new(Effect::DelayMs(4_000)).sql("SELECT chunk_no, reject_reasons").times(1);
    cloud.test.data_api().set(Faults::default().with(slow));
    let (append, replace) = ([append], [replace]);
    let later = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        cloud.deliver(&replace).await
    };
    let (appended, replaced) = tokio::join!(cloud.deliver(&append), later);
    assert_eq!((appended?, replaced?), (NONE.to_vec(), NONE.to_vec()));
    assert_eq!(
        cloud.test.value("SELECT restarts FROM rowgate_loads WHERE mode = 'append' AND seq > 1").await?,
        "1"
    );
    let loads = aurora::loads::find(&cloud.test.database(), EVERY_LOAD, 10, None).await?.loads;
    assert_eq!(outcome(&loads[1]), (LoadStatus::Completed, 1, 2, ""), "{loads:?}");
    assert_eq!(cloud.test.value("SELECT GROUP_CONCAT(id, tag_name ORDER BY id) FROM tags").await?, "1b,9c");
    Ok(())
}

#[tokio::test]
async fn taken_ids_count_under_their_code_in_every_chunk() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
    let rows = |name: &str| -> String { (1..=200).map(|id| format!("{id},{name} {id}\n")).collect() };
    cloud.load("incoming/tags/a.csv", rows("first")).await?;
    // As many taken ids as wrong records, and one more.
    let wrong: String = (1..=199).map(|id| format!("{},\n", 1000 + id)).collect();
    let load = cloud.load("incoming/tags/b.csv", rows("other") + &wrong).await?;
    assert_eq!(outcome(&load), (LoadStatus::Completed, 0, 399, ""));
    let load = cloud.load("incoming/tags/c.csv", rows("other") + &wrong + "2000,\n2001,\n").await?;
    let expected = "nothing could be loaded: all 401 records were rejected, 201 of them because \"tag_name is required\" \
                    (required)";
    assert_eq!(outcome(&load), (LoadStatus::Failed, 0, 401, expected));
    Ok(())
}
