//! Numbers that a table has handed out.

use crate::{Database, Error, Statement};

/// Makes a shadow hand out no number that its table has handed out already: rows that were added
/// since the backup are not in the shadow, and what refers to them elsewhere must not come to mean
/// others.
///
/// A number handed out between this and the swap is not known here. Rows that arrive through
/// Rowgate bring their numbers along.
pub(super) async fn continue_numbers(database: &Database, table: &str, shadow: &str) {
    if let Err(error) = try_continue_numbers(database, table, shadow).await {
        tracing::warn!(
            table,
            error.class = error.class(),
            "the numbers of the table may be handed out again"
        );
    }
}

async fn try_continue_numbers(database: &Database, table: &str, shadow: &str) -> Result<(), Error> {
    let (there, here) = (next(database, table).await?, next(database, shadow).await?);
    let Some(next) = there.filter(|there| here.is_none_or(|here| here < *there)) else { return Ok(()) };
    let sql = format!("ALTER TABLE `{shadow}` AUTO_INCREMENT = {next}");
    database.execute(Statement::new(sql).continue_after_timeout().idempotent()).await.map(|_| ())
}

/// Returns the next number that a table hands out; `None` if it hands out none, or has not yet.
async fn next(database: &Database, table: &str) -> Result<Option<u64>, Error> {
    // MySQL's information_schema answers from a cache that may be a day old; this never does. One
    // row: name and text.
    let show = Statement::new(format!("SHOW CREATE TABLE `{table}`"));
    let rows = database.send_show(&show, None).await?;
    let text = rows.first().and_then(|row| row.get(1));
    text.map(|text| read(text)).ok_or_else(|| Error::unreadable("SHOW CREATE TABLE without a text"))
}

/// Reads the options behind the columns.
fn read(sql: &str) -> Option<u64> {
    let (_, options) = sql.rsplit_once("\n)")?;
    let (options, _) = options.split_once("COMMENT=").unwrap_or((options, ""));
    let (_, number) = options.split_once("AUTO_INCREMENT=")?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn reads_the_next_number_of_a_table_and_nothing_that_looks_like_it() {
        let table = |options: &str| {
            format!(
                "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT COMMENT 'AUTO_INCREMENT=9',\n  PRIMARY KEY (`id`)\n) {options}"
            )
        };
        assert_eq!(read(&table("ENGINE=InnoDB AUTO_INCREMENT=71 DEFAULT CHARSET=utf8mb4")), Some(71));
        assert_eq!(read(&table("ENGINE=InnoDB AUTO_INCREMENT=18446744073709551615")), Some(u64::MAX));
        assert_eq!(read(&table("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")), None);
        assert_eq!(read(&table("ENGINE=InnoDB COMMENT='AUTO_INCREMENT=9'")), None);
    }
}
