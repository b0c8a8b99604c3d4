//! Drops a file in a bucket, with AWS credentials.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::dictionary::LoadMode;
use domain::load::{LoadId, SETTINGS_METADATA};

use super::file::{Dropped, Followed, body, metadata, name_of};
use crate::aws::Aws;
use crate::exit::refused;

/// A larger file is sent in parts of this size; of more where S3 would not take so many.
const PART: u64 = 64 * 1024 * 1024;

/// The most parts of one object that S3 takes.
const MAX_PARTS: u64 = 10_000;

/// Drops `file` at `incoming/<table>/[<mode>/]<its name>`.
pub(crate) async fn drop_file(
    aws: &Aws,
    bucket: &str,
    table: &str,
    mode: Option<LoadMode>,
    file: &Path,
    settings: Option<String>,
) -> Result<Dropped> {
    let key = key(table, mode, file)?;
    let bytes = metadata(file)?.len();
    let metadata = settings.map(|text| HashMap::from([(SETTINGS_METADATA.to_owned(), text)]));
    let drop = Drop { s3: aws.s3(), bucket, key: &key, file, bytes, metadata };
    let version = if bytes > PART { drop.in_parts().await } else { drop.whole().await }?;
    let followed = match version.filter(|version| version != "null") {
        Some(version) => Followed::Id(LoadId::of_object(bucket, &key, &version)),
        None => Followed::No,
    };
    Ok(Dropped { key, followed })
}

/// Returns the key that a file is dropped at.
fn key(table: &str, mode: Option<LoadMode>, file: &Path) -> Result<String> {
    let name = name_of(file)?;
    Ok(match mode {
        None => format!("incoming/{table}/{name}"),
        Some(mode) => format!("incoming/{table}/{mode}/{name}"),
    })
}

/// A file that is sent to a bucket.
struct Drop<'a> {
    s3: aws_sdk_s3::Client,
    bucket: &'a str,
    key: &'a str,
    file: &'a Path,
    bytes: u64,
    metadata: Option<HashMap<String, String>>,
}

impl Drop<'_> {
    /// Sends the file in one request, and returns its version.
    async fn whole(&self) -> Result<Option<String>> {
        let body = body(self.file, 0, self.bytes).await?;
        let put = self.s3.put_object().bucket(self.bucket).key(self.key).set_metadata(self.metadata.clone());
        Ok(put.body(body).send().await.map_err(self.refused())?.version_id)
    }

    /// Sends the file in parts: S3 takes 5 GiB in one request, and a request that breaks starts
    /// over.
    async fn in_parts(&self) -> Result<Option<String>> {
        let begun = self.s3.create_multipart_upload().bucket(self.bucket).key(self.key);
        let begun = begun.set_metadata(self.metadata.clone()).send().await.map_err(self.refused())?;
        let id = begun.upload_id().unwrap_or_default();
        let sent = self.send_parts(id).await;
        if sent.is_err() {
            // S3 keeps the parts of an upload that is not aborted, until the bucket's rule removes
            // them after some days.
            let abort = self.s3.abort_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
            let _ = abort.send().await;
        }
        sent
    }

    async fn send_parts(&self, id: &str) -> Result<Option<String>> {
        let mut parts = Vec::new();
        for (number, (offset, length)) in (1..).zip(parts_of(self.bytes)) {
            let body = body(self.file, offset, length).await?;
            let request = self.s3.upload_part().bucket(self.bucket).key(self.key).upload_id(id);
            let sent = request.part_number(number).body(body).send().await;
            let tag = sent.map_err(self.refused())?.e_tag;
            parts.push(CompletedPart::builder().part_number(number).set_e_tag(tag).build());
        }
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.s3.complete_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
        let done = request.multipart_upload(whole).send().await.map_err(self.refused())?;
        Ok(done.version_id)
    }

    fn refused<E: std::error::Error + ProvideErrorMetadata + 'static>(&self) -> impl Fn(E) -> anyhow::Error {
        refused(format!("{} cannot be dropped in {}", self.file.display(), self.bucket))
    }
}

/// Returns offset and length of the parts that a file is sent in.
fn parts_of(bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    let part = PART.max(bytes.div_ceil(MAX_PARTS));
    (0..bytes.div_ceil(part)).map(move |number| (number * part, part.min(bytes - number * part)))
}

#[cfg(test)]
mod tests {
    use domain::load::READABLE_FILES;

    use super::*;

    #[test]
    fn parts_cover_a_file_once_and_are_not_too_many() {
        let tera = 5 * 1024 * 1024 * 1024 * 1024;
        for bytes in [PART + 1, 2 * PART, 3 * PART - 1, tera, tera - 1] {
            let (mut end, mut count) = (0, 0);
            for (offset, length) in parts_of(bytes) {
                assert!(offset == end && length > 0, "{bytes}");
                (end, count) = (offset + length, count + 1);
            }
            assert!(end == bytes && count <= MAX_PARTS, "{bytes} in {count} parts");
        }
        assert_eq!(parts_of(PART + 1).collect::<Vec<_>>(), [(0, PART), (PART, 1)]);
    }

    #[test]
    fn the_key_names_table_and_mode() {
        let of = |mode, file: &str| key("tags", mode, Path::new(file)).map_err(|error| error.to_string());
        assert_eq!(of(None, "some where/My tags.CSV"), Ok("incoming/tags/My tags.CSV".to_owned()));
        assert_eq!(
            of(Some(LoadMode::Replace), "a.csv.zst"),
            Ok("incoming/tags/replace/a.csv.zst".to_owned())
        );
        for file in ["a.csv.gz", "a.xlsx", "a.jsonl.zst", "_a.tsv"] {
            assert!(of(None, file).is_ok(), "{file}");
        }
        for file in [".a.csv", "~$a.xlsx", "a.csv.part", "_SUCCESS"] {
            let error = of(None, file).unwrap_err();
            assert!(error.starts_with(&format!("{file} would not be loaded: it is a")), "{error}");
        }
        assert_eq!(
            of(None, "a.zip"),
            Err(format!(
                "a.zip cannot be loaded: unpack it and drop the files in it, one by one; {READABLE_FILES}."
            ))
        );
        for file in ["a.xls", "a.gz", "csv"] {
            assert!(of(None, file).is_err(), "{file}");
        }
        assert_eq!(of(None, ".."), Err(".. is not a file's path.".to_owned()));
    }
}
