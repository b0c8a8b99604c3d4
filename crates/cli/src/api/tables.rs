//! The tables of the service over HTTP.

use anyhow::Result;
use serde::Deserialize;

use super::{Api, NO_QUERY, path};

#[derive(Debug, Deserialize)]
struct Tables {
    tables: Vec<Table>,
}

#[derive(Debug, Deserialize)]
struct Table {
    name: String,
}

impl Api {
    /// Returns the names of the service's tables.
    pub(crate) async fn table_names(&self) -> Result<Vec<String>> {
        let answer: Tables = self.get(&path(&["tables"], &NO_QUERY)).await?;
        Ok(answer.tables.into_iter().map(|table| table.name).collect())
    }
}
