//! Which form of a file a browser takes (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

use crate::files::Forms;

/// How a form of a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Brotli,
    Gzip,
    /// Not at all.
    Identity,
}

impl Encoding {
    /// Its name in `Content-Encoding`; none where nothing is packed.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// One form of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) encoding: Encoding,
    pub(crate) bytes: axum::body::Bytes,
}

/// Chooses the smallest form that the request takes. A request that takes none, not even the plain one, gets the plain one: a
/// page that cannot be read helps nobody, and neither does a 406.
pub(crate) fn choose<'f>(headers: &HeaderMap, forms: &'f Forms) -> &'f Form {
    let accepted = |form: &&Form| form.encoding.name().is_some_and(|name| accepts(headers, name));
    forms.packed.iter().filter(accepted).min_by_key(|form| form.bytes.len()).unwrap_or(&forms.plain)
}

/// Returns true if `Accept-Encoding` names the encoding, or `*`, with a weight above 0. What names it counts for more.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut any = false;
    for item in lines.flat_map(|line| line.split(',')) {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let is_taken = weight
            .split_once('=')
            .filter(|(parameter, _)| parameter.trim().eq_ignore_ascii_case("q"))
            .is_none_or(|(_, value)| value.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0));
        let name = name.trim();
        if name.eq_ignore_ascii_case(encoding) {
            return is_taken;
        }
        any |= name == "*" && is_taken;
    }
    any
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn taken(lines: &[&'static str]) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        ["br", "gzip"].into_iter().filter(|name| accepts(&headers, name)).collect()
    }

    #[test]
    fn a_weight_of_nothing_is_a_refusal() {
        assert_eq!(taken(&[]), [""; 0]);
        assert_eq!(taken(&["gzip, deflate, br, zstd"]), ["br", "gzip"]);
        assert_eq!(taken(&["gzip;q=0.5, br;q=0"]), ["gzip"]);
        assert_eq!(taken(&["BR ; Q=1.0"]), ["br"]);
        assert_eq!(taken(&["*"]), ["br", "gzip"]);
        assert_eq!(taken(&["*;q=0.1, br;q=0.000"]), ["gzip"]);
        assert_eq!(taken(&["identity, *;q=0"]), [""; 0]);
        assert_eq!(taken(&["gzip", "br"]), ["br", "gzip"]);
        assert_eq!(taken(&["gzip;q=x, brotli"]), [""; 0]);
    }
}
