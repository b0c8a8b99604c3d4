//! Structured logs: a JSON object a line, for CloudWatch Logs Insights.

use std::fmt::Display;

use domain::audit::LOG_TARGET;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use crate::env;

/// The variable that filters log lines, by level and by module (`info`, `loader=debug,info`).
const FILTER_VARIABLE: &str = "ROWGATE_LOG";

/// The variable that, if it is 1, lets personal data into log lines.
const VALUES_VARIABLE: &str = "ROWGATE_LOG_VALUES";

/// The target of lines that may quote people's data, such as a row or an error of the database
/// about it. They are dropped unless `ROWGATE_LOG_VALUES` is 1, whatever `ROWGATE_LOG` says;
/// [`values_are_logged`] tells.
pub const VALUES: &str = "rowgate_values";

/// The target of the spans of requests, which no filter drops: every line of a request has its id.
pub(crate) const REQUESTS: &str = "rowgate_requests";

/// The first words of the targets of libraries that log what they send and receive below `info`.
const TALKATIVE: [&str; 6] = ["aws_", "h2", "hyper", "lambda_http", "lambda_runtime", "tower"];

/// Sends log lines to standard output as JSON, filtered by `ROWGATE_LOG` (default `info`). Call
/// once, first in `main`.
///
/// Lines have no time, because Lambda adds it.
pub fn init_tracing() {
    registry()
        .with(lines())
        .with(filter(env::optional(FILTER_VARIABLE).as_deref()))
        .with(privacy(env::optional(VALUES_VARIABLE).as_deref()))
        .init();
}

/// Logs once why something could not be done: the class of the error, which says what to do. The
/// error itself may quote people's data, so it is a line with the target [`VALUES`].
pub fn log_failure(what: &str, class: &str, error: impl Display) {
    tracing::error!(error.class = class, "{what}");
    tracing::debug!(target: VALUES, { error = %error }, "cause");
}

/// Writes JSON lines, each with the span it is in.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> fmt::Layer<S, JsonFields, WithRequestId> {
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    lines.without_time().map_event_format(WithRequestId)
}

/// JSON lines that carry `request.id`, the id in the span of the request, among their own fields.
struct WithRequestId(Format<Json, ()>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for WithRequestId {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let id = context.event_scope().into_iter().flatten().find_map(|span| {
            let extensions = span.extensions();
            let fields = &extensions.get::<FormattedFields<JsonFields>>()?.fields;
            serde_json::from_str::<Map<String, Value>>(fields).ok()?.remove("request.id")
        });
        match id.zip(line.strip_prefix('{')) {
            Some((id, rest)) => write!(writer, "{{\"request.id\":{id},{rest}"),
            None => writer.write_str(&line),
        }
    }
}

/// Returns true if personal data goes into log lines.
pub fn values_are_logged() -> bool {
    tracing::enabled!(target: VALUES, tracing::Level::INFO)
}

/// Returns the filter that drops personal data.
fn privacy(switch: Option<&str>) -> Targets {
    let all = Targets::new().with_default(LevelFilter::TRACE);
    if switch == Some("1") {
        return all;
    }
    let talkative = TALKATIVE.map(|target| (target, LevelFilter::INFO));
    all.with_targets(talkative).with_target(VALUES, LevelFilter::OFF)
}

/// Reads a filter; one that cannot be read is like none. Lines about what people did and the spans
/// of requests pass every filter. Not tracing's richer `EnvFilter`, which brings a regular
/// expression engine into every function.
fn filter(text: Option<&str>) -> Targets {
    let given = text.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    let given = given.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    given.with_target(LOG_TARGET, LevelFilter::INFO).with_target(REQUESTS, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// A buffer that lines are written to.
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Buffer {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_has_the_id_of_its_request_once() {
        let buffer = Buffer::default();
        let lines = lines().with_writer(buffer.clone());
        tracing::subscriber::with_default(registry().with(lines), || {
            let span = tracing::info_span!(target: REQUESTS, "request", request.id = "r\"1", trace.id = "t");
            span.in_scope(|| tracing::error!(error.class = "away", "no database"));
            tracing::info!("no request");
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["request.id"], &lines[0]["error.class"]), (&"r\"1".into(), &"away".into()));
        assert_eq!(
            (&lines[0]["span"]["request.id"], &lines[0]["span"]["trace.id"]),
            (&"r\"1".into(), &"t".into())
        );
        assert_eq!((lines[1].get("request.id"), &lines[1]["message"]), (None, &"no request".into()));
    }

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
            assert!(given.would_enable(REQUESTS, &tracing::Level::INFO), "{text}");
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
