//! Runs every command of `docs/api.md`; each must answer as the page says.
//!
//! A `sh` block runs in one `sh -c`, with the variables of `.local/env` and those that earlier
//! blocks have set. Each of its `curl` calls is followed by a line with the expected status
//! (`# 201`). A `json` block right after it is the answer to its last call; of values that differ
//! each time (ids, times, versions) only the type is compared.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Cloud, rowgate_program, until};

const PAGE: &str = include_str!("../../../docs/api.md");
/// The command that a reader runs before the first call. The tests run with its variables.
const FIRST: &str = "source .local/env\n";
/// Writes each status to standard error.
const CURLRC: &str = "write-out = \"%{stderr}status %{http_code} %{content_type}\\n\"\n";
/// A `curl` that retries throttled calls, as a client does, and no others: `--retry` would also
/// hide a 500 or 503.
const CURL: &str = r#"#!/bin/sh
PATH=${PATH#*:}
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
for tries in $(seq 60); do
    result=0
    curl "$@" >"$folder/answer" 2>"$folder/status" || result=$?
    grep -q '^status 429 ' "$folder/status" || break
    sleep 1
done
cat "$folder/answer"
cat "$folder/status" >&2
exit "$result"
"#;
/// Members of answers that differ each time.
const VARYING: [&str; 6] = ["backup", "restore", "load", "version", "expected", "latency_ms"];
const WAIT: Duration = Duration::from_secs(90);

/// A `sh` block with the `json` block right after it.
#[derive(Debug)]
struct Step<'p> {
    commands: &'p str,
    answer: Option<&'p str>,
}

#[tokio::test]
async fn every_command_on_the_page_of_the_api_answers_as_it_says() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    remove_rows(&cloud).await;

    let steps = steps();
    assert_eq!(steps[0].commands, FIRST);
    let mut calls = 0;
    for step in &steps[1..] {
        // A reader comes to the next call when the last one's work is done.
        settle(&cloud).await;
        calls += run(step, folder.path());
    }
    assert!(calls >= 30, "the page has {calls} calls only");
    // The page shows a record that was rejected.
    let files: Vec<_> = fs::read_dir(folder.path().join("rejects")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    remove_rows(&cloud).await;
}

#[test]
fn every_method_of_the_api_is_called_on_its_page() {
    let calls = calls();
    for operation in openapi::operations().iter().filter(|operation| operation.is_at(openapi::Door::Scripts))
    {
        let is_meant = |(method, path): &(String, &str)| {
            let mut names = path.split('/').zip(operation.path.split('/'));
            *method == operation.method()
                && path.split('/').count() == operation.path.split('/').count()
                && names.all(|(name, declared)| name == declared || declared.starts_with('{'))
        };
        assert!(calls.iter().any(is_meant), "{} {} is not called", operation.method(), operation.path);
    }
}

/// Returns the method and the path of every call on the page.
fn calls() -> Vec<(String, &'static str)> {
    let mut calls = Vec::new();
    for step in steps() {
        for call in step.commands.split("\"$ROWGATE_URL").skip(1) {
            let (url, options) = call.split_once('"').unwrap();
            let method = match options.split_once(" -X ") {
                Some((_, method)) => method.split_whitespace().next().unwrap(),
                None if options.contains(" -d ") => "POST",
                None => "GET",
            };
            calls.push((method.to_owned(), url.split('?').next().unwrap()));
        }
    }
    calls
}

/// Returns the blocks of the page, in order.
fn steps() -> Vec<Step<'static>> {
    let mut steps = Vec::new();
    let mut rest = PAGE;
    while let Some((_, from)) = rest.split_once("```sh\n") {
        let (commands, after) = from.split_once("```\n").unwrap();
        let answer = after.strip_prefix("\n```json\n").map(|answer| answer.split_once("```\n").unwrap().0);
        steps.push(Step { commands, answer });
        rest = after;
    }
    steps
}

/// Prepares a folder that stands for the reader's clone of the repository.
fn prepare(folder: &Path) {
    fs::write(folder.join(".curlrc"), CURLRC).unwrap();
    fs::write(folder.join("variables"), "").unwrap();
    let curl = folder.join("bin/curl");
    fs::create_dir(folder.join("bin")).unwrap();
    fs::write(&curl, CURL).unwrap();
    fs::set_permissions(curl, Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(folder.join("target/debug")).unwrap();
    std::os::unix::fs::symlink(rowgate_program(), folder.join("target/debug/rowgate")).unwrap();
}

/// Runs the commands, compares the output with the page, and returns the number of calls.
fn run(step: &Step<'_>, folder: &Path) -> usize {
    // Variables outlive the block, as they do in a reader's shell.
    let script = format!("set -ea\n. ./variables\n{}\nexport -p >./variables", step.commands);
    // Before the real one.
    let path = format!("{}:{}", folder.join("bin").display(), env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("PATH", path)
        .current_dir(folder)
        .env("CURL_HOME", folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{output:?}", step.commands);
    let expected: Vec<&str> = step.commands.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let statuses = statuses(&output);
    let found: Vec<&str> = statuses.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(found, expected, "{}\n{output:?}", step.commands);
    for (status, media_type) in &statuses {
        let is_problem = media_type == "application/problem+json";
        // An insert of which nothing is in has an answer of its own.
        assert!(
            is_problem == (status.starts_with('4') && status != "422") || status == "422",
            "{statuses:?}"
        );
    }
    if let Some(answer) = step.answer {
        let printed: Value = serde_json::from_str(answer).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // JSON has no line end; CSV before it has.
        let line = text.lines().last().unwrap_or_default();
        let given = serde_json::Deserializer::from_str(line).into_iter::<Value>();
        let last = given.map(Result::unwrap).last().unwrap();
        assert_eq!(form(last), form(printed), "{}", step.commands);
    }
    statuses.len()
}

/// Returns status and media type of each call.
fn statuses(output: &Output) -> Vec<(String, String)> {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("status "));
    lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(status, media_type)| (status.to_owned(), media_type.to_owned()))
        .collect()
}

/// Replaces the values that differ each time by a fixed text or number.
fn form(mut answer: Value) -> Value {
    if let Value::Object(members) = &mut answer {
        for (name, value) in members {
            *value = match value.take() {
                Value::String(_) if VARYING.contains(&name.as_str()) => Value::from("…"),
                Value::Number(_) if VARYING.contains(&name.as_str()) => Value::from(0),
                other => form(other),
            };
        }
    }
    answer
}

/// Waits until no backup and no load runs.
async fn settle(cloud: &Cloud) {
    for path in ["/loads?status=running", "/backups"] {
        let list = path[1..].split('?').next().unwrap();
        until(&format!("every one of {path} has ended"), WAIT, async || {
            let page = cloud.api.get(path).await.json();
            let all = page[list].as_array().unwrap();
            if all.iter().any(|one| one["status"] == "running") { Err(page) } else { Ok(()) }
        })
        .await;
    }
}

/// Removes the rows that the page inserts, so that it finds none of them and leaves none.
async fn remove_rows(cloud: &Cloud) {
    let operator = cloud.as_operator();
    let jobs = (910..=917).map(|id| format!("/tables/jobs/rows/{id}"));
    let others = ["/tables/employees/rows/91001", "/tables/departments/rows/910"].map(str::to_owned);
    for path in others.into_iter().chain(jobs) {
        let reply = operator.send(operator.request(Method::DELETE, &path)).await;
        assert!(matches!(reply.status, 204 | 404), "{path}: {reply:?}");
    }
}
