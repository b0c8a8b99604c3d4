//! Finds objects that the ledger knows.

use std::collections::HashSet;
use std::slice;

use domain::load::LoadId;
use serde::Deserialize;

use crate::ledger::Only;
use crate::{Database, Error, Statement};

/// Ids in one query at most.
const IDS_PER_QUERY: usize = 500;

/// Keys in one query at most: they have up to a kilobyte each, and each is looked up by itself.
const KEYS_PER_QUERY: usize = 100;

/// Returns those of `ids` that are loads of the ledger, except for abandoned loads, which resume
/// when they are queued again.
///
/// # Errors
/// As [`Database::query`].
pub async fn known_loads(database: &Database, ids: &[LoadId]) -> Result<HashSet<LoadId>, Error> {
    loads_of(database, ids, "NOT given_up").await
}

/// Returns those of `ids` that are abandoned loads.
///
/// # Errors
/// As [`Database::query`].
pub async fn abandoned_loads(database: &Database, ids: &[LoadId]) -> Result<HashSet<LoadId>, Error> {
    loads_of(database, ids, "given_up").await
}

/// Returns true if the load has ended and no redrive resumes it; false also if the ledger does not
/// know the load.
///
/// # Errors
/// As [`Database::query`].
pub async fn has_ended_for_good(database: &Database, id: &LoadId) -> Result<bool, Error> {
    let ended = loads_of(database, slice::from_ref(id), "status <> 'running' AND NOT given_up").await?;
    Ok(!ended.is_empty())
}

async fn loads_of(database: &Database, ids: &[LoadId], condition: &str) -> Result<HashSet<LoadId>, Error> {
    let mut known = HashSet::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_QUERY) {
        let list: Vec<String> = (0..ids.len()).map(|number| format!(":i{number}")).collect();
        let list = list.join(",");
        let sql = format!("SELECT load_id FROM rowgate_loads WHERE load_id IN ({list}) AND {condition}");
        let select = Statement::new(sql).bind_each("i", ids.iter().map(LoadId::as_str));
        known.extend(database.query(select).await?.into_iter().map(|Only(id)| id));
    }
    Ok(known)
}

/// Returns those of `objects` of a bucket, each a key and an entity tag, that are in the ledger
/// under any version.
///
/// # Errors
/// As [`Database::query`].
pub async fn known_contents(
    database: &Database,
    bucket: &str,
    objects: &[(&str, &str)],
) -> Result<HashSet<(String, String)>, Error> {
    #[derive(Deserialize)]
    struct Row {
        object_key: String,
        etag: String,
    }
    let mut known = HashSet::new();
    for objects in objects.chunks(KEYS_PER_QUERY) {
        let conditions: Vec<String> = (0..objects.len())
            .map(|number| format!("(object_key = :k{number} AND etag = :e{number})"))
            .collect();
        let sql = format!(
            "SELECT object_key, etag FROM rowgate_loads WHERE bucket = :bucket AND ({})",
            conditions.join(" OR ")
        );
        let select = Statement::new(sql)
            .bind("bucket", bucket)
            .bind_each("k", objects.iter().map(|(key, _)| *key))
            .bind_each("e", objects.iter().map(|(_, etag)| *etag));
        known.extend(database.query::<Row>(select).await?.into_iter().map(|row| (row.object_key, row.etag)));
    }
    Ok(known)
}
