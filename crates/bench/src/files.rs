//! Files in a folder, served as S3 serves objects: what the loader reads from and writes rejects to.
//!
//! It stands for S3 and costs little: no signatures, no versions (each is the newest), no XML but for errors. What is sent to
//! it with POST is meant for the queue, which agrees to everything.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use futures_util::stream;

use crate::serve::serve;

/// About what a connection to S3 hands over at once.
const PIECE: usize = 128 * 1024;
/// The only version of every object.
const VERSION: &str = "1";
/// More than any rejects file of a chunk.
const MAX_BODY: usize = 256 * 1024 * 1024;

/// Buckets that are folders of this folder.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    address: SocketAddr,
}

impl Files {
    /// Serves a folder from this process, on this thread's runtime.
    pub(crate) async fn serve(folder: &Path) -> Result<Self> {
        let routes = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(folder.to_owned());
        Ok(Self { folder: folder.to_owned(), address: serve(routes).await? })
    }

    /// Where a bucket's object is.
    pub(crate) fn path(&self, bucket: &str, key: &str) -> PathBuf {
        self.folder.join(bucket).join(key)
    }

    /// For `AWS_ENDPOINT_URL_S3`, and for the queue.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(
    State(folder): State<PathBuf>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // Keys of this program need no decoding; anything else is not there.
    let key = uri.path().trim_start_matches('/');
    if key.split('/').any(|part| part.is_empty() || part == "..") {
        return refuse(StatusCode::NOT_FOUND, "NoSuchKey");
    }
    let path = folder.join(key);
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let answered = match method {
        Method::GET => get(&path, range, true),
        Method::HEAD => get(&path, range, false),
        Method::PUT => put(&path, &body),
        Method::DELETE => delete(&path),
        // The queue, which has nothing to say.
        Method::POST => Ok(Response::new(Body::from("{}"))),
        _ => return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
    };
    answered.unwrap_or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse(StatusCode::NOT_FOUND, "NoSuchKey"),
        _ => refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
    })
}

fn get(path: &Path, range: Option<&str>, with_body: bool) -> std::io::Result<Response<Body>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let Some((start, end)) = bounds(range, size) else {
        return Ok(refuse(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"));
    };
    let mut response = Response::new(Body::empty());
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, "content-range", &format!("bytes {start}-{}/{size}", end.saturating_sub(1)));
    }
    set(&mut response, "content-length", &(end - start).to_string());
    set(&mut response, "etag", &format!("\"{size}\""));
    set(&mut response, "last-modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    set(&mut response, "x-amz-version-id", VERSION);
    if with_body {
        file.seek(SeekFrom::Start(start))?;
        let mut file = file.take(end - start);
        // Read as the connection takes it; the file is in memory, so nobody waits for a disk.
        let pieces = std::iter::from_fn(move || {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece);
            read.map(|read| {
                piece.truncate(read);
                (read > 0).then(|| Bytes::from(piece))
            })
            .transpose()
        });
        *response.body_mut() = Body::from_stream(stream::iter(pieces));
    }
    Ok(response)
}

fn put(path: &Path, content: &[u8]) -> std::io::Result<Response<Body>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)?;
    let mut response = Response::new(Body::empty());
    set(&mut response, "etag", &format!("\"{}\"", content.len()));
    set(&mut response, "x-amz-version-id", VERSION);
    Ok(response)
}

fn delete(path: &Path) -> std::io::Result<Response<Body>> {
    fs::remove_file(path)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// The first byte asked for and the one after the last, of `bytes=5-`, `bytes=5-9` or no range at all.
fn bounds(range: Option<&str>, size: u64) -> Option<(u64, u64)> {
    let Some(range) = range else { return Some((0, size)) };
    let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start: u64 = start.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<u64>().ok()?.saturating_add(1).min(size) };
    (start < end).then_some((start, end))
}

fn set(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

fn refuse(status: StatusCode, code: &str) -> Response<Body> {
    let mut response =
        Response::new(Body::from(format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>")));
    *response.status_mut() = status;
    set(&mut response, "content-type", "application/xml");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_s3_reads_them() {
        assert_eq!(bounds(None, 10), Some((0, 10)));
        assert_eq!(bounds(Some("bytes=4-"), 10), Some((4, 10)));
        assert_eq!(bounds(Some("bytes=4-5"), 10), Some((4, 6)));
        assert_eq!(bounds(Some("bytes=4-99"), 10), Some((4, 10)));
        assert_eq!(bounds(Some("bytes=10-"), 10), None);
        assert_eq!(bounds(Some("4-5"), 10), None);
    }
}
