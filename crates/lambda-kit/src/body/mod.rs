//! Bodies of requests.

mod encoding;
mod error;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

pub use self::error::BodyError;

use self::encoding::{is_gzip, packed_limit, unpack};

/// Returns the bytes of a body that is declared as JSON, unpacked if it is gzip: at most `limit`,
/// and none without a body.
///
/// # Errors
/// [`BodyError`].
pub async fn json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let is_gzip = is_gzip(headers)?;
    let most = if is_gzip { packed_limit(limit) } else { limit };
    let mut bytes = match Limited::new(body, most).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(BodyError::TooLarge(limit)),
        Err(_) => return Err(BodyError::CutOff),
    };
    if is_gzip {
        bytes = unpack(bytes.into(), limit)?.into();
    }
    if bytes.is_empty() || is_json(headers) { Ok(bytes) } else { Err(BodyError::NotJson) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    is_json && parts.all(is_utf8)
}

/// Returns true if a parameter of a media type allows UTF-8, the only charset of JSON between
/// programs (RFC 8259, section 8.1): rows in another charset would be misread.
fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim().trim_matches('"');
    // The second is a common alias of the first, though not a registered one.
    !name.trim().eq_ignore_ascii_case("charset")
        || ["utf-8", "utf8"].iter().any(|name| value.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_json_in_utf8_by_its_media_type() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"", true),
            ("application/json; Charset = utf8", true),
            ("application/json; profile=hr;", true),
            ("application/vnd.hr+json", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json; CHARSET=\"windows-1252\"", false),
            ("application/json; charset=utf-16", false),
            ("application/json; charset=utf-8; charset=iso-8859-1", false),
            ("application/json; charset=", false),
            ("application/vnd.hr+json;charset=us-ascii", false),
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

    #[tokio::test]
    async fn an_encoding_is_looked_at_before_anything_else() {
        let headers = |encoding: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
            headers
        };
        let read = async |encoding: &str, body: &'static str| json(&headers(encoding), body.into(), 4).await;
        assert_eq!(read("gzip", "").await.unwrap(), "");
        assert_eq!(read("gzip", "{  }").await.unwrap(), "{  }");
        assert_eq!(read("gzip", "{   }").await, Err(BodyError::TooLarge(4)));
        assert_eq!(read("br", "{   }").await, Err(BodyError::UnsupportedEncoding("br".to_owned())));
    }

    #[test]
    fn only_an_encoding_that_is_not_taken_is_answered_with_those_that_are() {
        use axum::response::IntoResponse;

        use crate::problem::ProblemResponse;
        let answered = |error: BodyError| {
            let response = ProblemResponse::from(error).into_response();
            (response.status().as_u16(), response.headers().get(header::ACCEPT_ENCODING).cloned())
        };
        let gzip = Some("gzip".parse().unwrap());
        assert_eq!(answered(BodyError::UnsupportedEncoding("br".to_owned())), (415, gzip));
        // The header would say that the media type was not at fault (RFC 9110, section 12.5.3).
        assert_eq!(answered(BodyError::NotJson), (415, None));
        assert_eq!(answered(BodyError::Damaged), (400, None));
    }
}
