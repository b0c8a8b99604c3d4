//! `rowgate verify` where there is nothing to prove.

use std::process::Output;

use serde_json::Value;

use crate::{command, stderr, stdout};

/// An address where nothing listens.
const NOWHERE: &str = "http://127.0.0.1:9";

fn verify(arguments: &[&str], with_credentials: bool) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{NOWHERE}/v1");
    let mut command = command(folder.path(), &[&["verify"][..], arguments].concat());
    command.envs([("ROWGATE_URL", &*url), ("ROWGATE_API_KEY", "w"), ("ROWGATE_OPERATOR_KEY", "o")]);
    command.envs([("ROWGATE_BUCKET", "b"), ("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL", NOWHERE)]);
    if with_credentials {
        command.envs([("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")]);
    } else {
        command.env("AWS_EC2_METADATA_DISABLED", "true");
    }
    command.output().unwrap()
}

#[test]
fn a_service_that_is_not_there_fails_and_the_rest_is_skipped() {
    let output = verify(&[], true);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("FAILED ") && lines[0].contains("/v1/status got no answer:"), "{text}");
    assert!(lines.iter().skip(3).all(|line| !line.starts_with("passed")), "{text}");
    assert!(lines.last().unwrap().starts_with("0 passed, 3 failed, 17 skipped, in "), "{text}");
}

#[test]
fn json_is_one_document() {
    let output = verify(&["--json"], true);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["status"], "failed");
    let checks = document["checks"].as_array().unwrap();
    assert_eq!((checks.len(), &checks[0]["check"]), (20, &"status".into()));
    assert!(checks.iter().all(|check| check["milliseconds"].is_u64()), "{document}");
}

#[test]
fn without_credentials_nothing_is_tried() {
    let output = verify(&[], false);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).starts_with("error: There are no AWS credentials"), "{}", stderr(&output));
}
