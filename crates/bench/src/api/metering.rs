//! What AWS bills of a million employees that come in requests of several sizes.

use anyhow::Result;

use super::calls::Request;
use super::function::Functions;
use crate::people::{self, Names};
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};
use crate::table::Table;
use crate::usage::Usage;

/// Rows of a request.
const BATCHES: [u64; 3] = [1000, 100, 1];
const REQUESTS: usize = 200;

/// Sends requests of each size.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let requests = settings.rounds(REQUESTS, 10) as u64;
    let stage = Stage::start(&settings.binaries).await?;
    let folder = tempfile::tempdir()?;
    let functions = Functions::start(settings, &stage, folder.path()).await?;
    let mut conn = stage.connect(Some(DATABASE)).await?;
    let mut next = 1;
    for rows in BATCHES {
        let before = Usage::read(&stage, &mut conn).await?;
        for _ in 0..requests {
            let request = Request {
                method: "POST",
                path: "/insert_data",
                query: Vec::new(),
                body: Some(people::json(next..next + rows, Names::Usual)),
                status: 201,
            };
            functions.answer(&request).await?;
            next += rows;
        }
        let used = Usage::read(&stage, &mut conn).await? - before;
        used.report(&format!("a million employees by the API, {rows} a request"), rows * requests, table);
    }
    conn.disconnect().await?;
    Ok(())
}
