//! The database behind the service, through its socket.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row};

pub(crate) struct Database {
    options: OptsBuilder,
}

impl Database {
    pub(crate) fn new(socket: &str, database: &str) -> Self {
        let options = OptsBuilder::default()
            .socket(Some(socket))
            .user(Some("root"))
            .db_name(Some(database))
            .init(vec!["SET NAMES utf8mb4, time_zone = '+00:00'"]);
        Self { options }
    }

    async fn connect(&self) -> Conn {
        Conn::new(self.options.clone()).await.expect("the cloud's MariaDB answers on ROWGATE_MYSQL_SOCKET")
    }

    /// Returns the rows of a query, each value as text and NULL as "NULL".
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut connection = self.connect().await;
        let rows: Vec<Row> = connection.query(sql).await.unwrap();
        connection.disconnect().await.unwrap();
        rows.into_iter()
            .map(|row| {
                row.unwrap()
                    .into_iter()
                    .map(|value| match value {
                        mysql_async::Value::NULL => "NULL".to_owned(),
                        value => mysql_async::from_value(value),
                    })
                    .collect()
            })
            .collect()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await[0][0].parse().unwrap()
    }

    /// Counts the rows of a table with an id from `from` on, below `to`.
    pub(crate) async fn count(&self, table: &str, from: i64, to: i64) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {table} WHERE id >= {from} AND id < {to}")).await
    }

    /// Returns the time as the ledger writes it.
    pub(crate) async fn now(&self) -> String {
        let sql =
            "SELECT CONCAT(SUBSTRING(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'), 1, 23), 'Z')";
        self.rows(sql).await[0][0].clone()
    }

    /// Ends the transactions that have been idle for so many seconds, as the Data API does after
    /// three minutes.
    pub(crate) async fn end_idle_transactions(&self, seconds: u32) {
        let sql = format!(
            "SELECT t.trx_mysql_thread_id FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
             WHERE p.command = 'Sleep' AND p.db = DATABASE() AND p.time >= {seconds}"
        );
        for row in self.rows(&sql).await {
            self.rows(&format!("KILL {}", row[0])).await;
        }
    }

    /// Returns a number that no test has had before, in this run or an earlier one against the same
    /// cloud.
    pub(crate) async fn next_number(&self) -> i64 {
        let mut connection = self.connect().await;
        connection.query_drop("CREATE DATABASE IF NOT EXISTS e2e").await.unwrap();
        let table = "CREATE TABLE IF NOT EXISTS e2e.numbers (number INT AUTO_INCREMENT PRIMARY KEY)";
        connection.query_drop(table).await.unwrap();
        connection.query_drop("INSERT INTO e2e.numbers VALUES ()").await.unwrap();
        let number = connection.last_insert_id().unwrap();
        connection.disconnect().await.unwrap();
        i64::try_from(number).unwrap()
    }
}
