//! Parses requests.

use axum::body::Bytes;
use bucket::{Metadata, Multipart, When};
use hyper::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use percent_encoding::percent_decode_str;

/// The beginning of the names of headers with user metadata.
pub(super) const METADATA: &str = "x-amz-meta-";

/// The decoded parts of a request's target: the key, without the bucket, and the parameters.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) key: String,
    parameters: Vec<(String, String)>,
}

impl Target {
    pub(super) fn parse(path: &str, query: Option<&str>) -> Self {
        let path = path.trim_start_matches('/');
        let key = path.split_once('/').map_or("", |(_, key)| key);
        let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
        let parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self { key, parameters: parameters.into_owned().collect() }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Returns the upload that the request is about.
    pub(super) fn upload(&self) -> Option<Multipart> {
        self.parameter("uploadId").map(|id| Multipart::of(&self.key, id))
    }

    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.parameter(name)?.parse().ok()
    }
}

pub(super) fn condition(headers: &HeaderMap) -> When<'_> {
    let value = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (value(IF_NONE_MATCH), value(IF_MATCH)) {
        (Some("*"), _) => When::New,
        (_, Some(etag)) => When::Is(etag),
        _ => When::Always,
    }
}

pub(super) fn metadata(headers: &HeaderMap) -> Metadata {
    let metadata = headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().strip_prefix(METADATA)?.to_owned(), value.to_str().ok()?.to_owned()))
    });
    metadata.collect()
}

/// The first byte asked for and the one after the last, of `bytes=5-`, `bytes=5-9` or no range at
/// all.
pub(super) fn bounds(range: Option<&str>, size: usize) -> Option<(usize, usize)> {
    let Some(range) = range else { return Some((0, size)) };
    let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start = start.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<usize>().ok()?.saturating_add(1).min(size) };
    (start < end).then_some((start, end))
}

/// The content of a body that comes in chunks with their lengths before them (`aws-chunked`), or as
/// it is.
pub(super) fn content(headers: &HeaderMap, body: Bytes) -> Option<Bytes> {
    let is_chunked = headers
        .get("content-encoding")
        .is_some_and(|encoding| encoding.as_bytes().windows(11).any(|part| part == b"aws-chunked"));
    if !is_chunked {
        return Some(body);
    }
    let mut content = Vec::with_capacity(body.len());
    let mut rest = &body[..];
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?, 16).ok()?;
        if length == 0 {
            return Some(content.into());
        }
        rest = &rest[end + 2..];
        content.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }
}

/// The texts of the elements of this name.
pub(super) fn elements(xml: &[u8], name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    String::from_utf8_lossy(xml)
        .split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close).map(|(text, _)| unescaped(text)))
        .collect()
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#x27;", "'").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_key_and_parameters() {
        let target = Target::parse("/bucket/a%20b/c+d", Some("uploads&prefix=x%2Fy&part=3"));
        assert_eq!(target.key, "a b/c+d");
        assert_eq!(target.parameter("uploads"), Some(""));
        assert_eq!(target.parameter("prefix"), Some("x/y"));
        assert_eq!(target.number("part"), Some(3_u32));
        assert_eq!(Target::parse("/bucket/", None).key, "");
    }

    #[test]
    fn reads_bodies_in_chunks() {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "aws-chunked".parse().unwrap());
        let body = Bytes::from_static(b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n");
        assert_eq!(content(&headers, body).unwrap(), "hello!");
        assert_eq!(content(&headers, Bytes::from_static(b"9\r\nhello")), None);
    }

    #[test]
    fn ranges_are_read_as_s3_reads_them() {
        assert_eq!(bounds(None, 10), Some((0, 10)));
        assert_eq!(bounds(Some("bytes=4-"), 10), Some((4, 10)));
        assert_eq!(bounds(Some("bytes=4-5"), 10), Some((4, 6)));
        assert_eq!(bounds(Some("bytes=10-"), 10), None);
    }
}
