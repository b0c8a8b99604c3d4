use apache_avro::Codec;
use apache_avro::types::Value as Avro;
use domain::value::Key;

use super::*;

fn ada(ids: std::ops::RangeInclusive<i32>) -> Vec<Avro> {
    ids.map(|id| hire(id, "Ada", "2021-11-07 02:48:42.0")).collect()
}

fn rows_of(chunks: Vec<Chunk>) -> Rows {
    let mut rows = Rows::default();
    for chunk in chunks {
        assert_eq!(chunk.filling.restored.rows() + chunk.filling.rejected, chunk.rows_read);
        rows.add(&chunk.filling.statements, chunk.filling.rejects);
    }
    rows
}

#[test]
fn leaves_out_what_other_programs_put_beside_their_files() {
    for (key, bytes, expected) in [
        ("export/part-00000.avro", 1, true),
        ("export/a", 1, true),
        ("export/part-00000.avro", 0, false),
        ("export/_SUCCESS", 0, false),
        ("export/_committed_7", 5, false),
        ("export/_started_7", 5, false),
        ("export/.part-00000.avro.crc", 5, false),
        ("export/part.crc", 5, false),
        ("export/", 5, false),
        ("export/part-00000.avro._COPYING_", 5, false),
        ("export/year=2021/part-00000.avro", 5, true),
        ("export/_year=2021/part-00000.avro", 5, true),
    ] {
        let object = Object { key: key.into(), bytes };
        assert_eq!(super::super::is_data("export/", &object), expected, "{key}");
    }
}

#[test]
fn leaves_out_what_a_job_has_not_committed() {
    for (prefix, key, expected) in [
        ("avro/hires/", "avro/hires/_temporary/0/task_7/part-00000.avro", false),
        ("avro/hires/", "avro/hires/year=2021/.hive-staging_hive_2021/-ext-10000/000000_0", false),
        ("avro/hires/", "avro/hires/.spark-staging-7/year=2021/part-00000.avro", false),
        ("avro/hi", "avro/hires/_temporary/part-00000.avro", false),
        ("avro", "avro/_old/part-00000.avro", false),
        // The folder was asked for by its name.
        ("avro/_old/", "avro/_old/part-00000.avro", true),
        ("avro/_old/hires/part", "avro/_old/hires/part-00000.avro", true),
        ("avro/_old/", "avro/_old/_temporary/part-00000.avro", false),
    ] {
        let object = Object { key: key.into(), bytes: 1 };
        assert_eq!(super::super::is_data(prefix, &object), expected, "{key} under {prefix}");
    }
}

#[test]
fn lists_every_reason_against_every_file_before_reading_one() {
    let bucket = FaultyBucket::default();
    bucket.insert("in/1.avro", file(HIRES, ada(1..=1)));
    assert_eq!(reasons(&bucket, &[]), [""; 0]);
    bucket.insert("in/2.json", "{}");
    let other = r#"{"type": "record", "name": "t", "fields": [{"name": "ID", "type": "int"},
        {"name": "datetime", "type": "string"}, {"name": "datetime_", "type": "string"},
        {"name": "salary", "type": "int"}]}"#;
    bucket.insert("in/3.avro", file(other, vec![]));
    assert_eq!(
        reasons(&bucket, &[]),
        [
            "in/2.json: it is no Avro file",
            "in/3.avro: the fields \"datetime\" and \"datetime_\" are both for the column \"datetime\"",
            "in/3.avro: the field \"salary\" is for no column; to leave it out, name it in \"ignore\"",
            "in/3.avro: no field is for the column \"name\", which needs a value",
        ]
    );
    assert_eq!(reasons(&bucket, &["salary", "datetime_"]).len(), 2);
    for number in 0..60 {
        bucket.insert(&format!("in/x{number:02}"), "x");
    }
    let many = reasons(&bucket, &[]);
    assert_eq!((many.len(), &*many[50]), (51, "and 14 more reasons"));
}

#[test]
fn reads_files_in_the_order_of_their_keys_each_with_its_own_schema() {
    let bucket = FaultyBucket::default();
    let other = r#"{"type": "record", "name": "t", "fields": [
        {"name": "when", "aliases": ["DateTime"], "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "NAME", "type": "string"}, {"name": "id", "type": ["null", "string"]}]}"#;
    let row = |id: &str| {
        Avro::Record(vec![
            ("when".into(), Avro::TimestampMillis(0)),
            ("NAME".into(), Avro::String("Bo".into())),
            ("id".into(), Avro::Union(1, Box::new(Avro::String(id.into())))),
        ])
    };
    bucket.insert("in/b", file(HIRES, ada(5..=6)));
    bucket.insert("in/a", file(other, vec![row("3"), row("x,"), row("3")]));
    bucket.insert("in/c", file(HIRES, vec![]));
    bucket.insert("in/_SUCCESS", "");
    let chunks = chunks(&bucket, false, &[]).unwrap();
    assert_eq!(
        chunks.iter().map(|chunk| (chunk.number, chunk.rows_read)).collect::<Vec<_>>(),
        [(0, 3), (1, 2)]
    );
    let file = String::from_utf8(chunks[0].filling.rejects.clone().unwrap().to_vec()).unwrap();
    assert!(file.starts_with("\u{FEFF}datetime,name,id,line,code,reason\r\n"), "{file}");
    assert_eq!(
        rows_of(chunks),
        Rows {
            rows: ["3,X'426F',19700101000000", "5,X'416461',20211107024842", "6,X'416461',20211107024842"]
                .map(str::to_owned)
                .to_vec(),
            rejects: [
                "1970-01-01T00:00:00Z,Bo,\"x,\",2,type,id must be a whole number",
                "1970-01-01T00:00:00Z,Bo,3,3,duplicate_in_batch,id is already taken by an earlier row",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    );
}

/// The key of one row.
fn taken(id: i64) -> Taken {
    Taken { keys: [Key::from(id)].into(), unique: Vec::new() }
}

#[test]
fn ids_of_an_earlier_chunk_are_rejected_by_the_later_one() {
    let bucket = FaultyBucket::default();
    bucket.insert("in/a", file(HIRES, ada(1..=3)));
    bucket.insert("in/b", file(HIRES, ada(3..=5)));
    let chunks = chunks(&bucket, false, &[]).unwrap();
    let rows = chunks[1].rows.as_ref().unwrap();
    assert_eq!(rows.keys(), [3, 4, 5].map(Key::from));
    let filling = rows.without(&taken(3)).unwrap();
    assert_eq!((filling.restored.rows(), filling.rejected), (2, 1));
    let mut found = Rows::default();
    found.add(&filling.statements, filling.rejects);
    assert_eq!(found.rows.len(), 2);
    let reject = "3,Ada,2021-11-07T02:48:42Z,1,duplicate_in_batch,id is already taken by an earlier row";
    assert_eq!(found.rejects, [reject]);
}

#[test]
fn strict_ends_at_the_first_row_that_breaks_a_rule() {
    let bucket = FaultyBucket::default();
    bucket.insert("in/a", file(HIRES, ada(1..=3)));
    bucket.insert("in/b", file(HIRES, [ada(4..=5), vec![hire(6, "", "x")], ada(0..=0)].concat()));
    let error = chunks(&bucket, true, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "in/b: row 3: required: name is required; timestamp: datetime must be a moment in UTC that exists, \
         written like 2021-07-27T16:02:08Z"
    );
    bucket.insert("in/b", file(HIRES, ada(3..=5)));
    let chunks = chunks(&bucket, true, &[]).unwrap();
    let error = chunks[1].rows.as_ref().unwrap().without(&taken(3)).unwrap_err();
    assert_eq!(error.to_string(), "in/b: row 1: duplicate_in_batch: id is already taken by an earlier row");
}

#[test]
fn a_continued_restore_finds_the_same_chunks() {
    let bucket = FaultyBucket::default();
    // Blocks of other sizes than chunks, more than one chunk in a file, and chunks of rejected rows
    // alone.
    for (key, first) in [("in/a", 1), ("in/b", 100_001), ("in/c", 200_001)] {
        let blocks: Vec<Vec<Avro>> = (0..30)
            .map(|block| {
                let rows = (0..1_500).map(|row| {
                    let id = first + block * 1_500 + row;
                    hire(id, if id % 7 == 0 { "" } else { "Ada" }, "2021-11-07 02:48:42.0")
                });
                rows.collect()
            })
            .collect();
        bucket.insert(key, file_of_blocks(HIRES, Codec::Snappy, &blocks));
    }
    let all = chunks(&bucket, false, &[]).unwrap();
    assert!(all.len() > 6, "{}", all.len());
    let numbers: Vec<u32> = all.iter().map(|chunk| chunk.number).collect();
    assert!(numbers.iter().copied().eq(0..all.len() as u32));
    assert_eq!(all.iter().map(|chunk| chunk.rows_read).sum::<u64>(), 135_000);
    let sizes: Vec<(u32, u64)> = all.iter().map(|chunk| (chunk.number, chunk.rows_read)).collect();
    for done in [
        &sizes[..1],
        &sizes[..3],
        &sizes[1..2],
        &[sizes[0], sizes[2], sizes[4]],
        &sizes[..all.len() - 1],
        &sizes[..],
    ] {
        let rest = chunks(&bucket, false, done).unwrap();
        let expected: Vec<&Chunk> =
            all.iter().filter(|chunk| !done.contains(&(chunk.number, chunk.rows_read))).collect();
        assert_eq!(rest.len(), expected.len());
        for (found, expected) in rest.iter().zip(expected) {
            assert_eq!(found.number, expected.number);
            assert_eq!(found.filling.statements, expected.filling.statements, "chunk {}", found.number);
            assert_eq!(found.filling.rejects, expected.filling.rejects);
            assert_eq!(found.filling.restored, expected.filling.restored);
        }
    }
}

#[test]
fn a_break_of_the_connection_is_no_end_of_a_file() {
    let bucket = FaultyBucket::default();
    bucket.insert("in/a", file(HIRES, ada(1..=30_000)));
    bucket.break_contents(&[100_000, 200_000, 200_000]);
    assert_eq!(rows_of(chunks(&bucket, false, &[]).unwrap()).rows.len(), 30_000);
    let objects = found(&bucket);
    bucket.remove("in/a");
    let opening = Opening {
        table: table("hires"),
        nullable: Arc::new([false; 3]),
        shadow: "shadow".to_owned(),
        done: Done::default(),
        objects: Objects::of(&bucket),
    };
    let options = ReadOptions { strict: false, ignore: IgnoredFields::default() };
    let error =
        block(move || super::super::open(opening, objects, &options)?.next_chunk().map(|_| ())).unwrap_err();
    assert!(matches!(error, SourceError::Read(_)), "{error}");
}
