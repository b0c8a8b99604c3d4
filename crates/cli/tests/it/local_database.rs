//! A local cloud through its life, with the one service that needs nothing else.

use std::path::Path;
use std::process::Command;

use local_database::Kind;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use tokio::runtime::Runtime;

use crate::{rowgate, stderr, stdout};

const UP: [&str; 5] = ["local", "up", "--dir", "cloud", "--database-only"];

/// Runs SQL through the private socket, whose path scripts read from the env file; gives the first
/// value, if there is one.
fn sql(folder: &Path, text: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", ". cloud/env && printf %s \"$ROWGATE_MYSQL_SOCKET\""])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let options = OptsBuilder::default().socket(Some(stdout(&output))).user(Some("root"));
    let first: Option<String> = Runtime::new().unwrap().block_on(async {
        let mut conn = Conn::new(options).await.unwrap();
        let first = conn.query_first(text).await.unwrap();
        conn.disconnect().await.unwrap();
        first
    });
    first.unwrap_or_default()
}

fn pid(folder: &Path) -> String {
    let record = std::fs::read_to_string(folder.join("cloud/run/database.json")).unwrap();
    let digits = record.split("\"pid\":").nth(1).unwrap().trim_start();
    digits.split(|character: char| !character.is_ascii_digit()).next().unwrap().to_owned()
}

/// Ends the database however the test ends.
struct Cloud<'a>(&'a Path);

impl Drop for Cloud<'_> {
    fn drop(&mut self) {
        rowgate(self.0, &["local", "clean", "--yes", "--dir", "cloud"]);
    }
}

#[test]
fn data_outlives_stop_and_crash_and_only_clean_removes_it() {
    // A long path, so that the socket has to move.
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("d".repeat(90));
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.as_path();
    let _cloud = Cloud(folder);

    let output = rowgate(folder, &UP);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).is_empty());
    sql(folder, "CREATE DATABASE kept; CREATE TABLE kept.t (id INT); INSERT INTO kept.t VALUES (7)");
    let first = pid(folder);

    // A second `up` finds it running.
    assert_eq!(rowgate(folder, &UP).status.code(), Some(0));
    assert_eq!(pid(folder), first);
    // The other services do not run, and `status` says so by its exit code too.
    let status = rowgate(folder, &["local", "status", "--dir", "cloud"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(
        stdout(&status).contains("running") && stdout(&status).contains("stopped"),
        "{}",
        stdout(&status)
    );

    // Killed: the next `up` starts it again and nothing committed is lost.
    assert!(Command::new("kill").args(["-9", &first]).status().unwrap().success());
    assert_eq!(rowgate(folder, &UP).status.code(), Some(0));
    assert_ne!(pid(folder), first);
    assert_eq!(sql(folder, "SELECT id FROM kept.t"), "7");

    // Stopped, twice, and started again.
    for expected in ["database stopped", "Nothing was running"] {
        let output = rowgate(folder, &["local", "down", "--dir", "cloud"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    assert_eq!(rowgate(folder, &UP).status.code(), Some(0));
    assert_eq!(sql(folder, "SELECT id FROM kept.t"), "7");

    // Data of one database is no other's.
    let other = if Kind::of(&folder.join("cloud/mysql")) == Kind::MySql { "mariadb" } else { "mysql" };
    let output = rowgate(folder, &[&UP[..], &["--database", other]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("`rowgate local clean` removes the data"), "{}", stderr(&output));

    // Files that others put into the folder stay.
    std::fs::write(folder.join("cloud/notes.txt"), "mine").unwrap();
    let output = rowgate(folder, &["local", "clean", "--yes", "--dir", "cloud"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!folder.join("cloud/mysql").exists());
    assert!(folder.join("cloud/notes.txt").exists());
}
