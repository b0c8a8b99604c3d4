//! Sends a file to links that the API gives out, in parts if it is large. The next call resumes an
//! upload that was interrupted.

use std::cell::Cell;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::dictionary::LoadMode;
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file::{Dropped, Followed, body, metadata, name_of};
use crate::api::{Api, Begun, PartLink, Parts, Single, UploadRequest};
use crate::exit::user_error;
use crate::http::{HttpClient, text};
use crate::printer::{Printer, Step};
use crate::stored;

/// Parts that are sent at the same time.
const LANES: usize = 4;

/// The first pause before a part, or a whole file, is sent again. Each pause is twice as long as
/// the one before; after the last one the file is abandoned.
const PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(4);

/// The time for which links are used. They are valid for 15 minutes; a part that has begun by then
/// may take longer.
const LINKS_LAST: Duration = Duration::from_secs(12 * 60);

/// Rounds without a part that arrives, after which an upload is abandoned.
const FRUITLESS_ROUNDS: u32 = 3;

/// A file, where it goes, and how it is read there.
#[derive(Clone, Debug)]
pub(crate) struct Upload<'a> {
    pub table: &'a str,
    pub mode: Option<LoadMode>,
    pub file: &'a Path,
    pub settings: Option<serde_json::Value>,
}

/// Sends a file through the API.
///
/// # Errors
/// A user error where the file cannot be read or sent. An upload in parts is resumed by the next
/// call for the same file.
pub(crate) async fn send_file(
    api: &Api,
    upload: &Upload<'_>,
    states: Option<&Path>,
    printer: Printer,
) -> Result<Dropped> {
    let name = name_of(upload.file)?;
    let file = SentFile::open(upload.file)?;
    let state = states.map(|folder| State::of(folder, api.url(), upload, &file));
    let progress = printer.transfer(&format!("sending {name}"), file.bytes);
    if let Some(interrupted) = state.as_ref().and_then(State::read) {
        if let Some(dropped) = resume(api, &file, &interrupted, &progress).await? {
            State::remove(state.as_ref());
            progress.done(&format!("{name} sent"));
            return Ok(dropped);
        }
        // The service does not know it any more.
        State::remove(state.as_ref());
    }
    let request = UploadRequest {
        table: upload.table,
        file: name,
        mode: upload.mode.map(LoadMode::as_str),
        bytes: file.bytes,
        settings: upload.settings.as_ref(),
    };
    let (key, before) = match api.begin_upload(&request).await? {
        Begun::Single(single) => {
            let before = newest(api, &single.key).await?;
            file.send_whole(&single, &progress).await?;
            (single.key, before)
        }
        Begun::Parts(parts) => {
            let before = newest(api, &parts.key).await?;
            let interrupted = Interrupted { id: parts.id.clone(), key: parts.key.clone(), before };
            if let Some(state) = &state {
                state.write(&interrupted)?;
            }
            let Interrupted { key, before, .. } = interrupted;
            // Another process of the same file may have completed it: its load is the one to
            // follow.
            if !finish(api, &file, parts, &progress).await? && newest(api, &key).await? == before {
                return Err(user_error(format!(
                    "The upload of {key} was removed before it was complete; send it again."
                )));
            }
            State::remove(state.as_ref());
            (key, before)
        }
    };
    progress.done(&format!("{name} sent"));
    Ok(Dropped { key, followed: Followed::After(before) })
}

async fn newest(api: &Api, key: &str) -> Result<Option<String>> {
    Ok(api.newest_load(key).await?.map(|load| load.load))
}

/// Sends the missing parts of an upload that was begun before; `None` if it has neither arrived nor
/// can be resumed.
async fn resume(
    api: &Api,
    file: &SentFile,
    interrupted: &Interrupted,
    progress: &Step,
) -> Result<Option<Dropped>> {
    let arrived =
        || Dropped { key: interrupted.key.clone(), followed: Followed::After(interrupted.before.clone()) };
    match api.missing_parts(&interrupted.id).await? {
        Some(parts) if parts.bytes == file.bytes => {
            progress.set(arrived_of(&parts));
            if finish(api, file, parts, progress).await? {
                return Ok(Some(arrived()));
            }
        }
        Some(_) => return Ok(None),
        None => {}
    }
    // It may have been completed, and the answer lost.
    Ok((newest(api, &interrupted.key).await? != interrupted.before).then(arrived))
}

/// Sends the missing parts, and completes the upload; false if S3 does not know it any more.
async fn finish(api: &Api, file: &SentFile, mut parts: Parts, progress: &Step) -> Result<bool> {
    let id = parts.id.clone();
    let mut fruitless = 0;
    while !parts.parts.is_empty() {
        let before = parts.parts.len();
        let failure = file.send_parts(&parts, progress).await;
        let Some(missing) = api.missing_parts(&id).await? else { return Ok(false) };
        parts = missing;
        progress.set(arrived_of(&parts));
        fruitless = if parts.parts.len() < before { 0 } else { fruitless + 1 };
        if fruitless == FRUITLESS_ROUNDS {
            let why = failure.err().map_or_else(|| "no part arrives".to_owned(), |error| error.to_string());
            return Err(user_error(format!("{why} The same command goes on where it stopped.")));
        }
        file.check_unchanged()?;
    }
    file.check_unchanged()?;
    api.complete_upload(&id).await
}

/// Returns how many bytes have arrived.
fn arrived_of(parts: &Parts) -> u64 {
    parts.bytes - parts.parts.iter().map(|part| size_of(parts, part.number)).sum::<u64>()
}

/// Returns the bytes of the part with this number.
fn size_of(parts: &Parts, number: u64) -> u64 {
    let from = number.saturating_sub(1).saturating_mul(parts.part_bytes);
    parts.part_bytes.min(parts.bytes.saturating_sub(from))
}

/// The file that is sent.
#[derive(Clone, Debug)]
struct SentFile {
    path: PathBuf,
    bytes: u64,
    changed: u128,
    http: HttpClient,
}

impl SentFile {
    fn open(path: &Path) -> Result<Self> {
        let metadata = metadata(path)?;
        let http = HttpClient::patient();
        Ok(Self { path: path.into(), bytes: metadata.len(), changed: changed(&metadata), http })
    }

    /// Refuses a file that is not what it was: its parts would be of two files.
    fn check_unchanged(&self) -> Result<()> {
        let now = metadata(&self.path)?;
        if (now.len(), changed(&now)) == (self.bytes, self.changed) {
            return Ok(());
        }
        Err(user_error(format!("{} was changed while it was sent; send it again.", self.path.display())))
    }

    async fn send_whole(&self, single: &Single, progress: &Step) -> Result<()> {
        let headers: Vec<(&str, &str)> =
            single.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.send(&single.url, &headers, 0, self.bytes).await?;
        progress.advance(self.bytes);
        self.check_unchanged()
    }

    /// Sends parts, some at the same time. After the first failure no other part begins, and those
    /// that are being sent arrive.
    async fn send_parts(&self, parts: &Parts, progress: &Step) -> Result<()> {
        let until = Instant::now() + LINKS_LAST;
        let failed = Cell::new(false);
        let links = parts.parts.iter().take_while(|_| !failed.get() && Instant::now() < until);
        let send = async |PartLink { number, url }: &PartLink| {
            let bytes = size_of(parts, *number);
            let sent = self.send(url, &[], (number - 1) * parts.part_bytes, bytes).await;
            match sent {
                Ok(()) => progress.advance(bytes),
                Err(_) => failed.set(true),
            }
            sent
        };
        let sent = stream::iter(links).map(send).buffer_unordered(LANES);
        sent.fold(Ok(()), async |before: Result<()>, sent| before.and(sent)).await
    }

    /// Puts a part of the file to a link, and retries what may succeed later.
    async fn send(&self, url: &str, headers: &[(&str, &str)], offset: u64, bytes: u64) -> Result<()> {
        let mut pause = PAUSE;
        loop {
            let body = body(&self.path, offset, bytes).await?;
            let error = match self.http.put(url, headers, body.into_inner(), bytes).await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let error = refused(status, &text(&answer));
                    if !matches!(status, 408 | 429 | 500..) {
                        return Err(error);
                    }
                    error
                }
                Err(error) => error,
            };
            if pause > LAST_PAUSE {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// Puts S3's own words, from its XML, into a sentence.
fn refused(status: u16, xml: &str) -> anyhow::Error {
    let of = |tag: &str| {
        let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>")).map(|(text, _)| text.trim_end_matches('.').to_owned())
    };
    let words: Vec<String> = [of("Code"), of("Message")].into_iter().flatten().collect();
    let words = if words.is_empty() { "without a reason".to_owned() } else { words.join(": ") };
    user_error(format!("S3 answered {status}: {words}."))
}

/// Returns the time of a file's last change in nanoseconds; 0 if the system does not say.
fn changed(metadata: &Metadata) -> u128 {
    let time = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    time.map_or(0, |time| time.as_nanos())
}

/// Returns the folder for the states of interrupted uploads, if the user has one.
pub(crate) fn state_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(base.join("rowgate/uploads"))
}

/// The state of an upload in parts, from which it can be resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Interrupted {
    id: String,
    key: String,
    /// The newest load of the key before this upload.
    before: Option<String>,
}

/// The file of a state: for one content of one file, where it goes and how.
#[derive(Clone, Debug)]
struct State(PathBuf);

impl State {
    fn of(folder: &Path, url: &str, upload: &Upload<'_>, file: &SentFile) -> Self {
        let path = std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone());
        let what = serde_json::json!([
            url,
            upload.table,
            upload.mode.map(LoadMode::as_str),
            upload.settings,
            path.to_string_lossy(),
            file.bytes,
            file.changed.to_string(),
        ]);
        Self(folder.join(format!("{}.json", hex::encode(Sha256::digest(what.to_string())))))
    }

    /// Reads the state; `None` if it is missing or unreadable.
    fn read(&self) -> Option<Interrupted> {
        stored::read(&self.0)
    }

    fn write(&self, interrupted: &Interrupted) -> Result<()> {
        stored::write(&self.0, interrupted)
    }

    fn remove(state: Option<&Self>) {
        // A state that stays is of an upload that the service does not know, which the next call
        // finds out.
        if let Some(Self(path)) = state {
            let _ = stored::remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_of_one_content_going_to_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "1,Welder\n").unwrap();
        let upload = Upload { table: "tags", mode: None, file: &path, settings: None };
        let file = SentFile::open(&path).unwrap();
        let of =
            |upload: &Upload<'_>, url: &str, file: &SentFile| State::of(folder.path(), url, upload, file).0;
        let own = of(&upload, "http://a", &file);
        assert_eq!(own, of(&upload, "http://a", &file));
        let upsert = Upload { mode: Some(LoadMode::Upsert), ..upload.clone() };
        let changed = SentFile { changed: 1, ..file.clone() };
        for other in [
            of(&upsert, "http://a", &file),
            of(&upload, "http://b", &file),
            of(&upload, "http://a", &changed),
        ] {
            assert_ne!(other, own);
        }
        let state = State(folder.path().join("states/x.json"));
        assert_eq!(state.read(), None);
        let interrupted = Interrupted { id: "i".to_owned(), key: "k".to_owned(), before: None };
        state.write(&interrupted).unwrap();
        assert_eq!(state.read(), Some(interrupted));
        State::remove(Some(&state));
        assert_eq!(state.read(), None);
        assert!(file.check_unchanged().is_ok());
        assert!(changed.check_unchanged().is_err());
    }

    #[test]
    fn the_state_folder_is_the_users() {
        let of = |variables: &[(&str, &str)]| {
            state_folder(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value))
            })
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("HOME", "/home/ann")]), Some("/home/ann/.local/state/rowgate/uploads".into()));
        assert_eq!(of(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]), Some("/s/rowgate/uploads".into()));
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_STATE_HOME", "s")]),
            Some("/h/.local/state/rowgate/uploads".into())
        );
    }

    #[test]
    fn a_refusal_has_the_words_of_s3() {
        let xml = "<?xml?><Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>";
        assert_eq!(refused(403, xml).to_string(), "S3 answered 403: AccessDenied: Request has expired.");
        assert_eq!(refused(502, "<html>").to_string(), "S3 answered 502: without a reason.");
    }
}
