//! Files made by `apache-avro` and by fastavro, and files that nobody should have made.

mod codecs;
mod damage;
mod fastavro;
mod folders;
mod shapes;

use std::sync::{Arc, LazyLock};

use apache_avro::types::Value as Avro;
use apache_avro::{Codec, Schema, Writer};
use bucket::FaultyBucket;
use domain::dictionary::{Dictionary, Table};
use domain::external::{IgnoredFields, Taken};

use super::rows::{FileRows, RowsFault};
use super::{ReadOptions, fault::Fault, plan};
use crate::read::objects::Objects;
use crate::read::source::{Chunk, Done, Object, Opening, PlanFault, SourceError};

const TABLES: &str = r#"
    [[table]]
    name = "hires"
    columns = [
        { name = "id", type = "integer", key = true, auto_increment = true },
        { name = "name", type = "string(20)" },
        { name = "datetime", type = "timestamp", aliases = ["datetime_"] },
    ]

    [[table]]
    name = "things"
    columns = [
        { name = "id", type = "bigint", key = true },
        { name = "price", type = "decimal(10,2)", required = false },
        { name = "name", type = "string(40)", required = false },
        { name = "open", type = "boolean", required = false },
        { name = "day", type = "date", required = false },
        { name = "moment", type = "timestamp", required = false },
        { name = "at", type = "time", required = false },
        { name = "exact", type = "timestamp(6)", required = false },
        { name = "it", type = "uuid", required = false },
        { name = "ratio", type = "double", required = false },
        { name = "picture", type = "binary(16)", required = false },
    ]
"#;

fn table(name: &str) -> &'static Table {
    static TABLES_READ: LazyLock<Dictionary> =
        LazyLock::new(|| Dictionary::parse("tables.toml", TABLES).unwrap());
    TABLES_READ.table(name).unwrap()
}

/// The schema that Spark writes for `hires`: every field in a union with null, the time as text.
const HIRES: &str = r#"{"type": "record", "name": "topLevelRecord", "fields": [
    {"name": "id", "type": ["int", "null"]},
    {"name": "name", "type": ["string", "null"]},
    {"name": "datetime", "type": ["string", "null"]}]}"#;

fn hire(id: i32, name: &str, datetime: &str) -> Avro {
    let some = |value| Avro::Union(0, Box::new(value));
    Avro::Record(vec![
        ("id".into(), some(Avro::Int(id))),
        ("name".into(), some(Avro::String(name.into()))),
        ("datetime".into(), some(Avro::String(datetime.into()))),
    ])
}

/// A file as the `apache-avro` crate writes it, with a block for each of `blocks`.
fn file_of_blocks(schema: &str, codec: Codec, blocks: &[Vec<Avro>]) -> Vec<u8> {
    let schema = Schema::parse_str(schema).unwrap();
    let mut writer = Writer::with_codec(&schema, Vec::new(), codec).unwrap();
    for block in blocks {
        for row in block {
            writer.append_value(row.clone()).unwrap();
        }
        writer.flush().unwrap();
    }
    writer.into_inner().unwrap()
}

fn file(schema: &str, rows: Vec<Avro>) -> Vec<u8> {
    file_of_blocks(schema, Codec::Null, &[rows])
}

/// The rows of a file, as SQL has them, and the lines of its rejects file without the header.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Rows {
    rows: Vec<String>,
    rejects: Vec<String>,
}

impl Rows {
    fn add(&mut self, statements: &[domain::sql::InsertStatement], rejects: Option<impl AsRef<[u8]>>) {
        for statement in statements {
            let (_, rows) = statement.sql.split_once(" VALUES ").unwrap();
            self.rows.extend(rows.trim_matches(['(', ')']).split("),(").map(str::to_owned));
        }
        let rejects =
            rejects.map(|csv| String::from_utf8_lossy(csv.as_ref()).into_owned()).unwrap_or_default();
        self.rejects.extend(rejects.lines().skip(1).map(str::to_owned));
    }
}

/// Reads a file without a bucket: rows, or what is wrong with it.
fn read(table_name: &str, file: &[u8]) -> Result<Rows, String> {
    read_ignoring(table_name, file, &[])
}

fn read_ignoring(table_name: &str, file: &[u8], ignored: &[&str]) -> Result<Rows, String> {
    let ignored = IgnoredFields::new(ignored.iter().map(ToString::to_string));
    let mut file = FileRows::open(file, table(table_name), &ignored).map_err(|against| match against {
        PlanFault::Refused(reasons) => reasons.join("; "),
        PlanFault::Read(error) => format!("not read: {error}"),
    })?;
    let mut found = Rows::default();
    loop {
        match file.next_chunk(false) {
            Ok(Some(chunk)) => {
                let filling = chunk.filling("t", &Taken::default()).unwrap();
                found.add(&filling.statements, filling.rejects);
            }
            Ok(None) => return Ok(found),
            Err(RowsFault::File(Fault::Content(reason))) => return Err(reason),
            Err(other) => return Err(format!("{other:?}")),
        }
    }
}

/// The objects of a bucket that are files.
fn found(bucket: &FaultyBucket) -> Vec<Object> {
    let keys = bucket.keys();
    let objects =
        keys.iter().map(|key| Object { key: key.clone(), bytes: bucket.content(key).unwrap().len() as u64 });
    objects.filter(|object| super::is_data("in/", object)).collect()
}

/// Runs something that blocks, as the restore does.
fn block<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async { tokio::task::spawn_blocking(work).await.unwrap() })
}

/// Plans with the files of a bucket: every reason against them.
fn reasons(bucket: &FaultyBucket, ignored: &[&str]) -> Vec<String> {
    let (objects, found) = (Objects::of(bucket), found(bucket));
    let ignored = IgnoredFields::new(ignored.iter().map(ToString::to_string));
    match block(move || plan(&objects, &found, table("hires"), &[false; 3], &ignored)) {
        Ok(()) => Vec::new(),
        Err(PlanFault::Refused(reasons)) => reasons,
        Err(PlanFault::Read(error)) => panic!("{error}"),
    }
}

/// The chunks of a bucket's files that are not done.
fn chunks(bucket: &FaultyBucket, strict: bool, done: &[(u32, u64)]) -> Result<Vec<Chunk>, SourceError> {
    let opening = Opening {
        table: table("hires"),
        nullable: Arc::new([false; 3]),
        shadow: "shadow".to_owned(),
        done: done.iter().copied().collect::<Done>(),
        objects: Objects::of(bucket),
    };
    let found = found(bucket);
    block(move || {
        let options = ReadOptions { strict, ignore: IgnoredFields::default() };
        let mut source = super::open(opening, found, &options)?;
        let mut chunks = Vec::new();
        while let Some(chunk) = source.next_chunk()? {
            chunks.push(chunk);
        }
        Ok(chunks)
    })
}
