//! Converts the errors in S3's answers.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::BucketError;

pub(super) const FORBIDDEN: u16 = 403;
pub(super) const NOT_FOUND: u16 = 404;
/// The status of a version that is a delete marker.
pub(super) const METHOD_NOT_ALLOWED: u16 = 405;
pub(super) const CONFLICT: u16 = 409;
pub(super) const PRECONDITION_FAILED: u16 = 412;
/// The first byte asked for lies beyond the object's end.
pub(super) const BEYOND_END: u16 = 416;

/// Returns the HTTP status of S3's answer, if there was one.
pub(super) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Makes an error of what S3, or the connection to it, failed with for a key or a prefix.
pub(super) fn failed<E>(key: &str, error: SdkError<E>) -> BucketError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match status(&error) {
        _ if error.code() == Some("NoSuchUpload") => BucketError::gone(key),
        Some(status) if is_denial(status, error.code()) => {
            BucketError::Denied { key: key.to_owned(), status, cause: error.into() }
        }
        _ => BucketError::failed(key, error),
    }
}

/// Returns true if S3 would answer the same however often it were asked: of the answers that blame
/// the caller, all but those that depend on the time, or on what got lost on the way
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>).
fn is_denial(status: u16, code: Option<&str>) -> bool {
    const PASSING: [u16; 5] = [NOT_FOUND, 408, CONFLICT, PRECONDITION_FAILED, 429];
    const PASSING_CODES: [&str; 5] =
        ["BadDigest", "ExpiredToken", "IncompleteBody", "RequestTimeTooSkewed", "RequestTimeout"];
    (400..500).contains(&status)
        && !PASSING.contains(&status)
        && code.is_none_or(|code| !PASSING_CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasting_refusals_of_s3_differ_from_passing_ones() {
        for (status, code, expected) in [
            (403, Some("AccessDenied"), true),
            (403, None, true),
            (400, Some("InvalidRequest"), true),
            (403, Some("RequestTimeTooSkewed"), false),
            (400, Some("RequestTimeout"), false),
            (400, Some("ExpiredToken"), false),
            (404, Some("NoSuchKey"), false),
            (408, None, false),
            (409, Some("ConditionalRequestConflict"), false),
            (412, None, false),
            (429, None, false),
            (500, Some("InternalError"), false),
            (503, Some("SlowDown"), false),
        ] {
            assert_eq!(is_denial(status, code), expected, "{status} {code:?}");
        }
    }
}
