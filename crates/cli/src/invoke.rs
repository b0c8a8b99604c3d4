//! Invokes a function and reads its answer.

use anyhow::{Context, Result, anyhow};
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
    let request = aws.lambda().invoke().function_name(function).payload(Blob::new(payload.to_string()));
    let answer =
        request.send().await.map_err(refused(format!("The function {function} cannot be invoked")))?;
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    if answer.function_error().is_some() {
        return Err(failure(function, work, payload));
    }
    serde_json::from_slice(payload)
        .with_context(|| format!("{function} answered {}", String::from_utf8_lossy(payload)))
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
