//! Results of statements: counts, generated fields, batches, errors of the database.

use aws_sdk_rdsdata::types::{Field, RecordsFormatType, SqlParameter};
use local_data_api::ErrorStyle;

use crate::support::{CLUSTER, Failed, Harness, SECRET, param, send, text};

const TABLE: &str =
    "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, UNIQUE (name))";

async fn batch(h: &Harness, sql: &str, sets: Vec<Vec<SqlParameter>>) -> Result<Vec<Vec<Field>>, Failed> {
    let call = h.client.batch_execute_statement().resource_arn(CLUSTER).secret_arn(SECRET);
    let sent = call.database(&h.database).sql(sql).set_parameter_sets(Some(sets)).send().await?;
    Ok(sent.update_results().iter().map(|result| result.generated_fields().to_vec()).collect())
}

#[tokio::test]
async fn writes_are_counted_and_generate_fields() {
    let h = Harness::start().await;
    let created = h.execute(TABLE).await.unwrap();
    assert_eq!((created.number_of_records_updated, created.generated_fields().len()), (0, 0));
    assert!(created.records.is_none());
    let inserted = h.execute("INSERT INTO t (name) VALUES ('a'), ('b')").await.unwrap();
    assert_eq!(inserted.number_of_records_updated, 2);
    assert_eq!(inserted.generated_fields(), [Field::LongValue(1)]);
    // Rows that are found count, changed or not, as JDBC counts them.
    let updated = h.execute("UPDATE t SET name = name WHERE id < 3").await.unwrap();
    assert_eq!(updated.number_of_records_updated, 2);
    assert!(updated.generated_fields().is_empty());
    let deleted = h.execute("DELETE FROM t WHERE id = 1;  -- the end").await.unwrap();
    assert_eq!(deleted.number_of_records_updated, 1);
}

#[tokio::test]
async fn a_batch_runs_once_for_each_set() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    let sql = "INSERT INTO t (name) VALUES (:name)";
    let set = |name: &str| vec![param("name", text(name))];
    let results = batch(&h, sql, vec![set("a"), set("b"), set("c")]).await.unwrap();
    assert_eq!(results, [[Field::LongValue(1)], [Field::LongValue(2)], [Field::LongValue(3)]]);
    assert_eq!(batch(&h, sql, vec![]).await.unwrap().len(), 0);
    assert_eq!(batch(&h, "DELETE FROM t WHERE id = 1", vec![vec![], vec![]]).await.unwrap().len(), 2);
    assert_eq!(h.count("t").await, 2);
    // A set that lacks its parameter is found before anything runs.
    let failed = batch(&h, sql, vec![set("d"), vec![]]).await.unwrap_err();
    assert_eq!(failed.message, "Cannot find parameter: name");
    assert_eq!(h.count("t").await, 2);
    // Outside of a transaction each set commits for itself.
    let failed = batch(&h, sql, vec![set("d"), set("b"), set("e")]).await.unwrap_err();
    assert!(failed.message.contains("Error code: 1062"), "{}", failed.message);
    assert_eq!(h.count("t").await, 3);
}

#[tokio::test]
async fn errors_of_the_database_keep_their_number() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    h.execute("INSERT INTO t VALUES (1, 'a')").await.unwrap();
    for (sql, message) in [
        (
            "INSERT INTO t VALUES (1, 'b')",
            // MySQL has the table's name before the key's.
            "PRIMARY'; Error code: 1062; SQLState: 23000",
        ),
        ("SELECT * FROM nowhere", "doesn't exist; Error code: 1146; SQLState: 42S02"),
        ("SELEC 1", "Error code: 1064; SQLState: 42000"),
        ("INSERT INTO t (id) VALUES (2)", "Error code: 1364; SQLState: HY000"),
        ("", "Error code: 1065; SQLState: 42000"),
    ] {
        let failed = h.execute(sql).await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.status), ("DatabaseErrorException", 400), "{sql}");
        assert!(failed.message.ends_with(message), "{}", failed.message);
    }
    let elsewhere = h.statement("SELECT 1").database("no_such_database");
    let failed = send(elsewhere).await.unwrap_err();
    assert!(failed.message.contains("Error code: 1049"), "{}", failed.message);
}

#[tokio::test]
async fn errors_can_be_worded_in_each_way_that_is_known() {
    for style in ErrorStyle::ALL {
        let h = Harness::with(|config| config.error_style = *style).await;
        let missing = h.execute("SELECT * FROM nowhere").await.unwrap_err();
        let large = h.execute("SELECT REPEAT('x', 65537)").await.unwrap_err();
        let lost = h.execute_in("bm8gc3VjaA==", "SELECT 1").await.unwrap_err();
        let (names, starts, ends) = match style {
            ErrorStyle::Current => (CURRENT, "Table '", "' doesn't exist; Error code: 1146; SQLState: 42S02"),
            ErrorStyle::NumberOnly => (CURRENT, "Table '", "' doesn't exist; Error code: 1146"),
            ErrorStyle::StateOnly => (CURRENT, "Table '", "' doesn't exist; SQLState: 42S02"),
            ErrorStyle::Bare => (CURRENT, "Table '", "' doesn't exist"),
            ErrorStyle::V1 => {
                (["BadRequestException"; 3], "Database error code: 1146. Message: Table '", "' doesn't exist")
            }
            ErrorStyle::V1Late => {
                (["BadRequestException"; 3], "Table '", "' doesn't exist; Error code: 1146; SQLState: 42S02")
            }
        };
        assert_eq!([&*missing.code, &*large.code, &*lost.code], names, "{style:?}");
        assert!(missing.message.starts_with(starts) && missing.message.ends_with(ends), "{missing:?}");
        assert!(large.message.starts_with("Packet for query is too large"), "{large:?}");
        assert!(lost.message.starts_with("Transaction bm8gc3VjaA== is not found"), "{lost:?}");
    }
}

const CURRENT: [&str; 3] =
    ["DatabaseErrorException", "UnsupportedResultException", "TransactionNotFoundException"];

#[tokio::test]
async fn only_select_is_formatted_as_json() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    h.execute("CREATE PROCEDURE p() SELECT 1 AS a").await.unwrap();
    let json = |sql: &str| {
        send(h.statement(sql).format_records_as(RecordsFormatType::Json).include_result_metadata(true))
    };
    for sql in ["SELECT 1 AS a", "\n select 1 AS a -- b"] {
        let result = json(sql).await.unwrap();
        assert_eq!(result.formatted_records(), Some("[{\"a\":1}]"), "{sql}");
        assert!(result.records.is_none() && result.column_metadata.is_none(), "{sql}");
    }
    for sql in [
        "SHOW VARIABLES LIKE 'version'",
        "SHOW CREATE TABLE t",
        "DESCRIBE t",
        "EXPLAIN SELECT * FROM t",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "CALL p()",
        "/* b */ SELECT 1 AS a",
        "-- b\nSELECT 1 AS a",
        "(SELECT 1 AS a) UNION (SELECT 1)",
    ] {
        let result = json(sql).await.unwrap();
        assert!(result.formatted_records.is_none(), "{sql}");
        assert_eq!(result.records().len(), 1, "{sql}");
        assert_eq!(result.records()[0].len(), result.column_metadata().len(), "{sql}");
    }
    let written = json("INSERT INTO t VALUES (1)").await.unwrap();
    assert!(written.formatted_records.is_none() && written.records.is_none());
}

#[tokio::test]
async fn only_one_statement_a_call() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    for sql in ["SELECT 1; DROP TABLE t", "SELECT ';'; DELETE FROM t", "SELECT 1; /*! DROP TABLE t */"] {
        let failed = h.execute(sql).await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.status), ("ValidationException", 400), "{sql}");
        assert_eq!(failed.message, "Multistatements aren't supported.");
    }
    assert_eq!(h.count("t").await, 0);
    let body = "CREATE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END";
    h.execute(body).await.unwrap();
    assert_eq!(h.execute("CALL two()").await.unwrap().records(), [[Field::LongValue(1)]]);
}

#[tokio::test]
async fn names_in_strings_and_comments_are_not_parameters() {
    let h = Harness::start().await;
    let sql = "SELECT ':a', \":b\", /* :c ' */ :a AS `:d` -- :e\n , 1 # :f";
    let result = send(h.statement(sql).parameters(param("a", text("x")))).await.unwrap();
    assert_eq!(result.records()[0], [text(":a"), text(":b"), text("x"), Field::LongValue(1)]);
    let twice = h.statement("SELECT :a, :a").parameters(param("a", Field::LongValue(7)));
    assert_eq!(send(twice).await.unwrap().records()[0], [Field::LongValue(7), Field::LongValue(7)]);
    let question = h.statement("SELECT ?, :a").parameters(param("a", Field::LongValue(7)));
    assert_eq!(send(question).await.unwrap_err().code, "BadRequestException");
}

#[tokio::test]
async fn what_mysql_does_not_have_is_refused() {
    let h = Harness::start().await;
    let failed = send(h.statement("SELECT 1").schema("public")).await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("ValidationException", 400));
    assert_eq!(failed.message, "The schema parameter isn't supported");
    let other = Harness::with(|config| config.resource_arn = Some(format!("{CLUSTER}-other"))).await;
    let failed = other.execute("SELECT 1").await.unwrap_err();
    assert_eq!(failed.code, "HttpEndpointNotEnabledException");
}

#[tokio::test]
async fn files_of_the_caller_cannot_be_loaded() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (v TEXT)").await.unwrap();
    let failed = h.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("DatabaseErrorException", 400), "{failed:?}");
    assert_eq!(h.count("t").await, 0);
    h.execute("SELECT 1").await.unwrap();
}
