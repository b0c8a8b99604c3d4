//! The files that a restore of external Avro reads.

use std::fmt;

use bucket::Store;
use sha2::{Digest, Sha256};

use crate::error::RestoreError;
use crate::read::files;
use crate::read::source::Object;

/// The size of the ledger's column.
const MAX_SOURCE: usize = 1024;

/// Returns true if the request fits into the ledger.
pub(crate) fn fits(prefix: &str, ignore: &[String]) -> bool {
    let names: usize = ignore.iter().map(|name| name.chars().count() + 1).sum();
    prefix.chars().count() + names + 100 <= MAX_SOURCE
}

/// Identifies the files, and their state when the restore began. In the ledger it is a text like
/// `export/?files=2&sum=1f3a90bc00112233&ignore=salary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilesSource {
    /// The prefix of their keys.
    pub(crate) prefix: String,
    /// The number of files.
    files: usize,
    /// The first 16 digits of the SHA-256 of their keys, sizes and times.
    sum: String,
    /// Fields that may be left out.
    pub(crate) ignore: Vec<String>,
}

impl FilesSource {
    /// Lists the files under `prefix`: returns the source, and the files in the order of their
    /// keys. If a key is the prefix itself, it is the only file.
    ///
    /// # Errors
    /// Those of the bucket.
    pub(crate) async fn look<S: Store>(
        store: &S,
        prefix: &str,
        ignore: &[String],
    ) -> Result<(Self, Vec<Object>), RestoreError> {
        let mut listed = store.list_all(prefix).await?;
        if listed.iter().any(|object| object.key == prefix) {
            listed.retain(|object| object.key == prefix);
        }
        let mut hash = Sha256::new();
        let mut found = Vec::new();
        for listed in listed {
            let object = Object { key: listed.key, bytes: listed.bytes };
            if files::is_data(prefix, &object) {
                hash.update(format!("{}\n{}\n{}\n", object.key, object.bytes, listed.modified));
                found.push(object);
            }
        }
        let mut sum = hex::encode(hash.finalize());
        sum.truncate(16);
        let source = Self { prefix: prefix.to_owned(), files: found.len(), sum, ignore: ignore.to_vec() };
        Ok((source, found))
    }

    /// Reads what the ledger has.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.rsplit_once("?files=")?;
        let (files, rest) = rest.split_once("&sum=")?;
        let (sum, ignore) = rest.split_once("&ignore=").unwrap_or((rest, ""));
        let ignore = ignore.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Self { prefix: prefix.to_owned(), files: files.parse().ok()?, sum: sum.to_owned(), ignore })
    }
}

impl fmt::Display for FilesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?files={}&sum={}", self.prefix, self.files, self.sum)?;
        if !self.ignore.is_empty() {
            write!(f, "&ignore={}", self.ignore.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_keeps_which_files_there_were() {
        for (ignore, text) in [
            (vec![], "a?files=/x/?files=2&sum=0011223344556677"),
            (vec!["salary".to_owned(), "*".to_owned()], "a/?files=10&sum=0011223344556677&ignore=salary,*"),
        ] {
            let source = FilesSource::parse(text).unwrap();
            assert_eq!(source.ignore, ignore);
            assert_eq!(source.to_string(), text);
        }
        for text in ["a/", "a/?files=x&sum=1", "a/?files=1"] {
            assert_eq!(FilesSource::parse(text), None, "{text}");
        }
    }
}
