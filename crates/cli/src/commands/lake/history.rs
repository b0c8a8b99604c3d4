//! `rowgate lake history`

use anyhow::Result;

use crate::arguments::LakeHistoryArguments;
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::lake::{Athena, History, SILVER, Sheet};
use crate::printer::Printer;

pub(crate) async fn run(arguments: &LakeHistoryArguments, printer: Printer) -> Result<()> {
    let LakeHistoryArguments { table, key, format } = arguments;
    let dictionary = domain::shipped::dictionary().map_err(|error| user_error(error.to_string()))?;
    let history = History::of(dictionary, table, key)?;
    let aws = Aws::from_environment(HttpClient::new()).await;
    let mut sheet = Sheet::with_first(*format, history.order());
    let printed = Athena::new(&aws).print(&history.sql(), SILVER, &mut sheet, printer).await;
    let count = printed.map_err(|error| history.explain(error))?;
    if count.unwrap_or_default() == 0 { Err(user_error(history.nothing())) } else { Ok(()) }
}
