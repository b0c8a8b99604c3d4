//! The pipeline: a state machine in Step Functions whose executions are the runs.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::operation::describe_execution::{DescribeExecutionError, DescribeExecutionOutput};
use aws_sdk_sfn::operation::get_execution_history::{GetExecutionHistoryError, GetExecutionHistoryOutput};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use domain::backup::BackupId;
use serde_json::{Value, json};

use super::names::OFF;
use super::progress::{Change, Progress, failed_step};
use crate::aws::Aws;
use crate::exit::{aws_reason, refused, user_error};
use crate::printer::{Printer, Step};
use crate::wait::{growing, poll};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// Step Functions may not know an execution at once that it has just started.
const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(30);
/// Events that are read at once, newest first: those of one poll, and seldom more.
const EVENTS: i32 = 100;

/// The pipeline of one account.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    client: Client,
    arn: String,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// Why it failed, in one sentence or more; None where it did not.
    pub failure: Option<String>,
    pub backup: Option<BackupId>,
    pub seconds: f64,
}

impl Pipeline {
    /// Finds the state machine by its name.
    pub(crate) async fn find(aws: &Aws) -> Result<Self> {
        let client = aws.step_functions();
        let name = aws.environment().pipeline_name();
        let mut pages = client.list_state_machines().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(refused("The pipelines cannot be listed"))?;
            if let Some(found) = page.state_machines().iter().find(|machine| machine.name() == name) {
                let arn = found.state_machine_arn().to_owned();
                return Ok(Self { client, arn });
            }
        }
        Err(user_error(OFF))
    }

    /// The names of the runs that are under way.
    pub(crate) async fn running(&self) -> Result<Vec<String>> {
        let page = self
            .client
            .list_executions()
            .state_machine_arn(&self.arn)
            .status_filter(ExecutionStatus::Running)
            .send()
            .await
            .map_err(refused("The runs cannot be listed"))?;
        Ok(page.executions().iter().map(|run| run.name().to_owned()).collect())
    }

    /// Starts a run, of this backup or of a new one.
    pub(crate) async fn start(&self, run: &str, backup: Option<&BackupId>) -> Result<()> {
        let input = backup.map_or_else(|| json!({}), |backup| json!({ "backup": backup }));
        // With a name the call may be made again without a second run.
        self.client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(run)
            .input(input.to_string())
            .send()
            .await
            .map_err(refused("The run cannot be started"))?;
        Ok(())
    }

    /// Follows a run to its end, and shows each step. `is_new` allows for a run that was started
    /// just now and is not known yet.
    pub(crate) async fn follow(&self, run: &str, is_new: bool, printer: Printer) -> Result<Ended> {
        let started = Instant::now();
        let mut progress = Progress::default();
        let mut display = Display { printer, step: None };
        let ended = poll(growing(FIRST_PAUSE, LAST_PAUSE), Duration::MAX, async || {
            // In this order: the history of a run that has ended is complete.
            let Some(state) = self.describe(run).await? else {
                if is_new && started.elapsed() < UNKNOWN_AT_FIRST {
                    return Ok(None);
                }
                return Err(user_error(format!("There is no run {run}.")));
            };
            for change in progress.read(&self.events_after(run, progress.seen()).await?) {
                display.show(change);
            }
            Ok(Some(state).filter(|state| *state.status() != ExecutionStatus::Running))
        });
        let state = ended.await?.ok_or_else(|| anyhow!("the run {run} never ended"))?;
        let last = progress.current();
        let stopped = state.stop_date().copied().unwrap_or(*state.start_date()).as_secs_f64();
        let failure = failure(run, &state, last);
        match progress.end(stopped) {
            Some(change) if failure.is_none() => display.show(change),
            _ => drop(display),
        }
        let backup = match backup_in(state.output()).or_else(|| backup_in(state.input())) {
            Some(backup) => Some(backup),
            None => self.backup_of(run).await?,
        };
        Ok(Ended { failure, backup, seconds: stopped - state.start_date().as_secs_f64() })
    }

    async fn describe(&self, run: &str) -> Result<Option<DescribeExecutionOutput>> {
        let answer = self.client.describe_execution().execution_arn(self.execution(run)).send().await;
        found(run, answer, DescribeExecutionError::is_execution_does_not_exist)
    }

    /// Returns the events after one that is known already, newest first. Pages are read from the
    /// newest back, because a page's token does not lead to events that come later.
    async fn events_after(&self, run: &str, seen: i64) -> Result<Vec<HistoryEvent>> {
        let mut events = Vec::new();
        let mut token = None;
        loop {
            let Some(page) = self.events(run, true, token).await? else { return Ok(events) };
            let reached = page.events().iter().any(|event| event.id <= seen + 1);
            token = page.next_token;
            events.extend(page.events);
            if reached || token.is_none() {
                return Ok(events);
            }
        }
    }

    /// Returns a page of events, from the newest, or from the oldest with the input and output of
    /// states; `None` if there is no such run yet.
    async fn events(
        &self,
        run: &str,
        newest: bool,
        token: Option<String>,
    ) -> Result<Option<GetExecutionHistoryOutput>> {
        let answer = self
            .client
            .get_execution_history()
            .execution_arn(self.execution(run))
            .reverse_order(newest)
            .include_execution_data(!newest)
            .max_results(EVENTS)
            .set_next_token(token)
            .send()
            .await;
        found(run, answer, GetExecutionHistoryError::is_execution_does_not_exist)
    }

    /// Returns the backup that a run made, from the answers of its first steps.
    async fn backup_of(&self, run: &str) -> Result<Option<BackupId>> {
        let page = self.events(run, false, None).await?;
        let events = page.as_ref().map(GetExecutionHistoryOutput::events).unwrap_or_default();
        Ok(events.iter().find_map(|event| {
            let answer = event.task_succeeded_event_details().and_then(|details| details.output());
            let left = event.state_exited_event_details().and_then(|details| details.output());
            backup_in(answer).or_else(|| backup_in(left))
        }))
    }

    /// Returns the ARN of a run.
    fn execution(&self, run: &str) -> String {
        format!("{}:{run}", self.arn.replacen(":stateMachine:", ":execution:", 1))
    }
}

/// The steps as they are shown.
struct Display {
    printer: Printer,
    step: Option<Step>,
}

impl Display {
    fn show(&mut self, change: Change) {
        match change {
            Change::Started(step) => self.step = Some(self.printer.step(step)),
            Change::Failed(step, error) => {
                if let Some(shown) = &self.step {
                    shown.update(&format!("{step}, again after {error}"));
                }
            }
            Change::Ended(step, time) => {
                if let Some(shown) = self.step.take() {
                    shown.done_after(step, time);
                }
            }
        }
    }
}

/// Returns `None` for an error that says that there is no such run.
fn found<T, E: std::error::Error + ProvideErrorMetadata + 'static>(
    run: &str,
    answer: Result<T, SdkError<E>>,
    is_missing: impl Fn(&E) -> bool,
) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.as_service_error().is_some_and(is_missing) => Ok(None),
        Err(error) => {
            let reason = aws_reason(&error);
            Err(user_error(format!("The run {run} cannot be followed: {reason}. It goes on.")))
        }
    }
}

/// Returns why a run did not succeed, if so; `last` is the step that was under way when it ended.
fn failure(run: &str, state: &DescribeExecutionOutput, last: Option<&'static str>) -> Option<String> {
    let error = state.error().unwrap_or_default();
    let step = failed_step(error).or(last).map(|step| format!(" in {step}")).unwrap_or_default();
    let cause = cause(state.cause().unwrap_or_default());
    // An error that names the step says no more than was said.
    let error = if failed_step(error).is_some() { "" } else { error };
    let reasons = [error, &cause].into_iter().filter(|reason| !reason.is_empty());
    let reason: String = reasons.map(|reason| format!(": {reason}")).collect();
    let what = match state.status() {
        ExecutionStatus::Succeeded => return None,
        ExecutionStatus::Aborted => "was stopped",
        ExecutionStatus::TimedOut => "took too long and was ended",
        _ => "failed",
    };
    Some(format!("The run {run} {what}{step}{reason}."))
}

/// Reduces a cause to its message: functions answer JSON, and jobs a traceback, whose last line
/// says what happened.
fn cause(text: &str) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let message = ["errorMessage", "ErrorMessage"].iter().find_map(|name| answer[name].as_str());
    let words = message.unwrap_or(text);
    let words = if words.trim_start().starts_with("Traceback ") {
        words.trim_end().lines().next_back().unwrap_or_default()
    } else {
        words.trim()
    };
    words.trim_end_matches('.').to_owned()
}

/// Returns the first backup that a JSON text names, at any depth; answers of functions are JSON in
/// JSON.
fn backup_in(text: Option<&str>) -> Option<BackupId> {
    search(&serde_json::from_str(text?).ok()?)
}

fn search(value: &Value) -> Option<BackupId> {
    match value {
        Value::Object(fields) => fields
            .get("backup")
            .and_then(|id| BackupId::parse(id.as_str()?))
            .or_else(|| fields.values().find_map(search)),
        Value::Array(items) => items.iter().find_map(search),
        Value::String(text) if text.starts_with('{') => backup_in(Some(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use testkit::replay::{Replay, answer, refusal};

    use super::*;

    const MACHINES: &str = include_str!("fixtures/states-list-state-machines.json");
    const RUN: &str = "20261129-020000-0a1b2c3d";

    #[tokio::test]
    async fn a_run_is_followed_to_its_end() {
        let replay = Replay::new([
            answer("AWSStepFunctions.ListStateMachines", MACHINES),
            answer("AWSStepFunctions.StartExecution", include_str!("fixtures/states-start-execution.json")),
            refusal(
                "AWSStepFunctions.DescribeExecution",
                "ExecutionDoesNotExist",
                "Execution Does Not Exist",
            ),
            answer(
                "AWSStepFunctions.DescribeExecution",
                include_str!("fixtures/states-describe-succeeded.json"),
            ),
            answer(
                "AWSStepFunctions.GetExecutionHistory",
                include_str!("fixtures/states-history-newest.json"),
            ),
            answer(
                "AWSStepFunctions.GetExecutionHistory",
                include_str!("fixtures/states-history-older.json"),
            ),
        ]);
        let pipeline = Pipeline::find(&Aws::of(&replay)).await.unwrap();
        let backup = BackupId::parse("20261128-020000-0000001f").unwrap();
        pipeline.start(RUN, Some(&backup)).await.unwrap();
        let ended = pipeline.follow(RUN, true, Printer::for_terminal()).await.unwrap();
        assert_eq!(ended.failure, None);
        assert_eq!(ended.backup.unwrap().as_str(), "20261129-020001-5e6f7a8b");
        assert!((ended.seconds - 41.25).abs() < 1e-6, "{}", ended.seconds);
        let sent = replay.sent();
        assert_eq!(
            sent[1],
            json!({
                "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:rowgate-nightly",
                "name": RUN, "input": r#"{"backup":"20261128-020000-0000001f"}"#,
            })
        );
        let arn = format!("arn:aws:states:eu-west-1:123456789012:execution:rowgate-nightly:{RUN}");
        assert_eq!(sent[3], json!({ "executionArn": arn }));
        assert_eq!(sent[4]["reverseOrder"], true);
        assert_eq!(sent[5]["nextToken"], "AAAAKgAAAAIAAAAAAAAAAQ");
        assert!(replay.is_exhausted());
    }

    #[tokio::test]
    async fn a_run_that_failed_says_where_and_why() {
        let replay = Replay::new([
            answer("AWSStepFunctions.ListStateMachines", MACHINES),
            answer(
                "AWSStepFunctions.DescribeExecution",
                include_str!("fixtures/states-describe-failed.json"),
            ),
            answer(
                "AWSStepFunctions.GetExecutionHistory",
                include_str!("fixtures/states-history-older.json"),
            ),
        ]);
        let pipeline = Pipeline::find(&Aws::of(&replay)).await.unwrap();
        let ended = pipeline.follow(RUN, false, Printer::for_terminal()).await.unwrap();
        assert_eq!(
            ended.failure.unwrap(),
            format!(
                "The run {RUN} failed in Silver: ExpectationError: documents.id is not unique in 2 rows."
            )
        );
        assert_eq!(ended.backup.unwrap().as_str(), "20261129-020001-5e6f7a8b");
    }

    #[tokio::test]
    async fn an_account_without_the_pipeline_has_no_lake() {
        let replay = Replay::new([answer("AWSStepFunctions.ListStateMachines", r#"{"stateMachines": []}"#)]);
        assert_eq!(Pipeline::find(&Aws::of(&replay)).await.unwrap_err().to_string(), OFF);
    }

    #[test]
    fn causes_are_reduced_to_their_message() {
        assert_eq!(cause("the table people is missing."), "the table people is missing");
        assert_eq!(cause(r#"{"errorMessage": "no backup", "errorType": "BackupFailed"}"#), "no backup");
        let traceback =
            "Traceback (most recent call last):\n  File \"job.py\", line 3\nBackupError: it is gone.\n";
        assert_eq!(cause(traceback), "BackupError: it is gone");
    }

    #[test]
    fn the_backup_is_found_where_functions_put_it() {
        let id = "20261129-020001-5e6f7a8b";
        let payload = json!({"Payload": json!({"backup": id}).to_string()}).to_string();
        for text in [json!({"backup": id}).to_string(), payload, json!([{"x": {"backup": id}}]).to_string()] {
            assert_eq!(backup_in(Some(&text)).unwrap().as_str(), id);
        }
        assert_eq!(backup_in(Some(r#"{"backup": "latest"}"#)), None);
        assert_eq!(backup_in(None), None);
    }
}
