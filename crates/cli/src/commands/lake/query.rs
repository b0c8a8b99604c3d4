//! `rowgate lake query`

use anyhow::Result;

use crate::arguments::LakeQueryArguments;
use crate::aws::Aws;
use crate::http::HttpClient;
use crate::lake::{Athena, Sheet};
use crate::printer::Printer;

pub(crate) async fn run(arguments: &LakeQueryArguments, printer: Printer) -> Result<()> {
    let LakeQueryArguments { sql, format, database } = arguments;
    let aws = Aws::from_environment(HttpClient::new()).await;
    let mut sheet = Sheet::new(*format);
    let count = Athena::new(&aws).print(sql, database, &mut sheet, printer).await?;
    if count.is_none() {
        printer.note("Done; the statement has no result.");
    }
    Ok(())
}
