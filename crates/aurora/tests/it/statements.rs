use anyhow::Result;
use aurora::{Error, Statement, Value};
use serde::Deserialize;
use testkit::TestDatabase;
use testkit::local_data_api::ErrorStyle;

use crate::{insert, rename, things, things_with};

#[tokio::test]
async fn binds_every_type_and_reads_it_back() -> Result<()> {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        a: i64,
        b: f64,
        c: String,
        d: u8,
        e: Option<i64>,
        h: String,
    }
    let test = TestDatabase::start().await?;
    test.sql(
        "CREATE TABLE all_types (a BIGINT, b DOUBLE DEFAULT 0.1, c VARCHAR(50), d INT, e INT, h VARCHAR(20))",
    )
    .await?;
    let insert = Statement::new("INSERT INTO all_types (a, c, d, e, h) VALUES (:a, :c, :d, :e, :h)")
        .bind("a", i64::MIN)
        .bind("c", "'; DROP TABLE x; -- \\ \u{0} % :a é \u{1F600}")
        .bind("d", true)
        .bind("e", None::<i64>)
        .bind("h", Value::Date("2021-07-27".to_owned()));
    assert_eq!(test.database().execute(insert).await?.updated, 1);
    let rows: Vec<Row> =
        test.database().query(Statement::new("SELECT a, b, c, d, e, h FROM all_types")).await?;
    let expected = Row {
        a: i64::MIN,
        b: 0.1,
        c: "'; DROP TABLE x; -- \\ \u{0} % :a é \u{1F600}".to_owned(),
        d: 1,
        e: None,
        h: "2021-07-27".to_owned(),
    };
    assert_eq!(rows, [expected]);
    Ok(())
}

#[tokio::test]
async fn gives_counts_and_no_rows() -> Result<()> {
    let test = TestDatabase::start().await?;
    test.sql("CREATE TABLE keyed (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9)) AUTO_INCREMENT = 7")
        .await?;
    let done =
        test.database().execute(Statement::new("INSERT INTO keyed (name) VALUES ('a'), ('b')")).await?;
    assert_eq!(done.updated, 2);
    let none: Vec<serde_json::Value> =
        test.database().query(Statement::new("SELECT id FROM keyed WHERE id = 0")).await?;
    assert!(none.is_empty());
    Ok(())
}

#[tokio::test]
async fn tells_database_errors_apart_in_every_wording() -> Result<()> {
    for style in ErrorStyle::ALL {
        let test = things_with(|config| config.error_style = *style).await?;
        let database = test.database();
        let error = database.execute(insert(1)).await.unwrap_err();
        assert!(error.is_duplicate_key(), "{style:?}: {error:?}");
        // Without a number, only errors that the code acts on are recognised by their words.
        let has_number = !matches!(style, ErrorStyle::StateOnly | ErrorStyle::Bare);
        let error = database.execute(Statement::new("SELEKT 1")).await.unwrap_err();
        let expected = has_number.then_some(1064);
        assert!(matches!(error, Error::Sql { code, .. } if code == expected), "{style:?}: {error:?}");
        let error = database.execute(rename(1, &"x".repeat(21))).await.unwrap_err();
        let expected = has_number.then_some(1406);
        assert!(matches!(error, Error::Sql { code, .. } if code == expected), "{style:?}: {error:?}");
        let error = database.query::<i64>(Statement::new("SELECT * FROM nowhere")).await.unwrap_err();
        assert!(matches!(error, Error::Sql { code: Some(1146), .. }), "{style:?}: {error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_user_without_the_privilege_is_denied_access_at_once() -> Result<()> {
    for style in ErrorStyle::ALL {
        let test = things_with(|config| config.error_style = *style).await?;
        let error = test.reader().execute(insert(3)).await.unwrap_err();
        assert!(matches!(error, Error::AccessDenied { .. }), "{style:?}: {error:?}");
        // Of another database.
        let target = aurora::Target { database: "mysql".to_owned(), ..test.target() };
        let elsewhere = aurora::Database::new(test.client(), target);
        let error = elsewhere.execute(insert(3)).await.unwrap_err();
        assert!(matches!(error, Error::AccessDenied { .. }), "{style:?}: {error:?}");
    }
    Ok(())
}

/// MySQL and MariaDB refuse it with numbers of their own: whoever compares with such a column
/// checks the text before.
#[tokio::test]
async fn a_text_that_an_ascii_column_cannot_hold_is_refused_in_both_databases() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let sql = "SELECT load_id FROM rowgate_loads WHERE load_id = :id";
    let asked = Statement::new(sql).bind("id", "n\u{e9}e");
    let error = test.database().query::<serde_json::Value>(asked).await.unwrap_err();
    let is_mariadb = test.value("SELECT VERSION()").await?.contains("MariaDB");
    let expected = if is_mariadb { 1267 } else { 3988 };
    assert!(matches!(error, Error::Sql { code: Some(code), .. } if code == expected), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn an_answer_over_the_limit_is_too_large() -> Result<()> {
    for style in ErrorStyle::ALL {
        let test = things_with(|config| {
            config.error_style = *style;
            config.limits.formatted_bytes = 1000;
            config.limits.row_bytes = 3000;
        })
        .await?;
        for length in [2000, 4000] {
            let statement = Statement::new("SELECT REPEAT('x', :length) AS x").bind("length", length);
            let error = test.database().query::<serde_json::Value>(statement).await.unwrap_err();
            assert!(error.wants_smaller(), "{style:?}: {error:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_statement_that_takes_too_long_wants_to_be_smaller() -> Result<()> {
    let test = things_with(|config| config.limits.call = std::time::Duration::from_millis(200)).await?;
    let statement = Statement::new("SELECT SLEEP(5) AS x");
    let error = test.database().query::<serde_json::Value>(statement).await.unwrap_err();
    assert!(error.wants_smaller(), "{error:?}");
    let write = Statement::new("INSERT INTO things SELECT 3 + SLEEP(5), 'late'");
    let error = test.database().execute(write).await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn rows_of_anything_but_a_select_are_an_error_and_never_none() -> Result<()> {
    let test = things().await?;
    for sql in [
        "SHOW TABLES",
        "WITH a AS (SELECT id FROM things) SELECT id FROM a",
        "DELETE FROM things WHERE id = 0",
    ] {
        let rows = test.database().query::<serde_json::Value>(Statement::new(sql)).await;
        assert!(matches!(rows, Err(Error::Answer { .. })), "{sql}: {rows:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_row_that_does_not_fit_its_type_is_an_answer_error() -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Row {
        #[serde(rename = "name")]
        _name: i64,
    }
    let test = things().await?;
    let error = test.database().query::<Row>(Statement::new("SELECT name FROM things")).await.unwrap_err();
    assert!(matches!(error, Error::Answer { .. }), "{error:?}");
    Ok(())
}
