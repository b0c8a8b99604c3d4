//! Files whose metadata says how they are written.

use bucket::Metadata;
use domain::load::{LoadRecord, LoadStatus, SETTINGS_METADATA, Settings};
use loader::Delivered;
use testkit::local_data_api::{Effect, Faults, Rule};

use crate::cloud::Cloud;
use crate::support::{World, figures};

fn about(json: &str) -> Metadata {
    described(Settings::from_json(json).unwrap().to_metadata().unwrap())
}

fn described(settings: impl Into<String>) -> Metadata {
    Metadata::from([(SETTINGS_METADATA.to_owned(), settings.into())])
}

/// Puts a version of an object with metadata, and delivers its event.
async fn drop_described(
    world: &World,
    key: &str,
    version: &str,
    content: impl AsRef<[u8]>,
    metadata: &Metadata,
) -> LoadRecord {
    let object = world.put(key, version, content);
    world.store.describe(key, metadata);
    assert_eq!(world.deliver(&object).await.unwrap(), Delivered::Ended);
    world.record(&object).await
}

const ODD: &str = r#"{"columns": {"Doc No": "id", "Filed": "datetime", "Coln": "collection_id", "Tag": "tag_id",
    "Shoe size": null}, "timestamp_formats": ["%d/%m/%Y %H:%M"], "null_values": ["-"]}"#;

fn odd(rows: &str) -> String {
    format!("Coln;Tag;Shoe size;Name;Filed;Doc No\n{rows}")
}

#[tokio::test]
async fn a_file_is_read_as_its_metadata_says() {
    let world = World::start().await;
    let key = "incoming/documents/odd.csv";
    let rows = odd("3;7;44;Ada;27/07/2021 16:02;1\n3;7;-;-;01/02/2021 08:00;2\n");
    let load = drop_described(&world, key, "v1", rows, &about(ODD)).await;
    assert_eq!((load.status, figures(&load)), (LoadStatus::Completed, (2, 1, 1)), "{load:?}");
    let row = world
        .db
        .value("SELECT CONCAT_WS(' ', id, name, datetime, collection_id, tag_id) FROM documents")
        .await
        .unwrap();
    assert_eq!(row, "1 Ada 2021-07-27 16:02:00 3 7");

    // The rejected records have the table's names of columns, and still their values in the file's
    // own forms.
    let keys = world.rejects_keys();
    let file = world.store.text(&keys[0]).unwrap();
    assert_eq!(
        file,
        "\u{FEFF}collection_id,tag_id,name,datetime,id,line,code,reason\r\n\
         3,7,-,01/02/2021 08:00,2,3,required,name is required\r\n"
    );
    let fixed = file.replace(",-,", ",Bea,");
    let again = "incoming/documents/fixed.csv";
    let metadata = world.store.metadata(&keys[0]);
    assert!(metadata.contains_key("rowgate-load"), "{metadata:?}");
    let load = drop_described(&world, again, "v1", fixed, &metadata).await;
    assert_eq!((load.status, figures(&load)), (LoadStatus::Completed, (1, 1, 0)), "{load:?}");
    assert!(load.parent.is_some());
    assert_eq!(world.count("documents").await, 2);
}

#[tokio::test]
async fn settings_that_cannot_be_used_fail_the_load_with_the_reason() {
    let world = World::start().await;
    for (version, settings, expected) in [
        (
            "v1",
            "%%%",
            "the settings cannot be read: they are not base64url; they stand in the metadata of the file",
        ),
        ("v2", "W10", "the settings cannot be read: they are no JSON object"),
        ("v3", "eyJjb2x1bW5zIjp7IngiOiJ5In19", "the settings cannot be used: columns names \"y\""),
    ] {
        let key = format!("incoming/tags/{version}.csv");
        let load = drop_described(&world, &key, version, "1,Welder\n", &described(settings)).await;
        assert_eq!(load.status, LoadStatus::Failed);
        assert!(load.error.as_deref().unwrap_or_default().starts_with(expected), "{:?}", load.error);
    }
    assert_eq!(world.count("tags").await, 0);
}

#[tokio::test]
async fn the_same_bytes_read_in_another_way_are_another_content() {
    let world = World::start().await;
    let key = "incoming/tags/a.csv";
    let content = "Nr,Title\n1,Welder\n2,Mason\n";
    let settings = about(r#"{"columns": {"Nr": "id", "Title": "tag"}}"#);
    let load = drop_described(&world, key, "v1", content, &settings).await;
    assert_eq!(load.status, LoadStatus::Completed);
    // Again with the same settings: skipped.
    let load = drop_described(&world, key, "v2", content, &settings).await;
    assert_eq!(load.status, LoadStatus::Skipped);
    // With others: read, and its ids are taken.
    let settings = about(r#"{"columns": {"Nr": "id", "Title": "tag"}, "null_values": ["Mason"]}"#);
    let load = drop_described(&world, key, "v3", content, &settings).await;
    assert_eq!(figures(&load), (2, 0, 2), "{load:?}");
}

/// Invocations that have time for a few chunks each read the rest by the same settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_continued_by_the_settings_that_it_began_with() -> anyhow::Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options.chunk_bytes = 1024;
    cloud.test.data_api().set(Faults::default().with(Rule::new(Effect::DelayMs(20))));
    let key = "incoming/documents/odd.csv";
    let rows: String = (1..=1_500).map(|id| format!("3;7;44;Person {id};27/07/2021 16:02;{id}\n")).collect();
    let message = cloud.drop_file(key, odd(&rows));
    cloud.bucket.describe(key, &about(ODD));
    let invocations = cloud.deliver_in_short_invocations(message).await?;
    let load = cloud.newest().await?;
    assert_eq!((load.status, figures(&load)), (LoadStatus::Completed, (1_500, 1_500, 0)), "{load:?}");
    assert!(invocations > 1, "one invocation had time for all of it");
    assert!(cloud.bucket.opened_at().iter().any(|byte| *byte > 0), "it was always read from its start");
    let times =
        cloud.test.value("SELECT COUNT(*) FROM documents WHERE datetime = '2021-07-27 16:02:00'").await?;
    assert_eq!(times, "1500");
    Ok(())
}
