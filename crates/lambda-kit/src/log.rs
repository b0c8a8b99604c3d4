//! Structured logs: one JSON object a line, which is what CloudWatch Logs Insights reads.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// The variable that filters log lines, by level and by module (`info`, `loader=debug,info`).
const FILTER_VARIABLE: &str = "ROWGATE_LOG";

/// Sends log lines to standard output as JSON, filtered by `ROWGATE_LOG` (default `info`). Call once, first in `main`.
///
/// There is no time in a line: Lambda stamps every line itself.
pub fn init_tracing() {
    let lines =
        fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).without_time();
    registry().with(lines).with(filter(std::env::var(FILTER_VARIABLE).ok().as_deref())).init();
}

/// A filter that cannot be read is like none. Not tracing's richer `EnvFilter`, which brings a regular expression engine
/// into every function.
fn filter(text: Option<&str>) -> Targets {
    let given = text.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::filter;

    #[test]
    fn filters_by_level_and_module() {
        let given = filter(Some("loader=debug,warn"));
        assert!(given.would_enable("loader::load", &tracing::Level::DEBUG));
        assert!(given.would_enable("aurora", &tracing::Level::WARN));
        assert!(!given.would_enable("aurora", &tracing::Level::INFO));
    }

    #[test]
    fn takes_info_where_nothing_readable_is_given() {
        for text in [None, Some(""), Some("loader=loud")] {
            assert_eq!(filter(text).default_level(), Some(LevelFilter::INFO), "{text:?}");
        }
    }
}
