//! `rowgate backfill`

use anyhow::Result;
use domain::dictionary::LoadMode;

use crate::arguments::BackfillArguments;
use crate::aws::Aws;
use crate::backfill::{Backfill, backfill};
use crate::http::HttpClient;
use crate::printer::Printer;

pub(crate) async fn run(arguments: &BackfillArguments, printer: Printer) -> Result<()> {
    let BackfillArguments { prefix, table, mode, bucket, dry_run } = arguments;
    let aws = Aws::from_environment(HttpClient::new()).await;
    let wanted = Backfill {
        prefix,
        bucket: bucket.as_deref(),
        table: table.as_deref(),
        mode: mode.map(LoadMode::as_str),
        dry_run: *dry_run,
        after: None,
    };
    backfill(&aws, wanted, printer).await
}
