//! The id of an upload in parts. It says all that has to be known of it, so nothing is kept
//! anywhere but in S3.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::dictionary::{Dictionary, Table};
use domain::load::Incoming;

use crate::parts::MAX_BYTES;

/// The id of an upload in parts: key, size and S3's own id, in base64url.
///
/// It is no secret and no permission. A changed id names another upload, which S3 knows or does
/// not; the key is held against what the caller sees each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId {
    /// Bytes of the file.
    pub bytes: u64,
    /// The id that S3 gave it.
    pub upload: String,
    /// The key of the file.
    pub key: String,
}

impl UploadId {
    /// Reads an id; `None` if it is invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.splitn(3, '\n');
        let (bytes, upload, key) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = bytes.parse().ok().filter(|bytes| (1..=MAX_BYTES).contains(bytes))?;
        if upload.is_empty() || key.contains('\n') {
            return None;
        }
        Some(Self { bytes, upload: upload.to_owned(), key: key.to_owned() })
    }

    /// Returns the table that its file is for; `None` if the key is not a file's.
    pub(crate) fn table(&self, dictionary: &'static Dictionary) -> Option<&'static Table> {
        Incoming::from_key(dictionary, &self.key).ok().map(|incoming| incoming.table)
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, upload, key } = self;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(format!("{bytes}\n{upload}\n{key}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_is_the_same_behind_its_way_as_text(bytes in 1..=MAX_BYTES, upload in "[!-~]{1,40}", key in "\\PC{0,40}") {
            let id = UploadId { bytes, upload, key };
            let text = id.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
            prop_assert_eq!(UploadId::parse(&text), Some(id));
        }

        #[test]
        fn anything_else_is_none(text in "\\PC{0,40}") {
            prop_assert!(UploadId::parse(&text).is_none_or(|id| id.to_string() == text));
        }
    }

    #[test]
    fn an_id_names_a_file_of_a_table() {
        let of = |key: &str| {
            let id = UploadId { bytes: 1, upload: "u".to_owned(), key: key.to_owned() };
            id.table(testkit::dictionary()).map(Table::name)
        };
        assert_eq!(of("incoming/filed_documents/upsert/a.csv"), Some("documents"));
        for key in [
            "backups/1/manifest.json",
            "incoming/people/a.csv",
            "incoming/tags/../../x.csv",
            "incoming/tags/a.pdf",
        ] {
            assert_eq!(of(key), None, "{key}");
        }
    }
}
