//! The `rowgate` command, as a user runs it against the cloud of `source <dir>/env`.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Cloud, rowgate, rowgate_command};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn upload_waits_for_the_end_of_the_load() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{} my jobs.csv", cloud.ids.number));
    fs::write(&file, format!("{},Job\n{},\n,\n", cloud.ids.at(1), cloud.ids.at(2))).unwrap();
    let output = rowgate(&["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), format!("incoming/jobs/{} my jobs.csv\n", cloud.ids.number));
    let warning = "warning: 1 record was skipped: a row of empty fields, or the header again\n";
    assert!(text(&output.stderr).contains(warning), "{output:?}");
    assert!(text(&output.stderr).contains("2 rows read, 1 loaded, 1 rejected"), "{output:?}");
    let key = format!("incoming/jobs/{} my jobs.csv", cloud.ids.number);
    let load = cloud.loads_of(&key).await[0]["load"].as_str().unwrap().to_owned();
    assert!(text(&output.stderr).contains(&format!("rowgate rejects {load}")), "{output:?}");
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
    let zip = rowgate(&["upload", "jobs", "people.zip"]);
    assert_eq!(zip.status.code(), Some(1), "{zip:?}");
    assert!(text(&zip.stderr).contains("unpack it"), "{zip:?}");
}

#[tokio::test]
async fn upload_goes_through_the_api_without_aws_credentials() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}-linked.csv", cloud.ids.number);
    let file = folder.path().join(&name);
    // In parts: a header that is not the table's, so that nobody has to wait for so many rows.
    let mut content = b"id,colour\n".to_vec();
    content.resize(65 * 1024 * 1024, b'1');
    for (content, status) in
        [(format!("{},Job\n", cloud.ids.at(9)).into_bytes(), Some(0)), (content, Some(1))]
    {
        fs::write(&file, content).unwrap();
        let mut command = rowgate_command();
        command.args(["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
        for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "ROWGATE_BUCKET"] {
            command.env_remove(variable);
        }
        let output = command.env("HOME", folder.path()).output().unwrap();
        assert_eq!(output.status.code(), status, "{output:?}");
        assert_eq!(text(&output.stdout), format!("incoming/jobs/{name}\n"));
    }
    let loads = cloud.loads_of(&format!("incoming/jobs/{name}")).await;
    assert_eq!(loads.iter().map(|load| load["status"].clone()).collect::<Vec<_>>(), ["completed", "failed"]);
}

#[tokio::test]
async fn upload_sends_a_large_file_in_parts_and_follows_its_load() {
    const PART: usize = 64 * 1024 * 1024;
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}-large.csv", cloud.ids.number));
    // One byte more than a part holds. It fails by its header, so that nobody has to wait for so
    // many rows.
    let mut content = b"id,colour\n".to_vec();
    content.resize(PART, b'1');
    content.push(b'\n');
    fs::write(&file, &content).unwrap();
    let output = rowgate(&["upload", "jobs", file.to_str().unwrap(), "--wait", "--timeout", "60"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("failed ("), "{output:?}");
    let key = format!("incoming/jobs/{}-large.csv", cloud.ids.number);
    let object = cloud.s3.head_object().bucket(&cloud.bucket).key(&key).send().await.unwrap();
    assert_eq!(object.content_length(), Some((PART + 1) as i64));
    assert!(object.e_tag().unwrap().ends_with("-2\""), "{object:?}");
}

#[tokio::test]
async fn upload_takes_packed_files_and_a_mode() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join(format!("{}.csv", cloud.ids.number));
    for (content, mode) in [("First", "append"), ("Second", "upsert")] {
        fs::write(&plain, format!("{},{content}\n", cloud.ids.at(1))).unwrap();
        let packed = folder.path().join(format!("{}.csv.gz", cloud.ids.number));
        assert!(Command::new("gzip").arg("--force").arg(&plain).status().unwrap().success());
        let output = rowgate(&["upload", "jobs", packed.to_str().unwrap(), "--mode", mode, "--wait"]);
        assert!(output.status.success(), "{output:?}");
        let key = format!("incoming/jobs/{mode}/{}.csv.gz\n", cloud.ids.number);
        assert_eq!(text(&output.stdout), key);
    }
    let sql = format!("SELECT job_name FROM jobs WHERE id = {}", cloud.ids.at(1));
    assert_eq!(cloud.database.rows(&sql).await, [["Second"]]);
}

#[tokio::test]
async fn rejects_are_downloaded_mended_and_uploaded_again() {
    let cloud = Cloud::connect().await;
    let folder = tempfile::tempdir().unwrap();
    let file = format!("{},Clerk\n{},\n", cloud.ids.at(1), cloud.ids.at(2));
    let load = cloud.load(&cloud.key("jobs", "flawed.csv"), file).await;
    let id = load["load"].as_str().unwrap();
    let to = folder.path().join("deep/er");
    let download = || rowgate(&["rejects", id, "--to", to.to_str().unwrap()]);
    let output = download();
    assert!(output.status.success(), "{output:?}");
    let path = to.join(format!("{id}-00000.csv"));
    assert_eq!(text(&output.stdout), format!("{}\n", path.display()));
    assert!(text(&output.stderr).contains("1 rejected record, 1 file"), "{output:?}");
    let mended = fs::read_to_string(&path).unwrap().replace(",,2,", ",Typist,2,");
    fs::write(&path, &mended).unwrap();
    // A file corrected by hand is not overwritten.
    assert!(download().status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), mended);

    let upload = rowgate(&["upload", "jobs", path.to_str().unwrap(), "--wait"]);
    assert!(text(&upload.stderr).contains("1 rows read, 1 loaded, 0 rejected"), "{upload:?}");
    let loads = cloud.loads_of(&format!("incoming/jobs/{id}-00000.csv")).await;
    assert_eq!(loads[0]["parent"], load["load"], "{loads:?}");

    let none = rowgate(&["rejects", "0123456789abcdef0123456789abcdef"]);
    assert_eq!(none.status.code(), Some(1), "{none:?}");
    assert!(text(&none.stderr).contains("There is no load 0123456789abcdef0123456789abcdef"), "{none:?}");
}

#[tokio::test]
async fn backfill_loads_what_was_never_loaded_and_only_once() {
    let cloud = Cloud::connect().await;
    let bucket = format!("archive-{}", cloud.ids.number);
    cloud.s3.create_bucket().bucket(&bucket).send().await.unwrap();
    cloud.let_loader_read(&bucket).await;
    for (name, content) in [("a b.csv", format!("{},One\n", cloud.ids.at(1))), ("notes.pdf", "-".to_owned())]
    {
        let key = format!("{}/{name}", cloud.ids.number);
        cloud
            .s3
            .put_object()
            .bucket(&bucket)
            .key(key)
            .body(content.into_bytes().into())
            .send()
            .await
            .unwrap();
    }
    let prefix = format!("{}/", cloud.ids.number);
    let file = format!("{prefix}a b.csv");
    let backfill = |more: &[&str]| {
        let output =
            rowgate(&[&["backfill", &prefix, "--bucket", &bucket, "--table", "jobs"][..], more].concat());
        assert!(output.status.success(), "{output:?}");
        (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    let (found, notes) = backfill(&["--dry-run"]);
    assert_eq!(found, "1 file would be queued, 0 known to the ledger, 1 ignored\n");
    assert!(notes.contains("notes.pdf: \"notes.pdf\" cannot be read"), "{notes}");
    assert!(cloud.loads_of(&file).await.is_empty());
    assert_eq!(backfill(&[]).0, "1 file queued, 0 known to the ledger, 1 ignored\n");
    let loads = cloud.ended(&file, 1).await;
    assert_eq!(
        (&loads[0]["status"], &loads[0]["rows_loaded"]),
        (&json!("completed"), &json!(1)),
        "{loads:?}"
    );
    assert_eq!(backfill(&[]).0, "0 files queued, 1 known to the ledger, 1 ignored\n");

    let outside = rowgate(&["backfill", "rejected/"]);
    assert_eq!(outside.status.code(), Some(1), "{outside:?}");
    assert!(text(&outside.stderr).contains("the prefix must begin with"), "{outside:?}");
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
