//! Content negotiation (RFC 9110, sections 12.4 and 12.5.1).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::problem::ProblemResponse;

/// A media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
    Html,
}

impl Form {
    /// Returns the value of `Content-Type`.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// Returns the name, without parameters.
    fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// Returns true if the parameter holds for it; a range that names another is for another form.
    fn has(self, name: &str, value: &str) -> bool {
        let is =
            |known: &str, held: &str| known.eq_ignore_ascii_case(name) && held.eq_ignore_ascii_case(value);
        is("charset", "utf-8") || (self == Self::Csv && is("header", "present"))
    }
}

/// The argument of handlers that answer with JSON alone: a request that does not accept it is
/// answered 406.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsJson;

impl<S: Sync> FromRequestParts<S> for AsJson {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        negotiate(&parts.headers, &[Form::Json])?;
        Ok(Self)
    }
}

/// Chooses the form with the highest quality. Of equal ones it takes the one that is named more
/// exactly, so that `text/csv, */*` gives CSV, then the first on offer. Without an `Accept` header
/// it takes the first.
///
/// # Errors
/// The problem of a client that accepts none of them.
pub(crate) fn negotiate(headers: &HeaderMap, offers: &[Form]) -> Result<Form, Problem> {
    let header: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let header = header.join(",");
    let mut best: Option<(u16, usize, Form)> = None;
    let ranges: Vec<Range<'_>> = if header.trim().is_empty() {
        vec![Range { kind: "*", subtype: "*", parameters: Vec::new(), quality: 1000 }]
    } else {
        header.split(',').filter_map(Range::parse).collect()
    };
    for &offer in offers {
        let closest = ranges
            .iter()
            .filter_map(|range| Some((range.closeness(offer)?, range.quality)))
            // Of ranges that are equally close, the one with the higher quality counts.
            .max();
        if let Some((closeness, quality)) = closest
            && quality > 0
            && best.is_none_or(|(most, nearest, _)| (quality, closeness) > (most, nearest))
        {
            best = Some((quality, closeness, offer));
        }
    }
    best.map(|(_, _, form)| form).ok_or_else(|| {
        let forms: Vec<&str> = offers.iter().map(|form| form.media_type()).collect();
        Problem::new(
            ProblemKind::NotAcceptable,
            format!("This path answers as {}; Accept allows none of that.", forms.join(" or ")),
        )
    })
}

/// One media range of an `Accept` header.
#[derive(Debug)]
struct Range<'h> {
    kind: &'h str,
    subtype: &'h str,
    parameters: Vec<(&'h str, &'h str)>,
    /// In thousandths.
    quality: u16,
}

impl<'h> Range<'h> {
    /// Reads a range; `None` for invalid text, which is ignored.
    fn parse(text: &'h str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut parameters = Vec::new();
        let mut quality = 1000;
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("q") {
                quality = parse_quality(value)?;
                // Parameters after the quality are extensions, not of the media type.
                break;
            }
            parameters.push((name, value));
        }
        Some(Self { kind, subtype, parameters, quality })
    }

    /// Returns how exactly the range names a form, more being closer; `None` if it does not.
    fn closeness(&self, form: Form) -> Option<usize> {
        let (kind, subtype) = form.media_type().split_once('/')?;
        let named = match (self.kind, self.subtype) {
            ("*", _) => 0,
            (own, "*") if own.eq_ignore_ascii_case(kind) => 1,
            (own, named) if own.eq_ignore_ascii_case(kind) && named.eq_ignore_ascii_case(subtype) => 2,
            _ => return None,
        };
        let holds = |(name, value): &(&str, &str)| form.has(name, value);
        self.parameters.iter().all(holds).then_some(named + self.parameters.len())
    }
}

/// Reads `0.5` as 500: 0 or 1 and at most three digits after the point.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers, &[Form::Json, Form::Csv]).ok()
    }

    #[test]
    fn without_a_wish_it_is_the_first() {
        assert_eq!(negotiate(&HeaderMap::new(), &[Form::Json, Form::Csv]), Ok(Form::Json));
        for accept in
            ["", "*/*", "application/json, text/csv", "text/*, application/*", "text/html, */*;q=0.8"]
        {
            assert_eq!(form(accept), Some(Form::Json), "{accept}");
        }
    }

    #[test]
    fn takes_what_is_wanted_more_or_named_more_exactly() {
        for accept in [
            "text/csv",
            "TEXT/CSV",
            "text/*",
            "text/csv, */*",
            "text/csv, application/json;q=0.9",
            "application/json;q=0.1, */*;q=0.2",
            "application/json;q=0, */*",
            "text/csv;header=present;charset=\"UTF-8\"",
            "nonsense, text/csv",
            "text/csv ; q=0.001",
        ] {
            assert_eq!(form(accept), Some(Form::Csv), "{accept}");
        }
        assert_eq!(form("text/csv;q=0.5, */*"), Some(Form::Json));
        assert_eq!(
            form("text/csv;q=0, text/csv;header=present;q=0.5, application/json;q=0.4"),
            Some(Form::Csv)
        );
    }

    #[test]
    fn gives_nothing_that_is_not_accepted() {
        for accept in [
            "text/html",
            "application/xml;q=0.9",
            "*/*;q=0",
            "application/json;q=0.000, text/csv;q=0",
            "text/csv;header=absent",
            "application/json;charset=latin1",
            "*/csv",
            "json",
            "application/json;q=2",
            "application/json;q=0.0001",
        ] {
            assert_eq!(form(accept), None, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "application/json;q=0.2".parse().unwrap());
        headers.append(header::ACCEPT, "text/csv".parse().unwrap());
        assert_eq!(negotiate(&headers, &[Form::Json, Form::Csv]), Ok(Form::Csv));
    }
}
