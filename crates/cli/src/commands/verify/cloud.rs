//! The deployment that a run proves, and what the run does there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use aws_sdk_s3::primitives::ByteStream;
use domain::dictionary::LoadMode;
use domain::load::{INCOMING, LoadId};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::{Api, Call, JSON, Load, NO_QUERY, path, words};
use crate::aws::Aws;
use crate::exit::{refused, user_error};
use crate::http::Answer;
use crate::wait::{Job, growing, poll};

/// The table of the runs. `crates/domain/built_in/dictionary.toml` has its columns.
pub(super) const TABLE: &str = "rowgate_verify";
/// The columns of files, in the table's order.
pub(super) const HEADER: &str = "id,label,amount,parent,note,at\n";

/// Bits of an id below the second in which its run began: more than a run has rows.
const ROW_BITS: u32 = 20;
/// Pauses between two looks at work that is going on.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
pub(super) const LAST_PAUSE: Duration = Duration::from_secs(1);
/// The number of a row that there never is.
pub(super) const NOBODY: i64 = 999_999;

/// A row of the table, as the API has it.
pub(super) type Row = Map<String, Value>;

/// A deployment, and the ids of a run.
#[derive(Debug)]
pub(super) struct Cloud {
    /// The API, with the operator's key.
    pub api: Api,
    /// The same with the writer's.
    pub writer: Api,
    pub aws: Aws,
    pub s3: aws_sdk_s3::Client,
    pub bucket: String,
    /// The time that a load, a backup or a restore may take.
    pub limit: Duration,
    /// The run's first id: that of the row which claims the table.
    pub base: i64,
    /// The start of the run.
    pub began: jiff::Timestamp,
}

impl Cloud {
    /// Returns a deployment, and chooses the ids of a run: `api` has the operator's key, `writer` a
    /// writer's.
    pub(super) fn new(aws: Aws, [api, writer]: [Api; 2], bucket: &str, limit: Duration) -> Self {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let second = i64::try_from(second).unwrap_or_default();
        Self {
            api,
            writer,
            s3: aws.s3(),
            aws,
            bucket: bucket.to_owned(),
            limit,
            // The random part keeps apart the rows of runs that began in one second.
            base: (second << ROW_BITS) + (fastrand::i64(0..256) << 12),
            began: jiff::Timestamp::new(second, 0).unwrap_or_default(),
        }
    }

    /// Returns the start of the run, in the format of rows.
    pub(super) fn at(&self) -> String {
        self.began.to_string()
    }

    /// Returns a row of the run.
    pub(super) fn row(&self, number: i64, note: &str) -> Value {
        json!({"id": self.base + number, "label": null, "amount": number, "parent": null, "note": note, "at": self.at()})
    }

    /// Returns the same row as a line of a file.
    pub(super) fn line(&self, number: i64, note: &str) -> String {
        format!("{},,{number},,{note},{}\n", self.base + number, self.at())
    }

    /// Posts rows, or one row, into the table.
    pub(super) async fn post(
        &self,
        rows: &Value,
        headers: &[(&str, &str)],
        expected: &[u16],
    ) -> Result<Answer> {
        let path = path(&["tables", TABLE, "rows"], &NO_QUERY);
        call(&self.api, Method::POST, &path, headers, Some(rows), expected).await
    }

    /// Returns a row; `None` if the table does not have it.
    pub(super) async fn find(&self, id: i64) -> Result<Option<Row>> {
        let answer = call(&self.api, Method::GET, &row_path(id), &[], None, &[200, 404]).await?;
        if answer.status() == 404 { Ok(None) } else { read(&answer).map(Some) }
    }

    /// Deletes a row, if there is one; false if another row refers to it.
    pub(super) async fn delete(&self, id: i64) -> Result<bool> {
        let answer = call(&self.api, Method::DELETE, &row_path(id), &[], None, &[204, 404, 409]).await?;
        Ok(answer.status() != 409)
    }

    /// Reads the whole table, in pages of at most `limit` rows; returns the rows and the number of
    /// pages.
    pub(super) async fn rows(&self, limit: usize) -> Result<(Vec<Row>, usize)> {
        #[derive(Deserialize)]
        struct Page {
            rows: Vec<Row>,
            next: Option<i64>,
        }
        let (mut rows, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(after.map(|id: i64| ("after", id.to_string())));
            let path = path(&["tables", TABLE, "rows"], &query);
            let page: Page = get(&self.api, &path).await?;
            ensure_sentence(page.rows.len() <= limit, || {
                format!("GET {path} answered more rows than asked for")
            })?;
            rows.extend(page.rows);
            pages += 1;
            after = page.next;
            if after.is_none() {
                return Ok((rows, pages));
            }
        }
    }

    /// Counts the rows of the table, and makes sure that there are as many as there must be.
    pub(super) async fn expect_rows(&self, expected: usize) -> Result<()> {
        let (rows, _) = self.rows(1000).await?;
        let count = rows.len();
        ensure_sentence(count == expected, || format!("The table has {count} rows, not {expected}"))
    }

    /// Drops a file into the table's folder; returns the id of its load.
    pub(super) async fn drop_file(
        &self,
        mode: LoadMode,
        name: &str,
        content: impl Into<Vec<u8>>,
        metadata: &[(&str, &str)],
    ) -> Result<LoadId> {
        let key = format!("{INCOMING}{TABLE}/{mode}/{}-{name}", self.base);
        let mut put = self.s3.put_object().bucket(&self.bucket).key(&key);
        for (name, value) in metadata {
            put = put.metadata(*name, *value);
        }
        let put = put.body(ByteStream::from(content.into())).send().await;
        let put = put.map_err(refused(format!("{key} cannot be dropped in {}", self.bucket)))?;
        let version = put.version_id.filter(|version| version != "null");
        let version = version.ok_or_else(|| {
            user_error(format!("The bucket {} keeps no versions, by which loads are known.", self.bucket))
        })?;
        Ok(LoadId::of_object(&self.bucket, &key, &version))
    }

    /// Drops a file and waits until it is loaded, with these numbers of records that are read,
    /// loaded and rejected.
    pub(super) async fn load(
        &self,
        mode: LoadMode,
        name: &str,
        content: impl Into<Vec<u8>>,
        metadata: &[(&str, &str)],
        expected: [u64; 3],
    ) -> Result<Load> {
        let id = self.drop_file(mode, name, content, metadata).await?;
        let load = self.ended("load", id.as_str(), async || self.api.load(&id, None).await).await?;
        let found = [load.rows_read, load.rows_loaded, load.rows_rejected].map(Option::unwrap_or_default);
        let [read, loaded, rejected] = expected;
        ensure_sentence(load.status == "completed" && found == expected, || {
            format!(
                "The {mode} must load {loaded} of {read} records and reject {rejected}; {}",
                load.outcome()
            )
        })?;
        Ok(load)
    }

    /// Waits for the end of a job of the service.
    pub(super) async fn ended<J: Job>(
        &self,
        what: &str,
        id: &str,
        find: impl AsyncFn() -> Result<Option<J>>,
    ) -> Result<J> {
        let mut is_known = false;
        let ended = poll(growing(FIRST_PAUSE, LAST_PAUSE), self.limit, async || {
            let found = find().await?;
            is_known |= found.is_some();
            Ok(found.filter(Job::has_ended))
        });
        ended.await?.ok_or_else(|| {
            let state = if is_known { "is still running" } else { "has not begun" };
            user_error(format!("The {what} {id} {state} after {} s.", self.limit.as_secs()))
        })
    }
}

/// Returns the path of a row.
pub(super) fn row_path(id: i64) -> String {
    path(&["tables", TABLE, "rows", &id.to_string()], &NO_QUERY)
}

/// Calls the API; the answer must have one of these statuses.
pub(super) async fn call(
    api: &Api,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
    expected: &[u16],
) -> Result<Answer> {
    let name = format!("{method} {path}");
    let headers: Vec<_> = [("accept", JSON)].into_iter().chain(headers.iter().copied()).collect();
    let answer = api.call(&Call { method, path, headers: &headers, body }).await?;
    let status = answer.status().as_u16();
    ensure_sentence(expected.contains(&status), || {
        let expected: Vec<String> = expected.iter().map(u16::to_string).collect();
        format!("{name} answered {status}, not {}: {}", expected.join(" or "), words(&answer))
    })?;
    Ok(answer)
}

/// Gets what the API answers with 200.
pub(super) async fn get<T: DeserializeOwned>(api: &Api, path: &str) -> Result<T> {
    read(&call(api, Method::GET, path, &[], None, &[200]).await?).with_context(|| format!("GET {path}"))
}

/// Reads the body of an answer.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    serde_json::from_slice(answer.body()).context("the answer is not as it is documented")
}

/// Fails with a sentence if something is not as it must be.
pub(super) fn ensure_sentence(holds: bool, sentence: impl FnOnce() -> String) -> Result<()> {
    ensure!(holds, user_error(format!("{}.", sentence().trim_end_matches('.'))));
    Ok(())
}
