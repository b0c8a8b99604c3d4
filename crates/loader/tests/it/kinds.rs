//! Files of every format, and how an interrupted load of each resumes.

use anyhow::Result;
use bucket::FaultyBucket;
use domain::dictionary::Dictionary;
use domain::load::{Format, LoadStatus};
use loader::{Loader, Options};
use testkit::local_data_api::{ErrorKind, Faults, Rule};

use crate::cloud::{Cloud, INVOCATION, Message, Messages, batch, rejects};
use crate::support::gzip;

const NONE: [usize; 0] = [];

/// Tags, a line each, with `delimiter` between the fields.
fn tags(delimiter: char) -> String {
    (1..=400).map(|id| format!("{id}{delimiter}a tag called Müller {id}\n")).collect()
}

fn json_lines() -> String {
    (1..=400).map(|id| format!("{{\"id\": {id}, \"tag_name\": \"a tag called Müller {id}\"}}\n")).collect()
}

fn utf_16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Text whose letters are all of the first 256.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

async fn sum_of_names(cloud: &Cloud) -> Result<String> {
    cloud.test.value("SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(tag_name = CONCAT('a tag called Müller ', id)), 0)) FROM tags").await
}

#[tokio::test]
async fn the_end_of_the_name_says_how_a_file_is_written() -> Result<()> {
    let cloud = Cloud::start().await?;
    for (name, format, content) in [
        ("a.csv", "csv", tags(',').into_bytes()),
        ("semicolons.csv", "csv", tags(';').into_bytes()),
        ("bars.txt", "csv", tags('|').into_bytes()),
        ("utf-16.txt", "csv", utf_16(&tags('\t'))),
        ("a.tsv", "tsv", tags('\t').into_bytes()),
        ("a.tsv.gz", "tsv.gz", gzip(tags('\t'))),
        ("a.jsonl", "jsonl", json_lines().into_bytes()),
        ("a.NDJSON", "jsonl", json_lines().into_bytes()),
        ("a.jsonl.gz", "jsonl.gz", gzip(json_lines())),
    ] {
        cloud.test.sql("TRUNCATE TABLE tags").await?;
        let load = cloud.load(&format!("incoming/tags/upsert/{name}"), content).await?;
        assert_eq!((load.status, load.rows_loaded), (LoadStatus::Completed, 400), "{name}: {load:?}");
        assert_eq!(load.format.map(Format::as_str), Some(format), "{name}");
        assert_eq!(sum_of_names(&cloud).await?, "400 400", "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn json_lines_are_rejected_with_their_reasons() -> Result<()> {
    let cloud = Cloud::start().await?;
    let file =
        "{\"id\": 1, \"tag\": \"Clerk\"}\n{\"id\": 2}\n[3]\n{\"id\": 4, \"tag_name\": \"Spy\", \"age\": 7}\n";
    let load = cloud.load("incoming/tags/a.jsonl", file).await?;
    assert_eq!((load.status, load.rows_loaded, load.rows_rejected), (LoadStatus::Completed, 1, 3));
    let (_, rejects) = rejects(&cloud.bucket, &load).remove(0);
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "\u{FEFF}id,tag_name,line,code,reason");
    assert_eq!(lines[1], "2,,2,required,tag_name is required");
    assert!(lines[2].starts_with(",,3,type,a row must be a JSON object,"), "{}", lines[2]);
    assert!(lines[3].starts_with("4,Spy,4,unknown_column,"), "{}", lines[3]);
    Ok(())
}

/// The dictionary of the tests, with a declared encoding of the files of tags.
fn german() -> Result<&'static Dictionary> {
    let documents = "[[table]]\nname = \"documents\"";
    let declared = format!("[table.files]\nencoding = \"windows-1252\"\n\n{documents}");
    let text = include_str!("../../../testkit/sql/dictionary.toml").replacen(documents, &declared, 1);
    Ok(Box::leak(Box::new(Dictionary::parse("test", &text)?)))
}

/// Tags as a program of the old days writes them: the columns in another order, in quotes.
fn quoted() -> String {
    let line = |id: u32| format!("\"a tag called Müller {id}\";{id}\r\n");
    "sep=;\r\nTag;ID\r\n".to_owned() + &(1..=400).map(line).collect::<String>()
}

/// Loads a file that is cut off after some chunks; gives back from which bytes on it was read.
async fn cut_off(
    cloud: &Cloud,
    loader: &Loader<FaultyBucket, Messages>,
    message: &Message,
) -> Result<Vec<u64>> {
    let refuse = Rule::error(ErrorKind::AccessDeniedException).sql("INSERT INTO `tags`").after(3);
    cloud.test.data_api().set(Faults::default().with(refuse));
    assert_eq!(deliver(loader, message).await?, 1);
    cloud.test.data_api().clear();
    let running = cloud.newest().await?;
    assert!(running.status == LoadStatus::Running && running.rows_loaded > 0, "{running:?}");
    let opened = cloud.bucket.opened_at().len();
    assert_eq!(deliver(loader, message).await?, 0);
    Ok(cloud.bucket.opened_at().split_off(opened))
}

/// Delivers a message; says how many come back.
async fn deliver(loader: &Loader<FaultyBucket, Messages>, message: &Message) -> Result<usize> {
    let batch = batch(std::slice::from_ref(message))?;
    let deadline = aurora::Deadline::after(INVOCATION);
    Ok(loader::handle(loader, batch, deadline).await.batch_item_failures.len())
}

#[tokio::test]
async fn an_interrupted_load_continues_whatever_its_file_is() -> Result<()> {
    let german = german()?;
    // An offset in the text must be an offset in the file for reading to resume in its middle.
    for (name, content, resumes) in [
        ("comma.csv", tags(',').into_bytes(), true),
        ("semicolon.csv", tags(';').into_bytes(), true),
        ("header.csv", quoted().into_bytes(), true),
        ("tabs.tsv", tags('\t').into_bytes(), true),
        ("lines.jsonl", json_lines().into_bytes(), true),
        ("utf-16.csv", utf_16(&tags(',')), false),
        ("windows-1252.csv", latin_1(&tags(';')), false),
        ("lines.jsonl.gz", gzip(json_lines()), false),
    ] {
        let mut cloud = Cloud::start().await?;
        cloud.options = Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
        let mut loader = cloud.loader();
        if name == "windows-1252.csv" {
            loader.dictionary = german;
        }
        let message = cloud.drop_file(&format!("incoming/tags/{name}"), content.clone());
        let opened = cut_off(&cloud, &loader, &message).await?;
        let load = cloud.newest().await?;
        assert_eq!(
            (load.status, load.rows_read, load.rows_loaded),
            (LoadStatus::Completed, 400, 400),
            "{name}"
        );
        assert_eq!(sum_of_names(&cloud).await?, "400 400", "{name}");
        let last = opened.last().copied().unwrap_or_default();
        assert_eq!(last > 0, resumes, "{name} was opened at {opened:?}");
        // The digest is that of a load in one go.
        let again = cloud.drop_file(&format!("incoming/tags/again {name}"), content);
        assert_eq!(deliver(&loader, &again).await?, 0);
        assert_eq!(cloud.newest().await?.status, LoadStatus::Skipped, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_skipped_says_how_it_is_loaded_all_the_same() -> Result<()> {
    let cloud = Cloud::start().await?;
    let first = cloud.load("incoming/tags/a.csv", "1,Clerk\n").await?;
    let again = cloud.load("incoming/tags/b.csv", "1,Clerk\n").await?;
    let expected = format!(
        "the load {} has already brought the very same bytes; drop it under incoming/tags/upsert/, or change the file, to \
         load it again",
        first.load
    );
    assert_eq!((again.status, again.error), (LoadStatus::Skipped, Some(expected)));
    cloud.test.sql("DELETE FROM tags").await?;
    let upsert = cloud.drop_file("incoming/tags/upsert/b.csv", "1,Clerk\n");
    assert_eq!(cloud.deliver(&[upsert]).await?, NONE);
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM tags").await?, "1");
    Ok(())
}
