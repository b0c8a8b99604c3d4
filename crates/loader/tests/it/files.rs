//! Files of every kind: what is loaded, what is rejected and why, and how the load ends.

use domain::load::{LoadStatus, READABLE_FILES};
use testkit::tables;

use crate::support::{World, figures, gzip};

#[tokio::test]
async fn loads_a_file_and_names_what_it_rejects() {
    let world = World::start().await;
    world.drop_file("incoming/tags/j.csv", "1,Clerk\n2,Cook\n").await;
    let file = "1,Ada,2021-07-27T16:02:08Z,7,1\n\
                2,,2021-07-27T16:02:08Z,7,x\n\
                3,\"Okafor, Ben \"\"B\"\"\",2021-02-30T00:00:00Z,7,2\n\
                1,Cy,2021-07-27T16:02:08Z,7,1\n\
                4,Di,2021-07-27T16:02:08Z,7\n\
                5,E,2021-07-27T16:02:08Z,7,1,9\n\
                \n\
                6,Flo,2021-07-27T16:02:08Z,7,2\n";
    let record = world.drop_file("incoming/filed_documents/e.csv", file).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (7, 2, 5)));
    assert_eq!(
        (record.unknown_references, &*record.table, record.bytes),
        (2, "documents", file.len() as u64)
    );
    assert_eq!((record.attempts, record.error.as_deref(), record.mode.as_str()), (1, None, "append"));
    assert!(record.started_at.ends_with('Z') && record.started_at.len() == 24, "{}", record.started_at);
    assert!(record.finished_at.is_some());
    assert_eq!(
        world.rejects(),
        "\u{FEFF}id,name,datetime,collection_id,tag_id,line,code,reason\r\n\
         2,,2021-07-27T16:02:08Z,7,x,2,required; type,name is required; tag_id must be a whole number\r\n\
         3,\"Okafor, Ben \"\"B\"\"\",2021-02-30T00:00:00Z,7,2,3,timestamp,\"datetime must be a moment in UTC that exists, \
         written like 2021-07-27T16:02:08Z\"\r\n\
         1,Cy,2021-07-27T16:02:08Z,7,1,4,duplicate_in_batch,id is already taken by an earlier row\r\n\
         4,Di,2021-07-27T16:02:08Z,7,,5,field_count,the record has 4 fields instead of 5\r\n\
         5,E,2021-07-27T16:02:08Z,7,1,6,field_count,the record has 6 fields instead of 5,9\r\n"
    );
}

#[tokio::test]
async fn a_fixed_rejects_file_loads_what_was_missing() {
    let world = World::start().await;
    world.drop_file("incoming/tags/j.csv", "1,Clerk\n1,Cook\n2,\n").await;
    let fixed = world.rejects().replace("1,Cook", "3,Cook").replace("2,,", "2,Spy,");
    let record = world.drop_file("incoming/tags/fixed.csv", fixed).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (2, 2, 0)));
    assert_eq!(world.count("tags").await, 3);
}

#[tokio::test]
async fn understands_headers_byte_order_marks_and_line_ends() {
    let world = World::start().await;
    let record = world
        .drop_file("incoming/tags/a.csv", "\u{FEFF}Tag,ID\r\n\"Cook, \r\nchief\",1\r\n\r\nClerk,2")
        .await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (2, 2, 0)));
    assert_eq!(world.db.value("SELECT tag_name FROM tags WHERE id = 1").await.unwrap(), "Cook, \r\nchief");
}

#[tokio::test]
async fn rejects_bytes_that_are_no_text_and_keeps_them() {
    let world = World::start().await;
    let record = world.drop_file("incoming/tags/a.csv", b"1,Clerk\n2,Caf\xe9\n").await;
    assert_eq!(figures(&record), (2, 1, 1));
    assert!(world.rejects().contains("2,encoding,tag_name is not UTF-8 text\r\n"), "{}", world.rejects());
}

#[tokio::test]
async fn an_empty_file_and_a_header_alone_complete_with_no_rows() {
    let world = World::start().await;
    for (key, content) in [("a", ""), ("b", "\n\n"), ("c", "id,tag_name\n"), ("d", "\u{FEFF}")] {
        let record = world.drop_file(&format!("incoming/tags/{key}.csv"), content).await;
        assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (0, 0, 0)), "{content:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_loaded_fails_with_its_reason() {
    let world = World::start().await;
    let of_ending =
        format!("\"a.csv.bz2\" cannot be read: unpack it, or pack it with gzip or zstd; {READABLE_FILES}");
    let unknown = format!("there is no table \"people\"; the tables are {}", tables().join(", "));
    let cases: [(&str, &[u8], &str); 7] = [
        ("incoming/people/a.csv", b"1,a\n", &unknown),
        (
            "incoming/a.csv",
            b"1,a\n",
            "the key is neither incoming/<table>/<file> nor incoming/<table>/<mode>/<file>",
        ),
        ("incoming/tags/a.csv.bz2", b"x", &of_ending),
        (
            "incoming/tags/h.csv",
            b"id,tag,salary\n1,a,3\n",
            "line 1: the header names \"salary\", which is no column of the table; the columns are id, tag_name",
        ),
        (
            "incoming/tags/foreign.csv",
            b"Nummer,Beruf\n1,Koch\n",
            "line 1 is neither a header of the table nor a row of it: it has \"Nummer\", \"Beruf\"; the columns are id, \
             tag_name; name the columns as the table does, or take the line out",
        ),
        (
            "incoming/tags/title.csv",
            b"Tags of 2021\nid,tag_name\n1,Cook\n",
            "line 1 is neither a header of the table nor a row of it: it has \"Tags of 2021\"; the columns are id, tag_name; a \
             header of the table is in line 2: take out the lines above it, or set skip_lines = 1 for the table",
        ),
        (
            "incoming/tags/l.csv",
            &[b'x'; 3_000_000],
            "the first 131072 bytes hold no whole record; take out blank lines above it, or write shorter ones",
        ),
    ];
    for (key, content, reason) in cases {
        let record = world.drop_file(key, content).await;
        assert_eq!((record.status, record.error.as_deref()), (LoadStatus::Failed, Some(reason)), "{key}");
        assert_eq!(world.count("tags").await, 0, "{key}");
    }
}

#[tokio::test]
async fn wrong_quotes_cost_their_record_alone() {
    let world = World::start().await;
    let file = "id,tag_name\n\
                1,\"Clerk\" and more\n\
                3,Cook\n\
                4,24\" pipe\n\
                5,\"Spy, \"\"007\"\"\"\n\
                2,\"never closed\n\
                6,Smith\n";
    let record = world.drop_file("incoming/tags/q.csv", file).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (6, 4, 2)));
    let names = "SELECT GROUP_CONCAT(tag_name ORDER BY id SEPARATOR '|') FROM tags";
    assert_eq!(world.db.value(names).await.unwrap(), "Cook|24\" pipe|Spy, \"007\"|Smith");
    let rejects = world.rejects();
    let expected = [
        "\u{FEFF}id,tag_name,line,code,reason",
        ",,2,quote,\"text follows a closing quote; inside a quoted field a quote is written twice, and a field ends with its \
         closing quote\",\"1,\"\"Clerk\"\" and more\"",
        ",,6,quote,a quote is opened and never closed,\"2,\"\"never closed\"",
    ];
    assert_eq!(rejects.lines().collect::<Vec<_>>(), expected);
    // Mended in place, they are loaded; as they are, they are rejected again.
    let fixed =
        "id,tag_name,line,code,reason\r\n1,Clerk,2,quote,text follows\r\n2,Closed,6,quote,never closed\r\n";
    for (content, (loaded, rejected)) in [(&*rejects, (0, 2)), (fixed, (2, 0))] {
        let record = world.drop_file(&format!("incoming/tags/{loaded}.csv"), content).await;
        assert_eq!(figures(&record), (2, loaded, rejected), "{record:?}");
    }
}

#[tokio::test]
async fn another_header_in_the_middle_ends_the_load_with_its_line() {
    let world = World::start().await;
    let again = "id,tag_name\n1,Clerk\nid,tag_name\n2,Cook\n";
    let record = world.drop_file("incoming/tags/again.csv", again).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (2, 2, 0)));
    let other = "id,tag_name\n3,Spy\ntag_name,id\nSmith,4\n";
    let record = world.drop_file("incoming/tags/other.csv", other).await;
    // The chunk that holds it is not in; those before it would be.
    assert_eq!((record.status, figures(&record)), (LoadStatus::Failed, (0, 0, 0)));
    let error = record.error.unwrap();
    assert!(
        error.starts_with("line 3 is a header") && error.ends_with("nothing from line 1 on is loaded"),
        "{error}"
    );
    assert_eq!(world.count("tags").await, 2);
}

#[tokio::test]
async fn a_file_that_is_gone_fails() {
    let world = World::start().await;
    let object = loader::ObjectCreated {
        bucket: crate::cloud::BUCKET.into(),
        key: "incoming/tags/gone.csv".into(),
        version: None,
        identity: "s1".into(),
        etag: None,
        target: None,
        size: 7,
    };
    world.deliver(&object).await.unwrap();
    let record = world.record(&object).await;
    assert_eq!(record.error.as_deref(), Some("the file was deleted or replaced before it was read"));
}

#[tokio::test]
async fn keys_may_hold_anything() {
    let world = World::start().await;
    let key = format!("incoming/tags/a b+c%41 'quote' \\ é😀 {}.csv", "x".repeat(900));
    let record = world.drop_file(&key, "1,Clerk\n").await;
    assert_eq!((record.status, &record.key), (LoadStatus::Completed, &key));
}

#[tokio::test]
async fn the_records_before_unreadable_content_are_in() {
    let world = World::start().await;
    let file = format!("1,Clerk\n2,\n3,Cook\n{}", "x".repeat(2_000_000));
    let record = world.drop_file("incoming/tags/l.csv", file).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Failed, (3, 2, 1)));
    let error = record.error.unwrap();
    assert!(error.starts_with("line 4: the record is longer than 1048576 bytes"), "{error}");
    assert!(error.ends_with("; of 3 records read 2 are loaded and stay, 1 were rejected"), "{error}");
}

#[tokio::test]
async fn a_packed_file_that_is_cut_off_loads_nothing() {
    let world = World::start().await;
    let packed = gzip("1,Clerk\n2,\n3,Cook\n");
    let record = world.drop_file("incoming/tags/q.csv.gz", &packed[..packed.len() - 4]).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Failed, (0, 0, 0)));
    let error = record.error.unwrap();
    assert!(error.starts_with("the gzip file ends before its content does"), "{error}");
    assert_eq!(world.count("tags").await, 0);
}
