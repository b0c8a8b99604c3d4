//! The `rowgate` command, as a user runs it against the cloud of `source <dir>/env`.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs};

use serde_json::{Value, json};

use crate::support::Cloud;

/// `ROWGATE_BIN`, or the binary that was built beside these tests.
fn rowgate(arguments: &[&str]) -> Output {
    let program = env::var_os("ROWGATE_BIN").map_or_else(
        || {
            let test = env::current_exe().unwrap();
            test.ancestors().nth(2).unwrap().join("rowgate")
        },
        PathBuf::from,
    );
    assert!(program.is_file(), "{} is missing: `cargo build --package cli` builds it", program.display());
    Command::new(program).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn upload_waits_for_the_end_of_the_load() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{} my jobs.csv", cloud.ids.number));
    fs::write(&file, format!("{},Job\n{},\n", cloud.ids.at(1), cloud.ids.at(2))).unwrap();
    let output = rowgate(&["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), format!("incoming/jobs/{} my jobs.csv\n", cloud.ids.number));
    assert!(text(&output.stderr).contains("2 rows read, 1 loaded, 1 rejected"), "{output:?}");
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 1);

    let again = rowgate(&["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
    assert!(again.status.success(), "{again:?}");
    assert!(text(&again.stderr).contains("skipped"), "{again:?}");
}

#[tokio::test]
async fn upload_ends_with_1_when_the_load_fails() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}.csv", cloud.ids.number));
    fs::write(&file, "id,colour\n1,red\n").unwrap();
    let output = rowgate(&["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("colour"), "{output:?}");
    let missing = rowgate(&["upload", "jobs", "/no/such/file.csv"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
}

#[tokio::test]
async fn report_prints_a_table_csv_or_json() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let year = cloud.ids.year;
    let rows = json!([cloud.ids.employee(1), cloud.ids.employee(2)]);
    assert_eq!(cloud.api.post("/tables/employees/rows", &rows).await.status, 201);
    let parameter = format!("year={year}");
    let print = |format: &str| {
        let output = rowgate(&["report", "hires-by-quarter", &parameter, "--format", format]);
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout).to_owned()
    };
    let base = cloud.ids.base;
    let csv = print("csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines, ["department,job,q1,q2,q3,q4", &format!("Department {base},Job {base},0,0,2,0")]);
    let json: Value = serde_json::from_str(&print("json")).unwrap();
    assert_eq!(json["rows"][0]["q3"], 2);
    let table = print("table");
    assert!(table.contains("department") && table.contains(&format!("Department {base}")), "{table}");
    let wrong = rowgate(&["report", "hires-by-quarter", "year=twenty"]);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(text(&wrong.stderr).contains("year"), "{wrong:?}");
}
