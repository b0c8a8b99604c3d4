//! The output and exit codes that scripts rely on.

use crate::{command, rowgate, stderr, stdout};

#[test]
fn help_and_version_go_to_stdout_and_succeed() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--help", "--version"] {
        let output = rowgate(folder.path(), &[flag]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("rowgate") && stderr(&output).is_empty());
    }
}

#[test]
fn wrong_arguments_are_the_users() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["fly"][..],
        &["report"],
        &["report", "files-by-quarter", "year"],
        &["upload", "tags", "a.csv", "--bucket", "b", "--mode", "merge"],
        &["rejects", "7"],
        &["backfill"],
        &["backfill", "incoming/", "--mode", "replace"],
        &["restore"],
        &["restore", "yesterday"],
        &["restore", "--from", "avro/"],
        &["put-back"],
        &["accounts"],
        &["accounts", "add", "ann@x.example"],
        &["accounts", "approve", "ann@x.example"],
        &["accounts", "disable"],
        &["console"],
        &["console", "--url", "file:///etc/passwd"],
        &["lake"],
        &["lake", "run", "--backup", "latest"],
        &["lake", "run", "--follow", "../x"],
        &["lake", "query", " "],
        &["lake", "query", "SELECT 1", "--format", "xml"],
        &["lake", "history", "tags"],
        &["lake", "history", "people", "--key", "7"],
        &["lake", "history", "tags", "--key", "7 OR 1=1"],
        &["verify", "--timeout", "soon"],
        &["backfill", "incoming/", "--environment", "Staging"],
        &["local", "up", "--lake", "--database-only"],
        &[],
    ] {
        let output = rowgate(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
}

#[test]
fn a_service_that_is_not_there_is_named_with_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let url = ["--url", "http://127.0.0.1:9/v1", "--api-key", "k"];
    let output = rowgate(folder.path(), &[&["report", "files-by-quarter"][..], &url].concat());
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.starts_with("error: GET http://127.0.0.1:9/v1/reports/files-by-quarter got no answer:"),
        "{text}"
    );
}

#[test]
fn an_unreachable_aws_is_reported_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "1,Clerk\n").unwrap();
    for (credentials, reason) in [
        (
            &[("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")][..],
            "Connection refused (os error 111)",
        ),
        (
            &[("AWS_EC2_METADATA_DISABLED", "true")],
            "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ),
    ] {
        let run = |arguments: &[&str]| {
            let output = command(folder.path(), arguments)
                .envs([
                    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
                    ("AWS_REGION", "us-east-1"),
                    ("HOME", "/none"),
                ])
                .envs(credentials.iter().copied())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
            stderr(&output).lines().last().unwrap().to_owned()
        };
        assert_eq!(
            run(&["upload", "tags", "a.csv", "--bucket", "b"]),
            format!("error: a.csv cannot be dropped in b: {reason}.")
        );
        assert_eq!(
            run(&["backfill", "incoming/"]),
            format!("error: The function rowgate-loader cannot be invoked: {reason}.")
        );
        assert_eq!(run(&["lake", "run"]), format!("error: The pipelines cannot be listed: {reason}."));
        for arguments in [&["lake", "query", "SELECT 1"][..], &["lake", "history", "tags", "--key", "7"]] {
            assert_eq!(run(arguments), format!("error: The query was refused: {reason}."));
        }
        assert_eq!(
            run(&["lake", "tables", "--bucket", "b"]),
            format!("error: The lake's bucket b cannot be read: {reason}.")
        );
    }
}

#[test]
fn without_a_lake_the_message_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = rowgate(folder.path(), &["lake", "tables"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "error: The lake is off here: `make lake` turns it on on this machine; an account has it when deployed with \
         lake=true. Where it is on, --bucket or ROWGATE_LAKE_BUCKET names its bucket.\n"
    );
}

#[test]
fn verbs_of_the_operator_name_the_variable_of_its_key() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["backup"][..], &["restore", "latest"], &["put-back", "20261121-020000-0000001f"]] {
        let output = command(folder.path(), arguments).env("ROWGATE_API_KEY", "k").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("--operator-key"), "{}", stderr(&output));
    }
}

#[test]
fn an_unconfirmed_restore_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["restore", "--from", "avro/tags/", "--table", "tags"];
    let output = command(folder.path(), &arguments)
        .envs([("ROWGATE_URL", "http://127.0.0.1:9/v1"), ("ROWGATE_OPERATOR_KEY", "k")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    // Nothing was called: that would have been refused.
    assert_eq!(
        stderr(&output),
        "This replaces, with the rows of the files at avro/tags/:\n  tags\n\
         The table as it is now is kept until it is restored again.\n\
         error: Nothing was restored. There is no terminal to ask on; --yes goes on without asking.\n"
    );
}

#[test]
fn stopping_where_nothing_was_started_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    for verb in ["down", "clean"] {
        let output = rowgate(folder.path(), &["local", verb, "--dir", "none"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "There is no local cloud in none.\n");
    }
    assert!(!folder.path().join("none").exists());
}

#[test]
fn a_cloud_stays_without_confirmation() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("cloud/mysql");
    std::fs::create_dir_all(&data).unwrap();
    let output = rowgate(folder.path(), &["local", "clean", "--dir", "cloud"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("removes:\n") && text.contains("/cloud/mysql\n"), "{text}");
    assert!(text.ends_with(
        "error: Nothing was removed. There is no terminal to ask on; --yes goes on without asking.\n"
    ));
    assert!(data.exists());
    let output = rowgate(folder.path(), &["local", "clean", "--yes", "--dir", "cloud"]);
    assert_eq!((output.status.code(), data.exists()), (Some(0), false), "{}", stderr(&output));
}

#[test]
fn a_demo_without_its_files_says_which_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["--bucket", "b", "--url", "http://127.0.0.1:9/v1", "--api-key", "k"];
    let output = rowgate(folder.path(), &[&["demo", "--data", "none"][..], &settings].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "error: There is no folder none.\n");
}
