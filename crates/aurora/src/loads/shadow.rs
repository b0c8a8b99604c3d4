//! The tables beside a table: the shadow that a replace fills, and what the table was before the swap.

use domain::load::LoadId;
use serde::Deserialize;

use crate::{Database, Error, Statement};

const NEW: &str = "rowgate_new_";
const OLD: &str = "rowgate_old_";

/// Hexadecimal digits that tell the shadows of one load apart.
const TOKEN: usize = 8;

/// MySQL's `ER_NO_SUCH_TABLE`.
const NO_SUCH_TABLE: u16 = 1146;

/// The table that a replace fills: `rowgate_new_<load id>_<token>`, 53 characters.
///
/// No shadow's name is ever made twice, so that a shadow that is gone is gone for good: whoever was about to rename it,
/// a frozen function or a statement that still waits in the database, cannot rename another in its stead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shadow(String);

impl Shadow {
    /// A name that no table has had.
    pub(super) fn fresh(id: &LoadId) -> Self {
        Self(format!("{NEW}{id}_{:0TOKEN$x}", fastrand::u32(..)))
    }

    /// Reads the name of a shadow; `None` where it cannot be one, so it is always safe in SQL.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (id, token) = name.strip_prefix(NEW)?.split_once('_')?;
        LoadId::parse(id)?;
        let is_token =
            token.len() == TOKEN && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Self(name.to_owned()))
    }

    /// The shadow that was swapped in for the table now called `name`.
    pub(super) fn of_old(name: &str) -> Option<Self> {
        Self::parse(&format!("{NEW}{}", name.strip_prefix(OLD)?))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What the table that it takes the place of is called from then on.
    pub(super) fn old(&self) -> String {
        self.0.replacen(NEW, OLD, 1)
    }

    /// The load that fills it.
    pub(super) fn load(&self) -> Option<LoadId> {
        LoadId::parse(self.0.strip_prefix(NEW)?.split_once('_')?.0)
    }
}

/// Where a shadow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Where it was made: no swap has taken place.
    Waiting,
    /// In its table's place, whose former self has the old name.
    SwappedIn,
    /// Nowhere: somebody dropped it or gave it another name.
    Gone,
}

/// Says where a shadow is. What it says about a shadow that no longer waits is final, but for the old table's end.
pub(super) async fn whereabouts(database: &Database, shadow: &Shadow) -> Result<Whereabouts, Error> {
    // In this order: once it is seen to wait no longer, nothing can be renamed any more.
    if exists(database, shadow.name()).await? {
        Ok(Whereabouts::Waiting)
    } else if exists(database, &shadow.old()).await? {
        Ok(Whereabouts::SwappedIn)
    } else {
        Ok(Whereabouts::Gone)
    }
}

/// Makes a shadow of `table`: its columns and indexes, no rows, numbers from 1 on. Fails where it is there already.
pub(super) async fn create(database: &Database, table: &str, shadow: &Shadow) -> Result<(), Error> {
    let sql = format!("CREATE TABLE `{}` LIKE `{table}`", shadow.name());
    database.execute(Statement::new(sql).continue_after_timeout()).await.map(|_| ())
}

/// Drops a table, if it is there.
pub(super) async fn drop_table(database: &Database, name: &str) -> Result<(), Error> {
    let sql = format!("DROP TABLE IF EXISTS `{name}`");
    database.execute(Statement::new(sql).continue_after_timeout().idempotent()).await.map(|_| ())
}

/// Whether a table exists. Waits for a statement that is changing its name: the catalog alone would show it half done.
pub(super) async fn exists(database: &Database, name: &str) -> Result<bool, Error> {
    let sql = format!("SELECT 1 AS `found` FROM `{name}` LIMIT 0");
    match database.query::<serde::de::IgnoredAny>(Statement::new(sql)).await {
        Ok(_) => Ok(true),
        Err(Error::Sql { code: Some(NO_SUCH_TABLE), .. }) => Ok(false),
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

/// The names of all shadows and old tables that there are.
pub(super) async fn all(database: &Database) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
    }
    let sql = "SELECT table_name AS `name` FROM information_schema.tables WHERE table_schema = DATABASE() \
               AND LEFT(table_name, 12) IN (:new, :old) ORDER BY table_name";
    let rows: Vec<Row> = database.query(Statement::new(sql).bind("new", NEW).bind("old", OLD)).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Whether a shadow has the columns and indexes that its table has now: a migration may have changed them since.
pub(super) async fn has_form_of(database: &Database, shadow: &Shadow, table: &str) -> Result<bool, Error> {
    let columns = "SELECT CONCAT_WS('|', column_name, ordinal_position, column_type, is_nullable, \
                   COALESCE(column_default, 'NULL'), COALESCE(collation_name, ''), extra) AS `part` \
                   FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = :name ORDER BY 1";
    let indexes = "SELECT CONCAT_WS('|', index_name, seq_in_index, COALESCE(column_name, ''), non_unique, \
                   COALESCE(sub_part, ''), index_type) AS `part` \
                   FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = :name ORDER BY 1";
    for sql in [columns, indexes] {
        if parts(database, sql, shadow.name()).await? != parts(database, sql, table).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn parts(database: &Database, sql: &'static str, name: &str) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Row {
        part: String,
    }
    let rows: Vec<Row> = database.query(Statement::new(sql).bind("name", name)).await?;
    Ok(rows.into_iter().map(|row| row.part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables_of_a_load_by_their_names_and_no_others() {
        let id = LoadId::of_object("data", "incoming/jobs/replace/a.csv", "v1");
        let shadow = Shadow::fresh(&id);
        assert_eq!(shadow.name().len(), 53);
        assert_ne!(Shadow::fresh(&id), shadow);
        assert_eq!(Shadow::parse(shadow.name()), Some(shadow.clone()));
        assert_eq!(Shadow::of_old(&shadow.old()), Some(shadow.clone()));
        assert_eq!(shadow.load(), Some(id.clone()));
        for name in ["rowgate_new_", "rowgate_new_x_00000000", "rowgate_loads", "employees"] {
            assert_eq!((Shadow::parse(name), Shadow::of_old(name)), (None, None), "{name}");
        }
        for token in ["0000000", "0000000G", "0000000`", "000000000"] {
            assert_eq!(Shadow::parse(&format!("rowgate_new_{id}_{token}")), None, "{token}");
        }
    }
}
