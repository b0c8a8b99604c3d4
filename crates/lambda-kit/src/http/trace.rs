//! The trace id of a request, which the caller's logs have as well.

use axum::http::HeaderMap;

/// Returns the trace id of `traceparent` (w3.org/TR/trace-context, section 3.2), or else the root
/// of `X-Amzn-Trace-Id`, which API Gateway adds. Text of another form is ignored: a caller could
/// write anything into the log.
pub(super) fn id(headers: &HeaderMap) -> Option<String> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    header("traceparent").and_then(of_traceparent).or_else(|| header("x-amzn-trace-id").and_then(of_amazon))
}

fn of_traceparent(value: &str) -> Option<String> {
    let mut parts = value.trim().split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let known = version.len() == 2 && is_hex(version) && version != "ff";
    let valid = trace.len() == 32 && is_hex(trace) && trace.bytes().any(|byte| byte != b'0');
    (known && valid).then(|| trace.to_owned())
}

/// Reads `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`
/// (docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
fn of_amazon(value: &str) -> Option<String> {
    let root = value.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
    let parts: Vec<&str> = root.split('-').collect();
    let valid = matches!(parts[..], ["1", time, rest]
        if time.len() == 8 && rest.len() == 24 && is_hex(time) && is_hex(rest));
    valid.then(|| root.to_owned())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const AMAZON: &str =
        "Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";

    fn found(headers: &[(&str, &str)]) -> Option<String> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        id(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn the_callers_trace_goes_before_the_gateways() {
        let amazon = Some("1-5759e988-bd862e3fe1be46a994272793".to_owned());
        assert_eq!(
            found(&[("x-amzn-trace-id", AMAZON), ("traceparent", PARENT)]).as_deref(),
            Some("0af7651916cd43dd8448eb211c80319c")
        );
        assert_eq!(found(&[("x-amzn-trace-id", AMAZON)]), amazon);
        assert_eq!(found(&[("x-amzn-trace-id", AMAZON), ("traceparent", "00-x-y-z")]), amazon);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn what_is_no_trace_id_is_not_taken() {
        for value in [
            "",
            "00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert_eq!(found(&[("traceparent", value)]), None, "{value}");
        }
        for value in
            ["", "Root=", "Root=2-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-x", "Sampled=1"]
        {
            assert_eq!(found(&[("x-amzn-trace-id", value)]), None, "{value}");
        }
    }
}
