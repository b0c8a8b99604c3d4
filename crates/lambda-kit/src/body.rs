//! Reading a request's body.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use domain::problem::{Problem, ProblemKind};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than it may be; the limit in bytes.
    TooLarge(usize),
    /// It ended before it was complete.
    CutOff,
    /// It is not declared as JSON.
    NotJson,
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => {
                Self::new(ProblemKind::PayloadTooLarge, format!("The body has more than {limit} bytes."))
            }
            BodyError::CutOff => {
                Self::new(ProblemKind::InvalidJson, "The body ended before it was complete.")
            }
            BodyError::NotJson => Self::new(
                ProblemKind::UnsupportedMediaType,
                "Send the body as JSON, with the header Content-Type: application/json.",
            ),
        }
    }
}

/// The bytes of a body, `limit` at most, that is declared as JSON; none where there is no body.
///
/// # Errors
/// [`BodyError`].
pub async fn json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(BodyError::TooLarge(limit)),
        Err(_) => return Err(BodyError::CutOff),
    };
    if bytes.is_empty() || is_json(headers) { Ok(bytes) } else { Err(BodyError::NotJson) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_json_by_its_media_type() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.hr+json", true),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn takes_a_body_up_to_the_limit_and_none_at_all() {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        let read = async |headers: &HeaderMap, body: &'static str| json(headers, body.into(), 4).await;
        assert_eq!(read(&headers, "{  }").await.unwrap(), "{  }");
        assert_eq!(read(&headers, "{   }").await, Err(BodyError::TooLarge(4)));
        assert_eq!(read(&HeaderMap::new(), "").await.unwrap(), "");
        assert_eq!(read(&HeaderMap::new(), "{}").await, Err(BodyError::NotJson));
    }
}
