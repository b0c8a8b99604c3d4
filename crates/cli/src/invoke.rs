//! Invokes a function and reads its answer.

use anyhow::{Context, Result, anyhow};
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::Aws;
use crate::exit::{refused, user_error};

/// Invokes `function` and waits for its answer; `work` names its task in an error.
pub(crate) async fn invoke<T: DeserializeOwned>(
    aws: &Aws,
    function: &str,
    work: &str,
    payload: &Value,
) -> Result<T> {
    match call(aws, function, payload).await {
        Ok(Ok(answer)) => read(function, &answer),
        Ok(Err(words)) => Err(failure(function, work, &words)),
        Err(error) => Err(refused(format!("The function {function} cannot be invoked"))(error)),
    }
}

/// Invokes `function`, and returns its answer as it stands; the inner error is the function's.
pub(crate) async fn call(
    aws: &Aws,
    function: &str,
    payload: &Value,
) -> Result<Result<Vec<u8>, Vec<u8>>, SdkError<InvokeError>> {
    let request = aws.lambda().invoke().function_name(function).payload(Blob::new(payload.to_string()));
    let answer = request.send().await?;
    let payload = answer.payload.unwrap_or_else(|| Blob::new("")).into_inner();
    Ok(if answer.function_error.is_none() { Ok(payload) } else { Err(payload) })
}

/// Reads the answer of `function`.
pub(crate) fn read<T: DeserializeOwned>(function: &str, answer: &[u8]) -> Result<T> {
    serde_json::from_slice(answer)
        .with_context(|| format!("{function} answered {}", String::from_utf8_lossy(answer)))
}

/// Returns an error in the function's own words.
fn failure(function: &str, work: &str, payload: &[u8]) -> anyhow::Error {
    #[derive(Deserialize)]
    struct Failure {
        #[serde(rename = "errorMessage")]
        message: String,
    }
    match serde_json::from_slice::<Failure>(payload) {
        Ok(Failure { message }) => {
            user_error(format!("{work} stopped: {}.", message.trim().trim_end_matches('.')))
        }
        Err(_) => anyhow!("{function} failed: {}", String::from_utf8_lossy(payload)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_uses_the_functions_words() {
        let failure = |payload: &[u8]| failure("rowgate-loader", "The backfill", payload).to_string();
        let words = br#"{"errorType": "Error", "errorMessage": "there is no table people"}"#;
        assert_eq!(failure(words), "The backfill stopped: there is no table people.");
        let several_lines = br#"{"errorMessage": "missing field\n"}"#;
        assert_eq!(failure(several_lines), "The backfill stopped: missing field.");
        assert_eq!(failure(b"nothing"), "rowgate-loader failed: nothing");
    }
}
