//! What statements do: counts, generated fields, batches, errors of the database.

use aws_sdk_rdsdata::types::{Field, SqlParameter};
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
            "Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000",
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
async fn version_1_words_errors_differently() {
    let h = Harness::with(|config| config.error_style = ErrorStyle::V1).await;
    let failed = h.execute("SELECT * FROM nowhere").await.unwrap_err();
    assert_eq!(failed.code, "BadRequestException");
    assert!(failed.message.starts_with("Database error code: 1146. Message: Table "), "{}", failed.message);
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
    assert_eq!((failed.code.as_str(), failed.status), ("BadRequestException", 400));
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
