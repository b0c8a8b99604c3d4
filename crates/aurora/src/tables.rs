//! Tables that are made beside a table, to take its place.

use crate::ledger::Only;
use crate::{Database, Error, Statement};

/// Creates a table like another: its columns and indexes, no rows, numbers from 1 on. Fails if it
/// exists.
pub(crate) async fn create_like(database: &Database, name: &str, table: &str) -> Result<(), Error> {
    let sql = format!("CREATE TABLE `{name}` LIKE `{table}`");
    database.execute(Statement::new(sql).continue_after_timeout()).await.map(|_| ())
}

/// Drops a table if it exists.
pub(crate) async fn drop_table(database: &Database, name: &str) -> Result<(), Error> {
    let sql = format!("DROP TABLE IF EXISTS `{name}`");
    database.execute(Statement::new(sql).continue_after_timeout().idempotent()).await.map(|_| ())
}

/// Returns true if a table exists. Waits for a statement that is changing its name: the catalog
/// alone would show it half done.
pub(crate) async fn exists(database: &Database, name: &str) -> Result<bool, Error> {
    let sql = format!("SELECT 1 AS `found` FROM `{name}` LIMIT 0");
    match database.query::<serde::de::IgnoredAny>(Statement::new(sql)).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_missing_table() => Ok(false),
        // A message without a number says nothing certain.
        Err(Error::Sql { code: None, .. }) => in_catalog(database, name).await,
        Err(error) => Err(error),
    }
}

async fn in_catalog(database: &Database, name: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 AS `found` FROM information_schema.tables \
               WHERE table_schema = DATABASE() AND table_name = :name";
    let rows: Vec<serde::de::IgnoredAny> = database.query(Statement::new(sql).bind("name", name)).await?;
    Ok(!rows.is_empty())
}

/// Lists the tables whose names begin with one of these, in order.
pub(crate) async fn with_prefix(database: &Database, prefixes: &[&str]) -> Result<Vec<String>, Error> {
    let conditions: Vec<String> = (0..prefixes.len())
        .map(|number| format!("LEFT(table_name, CHAR_LENGTH(:p{number})) = :p{number}"))
        .collect();
    let sql = format!(
        "SELECT table_name AS `name` FROM information_schema.tables WHERE table_schema = DATABASE() \
         AND ({}) ORDER BY table_name",
        conditions.join(" OR ")
    );
    let select = Statement::new(sql).bind_each("p", prefixes.iter().copied());
    Ok(database.query(select).await?.into_iter().map(|Only(name)| name).collect())
}

/// Returns true if a table has the columns and indexes that another has now: a migration may have
/// changed that one since.
pub(crate) async fn has_form_of(database: &Database, name: &str, table: &str) -> Result<bool, Error> {
    let columns = "SELECT CONCAT_WS('|', column_name, ordinal_position, column_type, is_nullable, \
                   COALESCE(column_default, 'NULL'), COALESCE(collation_name, ''), extra) AS `part` \
                   FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = :name ORDER BY 1";
    let indexes = "SELECT CONCAT_WS('|', index_name, seq_in_index, COALESCE(column_name, ''), non_unique, \
                   COALESCE(sub_part, ''), index_type) AS `part` \
                   FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = :name ORDER BY 1";
    for sql in [columns, indexes] {
        if parts(database, sql, name).await? != parts(database, sql, table).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn parts(database: &Database, sql: &'static str, name: &str) -> Result<Vec<String>, Error> {
    let parts = database.query(Statement::new(sql).bind("name", name)).await?;
    Ok(parts.into_iter().map(|Only(part)| part).collect())
}
