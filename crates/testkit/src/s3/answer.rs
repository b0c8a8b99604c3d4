//! From a request to its answer.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RANGE,
};
use hyper::{Method, Request, Response, StatusCode};

use super::request::{Target, bounds, condition, content, elements};
use super::store::{Metadata, Object, Refusal};
use super::{Shared, lock};
use crate::fault_plan::Fault;
use crate::serve::Cut;

/// About what a connection to S3 hands over at once.
const PIECE: usize = 128 * 1024;
/// The number of keys that S3 returns in one page.
const PAGE: usize = 1000;

pub(super) async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let fault = lock(&shared.faults).next();
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    match fault {
        Fault::Refused => return Ok(refuse(StatusCode::SERVICE_UNAVAILABLE, "SlowDown")),
        Fault::Dropped => return Err(Cut),
        Fault::Slow(delay) => tokio::time::sleep(delay).await,
        Fault::None | Fault::Lost | Fault::Cut(_) => {}
    }
    let target = Target::parse(head.uri.path(), head.uri.query());
    let Some(body) = content(&head.headers, body) else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "IncompleteBody"));
    };
    let answered = match (&head.method, target.key.as_str()) {
        (&Method::GET, "") => Ok(list(&shared, &target)),
        (&Method::POST, "") => Ok(remove_all(&shared, &body)),
        (&Method::GET, _) => get(&shared, &target, &head.headers, Some(fault)),
        (&Method::HEAD, _) => get(&shared, &target, &head.headers, None),
        (&Method::PUT, _) => put(&shared, &target, &head.headers, body),
        (&Method::POST, _) => post(&shared, &target, &head.headers, &body),
        (&Method::DELETE, _) => delete(&shared, &target),
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
    shared: &Shared,
    target: &Target,
    headers: &HeaderMap,
    fault: Option<Fault>,
) -> Result<Response<Body>, Refusal> {
    let Object { content, etag, modified, metadata } =
        lock(&shared.store).get(&target.key).cloned().ok_or(Refusal::NoSuchKey)?;
    if !matches!(condition(headers), super::store::Condition::Is(expected) if expected != etag) {
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
        set(&mut response, ETAG, &etag);
        let modified = modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        set(&mut response, LAST_MODIFIED, &modified);
        response.headers_mut().extend(metadata);
        if let Some(fault) = fault {
            let asked = content.slice(start..end);
            let kept = match fault {
                Fault::Cut(part) => asked.len() * usize::from(part) / 256,
                _ => asked.len(),
            };
            *response.body_mut() = pieces(&asked, kept);
        }
        return Ok(response);
    }
    Err(Refusal::PreconditionFailed)
}

/// The first `kept` bytes; where that is not all of them the connection ends after them.
fn pieces(content: &Bytes, kept: usize) -> Body {
    let is_whole = kept == content.len();
    let mut rest = content.slice(..kept);
    let pieces =
        std::iter::from_fn(move || (!rest.is_empty()).then(|| Ok(rest.split_to(rest.len().min(PIECE)))));
    let end = (!is_whole).then_some(Err(Cut));
    Body::from_stream(futures_util::stream::iter(pieces.chain(end)))
}

fn put(
    shared: &Shared,
    target: &Target,
    headers: &HeaderMap,
    content: Bytes,
) -> Result<Response<Body>, Refusal> {
    let mut store = lock(&shared.store);
    let etag = match (target.number("uploadId"), target.number("partNumber")) {
        (Some(upload), Some(number)) => store.add(upload, number, content)?,
        _ => store.put_if(&target.key, content, metadata(headers), &condition(headers))?,
    };
    let mut response = Response::new(Body::empty());
    set(&mut response, ETAG, &etag);
    Ok(response)
}

fn post(
    shared: &Shared,
    target: &Target,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response<Body>, Refusal> {
    let mut store = lock(&shared.store);
    let key = escaped(&target.key);
    match target.number("uploadId") {
        None => {
            let upload = store.begin(&target.key, metadata(headers));
            Ok(xml(&format!(
                "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId>\
                 </InitiateMultipartUploadResult>"
            )))
        }
        Some(upload) => {
            let numbers =
                elements(body, "PartNumber").iter().filter_map(|number| number.parse().ok()).collect();
            let numbers: Vec<u32> = numbers;
            let etag = escaped(&store.complete(upload, &numbers, &condition(headers))?);
            Ok(xml(&format!(
                "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>{key}</Key><ETag>{etag}</ETag>\
                 </CompleteMultipartUploadResult>"
            )))
        }
    }
}

fn metadata(headers: &HeaderMap) -> Metadata {
    let own = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn delete(shared: &Shared, target: &Target) -> Result<Response<Body>, Refusal> {
    let mut store = lock(&shared.store);
    match target.number("uploadId") {
        Some(upload) => store.give_up(upload)?,
        None => store.remove(&target.key),
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn remove_all(shared: &Shared, body: &Bytes) -> Response<Body> {
    let mut store = lock(&shared.store);
    for key in elements(body, "Key") {
        store.remove(&key);
    }
    xml("<DeleteResult></DeleteResult>")
}

fn list(shared: &Shared, target: &Target) -> Response<Body> {
    if target.parameter("list-type") != Some("2") {
        return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented");
    }
    let prefix = target.parameter("prefix").unwrap_or_default();
    let after = target.parameter("continuation-token").or_else(|| target.parameter("start-after"));
    let most = target.number("max-keys").unwrap_or(PAGE).min(PAGE);
    let delimiter = target.parameter("delimiter").filter(|delimiter| !delimiter.is_empty());
    let page = lock(&shared.store).list(prefix, delimiter, after.unwrap_or_default(), most);
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
    for (key, Object { content, etag, modified, .. }) in page.objects {
        text.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>\
             <StorageClass>STANDARD</StorageClass></Contents>",
            escaped(&key),
            modified.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"),
            escaped(&etag),
            content.len()
        ));
    }
    for folder in page.folders {
        text.push_str(&format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(&folder)));
    }
    text.push_str("</ListBucketResult>");
    xml(&text)
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
