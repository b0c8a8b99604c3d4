//! Loads of files, good and bad.

use anyhow::Result;
use domain::load::{LoadRecord, LoadStatus};

use crate::cloud::{Cloud, rejects};
use crate::sample::Sample;

fn figures(load: &LoadRecord) -> (LoadStatus, u64, u64, u64) {
    (load.status, load.rows_read, load.rows_loaded, load.rows_rejected)
}

async fn tags(cloud: &Cloud) -> Result<Vec<(String, String)>> {
    let rows = cloud.test.sql("SELECT id, tag_name FROM tags ORDER BY id").await?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Ok(rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect())
}

#[tokio::test]
async fn files_that_people_really_drop() -> Result<()> {
    let cloud = Cloud::start().await?;
    for (name, content, (status, read, loaded, rejected)) in [
        ("empty", &b""[..], (LoadStatus::Completed, 0, 0, 0)),
        ("only a header", b"id,tag_name\r\n", (LoadStatus::Completed, 0, 0, 0)),
        (
            "BOM, CRLF, header by alias",
            b"\xEF\xBB\xBFtag,id\r\nChef,1\r\nCook,2\r\n",
            (LoadStatus::Completed, 2, 2, 0),
        ),
        ("quoted commas and newlines", b"3,\"a, \"\"b\"\"\nc\"\n", (LoadStatus::Completed, 1, 1, 0)),
        ("no line end at the end, blank lines", b"\n4,d\n\n\r\n5,e", (LoadStatus::Completed, 2, 2, 0)),
        ("short and long", b"6\n7,g,x\n8,h\n", (LoadStatus::Completed, 3, 1, 2)),
        ("not UTF-8", b"9,caf\xE9\n10,j\n", (LoadStatus::Completed, 2, 1, 1)),
        ("hostile", b"11,'; DROP TABLE tags; --\n12,%s:name\\\0\n", (LoadStatus::Completed, 2, 2, 0)),
        ("ids that are taken", b"1,z\n13,k\n13,z\n", (LoadStatus::Completed, 3, 1, 2)),
    ] {
        let load = cloud.load(&format!("incoming/tags/{name}.csv"), content.to_vec()).await?;
        assert_eq!(figures(&load), (status, read, loaded, rejected), "{name}: {load:?}");
        assert_eq!((load.table.as_str(), load.bytes), ("tags", content.len() as u64), "{name}");
        assert!(load.finished_at.is_some() && load.error.is_none() && load.attempts == 1, "{load:?}");
        assert_eq!(rejects(&cloud.bucket, &load).len(), usize::from(rejected > 0), "{name}");
    }
    let expected = [
        ("1", "Chef"),
        ("2", "Cook"),
        ("3", "a, \"b\"\nc"),
        ("4", "d"),
        ("5", "e"),
        ("8", "h"),
        ("10", "j"),
        ("11", "'; DROP TABLE tags; --"),
        ("12", "%s:name\\\0"),
        ("13", "k"),
    ];
    assert_eq!(tags(&cloud).await?, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
    Ok(())
}

#[tokio::test]
async fn files_that_cannot_be_loaded_fail_with_their_reason() -> Result<()> {
    let cloud = Cloud::start().await?;
    let long = format!("id,{}\n1,x\n", "y".repeat(70_000));
    for (key, content, reason) in [
        (
            "incoming/tags/header.csv",
            "id,tag_name,title\n",
            "line 1: the header names \"title\", which is no column of the table",
        ),
        (
            "incoming/tags/half a header.csv",
            "id\n1\n",
            "line 1: the header leaves out the column \"tag_name\"",
        ),
        ("incoming/tags/long.csv", &*long, "line 1: the header names \"yyy"),
        ("incoming/people/x.csv", "1,a\n", "there is no table \"people\""),
        ("incoming/é '; --/x.csv", "1,a\n", "there is no table \"é '; --\""),
        ("incoming/x.csv", "1,a\n", "the key is neither"),
        ("incoming/tags/2021/x.csv", "1,a\n", "\"2021\" is no mode"),
        ("incoming/tags/x.csv.bz2", "1,a\n", ".csv"),
    ] {
        let load = cloud.load(key, content.to_owned()).await?;
        assert_eq!(figures(&load), (LoadStatus::Failed, 0, 0, 0), "{key}");
        let error = load.error.unwrap_or_default();
        assert!(error.contains(reason) && error.len() < 5000, "{key}: {error}");
        assert_eq!(load.key, key);
    }
    assert_eq!(tags(&cloud).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_file_without_a_line_end_fails_after_a_little_of_it() -> Result<()> {
    let cloud = Cloud::start().await?;
    let message = cloud.drop_file("incoming/tags/x.csv", vec![b'x'; 64 << 20]);
    assert_eq!(cloud.deliver(&[message]).await?, [] as [usize; 0]);
    let load = cloud.newest().await?;
    assert_eq!(load.status, LoadStatus::Failed);
    assert!(load.error.unwrap_or_default().starts_with("the first 131072 bytes hold no whole record"));
    assert!(cloud.bucket.bytes_read() < 4 << 20, "{} bytes were read", cloud.bucket.bytes_read());
    Ok(())
}

#[tokio::test]
async fn a_quote_that_is_never_closed_costs_its_line_alone_however_large_the_file_is() -> Result<()> {
    let cloud = Cloud::start().await?;
    // More than a record may have, and so more than is held of one.
    let rows: String = (2..60_000).map(|id| format!("{id},a tag of thirty letters or so\n")).collect();
    assert!(rows.len() > 2 << 20, "{}", rows.len());
    let load = cloud.load("incoming/tags/x.csv", format!("id,tag_name\n1,\"a\n{rows}")).await?;
    assert_eq!(figures(&load), (LoadStatus::Completed, 59_999, 59_998, 1));
    let (_, rejects) = rejects(&cloud.bucket, &load).remove(0);
    assert!(rejects.ends_with(",,2,quote,a quote is opened and never closed,\"1,\"\"a\"\r\n"), "{rejects}");
    let read = cloud.bucket.bytes_read();
    assert!(read < rows.len() as u64 + 100, "{read} bytes were read");
    Ok(())
}

#[tokio::test]
async fn a_file_of_several_chunks_is_in_but_for_its_flaws() -> Result<()> {
    let cloud = Cloud::start().await?;
    cloud.load("incoming/tags/tags.csv", "1,a\n2,b\n3,c\n").await?;
    let sample = Sample::new(15_000);
    let load = cloud.load("incoming/filed_documents/all.csv", sample.content.clone()).await?;
    sample.check(&cloud, &load).await?;
    assert_eq!(load.table, "documents");
    let chunks: u64 = cloud.test.value("SELECT COUNT(*) FROM rowgate_load_chunks").await?.parse()?;
    assert!(chunks > 3, "{chunks} chunks");
    // No collection is there, and of the tags 1 to 9 only three.
    let unknown = "SELECT SUM((collection_id = 1) + (tag_id > 3)) FROM documents";
    assert_eq!(load.unknown_references.to_string(), cloud.test.value(unknown).await?);
    assert_eq!(cloud.test.value("SELECT name FROM documents WHERE id = 1").await?, "Lovelace, Ada 1");
    Ok(())
}
