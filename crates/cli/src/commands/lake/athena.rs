//! Queries in Athena.

use std::time::Duration;

use anyhow::{Result, anyhow};
use aws_sdk_athena::Client;
use aws_sdk_athena::types::{
    QueryExecution, QueryExecutionContext, QueryExecutionState, ResultSet, ResultSetMetadata, StatementType,
};

use super::names::OFF;
use super::sheet::{Column, Row, Sheet};
use crate::aws::Aws;
use crate::exit::{aws_reason, refused, user_error};
use crate::printer::Printer;
use crate::wait::poll;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Athena in the lake's workgroup.
#[derive(Clone, Debug)]
pub(crate) struct Athena {
    client: Client,
    /// The workgroup of the lake: it says where results go and how much a query may read.
    workgroup: String,
}

impl Athena {
    pub(crate) fn new(aws: &Aws) -> Self {
        Self { client: aws.athena(), workgroup: aws.environment().workgroup_name() }
    }

    /// Runs a statement and writes its result; returns the number of rows, or `None` if the
    /// statement has no result. Ctrl-C stops the query itself, which would cost money as long as it
    /// reads.
    pub(crate) async fn print(
        &self,
        sql: &str,
        database: &str,
        sheet: &mut Sheet,
        printer: Printer,
    ) -> Result<Option<u64>> {
        let id = self.start(sql, database).await?;
        tokio::select! {
            printed = self.print_started(&id, sheet, printer) => printed,
            _ = tokio::signal::ctrl_c() => {
                self.stop(&id).await?;
                Err(user_error("The query was stopped."))
            }
        }
    }

    async fn print_started(&self, id: &str, sheet: &mut Sheet, printer: Printer) -> Result<Option<u64>> {
        let query = self.wait_for(id).await?;
        let mut count = 0;
        let mut token = None;
        let mut is_first = true;
        loop {
            let request = self.client.get_query_results().query_execution_id(id).set_next_token(token);
            let page = request.send().await.map_err(refused("The result of the query cannot be read"))?;
            let result = page.result_set().ok_or_else(|| anyhow!("Athena answered without a result"))?;
            let columns = columns(result);
            if columns.is_empty() {
                return Ok(None);
            }
            let mut rows = rows(result, columns.len());
            if is_first {
                if has_header(&query, &columns, &rows) {
                    rows.remove(0);
                }
                sheet.begin(columns);
                is_first = false;
            }
            count += rows.len() as u64;
            if !printer.part(&sheet.rows(rows))? {
                return Ok(Some(count));
            }
            token = page.next_token;
            if token.is_none() {
                printer.part(&sheet.end())?;
                return Ok(Some(count));
            }
        }
    }

    async fn start(&self, sql: &str, database: &str) -> Result<String> {
        let context = QueryExecutionContext::builder().database(database).build();
        let answer = self
            .client
            .start_query_execution()
            .query_string(sql)
            .query_execution_context(context)
            .work_group(&self.workgroup)
            .send()
            .await
            .map_err(|error| {
                let reason = aws_reason(&error);
                // Athena has no error type for this.
                if reason.contains("WorkGroup") && reason.contains("not found") {
                    return user_error(OFF);
                }
                user_error(format!("The query was refused: {reason}."))
            })?;
        answer.query_execution_id.ok_or_else(|| anyhow!("Athena gave the query no id"))
    }

    /// Waits until a query has ended.
    async fn wait_for(&self, id: &str) -> Result<QueryExecution> {
        let pause = |passed: Duration| (passed / 2).clamp(FIRST_PAUSE, LAST_PAUSE);
        let ended = poll(pause, Duration::MAX, async || {
            let request = self.client.get_query_execution().query_execution_id(id);
            let answer =
                request.send().await.map_err(refused(format!("The query {id} cannot be followed")))?;
            let query = answer.query_execution.ok_or_else(|| anyhow!("Athena knows no query {id}"))?;
            let status = query.status();
            let what = match status.and_then(|status| status.state()) {
                Some(QueryExecutionState::Succeeded) => return Ok(Some(query)),
                Some(QueryExecutionState::Failed) => "The query failed",
                Some(QueryExecutionState::Cancelled) => "The query was stopped",
                _ => return Ok(None),
            };
            let reason = status.and_then(|status| {
                status.athena_error().and_then(|error| error.error_message()).or(status.state_change_reason())
            });
            Err(user_error(with_reason(what, reason)))
        });
        ended.await?.ok_or_else(|| anyhow!("the query {id} never ended"))
    }

    async fn stop(&self, id: &str) -> Result<()> {
        self.client.stop_query_execution().query_execution_id(id).send().await.map_err(|error| {
            user_error(format!("The query {id} cannot be stopped: {}. It goes on.", aws_reason(&error)))
        })?;
        Ok(())
    }
}

/// Makes a sentence with Athena's own reason. A reason of several lines shows the place in the
/// statement, and stays as it is.
fn with_reason(what: &str, reason: Option<&str>) -> String {
    match reason.map(str::trim_end).filter(|reason| !reason.is_empty()) {
        None => format!("{what}."),
        Some(reason) if reason.contains('\n') => format!("{what}: {reason}"),
        Some(reason) => format!("{what}: {}.", reason.trim_end_matches('.')),
    }
}

fn columns(result: &ResultSet) -> Vec<Column> {
    let described = result.result_set_metadata().map(ResultSetMetadata::column_info).unwrap_or_default();
    described
        .iter()
        .map(|column| Column::new(column.label().unwrap_or(column.name()), column.r#type()))
        .collect()
}

/// Returns the rows. A NULL is a cell without a value; an empty text has one.
fn rows(result: &ResultSet, width: usize) -> Vec<Row> {
    let cells = |row: &aws_sdk_athena::types::Row| {
        let mut cells: Row = row.data().iter().map(|cell| cell.var_char_value.clone()).collect();
        cells.resize(width, None);
        cells
    };
    result.rows().iter().map(cells).collect()
}

/// Returns true if the first row of the first page is the header: Athena writes one for SELECT and
/// for EXPLAIN, and for no other statement that has a result.
fn has_header(query: &QueryExecution, columns: &[Column], rows: &[Row]) -> bool {
    match query.statement_type() {
        Some(StatementType::Dml) => !rows.is_empty(),
        _ => {
            query.substatement_type().is_some_and(|kind| kind.starts_with("EXPLAIN"))
                && rows.first().is_some_and(|row| {
                    row.iter().zip(columns).all(|(cell, column)| cell.as_deref() == Some(column.name()))
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use testkit::replay::{Replay, answer, refusal};

    use super::*;
    use crate::arguments::Format;

    const STARTED: &str = include_str!("fixtures/athena-start.json");
    const SUCCEEDED: &str = include_str!("fixtures/athena-succeeded.json");

    #[tokio::test]
    async fn pages_are_read_to_the_last_and_the_header_is_no_row() {
        let replay = Replay::new([
            answer("AmazonAthena.StartQueryExecution", STARTED),
            answer("AmazonAthena.GetQueryExecution", SUCCEEDED.replace("SUCCEEDED", "RUNNING")),
            answer("AmazonAthena.GetQueryExecution", SUCCEEDED),
            answer("AmazonAthena.GetQueryResults", include_str!("fixtures/athena-page-1.json")),
            answer("AmazonAthena.GetQueryResults", include_str!("fixtures/athena-page-2.json")),
        ]);
        let mut sheet = Sheet::new(Format::Csv);
        let count = Athena::new(&Aws::of(&replay))
            .print("SELECT 1", "rowgate_gold", &mut sheet, Printer::for_terminal())
            .await
            .unwrap();
        assert_eq!(count, Some(3));
        assert!(replay.is_exhausted());
        let sent = replay.sent();
        assert_eq!(sent[0]["QueryString"], "SELECT 1");
        assert_eq!(sent[0]["WorkGroup"], "rowgate");
        assert_eq!(sent[0]["QueryExecutionContext"], json!({"Database": "rowgate_gold"}));
        assert_eq!(sent[4]["NextToken"], "AYWjRAcNf3qD");
    }

    #[tokio::test]
    async fn a_failed_query_has_athenas_own_words() {
        let failed = include_str!("fixtures/athena-failed.json");
        let replay = Replay::new([
            answer("AmazonAthena.StartQueryExecution", STARTED),
            answer("AmazonAthena.GetQueryExecution", failed),
        ]);
        let mut sheet = Sheet::new(Format::Csv);
        let error = Athena::new(&Aws::of(&replay))
            .print("SELECT x", "rowgate_gold", &mut sheet, Printer::for_terminal())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "The query failed: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized \
             to access requested resources."
        );
    }

    #[tokio::test]
    async fn a_missing_workgroup_means_that_the_lake_is_off() {
        let replay = Replay::new([refusal(
            "AmazonAthena.StartQueryExecution",
            "InvalidRequestException",
            "WorkGroup rowgate is not found.",
        )]);
        let mut sheet = Sheet::new(Format::Csv);
        let error = Athena::new(&Aws::of(&replay))
            .print("SELECT 1", "rowgate_gold", &mut sheet, Printer::for_terminal())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), OFF);
    }

    #[test]
    fn only_select_and_explain_have_a_header() {
        let columns = [Column::new("tab_name", "string")];
        let rows = [vec![Some("tab_name".to_owned())]];
        let query =
            |kind, of: &str| QueryExecution::builder().statement_type(kind).substatement_type(of).build();
        assert!(has_header(&query(StatementType::Dml, "SELECT"), &columns, &rows));
        assert!(!has_header(&query(StatementType::Dml, "SELECT"), &columns, &[]));
        assert!(has_header(&query(StatementType::Utility, "EXPLAIN"), &columns, &rows));
        assert!(!has_header(&query(StatementType::Utility, "SHOW_TABLES"), &columns, &rows));
        assert!(!has_header(&query(StatementType::Ddl, "CREATE_TABLE"), &columns, &rows));
    }
}
