//! A file of several chunks with flaws, and the proof that a load of it counted every row once.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use domain::load::{CHUNK_BYTES, Chunker, Dialect, LoadRecord, LoadStatus, Start};

use crate::cloud::Cloud;

/// A file of documents and what must become of it.
pub(crate) struct Sample {
    pub(crate) content: String,
    /// The ids that get in.
    ids: Vec<i64>,
    /// For each rejected record, its line and codes.
    rejected: BTreeMap<u64, &'static str>,
}

impl Sample {
    /// `rows` documents, one in twenty flawed.
    pub(crate) fn new(rows: i64) -> Self {
        let mut sample = Self {
            content: String::from("id,name,datetime,collection_id,tag_id\n"),
            ids: vec![],
            rejected: BTreeMap::new(),
        };
        let mut line = 2;
        for id in 1..=rows {
            let (row, code) = match id % 100 {
                7 => (format!("{id},,2021-07-27T16:02:08Z,1,1"), "required"),
                27 => (format!("{id},Ada Lovelace,2021-02-30T00:00:00Z,1,1"), "timestamp"),
                47 => (format!("{id},Ada Lovelace,2021-07-27T16:02:08Z"), "field_count"),
                // The id before it: the same chunk, but where a chunk begins with it.
                67 => (format!("{},Ada Lovelace,2021-07-27T16:02:08Z,1,1", id - 1), "duplicate"),
                87 => (format!("{id},\"Lovelace,\n\"\"Ada\"\" \",2021-07-27T16:02:08Z,x,1"), "type"),
                _ => (format!("{id},\"Lovelace, Ada {id}\",2021-07-27T16:02:08Z,1,{}", id % 9 + 1), ""),
            };
            if code.is_empty() {
                sample.ids.push(id);
            } else {
                sample.rejected.insert(line, code);
            }
            line += row.lines().count() as u64;
            let _ = writeln!(sample.content, "{row}");
        }
        sample
    }

    /// Checks that every record is in the table once or in a rejects file once, and that the ledger
    /// says so.
    pub(crate) async fn check(&self, cloud: &Cloud, load: &LoadRecord) -> Result<()> {
        assert_eq!((load.status, load.error.as_deref()), (LoadStatus::Completed, None));
        assert_eq!(load.rows_loaded, self.ids.len() as u64);
        assert_eq!(load.rows_rejected, self.rejected.len() as u64);
        assert_eq!(load.rows_read, load.rows_loaded + load.rows_rejected);
        assert_eq!(load.bytes, self.content.len() as u64);
        let rows = cloud.test.sql("SELECT id FROM documents ORDER BY id").await?;
        let ids: Vec<i64> = rows.into_iter().map(|row| row[0].as_deref().unwrap().parse().unwrap()).collect();
        assert!(ids == self.ids, "{} rows are in the table, {} must be", ids.len(), self.ids.len());
        self.check_rejects(cloud, load).await
    }

    async fn check_rejects(&self, cloud: &Cloud, load: &LoadRecord) -> Result<()> {
        let sql = format!(
            "SELECT rejects_key FROM rowgate_load_chunks WHERE load_id = '{}' AND rows_rejected > 0 ORDER BY chunk_no",
            load.load
        );
        let mut found = BTreeMap::new();
        for row in cloud.test.sql(&sql).await? {
            let file = cloud.bucket.text(row[0].as_deref().unwrap()).unwrap();
            let mut chunker = Chunker::new(Dialect::CSV, Start::default(), CHUNK_BYTES);
            assert!(chunker.feed(file.as_bytes())?.0.is_none());
            let chunk = chunker.finish()?.unwrap();
            for record in chunk.records().skip(1) {
                let field = |index: usize| String::from_utf8_lossy(record.field(index)).into_owned();
                assert_eq!(record.width(), 8);
                let repeated = found.insert(field(5).parse::<u64>()?, field(6));
                assert_eq!(repeated, None, "line {} is rejected twice", field(5));
            }
        }
        assert_eq!(found.keys().collect::<Vec<_>>(), self.rejected.keys().collect::<Vec<_>>());
        for (line, code) in found {
            assert!(code.starts_with(self.rejected[&line]), "line {line}: {code}");
        }
        Ok(())
    }
}
