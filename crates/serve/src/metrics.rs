//! The metrics for Prometheus.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lambda_kit::http::{Rows, method_name, route};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// Upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0];

/// The metrics of this process.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    pub(crate) in_flight: IntGauge,
    rows: IntCounterVec,
    refused: IntCounterVec,
    pub(crate) connections: IntGauge,
    work: IntGaugeVec,
}

/// The gauges of one kind of work.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) begun: IntGauge,
    pub(crate) waiting: IntGauge,
}

/// The reason of a refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Key,
    Rate,
    Busy,
    Size,
}

impl Refusal {
    fn label(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Rate => "rate",
            Self::Busy => "busy",
            Self::Size => "size",
        }
    }
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = Opts::new("rowgate_requests_total", "Requests that were answered");
        let requests = IntCounterVec::new(requests, &["method", "route", "status"])?;
        let seconds =
            HistogramOpts::new("rowgate_request_duration_seconds", "From a request's arrival to its answer");
        let seconds = HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["method", "route"])?;
        let in_flight = IntGauge::new("rowgate_requests_in_flight", "Requests that are being answered")?;
        let rows = Opts::new("rowgate_rows_total", "Rows that requests brought in, changed or were given");
        let rows = IntCounterVec::new(rows, &["method", "route"])?;
        let refused = Opts::new(
            "rowgate_requests_refused_total",
            "Requests that no handler saw, by reason: key, rate, busy, size",
        );
        let refused = IntCounterVec::new(refused, &["reason"])?;
        let connections = IntGauge::new("rowgate_connections", "Connections that are open")?;
        let work = Opts::new(
            "rowgate_work_in_flight",
            "Backups and restores that were asked for, by state: begun, waiting",
        );
        let work = IntGaugeVec::new(work, &["kind", "state"])?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(rows.clone()))?;
        registry.register(Box::new(refused.clone()))?;
        registry.register(Box::new(connections.clone()))?;
        registry.register(Box::new(work.clone()))?;
        Ok(Self { registry, requests, seconds, in_flight, rows, refused, connections, work })
    }

    /// Counts a request that was refused before any handler saw it.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.refused.with_label_values(&[refusal.label()]).inc();
    }

    /// Returns the metrics in Prometheus' text format.
    fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Returns the gauges of backups, or of restores.
    pub(crate) fn work(&self, kind: &str) -> Work {
        let gauge = |state: &str| self.work.with_label_values(&[kind, state]);
        Work { begun: gauge("begun"), waiting: gauge("waiting") }
    }

    fn answered(&self, method: &str, route: &str, status: u16, time: Duration, rows: Option<u64>) {
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.seconds.with_label_values(&[method, route]).observe(time.as_secs_f64());
        if let Some(rows) = rows {
            self.rows.with_label_values(&[method, route]).inc_by(rows);
        }
    }
}

/// A guard that adds one to a gauge while it lives.
#[derive(Debug)]
pub(crate) struct Counted(IntGauge);

impl Counted {
    pub(crate) fn on(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }

    /// Keeps the one until the process ends.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts every request and its time.
pub(crate) async fn track(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, route) = (method_name(request.method()), route(&request));
    let response = next.run(request).await;
    let rows = response.extensions().get::<Rows>().map(|rows| rows.0);
    metrics.answered(method, &route, response.status().as_u16(), started.elapsed(), rows);
    response
}

/// Returns the route `GET /metrics`, which has an address of its own.
pub(crate) fn routes(metrics: Metrics) -> Router {
    let answer = async |State(metrics): State<Metrics>| match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    Router::new().route("/metrics", get(answer)).with_state(metrics)
}
