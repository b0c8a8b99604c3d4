//! From a request to its answer.

use axum::body::{Body, Bytes};
use bucket::{BucketError, Links, Listed, MemoryBucket, Part, Put, Store, Stored, When};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RANGE,
};
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use super::request::{METADATA, Target, bounds, condition, content, elements, metadata};
use crate::fault_plan::Fault;
use crate::serve::Cut;

/// About what a connection to S3 hands over at once.
const PIECE: usize = 128 * 1024;
/// The number of keys that S3 returns in one page.
const PAGE: usize = 1000;

/// Why S3 refuses a request.
#[derive(Debug)]
enum Refusal {
    NoSuchKey,
    NoSuchUpload,
    InvalidPart,
    PreconditionFailed,
}

/// Of uploads in parts; nothing else fails in memory.
impl From<BucketError> for Refusal {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Gone { .. } => Self::NoSuchUpload,
            _ => Self::InvalidPart,
        }
    }
}

pub(super) async fn answer(
    bucket: MemoryBucket,
    fault: Fault,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    if let Some(status) = fault.before().await? {
        return Ok(refuse(status, "SlowDown"));
    }
    let target = Target::parse(head.uri.path(), head.uri.query());
    let Some(body) = content(&head.headers, body) else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "IncompleteBody"));
    };
    let answered = match (&head.method, target.key.as_str()) {
        (&Method::GET, "") => Ok(list(&bucket, &target)),
        (&Method::POST, "") => remove_all(&bucket, &body).await,
        (&Method::GET, _) => get(&bucket, &target, &head.headers, Some(fault)),
        (&Method::HEAD, _) => get(&bucket, &target, &head.headers, None),
        (&Method::PUT, _) => put(&bucket, &target, &head.headers, body).await,
        (&Method::POST, _) => post(&bucket, &target, &head.headers, &body).await,
        (&Method::DELETE, _) => delete(&bucket, &target).await,
        _ => return Ok(refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented")),
    };
    if fault == Fault::Lost {
        return Err(Cut);
    }
    Ok(answered.unwrap_or_else(|refusal| match refusal {
        Refusal::NoSuchKey => refuse(StatusCode::NOT_FOUND, "NoSuchKey"),
        Refusal::NoSuchUpload => refuse(StatusCode::NOT_FOUND, "NoSuchUpload"),
        Refusal::InvalidPart => refuse(StatusCode::BAD_REQUEST, "InvalidPart"),
        Refusal::PreconditionFailed => refuse(StatusCode::PRECONDITION_FAILED, "PreconditionFailed"),
    }))
}

fn get(
    bucket: &MemoryBucket,
    target: &Target,
    headers: &HeaderMap,
    fault: Option<Fault>,
) -> Result<Response<Body>, Refusal> {
    let Stored { content, metadata, listed } = bucket.find(&target.key).ok_or(Refusal::NoSuchKey)?;
    if matches!(condition(headers), When::Is(etag) if etag != listed.etag) {
        return Err(Refusal::PreconditionFailed);
    }
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    // An empty object has no valid range, but can be read as a whole.
    let Some((start, end)) = bounds(range, content.len()) else {
        return Ok(refuse(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"));
    };
    let mut response = Response::new(Body::empty());
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {start}-{}/{}", end.saturating_sub(1), content.len());
        set(&mut response, CONTENT_RANGE, &range);
    }
    set(&mut response, CONTENT_LENGTH, &(end - start).to_string());
    set(&mut response, ETAG, &listed.etag);
    set(&mut response, LAST_MODIFIED, &time(listed.modified, "%a, %d %b %Y %H:%M:%S GMT"));
    for (name, value) in metadata {
        if let Ok(name) = HeaderName::try_from(format!("{METADATA}{name}")) {
            set(&mut response, name, &value);
        }
    }
    if let Some(fault) = fault {
        let asked = content.slice(start..end);
        let sent = match fault {
            Fault::Cut(part) => asked.len() * usize::from(part) / 256,
            _ => asked.len(),
        };
        *response.body_mut() = pieces(&asked, sent);
    }
    Ok(response)
}

/// Returns the first `sent` bytes; if that is not all, the connection ends after them.
fn pieces(content: &Bytes, sent: usize) -> Body {
    let is_whole = sent == content.len();
    let mut rest = content.slice(..sent);
    let pieces =
        std::iter::from_fn(move || (!rest.is_empty()).then(|| Ok(rest.split_to(rest.len().min(PIECE)))));
    let end = (!is_whole).then_some(Err(Cut));
    Body::from_stream(futures_util::stream::iter(pieces.chain(end)))
}

async fn put(
    bucket: &MemoryBucket,
    target: &Target,
    headers: &HeaderMap,
    content: Bytes,
) -> Result<Response<Body>, Refusal> {
    let etag = match (target.upload(), target.number("partNumber")) {
        (Some(upload), Some(number)) => bucket.put_part(&upload, number, content).await?.etag,
        _ => {
            let when = condition(headers);
            written(
                bucket,
                target,
                when,
                bucket.put_with(&target.key, content, metadata(headers), when).await?,
            )?
        }
    };
    let mut response = Response::new(Body::empty());
    set(&mut response, ETAG, &etag);
    Ok(response)
}

async fn post(
    bucket: &MemoryBucket,
    target: &Target,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response<Body>, Refusal> {
    let key = escaped(&target.key);
    let Some(upload) = target.upload() else {
        let upload = bucket.begin_upload(&target.key, metadata(headers)).await?.id;
        return Ok(xml(&format!(
            "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId>\
             </InitiateMultipartUploadResult>"
        )));
    };
    let numbers = elements(body, "PartNumber").into_iter().filter_map(|number| number.parse().ok());
    let parts = numbers.zip(elements(body, "ETag")).map(|(number, etag)| Part { number, bytes: 0, etag });
    let when = condition(headers);
    let put = bucket.complete_upload(&upload, parts.collect(), when).await?;
    let etag = escaped(&written(bucket, target, when, put)?);
    Ok(xml(&format!(
        "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>{key}</Key><ETag>{etag}</ETag>\
         </CompleteMultipartUploadResult>"
    )))
}

/// Returns the ETag of a write whose condition held.
fn written(bucket: &MemoryBucket, target: &Target, when: When<'_>, put: Put) -> Result<String, Refusal> {
    match put {
        Put::Written(etag) => Ok(etag),
        Put::Refused if when != When::New && bucket.find(&target.key).is_none() => Err(Refusal::NoSuchKey),
        Put::Refused => Err(Refusal::PreconditionFailed),
    }
}

async fn delete(bucket: &MemoryBucket, target: &Target) -> Result<Response<Body>, Refusal> {
    match target.upload() {
        Some(upload) => {
            // S3 refuses an upload that it does not know.
            bucket.parts(&upload).await?;
            bucket.abort_upload(&upload).await?;
        }
        None => drop(bucket.remove(&target.key)),
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

async fn remove_all(bucket: &MemoryBucket, body: &Bytes) -> Result<Response<Body>, Refusal> {
    bucket.delete(&elements(body, "Key")).await?;
    Ok(xml("<DeleteResult></DeleteResult>"))
}

fn list(bucket: &MemoryBucket, target: &Target) -> Response<Body> {
    if target.parameter("list-type") != Some("2") {
        return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented");
    }
    let prefix = target.parameter("prefix").unwrap_or_default();
    let after = target.parameter("continuation-token").or_else(|| target.parameter("start-after"));
    let most = target.number("max-keys").unwrap_or(PAGE).min(PAGE);
    let delimiter = target.parameter("delimiter").filter(|delimiter| !delimiter.is_empty());
    let page = bucket.page(prefix, delimiter, after, most);
    let mut text = format!(
        "<ListBucketResult><Name>bucket</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{most}</MaxKeys>\
         <IsTruncated>{}</IsTruncated>",
        escaped(prefix),
        page.objects.len() + page.folders.len(),
        page.next.is_some()
    );
    if let Some(next) = page.next {
        text.push_str(&format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(&next)));
    }
    for Listed { key, etag, bytes, modified, .. } in page.objects {
        text.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{bytes}</Size>\
             <StorageClass>STANDARD</StorageClass></Contents>",
            escaped(&key),
            time(modified, "%Y-%m-%dT%H:%M:%S.%3fZ"),
            escaped(&etag)
        ));
    }
    for folder in page.folders {
        text.push_str(&format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(&folder)));
    }
    text.push_str("</ListBucketResult>");
    xml(&text)
}

fn time(milliseconds: i64, format: &str) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default().strftime(format).to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn xml(text: &str) -> Response<Body> {
    let mut response =
        Response::new(Body::from(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}")));
    set(&mut response, CONTENT_TYPE, "application/xml");
    response
}

fn refuse(status: StatusCode, code: &str) -> Response<Body> {
    let mut response = xml(&format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"));
    *response.status_mut() = status;
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
