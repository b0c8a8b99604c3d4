//! Migrations, on a real database.

mod dictionary;
mod users;

use std::fs;
use std::process::Command;

use anyhow::Result;
use domain::load::LoadPath;
use domain::migration::{Migration, newest};
use lambda_runtime::Diagnostic;
use testkit::TestDatabase;

#[tokio::test]
async fn answers_with_what_it_applied_and_then_with_nothing() -> Result<()> {
    let test = TestDatabase::start().await?;
    let migrations = &testkit::folder().migrations;
    let response = migrate::run(&test.admin(), &[], LoadPath::Statements, migrations, "request").await?;
    let names: Vec<&str> = migrations.iter().map(Migration::name).collect();
    assert_eq!(
        serde_json::to_value(response)?,
        serde_json::json!({"applied": names, "schema_version": newest(migrations)})
    );
    let again = migrate::run(&test.admin(), &[], LoadPath::Statements, migrations, "request").await?;
    assert_eq!(
        serde_json::to_value(again)?,
        serde_json::json!({"applied": [], "schema_version": newest(migrations)})
    );
    Ok(())
}

#[tokio::test]
async fn a_failure_says_what_to_do() -> Result<()> {
    let test = TestDatabase::start().await?;
    let migration = |sql| Migration::parse("20261121_create_a", sql);
    migrate::run(
        &test.admin(),
        &[],
        LoadPath::Statements,
        &[migration("CREATE TABLE a (id INT PRIMARY KEY);")?],
        "request",
    )
    .await?;
    let changed = migration("CREATE TABLE a (id BIGINT PRIMARY KEY);")?;
    let failure =
        migrate::run(&test.admin(), &[], LoadPath::Statements, &[changed], "request").await.unwrap_err();
    let diagnostic = Diagnostic::from(failure);
    assert_eq!(diagnostic.error_type, "MigrationFailed");
    insta::assert_snapshot!(diagnostic.error_message, @"migration 20261121_create_a was changed after it was applied (recorded checksum 0461af8622a5515aeb91a53b1c7df7d1a8c3812e42a396aafa20c51c4efb9f9d, now 9c249710e083e39e6f256ca72b4109b66135ab724a6735ce6aa79e21c35c896d): put its text back and add a new migration");
    Ok(())
}

#[test]
fn a_function_does_not_start_over_a_wrong_folder_and_says_what_is_wrong_with_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("dictionary.toml"), "[[table]]\nname = \"Things\"\n")?;
    let target = testkit::target("rowgate");
    let output = Command::new(env!("CARGO_BIN_EXE_migrate"))
        .env_clear()
        .envs(testkit::LAMBDA_ENVIRONMENT)
        .envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_LAMBDA_RUNTIME_API", "localhost:1"),
            ("ROWGATE_CLUSTER_ARN", &*target.cluster_arn),
            ("ROWGATE_SECRET_ARN", &*target.secret_arn),
            ("ROWGATE_DATABASE", &*target.database),
        ])
        .env("ROWGATE_SQL", folder.path())
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    let place = format!("Error: the folder of tables: {}/dictionary.toml:", folder.path().display());
    assert!(!output.status.success() && said.starts_with(&place) && said.lines().count() == 1, "{said}");
    Ok(())
}
