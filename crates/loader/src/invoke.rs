//! The payloads that the function is invoked with, and its answers.

use aurora::Deadline;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use bucket::Versions;
use lambda_kit::{ErrorType, INVALID_PAYLOAD, causes};
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::Value;

use crate::loader::Loader;
use crate::queue::{Backlog, Queue};
use crate::receive::handle;
use crate::upkeep::audit::{AuditError, Audited, Auditor, note_work};
use crate::upkeep::backfill::{Backfill, BackfillError, Backfilled, Backfiller};

/// A payload of the function.
#[derive(Debug)]
pub enum Payload {
    /// `{"audit": {}}`, on a schedule.
    Audit,
    /// `{"backfill": {…}}`, by an operator.
    Backfill(Backfill),
    /// Messages of the queue.
    Messages(SqsEvent),
}

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`InvocationError::Payload`] says what is wrong with it.
    pub fn read(mut payload: Value) -> Result<Self, InvocationError> {
        let read = if payload.get("audit").is_some() {
            return Ok(Self::Audit);
        } else if let Some(request) = payload.get_mut("backfill") {
            serde_json::from_value(request.take()).map(Self::Backfill)
        } else {
            serde_json::from_value(payload).map(Self::Messages)
        };
        read.map_err(InvocationError::Payload)
    }
}

/// An answer of the function.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The result of an audit.
    Audited(Audited),
    /// The result of a backfill.
    Backfilled(Backfilled),
    /// The messages that must come back.
    Messages(SqsBatchResponse),
}

/// The error in place of an answer.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload cannot be read.
    #[error("the payload cannot be used: {0}")]
    Payload(serde_json::Error),
    /// The error of an audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The error of a backfill.
    #[error(transparent)]
    Backfill(#[from] BackfillError),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Payload(_)
            | InvocationError::Backfill(
                BackfillError::Target(_) | BackfillError::Replace | BackfillError::Prefix,
            ) => INVALID_PAYLOAD,
            InvocationError::Audit(_) => ErrorType("AuditFailed"),
            InvocationError::Backfill(_) => ErrorType("BackfillFailed"),
        };
        error_type.diagnostic(error)
    }
}

/// Works on a payload.
///
/// # Errors
/// [`InvocationError`] of an audit or a backfill; messages that could not be done with are named in
/// the answer.
pub async fn invoke<S, Q>(
    loader: &Loader<S, Q>,
    payload: Payload,
    deadline: Deadline,
) -> Result<Answer, InvocationError>
where
    S: Versions,
    Q: Queue + Backlog,
{
    let Loader { database, store, queue, events, dictionary, options } = loader;
    match payload {
        Payload::Messages(event) => {
            let first =
                event.records.first().and_then(|message| message.message_id.clone()).unwrap_or_default();
            let ((), answer) = tokio::join!(note_work(store, &first), handle(loader, event, deadline));
            note_work(store, &first).await;
            Ok(Answer::Messages(answer))
        }
        Payload::Audit => {
            let audited = Auditor { database, dictionary, store, queue, events, options }.run(deadline).await;
            audited.map(Answer::Audited).map_err(logged)
        }
        Payload::Backfill(request) => {
            let done = Backfiller { database, dictionary, store, queue }.run(&request, deadline).await;
            done.map(Answer::Backfilled).map_err(logged)
        }
    }
}

/// Logs the causes of an error; the caller gets one sentence.
fn logged<E: Into<InvocationError>>(error: E) -> InvocationError {
    let error = error.into();
    tracing::error!(error.causes = causes(&error), "the invocation failed");
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Payload, InvocationError> {
        Payload::read(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn tells_payloads_apart() {
        assert!(matches!(read(r#"{"audit": {}}"#), Ok(Payload::Audit)));
        let request = r#"{"backfill": {"prefix": "incoming/", "dry_run": true}}"#;
        assert!(matches!(read(request), Ok(Payload::Backfill(Backfill { dry_run: true, .. }))));
        let messages = r#"{"Records": [{"messageId": "m", "body": "{}", "attributes": {}}]}"#;
        assert!(matches!(read(messages), Ok(Payload::Messages(event)) if event.records.len() == 1));
    }

    #[test]
    fn says_what_is_wrong_with_a_request() {
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        assert!(wrong(r#"{"backfill": {}}"#).contains("missing field `prefix`"));
        assert!(wrong(r#"{"backfill": {"prefix": "", "dryrun": 1}}"#).contains("unknown field `dryrun`"));
        assert!(wrong("{}").contains("missing field"));
    }

    #[test]
    fn a_failure_has_a_stable_type() {
        let answer = |error: InvocationError| serde_json::to_value(Diagnostic::from(error)).unwrap();
        let payload = answer(read(r#"{"backfill": {}}"#).unwrap_err());
        let expected = "the payload cannot be used: missing field `prefix`";
        assert_eq!(payload, serde_json::json!({"errorType": "InvalidPayload", "errorMessage": expected}));
        let error_type = |error| answer(error)["errorType"].clone();
        assert_eq!(error_type(BackfillError::Replace.into()), "InvalidPayload");
        assert_eq!(error_type(BackfillError::from(aurora::Error::OutOfTime).into()), "BackfillFailed");
        assert_eq!(error_type(AuditError::from(aurora::Error::OutOfTime).into()), "AuditFailed");
    }

    #[test]
    fn answers_are_plain_objects() {
        let answer = Answer::Backfilled(Backfilled { queued: 1, ..Backfilled::default() });
        let expected = r#"{"queued":1,"known":0,"ignored":[],"ignored_count":0,"next":null}"#;
        assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
        let mut left = SqsBatchResponse::default();
        left.batch_item_failures.push(Default::default());
        let text = serde_json::to_string(&Answer::Messages(left)).unwrap();
        assert_eq!(text, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#);
    }
}
