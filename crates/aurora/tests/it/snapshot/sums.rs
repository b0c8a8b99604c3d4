use anyhow::{Context, Result};
use aurora::Error;
use aurora::snapshot::{Snapshot, content_sum};
use domain::dictionary::Table;
use domain::row_text::ContentSum;
use testkit::TestDatabase;
use testkit::local_data_api::{ErrorKind, Faults, Rule};

use super::{all, documents, sample_table, things};

/// The sum as the database makes it and as it comes from the row texts.
async fn sums(test: &TestDatabase, table: &Table) -> Result<[ContentSum; 2]> {
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let nullable = snapshot.nullable(table).await?;
    let mut read = ContentSum::default();
    for row in all(&snapshot, table).await? {
        read.add(row.as_bytes());
    }
    Ok([content_sum(&test.database(), table.name(), table, &nullable).await?, read])
}

#[tokio::test]
async fn the_database_sums_up_what_is_read_from_it() -> Result<()> {
    let test = documents(3000).await?;
    let table = sample_table("documents")?;
    let [sum, read] = sums(&test, table).await?;
    assert_eq!(sum, read);
    assert_eq!(sum.rows(), 3000);
    test.sql("UPDATE documents SET name = 'Other' WHERE id = 10007").await?;
    let [changed, read] = sums(&test, table).await?;
    assert_eq!(changed, read);
    assert_ne!(changed, sum);
    Ok(())
}

#[tokio::test]
async fn sparse_keys_at_both_ends_and_no_rows_sum_up_as_well() -> Result<()> {
    for (key, sql, ends) in [
        ("integer", "INT", [i64::from(i32::MIN), i64::from(i32::MAX)]),
        ("bigint", "BIGINT", [i64::MIN, i64::MAX]),
    ] {
        let test = TestDatabase::migrated().await?;
        test.sql(&format!("CREATE TABLE things (id {sql} PRIMARY KEY, name VARCHAR(9) NULL)")).await?;
        let dictionary = things(
            key,
            "{ name = \"name\", type = \"string(9)\", required = false, description = \"Name.\" },",
        )?;
        let table = dictionary.table("things").context("no table")?;
        assert_eq!(sums(&test, table).await?, [ContentSum::default(); 2]);
        let [least, most] = ends;
        test.sql(&format!("INSERT INTO things VALUES ({least}, NULL), (0, '😀,N'), (5, ''), ({most}, 'N')"))
            .await?;
        let [sum, read] = sums(&test, table).await?;
        assert_eq!((sum, sum.rows()), (read, 4));
    }
    Ok(())
}

#[tokio::test]
async fn ranges_that_take_too_long_are_halved() -> Result<()> {
    let test = documents(100).await?;
    let table = sample_table("documents")?;
    let [sum, _] = sums(&test, table).await?;
    let nullable = [false, false, false, true, true];
    for part in ["SHA2", "OFFSET"] {
        let rule = Rule::error(ErrorKind::StatementTimeoutException).sql(part).times(6);
        test.data_api().set(Faults::default().with(rule));
        assert_eq!(content_sum(&test.database(), "documents", table, &nullable).await?, sum, "{part}");
        assert_eq!(test.data_api().injected(), 6, "{part}");
    }
    Ok(())
}

#[tokio::test]
async fn one_row_that_takes_too_long_ends_the_sum() -> Result<()> {
    let test = documents(3).await?;
    let rule = Rule::error(ErrorKind::StatementTimeoutException).sql("SHA2");
    test.data_api().set(Faults::default().with(rule));
    let nullable = [false, false, false, true, true];
    let late = content_sum(&test.database(), "documents", sample_table("documents")?, &nullable).await;
    assert!(matches!(late, Err(Error::StatementTimeout { .. })), "{late:?}");
    Ok(())
}
