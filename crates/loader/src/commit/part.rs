//! Parts in the bucket, which the database reads.

use std::slice;

use aurora::{Error, Statement, Tx};
use bucket::{Store, When};
use domain::load::part_key;
use domain::sql::{Part, load_part_sql};

use super::Committer;
use crate::error::LoadError;

/// A part that is in the bucket.
#[derive(Debug)]
pub(super) struct StoredPart {
    pub(super) key: String,
    sql: String,
    rows: u64,
}

impl StoredPart {
    /// Lets the database read it.
    ///
    /// # Errors
    /// Those of the statement; [`Error::Sql`] also if the database has read another number of rows.
    pub(super) async fn load(&self, tx: &Tx) -> Result<(), Error> {
        let Self { key, sql, rows } = self;
        let read = tx.execute(Statement::new(sql.clone())).await?.updated;
        if read == *rows {
            return Ok(());
        }
        let message = format!("of the {rows} rows of {key}, {read} were read");
        Err(Error::Sql { code: None, message })
    }
}

impl<S: Store, Q: Sync> Committer<'_, S, Q> {
    /// Puts the part of a chunk into the bucket.
    pub(super) async fn store_part(&self, chunk: u32, part: Part) -> Result<StoredPart, LoadError> {
        let Self { loader, run, plan, .. } = *self;
        let key = part_key(&run.id, chunk, fastrand::u32(..));
        loader.store.put(&key, part.text.into(), When::Always).await?;
        let sql = load_part_sql(&plan.table, &plan.target, loader.store.name(), &key);
        Ok(StoredPart { key, sql, rows: part.rows })
    }

    /// Removes the part of a committed chunk. What is left over expires.
    pub(super) async fn remove_part(&self, key: &String) {
        if let Err(error) = self.loader.store.delete(slice::from_ref(key)).await {
            tracing::info!(
                object.key = key.as_str(),
                error.causes = lambda_kit::causes(&error),
                "a part is left to expire"
            );
        }
    }
}
