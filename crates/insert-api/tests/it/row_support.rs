//! Calls of every method, and tables of a test's own.

use axum::http::{Request, header};
use domain::dictionary::{ColumnType, Dictionary, Table};
use insert_api::{Service, router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use testkit::TestDatabase;
use testkit::gateway::{self, by_key};

use crate::support::{Api, Reply};

/// A column of every type, all but the key optional, and one required beside.
pub(crate) const THINGS: &str = r#"
    [[table]]
    name = "things"
    aliases = ["stuff"]
    columns = [
        { name = "small", type = "integer", required = false },
        { name = "code", type = "bigint", key = true, aliases = ["nr"] },
        { name = "price", type = "decimal(38,5)", required = false },
        { name = "rate", type = "decimal(4,4)", required = false, aliases = ["pct"] },
        { name = "label", type = "string(300)", required = false },
        { name = "on_sale", type = "boolean", required = false },
        { name = "day", type = "date", required = false },
        { name = "moment", type = "timestamp", required = false },
        { name = "size", type = "integer" },
    ]
"#;

impl Api {
    /// The API over the tables of a dictionary, which are made as migrations would make them.
    pub(crate) async fn over(dictionary: &str) -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let dictionary: &'static Dictionary =
            Box::leak(Box::new(Dictionary::parse("test", dictionary).unwrap()));
        for table in dictionary.visible_tables() {
            db.sql(&create_table(table)).await.unwrap();
        }
        let service = Service::new(db.database(), dictionary);
        Self { routes: lambda_kit::http::with_service_layers(router(service), gateway::keys()), db }
    }

    /// A call as the caller whose API key has this id.
    pub(crate) async fn call(&self, caller: &str, method: &str, path: &str, body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(path).extension(by_key(Some(caller)));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.run(request.body(body.to_owned().into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("writer", "GET", path, "").await
    }

    pub(crate) async fn put(&self, path: &str, row: &Value) -> Reply {
        self.call("writer", "PUT", path, &row.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("operator", "DELETE", path, "").await
    }

    /// Every row of a table, page by page, and how many each page had.
    pub(crate) async fn pages(&self, table: &str, limit: u32) -> (Vec<Value>, Vec<usize>) {
        let (mut rows, mut sizes) = (Vec::new(), Vec::new());
        let mut after = String::new();
        loop {
            let reply = self.get(&format!("/tables/{table}/rows?limit={limit}{after}")).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            let page = reply.body["rows"].as_array().unwrap();
            assert!(page.len() <= limit as usize);
            sizes.push(page.len());
            rows.extend(page.iter().cloned());
            match &reply.body["next"] {
                Value::Null => return (rows, sizes),
                Value::String(key) => {
                    after = format!("&after={}", utf8_percent_encode(key, NON_ALPHANUMERIC));
                }
                next => after = format!("&after={next}"),
            }
        }
    }
}

/// The statement that makes a table as a migration would: columns that are compared have a binary
/// collation.
fn create_table(table: &Table) -> String {
    let list = |columns: &[usize]| {
        let names: Vec<String> =
            columns.iter().map(|index| format!("`{}`", table.columns()[*index].name())).collect();
        names.join(", ")
    };
    let refers =
        |index: usize| table.references().iter().any(|reference| reference.columns().contains(&index));
    let mut parts: Vec<String> = Vec::new();
    for (index, column) in table.columns().iter().enumerate() {
        let sql_type = match column.column_type() {
            ColumnType::SmallInt => "SMALLINT".to_owned(),
            ColumnType::Integer => "INT".to_owned(),
            ColumnType::Bigint => "BIGINT".to_owned(),
            ColumnType::Double => "DOUBLE".to_owned(),
            ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
            ColumnType::String { max } if column.is_compared() || refers(index) => {
                format!("VARCHAR({max}) COLLATE utf8mb4_bin")
            }
            ColumnType::String { max } => format!("VARCHAR({max})"),
            ColumnType::Text => "TEXT".to_owned(),
            ColumnType::Boolean => "TINYINT(1)".to_owned(),
            ColumnType::Date => "DATE".to_owned(),
            ColumnType::Time => "TIME".to_owned(),
            ColumnType::Timestamp { digits } => format!("DATETIME({digits})"),
            ColumnType::Uuid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".to_owned(),
            ColumnType::Json => "JSON".to_owned(),
            ColumnType::Binary { max } => format!("VARBINARY({max})"),
        };
        let null = if column.required() { "NOT NULL" } else { "NULL" };
        parts.push(format!("`{}` {sql_type} {null}", column.name()));
    }
    parts.push(format!("PRIMARY KEY ({})", list(table.key_indexes())));
    parts.extend(table.unique().iter().map(|columns| format!("UNIQUE KEY ({})", list(columns))));
    parts.extend(table.references().iter().map(|reference| format!("KEY ({})", list(reference.columns()))));
    format!(
        "CREATE TABLE `{}` ({}) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
        table.name(),
        parts.join(", ")
    )
}

/// Checks that an answer is this problem, without the database's words.
pub(crate) fn is_problem(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert_eq!(reply.body["type"], format!("urn:rowgate:problem:{kind}"), "{reply:?}");
    assert_eq!(reply.body["status"], status);
}

/// `column: code` of every error of a row.
pub(crate) fn row_errors(reply: &Reply) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    let errors = reply.body["errors"].as_array().unwrap();
    errors.iter().map(|error| format!("{}: {}", text(&error["column"]), text(&error["code"]))).collect()
}
