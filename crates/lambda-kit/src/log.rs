//! Structured logs: one JSON object a line, which is what CloudWatch Logs Insights reads.

use tracing_subscriber::EnvFilter;

/// The variable that filters log lines, in tracing's syntax (`info`, `loader=debug,info`).
const FILTER_VARIABLE: &str = "ROWGATE_LOG";

/// Sends log lines to standard output as JSON, filtered by `ROWGATE_LOG` (default `info`). Call once, first in `main`.
///
/// There is no time in a line: Lambda stamps every line itself.
pub fn init_tracing() {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .without_time()
        .with_env_filter(filter)
        .init();
}
