//! Rows in backups.

use domain::dictionary::Table;
use domain::folder::TableFolder;
use reqwest::Method;
use serde_json::json;

use super::{SampleRow, content_of, is_referred};
use crate::support::Cloud;

/// Backs up all tables, verifies the backup, deletes rows, and restores them.
pub(super) async fn bring_rows_back(
    cloud: &Cloud,
    folder: &TableFolder,
    tables: &[(&Table, Vec<SampleRow>)],
) {
    let (backup, _) = cloud.backup(&json!({})).await;
    let mut then = Vec::new();
    for (table, _) in tables {
        then.push(content_of(cloud, table).await);
    }
    let verified = cloud.restore(&json!({"backup": backup, "mode": "verify"})).await;
    for (table, _) in tables {
        assert_eq!(verified["tables"][table.name()]["rows_rejected"], 0, "{verified}");
    }
    let operator = cloud.as_operator();
    for (table, rows) in tables.iter().filter(|(table, _)| !is_referred(folder, table)) {
        for row in rows.iter().take(3) {
            let reply = operator.send(operator.request(Method::DELETE, &row.path)).await;
            assert_eq!(reply.status, 204, "{} of {}: {}", row.path, table.name(), reply.text);
        }
    }
    cloud.restore(&json!({"backup": backup})).await;
    for ((table, _), then) in tables.iter().zip(&then) {
        assert_eq!(content_of(cloud, table).await, *then, "{}", table.name());
    }
}
