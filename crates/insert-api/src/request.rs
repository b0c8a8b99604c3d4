//! Reading a request's body.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use domain::batch::{BatchError, MAX_BODY_BYTES};
use domain::problem::{Problem, ProblemKind};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The bytes of a body that is declared as JSON and not too large.
pub(crate) async fn json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let bytes = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(BatchError::TooLarge.into());
        }
        Err(_) => {
            return Err(Problem::new(ProblemKind::InvalidJson, "The body ended before it was complete."));
        }
    };
    if bytes.is_empty() {
        return Err(BatchError::Empty.into());
    }
    if !is_json(headers) {
        let detail = "Send the rows as JSON, with the header Content-Type: application/json.";
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
    }
    Ok(bytes)
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
}
