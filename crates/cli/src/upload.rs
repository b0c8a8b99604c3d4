//! Drops a file for a table and follows its load.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::dictionary::LoadMode;
use domain::load::{Format, LoadId, READABLE_FILES, SETTINGS_METADATA, no_data_below};

use crate::api::{Api, Load};
use crate::aws::Aws;
use crate::exit::{aws_reason, user_error};
use crate::printer::Printer;

const POLL: Duration = Duration::from_millis(250);

/// A larger file is sent in parts of this size; of more where S3 would not take so many.
const PART: u64 = 64 * 1024 * 1024;

/// Parts of one object that S3 takes at most.
const MAX_PARTS: u64 = 10_000;

/// A file that was dropped.
pub(crate) struct Dropped {
    pub key: String,
    /// How its load is found.
    pub followed: Followed,
}

/// How the load of a file is found.
#[derive(Clone, Debug)]
pub(crate) enum Followed {
    /// By its id.
    Id(LoadId),
    /// As the newest of its key, unless that is the one with this id, which was there before.
    After(Option<String>),
    /// Not at all, in a bucket without versions: only the loader can tell one drop of a key from the next.
    No,
}

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
    let bytes = match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => return Err(user_error(format!("{} is not a file.", file.display()))),
    };
    let metadata = settings.map(|text| HashMap::from([(SETTINGS_METADATA.to_owned(), text)]));
    let drop = Drop { s3: aws.s3(), bucket, key: &key, file, metadata };
    let version = if bytes > PART { drop.in_parts(bytes).await } else { drop.whole().await }?;
    let version = version.filter(|version| version != "null");
    let followed =
        version.map_or(Followed::No, |version| Followed::Id(LoadId::of_object(bucket, &key, &version)));
    Ok(Dropped { key, followed })
}

/// The name of a file that can be loaded.
pub(crate) fn name_of(file: &Path) -> Result<&str> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| user_error(format!("{} is not a file's path.", file.display())))?;
    // Said here, before anything is sent; the loader would pass over the one and fail the other.
    if let Some(what) = no_data_below(name) {
        return Err(user_error(format!("{name} would not be loaded: it is {what}; rename it.")));
    }
    Format::of_file(name)
        .map_err(|advice| user_error(format!("{name} cannot be loaded: {advice}; {READABLE_FILES}.")))?;
    Ok(name)
}

/// Where a file is dropped.
fn key(table: &str, mode: Option<LoadMode>, file: &Path) -> Result<String> {
    let name = name_of(file)?;
    Ok(match mode {
        None => format!("incoming/{table}/{name}"),
        Some(mode) => format!("incoming/{table}/{mode}/{name}"),
    })
}

/// A file on its way.
struct Drop<'a> {
    s3: aws_sdk_s3::Client,
    bucket: &'a str,
    key: &'a str,
    file: &'a Path,
    metadata: Option<HashMap<String, String>>,
}

impl Drop<'_> {
    /// Sends the file in one request; gives back its version.
    async fn whole(&self) -> Result<Option<String>> {
        let body = self.read(0, None).await?;
        let put = self.s3.put_object().bucket(self.bucket).key(self.key).set_metadata(self.metadata.clone());
        let put = put.body(body).send().await;
        Ok(put.map_err(|error| self.refused(&error))?.version_id().map(str::to_owned))
    }

    /// Sends the file in parts: S3 takes 5 GiB in one request, and one that breaks is sent again from its start.
    async fn in_parts(&self, bytes: u64) -> Result<Option<String>> {
        let begun = self.s3.create_multipart_upload().bucket(self.bucket).key(self.key);
        let begun = begun.set_metadata(self.metadata.clone()).send().await;
        let begun = begun.map_err(|error| self.refused(&error))?;
        let id = begun.upload_id().unwrap_or_default();
        let sent = self.send_parts(id, bytes).await;
        if sent.is_err() {
            // Else S3 would keep the parts; the bucket's own rule removes them after some days if this fails too.
            let abort = self.s3.abort_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
            let _ = abort.send().await;
        }
        sent
    }

    async fn send_parts(&self, id: &str, bytes: u64) -> Result<Option<String>> {
        let mut parts = Vec::new();
        for (number, (offset, length)) in (1..).zip(parts_of(bytes)) {
            let body = self.read(offset, Some(length)).await?;
            let request = self.s3.upload_part().bucket(self.bucket).key(self.key).upload_id(id);
            let sent = request.part_number(number).body(body).send().await;
            let tag = sent.map_err(|error| self.refused(&error))?.e_tag().map(str::to_owned);
            parts.push(CompletedPart::builder().part_number(number).set_e_tag(tag).build());
        }
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.s3.complete_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
        let done = request.multipart_upload(whole).send().await.map_err(|error| self.refused(&error))?;
        Ok(done.version_id().map(str::to_owned))
    }

    async fn read(&self, offset: u64, length: Option<u64>) -> Result<ByteStream> {
        let read = ByteStream::read_from().path(self.file).offset(offset);
        let read = match length {
            Some(length) => read.length(Length::Exact(length)),
            None => read,
        };
        let unreadable = |error| user_error(format!("{} cannot be read: {error}.", self.file.display()));
        read.build().await.map_err(unreadable)
    }

    fn refused(&self, error: &(impl std::error::Error + ProvideErrorMetadata + 'static)) -> anyhow::Error {
        let Self { file, bucket, .. } = self;
        user_error(format!("{} cannot be dropped in {bucket}: {}.", file.display(), aws_reason(error)))
    }
}

/// Offset and length of the parts that a file is sent in.
fn parts_of(bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    let part = PART.max(bytes.div_ceil(MAX_PARTS));
    (0..bytes.div_ceil(part)).map(move |number| (number * part, part.min(bytes - number * part)))
}

/// Waits until the load of what was dropped has ended.
pub(crate) async fn wait_for(
    api: &Api,
    dropped: &Dropped,
    limit: Duration,
    printer: Printer,
) -> Result<Load> {
    let Dropped { key, followed } = dropped;
    if let Followed::No = followed {
        return Err(user_error(format!(
            "{key} is dropped, but its load cannot be followed, because the bucket keeps no versions; GET {}/loads lists it.",
            api.url()
        )));
    }
    let step = printer.step(&format!("loading {key}"));
    let started = Instant::now();
    loop {
        // Until the queue has brought its event to the loader, the ledger does not know the load.
        match state_of(api, key, followed).await? {
            Some((id, load)) if load.has_ended() => {
                step.done(&line(&load));
                for warning in &load.warnings {
                    printer.note(&format!("  warning: {warning}"));
                }
                if load.rows_rejected.is_some_and(|rows| rows > 0) {
                    printer.note(&format!("  its rejected records: rowgate rejects {id}"));
                }
                return Ok(load);
            }
            Some((_, load)) => {
                let rows = load.rows_read.unwrap_or(0);
                step.update(&format!("loading {key}, {rows} rows read"));
            }
            None => {}
        }
        if started.elapsed() > limit {
            return Err(user_error(format!(
                "The load of {key} has not ended after {} s; GET {}/loads lists it and shows how far it is.",
                limit.as_secs(),
                api.url()
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The load of a file, and its id, once the ledger knows it.
async fn state_of(api: &Api, key: &str, followed: &Followed) -> Result<Option<(String, Load)>> {
    match followed {
        Followed::Id(id) => Ok(api.load(id, None).await?.map(|load| (id.as_str().to_owned(), load))),
        Followed::After(before) => {
            let newest = api.newest_load(key).await?;
            Ok(newest.filter(|(id, _)| before.as_ref() != Some(id)))
        }
        Followed::No => Ok(None),
    }
}

/// What became of a load, in one line.
fn line(load: &Load) -> String {
    let Load { key, status, .. } = load;
    let mut line = format!("{key}: {status}");
    if status == "completed" {
        let count = |count: Option<u64>| count.unwrap_or(0);
        line.push_str(&format!(
            ", {} rows read, {} loaded, {} rejected",
            count(load.rows_read),
            count(load.rows_loaded),
            count(load.rows_rejected)
        ));
        if count(load.unknown_references) > 0 {
            line.push_str(&format!(", {} unknown references", count(load.unknown_references)));
        }
    }
    if let Some(error) = &load.error {
        line.push_str(&format!(" ({error})"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn load(fields: serde_json::Value) -> Load {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_load_is_told_in_one_line() {
        let completed = load(json!({
            "key": "incoming/jobs/jobs.csv", "status": "completed",
            "rows_read": 10, "rows_loaded": 8, "rows_rejected": 2, "unknown_references": 1, "error": null
        }));
        assert_eq!(
            line(&completed),
            "incoming/jobs/jobs.csv: completed, 10 rows read, 8 loaded, 2 rejected, 1 unknown references"
        );
        let skipped = load(json!({
            "key": "incoming/jobs/jobs.csv", "status": "skipped", "error": "the same bytes as load 1"
        }));
        assert_eq!(line(&skipped), "incoming/jobs/jobs.csv: skipped (the same bytes as load 1)");
    }

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
        let of = |mode, file: &str| key("jobs", mode, Path::new(file)).map_err(|error| error.to_string());
        assert_eq!(of(None, "some where/My jobs.CSV"), Ok("incoming/jobs/My jobs.CSV".to_owned()));
        assert_eq!(
            of(Some(LoadMode::Replace), "a.csv.zst"),
            Ok("incoming/jobs/replace/a.csv.zst".to_owned())
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
            Err("a.zip cannot be loaded: unpack it and drop the files in it, one by one; files that end in .csv, .tsv, \
                 .txt, .jsonl, .ndjson, .xlsx or .xlsm can, also packed, with .gz or .zst behind it."
                .to_owned())
        );
        for file in ["a.xls", "a.gz", "csv"] {
            assert!(of(None, file).is_err(), "{file}");
        }
        assert_eq!(of(None, ".."), Err(".. is not a file's path.".to_owned()));
    }
}
