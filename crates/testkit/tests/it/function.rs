//! A function that a shell and `curl` make, through the Runtime API.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use anyhow::Result;
use tempfile::TempDir;
use testkit::{Answer, Ended, Function};

const LONG: Duration = Duration::from_secs(30);

/// Says what it hears, but fails at "fail" and does not answer "sleep".
const ECHO: &str = r#"#!/bin/bash
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while event=$(curl --silent --fail --dump-header "$FOLDER/headers" "$api/next"); do
    id=$(sed -n 's/\r$//; s/^lambda-runtime-aws-request-id: //Ip' "$FOLDER/headers")
    echo "heard $event"
    case $event in
    sleep) exec sleep 60 ;;
    fail) curl --silent --data "$event" "$api/$id/error" ;;
    *) curl --silent --data "$event" "$api/$id/response" ;;
    esac
done
"#;

struct Echo {
    folder: TempDir,
    function: Function,
}

impl Echo {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("echo.sh");
        fs::write(&program, ECHO)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        let environment = [("FOLDER", folder.path())];
        let log = File::create(folder.path().join("log"))?;
        let function = Function::start(&program, &environment, log).await?;
        Ok(Self { folder, function })
    }

    async fn hears(&self, event: &str, time: Duration) -> Result<Ended> {
        self.function.invoke(event.to_owned(), time).await
    }
}

#[tokio::test]
async fn a_function_answers_one_event_after_the_other() -> Result<()> {
    let echo = Echo::start().await?;
    assert_eq!(echo.hears("one", LONG).await?, Ended::Answered(Answer::Response("one".to_owned())));
    assert_eq!(echo.hears("fail", LONG).await?, Ended::Answered(Answer::Error("fail".to_owned())));
    assert_eq!(echo.hears("two", LONG).await?, Ended::Answered(Answer::Response("two".to_owned())));
    let log = fs::read_to_string(echo.folder.path().join("log"))?;
    assert_eq!(log, "heard one\nheard fail\nheard two\n");
    Ok(())
}

#[tokio::test]
async fn a_function_that_exceeds_its_time_is_killed() -> Result<()> {
    let echo = Echo::start().await?;
    assert_eq!(echo.hears("sleep", Duration::from_secs(1)).await?, Ended::TimedOut);
    assert!(!echo.function.is_alive());
    Ok(())
}

#[tokio::test]
async fn a_killed_function_is_seen_to_be_gone() -> Result<()> {
    let echo = Echo::start().await?;
    let (ended, ()) = tokio::join!(echo.hears("sleep", LONG), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        echo.function.kill();
    });
    assert_eq!(ended?, Ended::Died);
    Ok(())
}

#[tokio::test]
async fn a_stopped_function_continues_when_it_is_resumed() -> Result<()> {
    let echo = Echo::start().await?;
    assert!(matches!(echo.hears("one", LONG).await?, Ended::Answered(_)));
    let stopped = Duration::from_millis(500);
    let started = Instant::now();
    echo.function.stop();
    let (ended, ()) = tokio::join!(echo.hears("two", LONG), async {
        tokio::time::sleep(stopped).await;
        echo.function.resume();
    });
    assert_eq!(ended?, Ended::Answered(Answer::Response("two".to_owned())));
    assert!(started.elapsed() >= stopped);
    Ok(())
}
