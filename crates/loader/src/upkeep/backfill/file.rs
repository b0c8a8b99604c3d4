//! The files that a backfill finds.

use bucket::Listed;
use domain::dictionary::{Dictionary, LoadMode};
use domain::load::{Incoming, LoadId, no_data, no_data_below};

use super::request::Backfill;
use crate::queue::event::{ObjectCreated, TargetOverride};

/// Storage classes whose objects have to be restored before they can be read.
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// A file that can be loaded.
#[derive(Debug)]
pub(super) struct File {
    /// The object, as S3's event would have announced it.
    pub(super) object: ObjectCreated,
    pub(super) mode: LoadMode,
    pub(super) id: LoadId,
}

impl File {
    /// Reads what an object in a listing would be loaded as.
    ///
    /// # Errors
    /// The key, and why the object cannot be loaded.
    pub(super) fn read(
        dictionary: &Dictionary,
        request: &Backfill,
        bucket: &str,
        listed: Listed,
    ) -> Result<Self, String> {
        let Listed { key, version, etag, bytes, storage_class, .. } = listed;
        let etag = etag.trim_matches('"').to_owned();
        let identity = version.clone().unwrap_or_else(|| etag.clone());
        let mut object = ObjectCreated {
            bucket: bucket.to_owned(),
            key,
            version,
            identity,
            etag: Some(etag),
            size: bytes,
            target: None,
        };
        let key = &object.key;
        let incoming = incoming(dictionary, request, key).map_err(|reason| format!("{key}: {reason}"))?;
        if let Some(class) = storage_class.filter(|class| ARCHIVES.contains(&class.as_str())) {
            return Err(format!("{key}: it is archived ({class}); restore a copy of it and load that"));
        }
        let (id, mode) = (LoadId::of_object(bucket, key, &object.identity), incoming.mode);
        object.target = (request.table.is_some() || request.mode.is_some()).then(|| TargetOverride {
            table: incoming.table.name().to_owned(),
            mode: Some(mode.as_str().to_owned()),
        });
        Ok(Self { object, mode, id })
    }

    /// Returns key and ETag of an object without versions.
    pub(super) fn unversioned(&self) -> Option<(&str, &str)> {
        let ObjectCreated { key, version, etag, .. } = &self.object;
        version.is_none().then(|| (&**key, etag.as_deref().unwrap_or_default()))
    }
}

/// Reads table, mode and format from the request and the key.
fn incoming<'d>(dictionary: &'d Dictionary, request: &Backfill, key: &str) -> Result<Incoming<'d>, String> {
    let Backfill { table, mode, prefix, .. } = request;
    let no_data = match table {
        None => no_data(key),
        // Folders count below the folder that the prefix names.
        Some(_) => {
            let named = prefix.rfind('/').map_or(0, |slash| slash + 1);
            no_data_below(key.get(named..).unwrap_or(key))
        }
    };
    if let Some(what) = no_data {
        return Err(format!("it is {what}"));
    }
    let for_table = |table: &str| Incoming::for_table(dictionary, key, table, mode.as_deref());
    let incoming = match (table, mode) {
        (Some(table), _) => for_table(table),
        (None, None) => Incoming::from_key(dictionary, key),
        (None, Some(_)) => {
            Incoming::from_key(dictionary, key).and_then(|named| for_table(named.table.name()))
        }
    };
    incoming.map_err(|error| error.to_string())
}
