//! The check of the loader: a small file.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use deadline::Deadline;
use serde::Deserialize;
use tokio::time::sleep;

use crate::api::{Api, Call};
use crate::fault::Fault;
use crate::rows::{Ids, TABLE, delete};

/// The interval of polling. Twelve calls in ten seconds are far below the limit of the operator's
/// key.
const POLL: Duration = Duration::from_millis(800);

/// Drops files.
#[derive(Debug, Clone)]
pub struct Drops {
    /// The client of S3.
    pub s3: aws_sdk_s3::Client,
    /// The data bucket.
    pub bucket: String,
}

/// A load of the ledger.
#[derive(Debug, Deserialize)]
struct Load {
    key: String,
    status: String,
    rows_loaded: u64,
    error: Option<String>,
}

/// Drops a file of one row, waits until it is loaded, and deletes the row.
pub(crate) async fn load(drops: &Drops, api: &Api<'_>, ids: Ids, deadline: Deadline) -> Result<(), Fault> {
    let key = format!("incoming/{TABLE}/{}.csv", ids.in_file());
    put(drops, &key, format!("{},file,{}\n", ids.in_file(), ids.started_at()), deadline).await?;
    loaded(api, &key, deadline).await?;
    delete(api, ids.in_file(), deadline).await
}

async fn put(drops: &Drops, key: &str, content: String, deadline: Deadline) -> Result<(), Fault> {
    let unwritten = |reason: String| Fault::Unwritten { key: key.to_owned(), reason };
    let put = drops.s3.put_object().bucket(&drops.bucket).key(key);
    let put = put.body(ByteStream::from(content.into_bytes())).send();
    match deadline.bound(put).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unwritten(lambda_kit::causes(&error))),
        Err(_) => Err(unwritten("S3 did not answer in time".to_owned())),
    }
}

async fn loaded(api: &Api<'_>, key: &str, deadline: Deadline) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Page {
        loads: Vec<Load>,
    }
    let path = format!("/loads?table={TABLE}");
    loop {
        // Newest first: the canary's is among the first hundred.
        let page: Page = api.read(&Call::get(&path), 200, deadline).await?;
        let load = page.loads.into_iter().find(|load| load.key == key);
        let state = match load {
            None => "nobody has begun to load it".to_owned(),
            Some(load) => match (&*load.status, load.rows_loaded) {
                ("completed", 1) => return Ok(()),
                ("running", _) => "its load is running".to_owned(),
                (status, rows) => {
                    let error = load.error.map(|error| format!(": {error}")).unwrap_or_default();
                    let state = format!("its load is {status} with {rows} rows{error}");
                    return Err(Fault::NotLoaded { key: key.to_owned(), state });
                }
            },
        };
        if deadline.remaining() <= POLL {
            let state = format!("{state} in the time it has");
            return Err(Fault::NotLoaded { key: key.to_owned(), state });
        }
        sleep(POLL).await;
    }
}
