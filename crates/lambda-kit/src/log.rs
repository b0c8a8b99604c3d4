//! Structured logs: one JSON object a line, which is what CloudWatch Logs Insights reads.

use domain::audit::LOG_TARGET;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// The variable that filters log lines, by level and by module (`info`, `loader=debug,info`).
const FILTER_VARIABLE: &str = "ROWGATE_LOG";

/// The variable that, set to 1, lets personal data into log lines.
const VALUES_VARIABLE: &str = "ROWGATE_LOG_VALUES";

/// The target of what may quote people's data: a row, the words of the database about it. Dropped unless `ROWGATE_LOG_VALUES` is
/// 1, whatever `ROWGATE_LOG` says. [`values_are_logged`] asks for it.
pub const VALUES: &str = "rowgate_values";

/// Libraries that write into their lines below `info` what they send and receive. Every target that begins like this.
const TALKATIVE: [&str; 6] = ["aws_", "h2", "hyper", "lambda_http", "lambda_runtime", "tower"];

/// Sends log lines to standard output as JSON, filtered by `ROWGATE_LOG` (default `info`). Call once, first in `main`.
///
/// There is no time in a line: Lambda stamps every line itself.
pub fn init_tracing() {
    let lines =
        fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).without_time();
    let variable = |name| std::env::var(name).ok();
    registry()
        .with(lines)
        .with(filter(variable(FILTER_VARIABLE).as_deref()))
        .with(privacy(variable(VALUES_VARIABLE).as_deref()))
        .init();
}

/// Whether personal data goes into log lines.
pub fn values_are_logged() -> bool {
    tracing::enabled!(target: VALUES, tracing::Level::INFO)
}

/// What no other filter lets through.
fn privacy(switch: Option<&str>) -> Targets {
    let all = Targets::new().with_default(LevelFilter::TRACE);
    if switch == Some("1") {
        return all;
    }
    let talkative = TALKATIVE.map(|target| (target, LevelFilter::INFO));
    all.with_targets(talkative).with_target(VALUES, LevelFilter::OFF)
}

/// A filter that cannot be read is like none. The lines about what people did come through every one. Not tracing's richer `EnvFilter`, which brings a regular expression engine
/// into every function.
fn filter(text: Option<&str>) -> Targets {
    let given = text.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    let given = given.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    given.with_target(LOG_TARGET, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::{VALUES, filter, privacy};

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

    #[test]
    fn what_people_did_is_logged_whatever_is_asked_for() {
        for text in ["error", "off", "loader=debug,off", "audit=off"] {
            let given = filter(Some(text));
            assert!(given.would_enable("audit", &tracing::Level::INFO), "{text}");
            assert!(!given.would_enable("aurora", &tracing::Level::INFO), "{text}");
        }
    }

    #[test]
    fn keeps_personal_data_out_however_much_is_asked_for() {
        let (trace, debug, info) = (&tracing::Level::TRACE, &tracing::Level::DEBUG, &tracing::Level::INFO);
        for switch in [None, Some(""), Some("0"), Some("true")] {
            let privacy = privacy(switch);
            assert!(!privacy.would_enable(VALUES, &tracing::Level::ERROR), "{switch:?}");
            for target in ["aws_smithy_runtime::client", "lambda_runtime::runtime", "hyper_util", "h2::codec"]
            {
                assert!(
                    !privacy.would_enable(target, debug) && privacy.would_enable(target, info),
                    "{target}"
                );
            }
            assert!(privacy.would_enable("aurora::client", trace));
        }
        let open = privacy(Some("1"));
        assert!(open.would_enable(VALUES, debug) && open.would_enable("aws_smithy_runtime", trace));
    }
}
