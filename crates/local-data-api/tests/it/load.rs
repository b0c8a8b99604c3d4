//! `LOAD DATA FROM S3`.

use local_data_api::{Config, Credentials, MemoryObjects, MemorySecrets, Objects};
use testkit::load_from_s3_role;

use crate::support::{Harness, SECRET};

const LOAD: &str = "LOAD DATA FROM S3 's3://data/parts/a.tsv' INTO TABLE things (id, name)";

/// A database with an empty table, and a bucket with this object, which `root` may load.
async fn start(content: &'static str) -> Harness {
    start_as(content, |_| {}).await
}

async fn start_as(content: &'static str, change: impl FnOnce(&mut Config)) -> Harness {
    let find = move |bucket: &str, key: &str| {
        (bucket == "data" && key == "parts/a.tsv").then(|| content.as_bytes().to_vec())
    };
    let harness = Harness::with(|config| {
        config.objects = Objects::Memory(MemoryObjects::new(find));
        change(config);
    })
    .await;
    for sql in load_from_s3_role("'root'@'localhost'") {
        harness.sql(&sql).await;
    }
    harness.execute("CREATE TABLE things (id INT PRIMARY KEY, name VARCHAR(3) NOT NULL)").await.unwrap();
    harness
}

#[tokio::test]
async fn an_object_is_loaded_within_a_transaction() {
    let harness = start("1\ta\n2\tb\n").await;
    let transaction = harness.begin().await;
    let loaded = harness.execute_in(&transaction, LOAD).await.unwrap();
    assert_eq!(loaded.number_of_records_updated, 2);
    harness.rollback(&transaction).await.unwrap();
    assert_eq!(harness.count("things").await, 0);
    harness.execute(LOAD).await.unwrap();
    assert_eq!(harness.count("things").await, 2);
}

#[tokio::test]
async fn what_does_not_fit_or_is_taken_is_an_error_and_nothing_is_in() {
    for (content, expected) in [
        ("1\ta\n1\tb\n", "Error code: 1062"),
        ("1\ta\nx\tb\n", "Error code: 1366"),
        ("1\ta\n2\tlong\n", "Error code: 1406"),
        ("1\ta\n2\n", "Error code: 1261"),
        ("1\ta\n2\tb\tc\n", "Error code: 1262"),
    ] {
        let harness = start(content).await;
        let failed = harness.execute(LOAD).await.unwrap_err();
        assert!(failed.message.contains(expected), "{content:?}: {}", failed.message);
        assert_eq!(harness.count("things").await, 0, "{content:?}");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_an_error() {
    let harness = start("").await;
    for (sql, expected) in [
        (LOAD.replace("a.tsv", "b.tsv"), "S3 API returned error: The specified key does not exist."),
        (LOAD.replace("'s3://data/parts/a.tsv'", "'a.tsv'"), "The URI of an object in S3 is"),
        (LOAD.replace("S3 '", "S3 PREFIX '"), "This server loads a FILE from S3"),
    ] {
        let failed = harness.execute(&sql).await.unwrap_err();
        assert!(failed.message.contains(expected), "{sql}: {}", failed.message);
    }
    let without = Harness::start().await;
    without.execute("CREATE TABLE things (id INT PRIMARY KEY, name VARCHAR(3) NOT NULL)").await.unwrap();
    let failed = without.execute(LOAD).await.unwrap_err();
    assert!(failed.message.contains("S3 API returned error: Missing Credentials"), "{}", failed.message);
}

#[tokio::test]
async fn loading_needs_the_role_and_the_role_is_given_to_nothing_else() {
    let secrets = MemorySecrets::default();
    secrets.put(SECRET, "root", "");
    let harness =
        start_as("1\ta\n", |config| config.credentials = Credentials::Memory(secrets.clone())).await;
    let user = format!("{}_u", &harness.database);
    harness.sql(&format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'p'")).await;
    harness.sql(&format!("GRANT ALL ON {}.* TO '{user}'@'%'", harness.database)).await;
    secrets.put(SECRET, &user, "p");
    let failed = harness.execute(LOAD).await.unwrap_err();
    assert!(failed.message.contains("LOAD FROM S3 privilege"), "{}", failed.message);
    harness.sql(&format!("GRANT AWS_LOAD_S3_ACCESS TO '{user}'@'%'")).await;
    harness.execute(LOAD).await.unwrap();
    assert_eq!(harness.count("things").await, 1);
    let failed = harness.execute("LOAD DATA INFILE '/etc/passwd' INTO TABLE things").await.unwrap_err();
    assert!(failed.message.contains("Error code: 1045"), "{}", failed.message);
    harness.sql(&format!("DROP USER '{user}'@'%'")).await;
}
