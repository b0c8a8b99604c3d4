//! The log line of a request, which carries its metrics.

use std::time::Duration;

use super::document::Document;

/// The figures of an answered request.
#[derive(Debug, Clone, Copy)]
pub struct RequestFigures<'a> {
    /// Its id.
    pub request: &'a str,
    /// Its method.
    pub method: &'a str,
    /// The route that it matched, with the names of parameters and not their values.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// From its arrival to its answer.
    pub time: Duration,
    /// The number of rows that it inserted, changed or returned.
    pub rows: Option<u64>,
    /// The id of its key.
    pub key: Option<&'a str>,
    /// The account of the person who sent it.
    pub person: Option<&'a str>,
    /// The id of the trace that it belongs to.
    pub trace: Option<&'a str>,
}

/// Writes the line of an answered request at every log level, because metrics come from it.
///
/// One line serves as log and as metrics: a second line for each request would double what
/// CloudWatch charges. API Gateway's own metrics by method cost extra, and do not tell answers of
/// the functions from its own.
pub fn request_answered(figures: &RequestFigures<'_>) {
    of_request(&format!("{} {}", figures.method, figures.route), figures).write();
}

fn of_request<'a>(route: &'a str, figures: &RequestFigures<'a>) -> Document<'a> {
    let mut document = Document::by("Route", route)
        .property("level", "INFO")
        .property("message", "request answered")
        .property("request.id", figures.request)
        .property("http.method", figures.method)
        .property("http.route", figures.route)
        .property("http.status", figures.status)
        .property("duration_ms", u64::try_from(figures.time.as_millis()).unwrap_or(u64::MAX));
    if let Some(rows) = figures.rows {
        document = document.property("rows", rows);
    }
    for (name, value) in [("key.id", figures.key), ("person", figures.person), ("trace.id", figures.trace)] {
        if let Some(value) = value {
            document = document.property(name, value);
        }
    }
    document
        .count("Requests", 1)
        .count("Errors5xx", u64::from(figures.status >= 500))
        .milliseconds("Latency", figures.time)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::read;
    use super::*;

    fn figures(status: u16) -> RequestFigures<'static> {
        RequestFigures {
            request: "r-1",
            method: "POST",
            route: "/tables/{table}/rows",
            status,
            time: Duration::from_micros(12_700),
            rows: Some(3),
            key: Some("k-1"),
            person: None,
            trace: Some("1-5759e988-bd862e3fe1be46a994272793"),
        }
    }

    #[test]
    fn a_requests_line_is_its_metrics_too() {
        let line = of_request("POST /tables/{table}/rows", &figures(207)).line(7).unwrap();
        read(&line);
        assert_eq!(
            line,
            concat!(
                r#"{"_aws":{"Timestamp":7,"CloudWatchMetrics":[{"Namespace":"Rowgate","Dimensions":[["Route"],[]],"#,
                r#""Metrics":[{"Name":"Requests","Unit":"Count"},{"Name":"Errors5xx","Unit":"Count"},"#,
                r#"{"Name":"Latency","Unit":"Milliseconds"}]}]},"#,
                r#""Route":"POST /tables/{table}/rows","level":"INFO","message":"request answered","request.id":"r-1","#,
                r#""http.method":"POST","http.route":"/tables/{table}/rows","http.status":207,"duration_ms":12,"#,
                r#""rows":3,"key.id":"k-1","trace.id":"1-5759e988-bd862e3fe1be46a994272793","#,
                r#""Requests":1,"Errors5xx":0,"Latency":12.7}"#,
                "\n"
            )
        );
    }

    #[test]
    fn only_what_is_the_services_fault_is_an_error() {
        for (status, errors) in [(200, 0), (422, 0), (429, 0), (499, 0), (500, 1), (503, 1)] {
            let read = read(&of_request("GET /", &figures(status)).line(7).unwrap());
            assert_eq!(read["Errors5xx"], errors, "{status}");
        }
    }

    #[test]
    fn what_is_not_known_of_a_request_is_left_out() {
        let unknown = RequestFigures { rows: None, key: None, person: None, trace: None, ..figures(200) };
        let read = read(&of_request("GET /", &unknown).line(7).unwrap());
        assert!(
            ["rows", "key.id", "person", "trace.id"].iter().all(|name| read.get(name).is_none()),
            "{read}"
        );
    }

    #[test]
    fn a_persons_request_names_the_account() {
        let figures = RequestFigures { key: None, person: Some("ann@x.example"), ..figures(200) };
        let read = read(&of_request("GET /tables", &figures).line(7).unwrap());
        assert_eq!(read["person"], "ann@x.example");
        assert_eq!(read.get("key.id"), None);
    }
}
