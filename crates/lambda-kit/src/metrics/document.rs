//! A line in the embedded metric format
//! (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use std::io::Write;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::env;

/// The namespace of all metrics of Rowgate.
const NAMESPACE: &str = "Rowgate";

/// The dimension that distinguishes the metrics of several deployments in one account.
const ENVIRONMENT: &str = "environment";

/// The deployment's environment, if it has one.
static OWN_ENVIRONMENT: LazyLock<Option<String>> = LazyLock::new(|| env::optional("ROWGATE_ENVIRONMENT"));

/// A line with the metrics of one event and its other properties. It may hold 100 metrics.
#[derive(Debug, Default)]
pub struct Document<'a> {
    /// The dimension that distinguishes metrics of one kind, and its value.
    dimension: Option<(&'static str, &'a str)>,
    metrics: Vec<Metric>,
    /// The values of dimensions, metrics and properties.
    values: Map<String, Value>,
}

/// The description of a metric.
#[derive(Debug, Serialize)]
struct Metric {
    #[serde(rename = "Name")]
    name: &'static str,
    #[serde(rename = "Unit")]
    unit: &'static str,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_aws")]
    description: Description<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(flatten)]
    values: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Description<'a> {
    /// Milliseconds since 1970.
    #[serde(rename = "Timestamp")]
    timestamp: u64,
    #[serde(rename = "CloudWatchMetrics")]
    metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
struct Directive<'a> {
    #[serde(rename = "Namespace")]
    namespace: &'static str,
    /// CloudWatch keeps each metric once for every set: for its table (route, check), and in a set
    /// without that dimension for all of them. The environment, if there is one, is in both.
    #[serde(rename = "Dimensions")]
    dimensions: &'a [Vec<&'static str>],
    #[serde(rename = "Metrics")]
    metrics: &'a [Metric],
}

impl<'a> Document<'a> {
    /// Returns a line without a metric.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a line whose metrics CloudWatch keeps for this value of the dimension as well as for
    /// all values. A dimension must have a value: an empty one is left out.
    pub fn by(dimension: &'static str, value: &'a str) -> Self {
        if value.is_empty() {
            return Self::new();
        }
        Self { dimension: Some((dimension, value)), ..Self::new() }.property(dimension, value)
    }

    /// Adds a number of things.
    pub fn count(self, name: &'static str, count: u64) -> Self {
        self.metric(name, "Count", count.into())
    }

    /// Adds a number of bytes.
    pub fn bytes(self, name: &'static str, bytes: u64) -> Self {
        self.metric(name, "Bytes", bytes.into())
    }

    /// Adds a time, in seconds.
    pub fn seconds(self, name: &'static str, time: Duration) -> Self {
        self.metric(name, "Seconds", time.as_secs_f64().into())
    }

    /// Adds a time, in milliseconds.
    pub fn milliseconds(self, name: &'static str, time: Duration) -> Self {
        self.metric(name, "Milliseconds", (time.as_secs_f64() * 1000.0).into())
    }

    /// Adds a number whose unit CloudWatch does not know, such as hours.
    pub fn number(self, name: &'static str, number: f64) -> Self {
        self.metric(name, "None", number.into())
    }

    fn metric(mut self, name: &'static str, unit: &'static str, value: Value) -> Self {
        self.metrics.push(Metric { name, unit });
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Adds a value that is not a metric: a property costs nothing, whatever its values.
    pub fn property(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Writes the line to standard output, with the environment that `ROWGATE_ENVIRONMENT` names; a
    /// line without metrics is not written.
    pub fn write(&self) {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let timestamp = u64::try_from(timestamp).unwrap_or(u64::MAX);
        if let Some(line) = self.line_of(OWN_ENVIRONMENT.as_deref(), timestamp) {
            // In one piece, so that no log line comes between. Nothing can be done if the output is
            // closed.
            std::io::stdout().write_all(line.as_bytes()).ok();
        }
    }

    /// Returns the line with its line break, if it has a metric. It names no environment.
    pub fn line(&self, timestamp: u64) -> Option<String> {
        self.line_of(None, timestamp)
    }

    fn line_of(&self, environment: Option<&str>, timestamp: u64) -> Option<String> {
        if self.metrics.is_empty() {
            return None;
        }
        let of_all = environment.map_or_else(Vec::new, |_| vec![ENVIRONMENT]);
        let named = self.dimension.map(|(name, _)| [vec![name], of_all.clone()].concat());
        let dimensions: Vec<_> = named.into_iter().chain([of_all]).collect();
        let directive = Directive { namespace: NAMESPACE, dimensions: &dimensions, metrics: &self.metrics };
        let description = Description { timestamp, metrics: [directive] };
        let line = serde_json::to_string(&Line { description, environment, values: &self.values });
        line.ok().map(|line| line + "\n")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Units that CloudWatch knows, of those in use here.
    const UNITS: [&str; 5] = ["Count", "Bytes", "Seconds", "Milliseconds", "None"];

    /// Asserts the rules of the specification, and returns the line as JSON.
    pub(in super::super) fn read(line: &str) -> Value {
        let one_line = line.strip_suffix('\n').unwrap();
        assert!(!one_line.contains('\n') && line.len() <= 262_144, "one event of at most 256 KB");
        let read: Value = serde_json::from_str(one_line).unwrap();
        let root = read.as_object().unwrap();
        assert!(root["_aws"]["Timestamp"].is_u64());
        let directives = root["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert!(!directives.is_empty());
        for directive in directives {
            assert!((1..=256).contains(&directive["Namespace"].as_str().unwrap().len()));
            let sets = directive["Dimensions"].as_array().unwrap();
            assert!(!sets.is_empty());
            for set in sets {
                let set = set.as_array().unwrap();
                assert!(set.len() <= 30);
                for dimension in set {
                    let value = root[dimension.as_str().unwrap()].as_str().expect("a text at the root");
                    assert!((1..=1024).contains(&value.len()));
                }
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            let mut names = std::collections::BTreeSet::new();
            for metric in metrics {
                let name = metric["Name"].as_str().unwrap();
                assert!((1..=1024).contains(&name.len()) && names.insert(name), "{name}");
                assert!(root[name].is_number(), "{name} has a number at the root");
                assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()));
            }
        }
        read
    }

    #[test]
    fn keeps_metrics_for_the_table_and_for_all() {
        let document = Document::by("Table", "tags").count("Rows", 3).bytes("Bytes", 9);
        let line =
            document.property("load.id", "ab").seconds("Time", Duration::from_millis(1500)).line(7).unwrap();
        read(&line);
        assert_eq!(
            line,
            concat!(
                r#"{"_aws":{"Timestamp":7,"CloudWatchMetrics":[{"Namespace":"Rowgate","Dimensions":[["Table"],[]],"#,
                r#""Metrics":[{"Name":"Rows","Unit":"Count"},{"Name":"Bytes","Unit":"Bytes"},"#,
                r#"{"Name":"Time","Unit":"Seconds"}]}]},"#,
                r#""Table":"tags","Rows":3,"Bytes":9,"load.id":"ab","Time":1.5}"#,
                "\n"
            )
        );
    }

    #[test]
    fn keeps_metrics_for_all_where_there_is_no_table() {
        for document in [Document::new(), Document::by("Table", "")] {
            let read = read(&document.count("Rows", 0).line(7).unwrap());
            assert_eq!(read["_aws"]["CloudWatchMetrics"][0]["Dimensions"], serde_json::json!([[]]));
            assert_eq!(read.get("Table"), None);
        }
    }

    #[test]
    fn keeps_metrics_by_environment_where_there_is_one() {
        let by_table = Document::by("Table", "tags").count("Rows", 3);
        let read = read(&by_table.line_of(Some("staging"), 7).unwrap());
        let dimensions = &read["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(dimensions, &serde_json::json!([["Table", "environment"], ["environment"]]));
        assert_eq!((&read["environment"], &read["Table"]), (&"staging".into(), &"tags".into()));
        let of_all = Document::new().count("Rows", 3).line_of(Some("staging"), 7).unwrap();
        assert!(of_all.contains(r#""Dimensions":[["environment"]]"#), "{of_all}");
    }

    #[test]
    fn says_nothing_without_metrics() {
        assert_eq!(Document::by("Table", "tags").property("load.id", "ab").line(7), None);
    }
}
