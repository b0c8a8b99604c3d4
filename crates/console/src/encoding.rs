//! Negotiation of content codings (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

/// Returns true if `Accept-Encoding` has the coding, or else `*`, with a weight above 0.
pub(crate) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
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
