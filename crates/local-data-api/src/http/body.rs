//! Reads the bodies of requests.

use bytes::Bytes;
use http::header::HeaderMap;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use crate::error::{ApiError, ErrorKind};

pub(super) fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

pub(super) async fn read(body: Incoming, room: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        ApiError::new(ErrorKind::RequestEntityTooLargeException, "Request size exceeds the limit of 4 MiB")
    };
    if body.size_hint().lower() > room as u64 {
        return Err(too_large());
    }
    match Limited::new(body, room).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(ApiError::new(ErrorKind::SerializationException, error.to_string())),
    }
}
