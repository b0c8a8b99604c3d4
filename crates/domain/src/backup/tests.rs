use jiff::Timestamp;

use super::*;
use crate::row_text::ContentSum;

const ID: &str = "20261121-020000-0000001f";

fn backup() -> BackupId {
    BackupId::parse(ID).unwrap()
}

/// A manifest of three files: an empty table, and a table whose first part was abandoned.
fn manifest() -> String {
    let mut sum = ContentSum::default();
    (1..=5).for_each(|id| sum.add(format!("{id},3:abc").as_bytes()));
    let (hash, none) = ("ab".repeat(32), ContentSum::default().checksum());
    let checksum = sum.checksum();
    format!(
        r#"{{
  "format": 1,
  "backup": "{ID}",
  "rowgate": "0.1.0",
  "dictionary": "0123456789abcdef",
  "moment": "2026-11-21T02:00:01.123Z",
  "started_at": "2026-11-21T02:00:00.000Z",
  "finished_at": "2026-11-21T02:00:02.500Z",
  "codec": "deflate",
  "tables": {{
    "collections": {{
      "rows": 5,
      "bytes": 300,
      "checksum": "{checksum}",
      "schema_fingerprint": "{hash}",
      "columns": [
        "id",
        "collection_name"
      ],
      "files": [
        {{
          "key": "collections/part-00001.avro",
          "rows": 3,
          "bytes": 200,
          "sha256": "{hash}"
        }},
        {{
          "key": "collections/part-00002.avro",
          "rows": 2,
          "bytes": 100,
          "sha256": "{hash}"
        }}
      ]
    }},
    "tags": {{
      "rows": 0,
      "bytes": 90,
      "checksum": "{none}",
      "schema_fingerprint": "{hash}",
      "columns": [
        "id"
      ],
      "files": [
        {{
          "key": "tags/part-00000.avro",
          "rows": 0,
          "bytes": 90,
          "sha256": "{hash}"
        }}
      ]
    }}
  }}
}}
"#
    )
}

#[test]
fn names_every_key_of_a_backup() {
    let id = backup();
    assert_eq!(folder(&id), format!("backups/{ID}/"));
    assert_eq!(manifest_key(&id), format!("backups/{ID}/manifest.json"));
    assert_eq!(state_key(&id), format!("backups/{ID}/state.json"));
    assert_eq!(verified_key(&id), format!("backups/{ID}/verified.json"));
    assert_eq!(part_key(&id, "tags", 12), format!("backups/{ID}/tags/part-00012.avro"));
    assert_eq!(part_number("tags", &part_name("tags", 99_999)), Some(99_999));
    for name in ["tags/part-0.avro", "tags/part-+0001.avro", "tag/part-00001.avro", "tags/part-100000.avro"] {
        assert_eq!(part_number("tags", name), None, "{name}");
    }
}

#[test]
fn reads_what_it_writes() {
    let manifest = Manifest::parse_of(&backup(), manifest().as_bytes()).unwrap();
    assert_eq!(String::from_utf8(manifest.to_json().unwrap()).unwrap(), self::manifest());
    assert_eq!(manifest.tables["collections"].files[1].rows, 2);
    let other = BackupId::new(0, 0);
    let error = Manifest::parse_of(&other, self::manifest().as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the manifest is that of backup {ID}, not of 19700101-000000-00000000")
    );
}

#[test]
fn lists_the_loads_that_it_has_where_somebody_looked() {
    assert_eq!(Manifest::parse(manifest().as_bytes()).unwrap().loads, ManifestLoads::default());
    let id = "ab".repeat(16);
    let loads = format!(
        r#""codec": "deflate",
  "loads": [
    {{
      "load": "{id}",
      "table": "tags",
      "key": "incoming/tags/a.csv",
      "mode": "append",
      "rows_loaded": 7,
      "finished_at": "2026-11-21T01:00:00.000Z"
    }}
  ],
  "loads_total": 1001,
  "loads_since": "{ID}",
  "loads_running": [
    "{id}"
  ],"#
    );
    let with_loads = manifest().replace("\"codec\": \"deflate\",", &loads);
    let read = Manifest::parse(with_loads.as_bytes()).unwrap();
    assert_eq!(read.loads.completed.as_ref().unwrap()[0].rows_loaded, 7);
    assert_eq!((read.loads.total, read.loads.since.as_ref()), (Some(1001), Some(&backup())));
    assert_eq!(String::from_utf8(read.to_json().unwrap()).unwrap(), with_loads);
    let bad = with_loads.replace(&id, "' OR 1 = 1 --");
    let error = Manifest::parse(bad.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("is no id of a load"), "{error}");
}

#[test]
fn refuses_everything_that_does_not_fit_together() {
    let good = manifest();
    let zero = ContentSum::default().checksum();
    for (from, to, expected) in [
        ("\"format\": 1", "\"format\": 2", "has format 2; this version of Rowgate reads format 1"),
        ("\"format\": 1", "\"format\": \"1\"", "cannot be read"),
        ("\"backup\": \"20261121-", "\"backup\": \"20261131-", "is no id of a backup"),
        ("\"rowgate\": \"0.1.0\"", "\"rowgate\": \"\"", "rowgate is wrong: it is empty"),
        ("0123456789abcdef", "0123456789ABCDEF", "dictionary is wrong"),
        ("02:00:01.123Z", "02:00:01Z", "moment is wrong: it is no time"),
        ("02:00:01.123Z", "02:00:01.123+00:00", "moment is wrong"),
        ("02:00:00.000Z", "02:00:00.000", "started_at is wrong"),
        ("02:00:02.500Z", "01:59:59.999Z", "finished_at is wrong: it is before started_at"),
        ("deflate", "snappy", "cannot be read"),
        ("\"collections\": {", "\"Collections\": {", "that is no name of a table"),
        ("\"collections\": {", "\"../collections\": {", "that is no name of a table"),
        ("\"collections\": {", "\"tags\": {", "the table \"tags\" is there twice"),
        ("\"rows\": 5", "\"rows\": 6", "\"collections\" is wrong: it has 6 rows, but its files have 5"),
        ("\"rows\": 5", "\"rows\": -5", "cannot be read"),
        ("\"rows\": 3", "\"rows\": 18446744073709551615", "more rows than there can be"),
        ("\"bytes\": 300", "\"bytes\": 301", "it has 301 bytes, but its files have 300"),
        ("\"bytes\": 200", "\"bytes\": 18446744073709551615", "more bytes than there can be"),
        ("\"bytes\": 100", "\"bytes\": 0", "part-00002.avro is empty"),
        (&zero, &zero.replace("00", "0g"), "\"tags\" is wrong: its checksum is not 16 lower"),
        (&zero, &zero.repeat(2), "its checksum is not 16 lower-case hexadecimal digits"),
        (&zero, &zero.replacen('0', "1", 1), "it has no rows, but a checksum of some"),
        ("\"schema_fingerprint\": \"ab", "\"schema_fingerprint\": \"AB", "its schema_fingerprint is not 64"),
        ("\"sha256\": \"ab", "\"sha256\": \"", "the sha256 of collections/part-00001.avro is not 64"),
        ("\"collection_name\"", "\"id\"", "the column id is there twice"),
        ("\"collection_name\"", "\"a b\"", "\"a b\" is no name of a column"),
        ("[\n        \"id\"\n      ]", "[]", "it has no columns"),
        ("part-00002", "part-00001", "part-00001.avro is there twice or out of order"),
        ("part-00002", "part-00000", "part-00000.avro is there twice or out of order"),
        ("collections/part-00001", "tags/part-00001", "is none of its files"),
        ("collections/part-00001", "../x/collections/part-00001", "is none of its files"),
        ("collections/part-00001", "/collections/part-00001", "is none of its files"),
        ("part-00001.avro", "part-00001.avro/../part-00001.avro", "is none of its files"),
        ("\"codec\"", "\"kodec\"", "missing field `codec`"),
    ] {
        assert!(good.contains(from), "{from}");
        // Only the first one: what is there twice must differ.
        let bad = good.replacen(from, to, 1);
        let found = Manifest::parse(bad.as_bytes()).expect_err(to).to_string();
        assert!(found.contains(expected), "{to}\n  said {found:?}\n  not  {expected:?}");
    }
    for garbage in [&b""[..], b"{}", b"null", b"\xff\xfe", b"[1]", b"{\"format\":1}", b"{\"format\":1e400}"] {
        assert!(Manifest::parse(garbage).is_err(), "{garbage:?}");
    }
    let none = format!("{}}}}}", good.split_at(good.find("\"collections\"").unwrap()).0);
    assert!(
        Manifest::parse(none.as_bytes()).unwrap_err().to_string().contains("tables is wrong: there are none")
    );
}

#[test]
fn is_refused_when_it_is_cut_off_anywhere() {
    let good = manifest();
    for end in 0..good.len() - 1 {
        let cut = Manifest::parse(&good.as_bytes()[..end]);
        assert!(cut.is_err() || good[end..].trim().is_empty(), "cut off at {end}");
    }
}

#[test]
fn times_have_milliseconds_and_are_read_back() {
    let time = Timestamp::from_millisecond(1_795_226_400_007).unwrap();
    assert_eq!(time_text(time), "2026-11-21T02:00:00.007Z");
    assert_eq!(read_time(&time_text(time)), time);
    assert_eq!(read_time("yesterday"), Timestamp::UNIX_EPOCH);
}
