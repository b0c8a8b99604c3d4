//! AWS's prices.

/// Prices in USD, on demand, after what is free for a while but before discounts.
#[derive(Debug)]
pub(super) struct Prices {
    pub(super) region: &'static str,
    /// The month in which they were written down.
    pub(super) written: &'static str,
    /// Aurora Serverless v2, a capacity unit for an hour; standard and I/O-Optimized.
    pub(super) capacity_hour: [f64; 2],
    /// Aurora's storage, a gigabyte for a month; standard and I/O-Optimized.
    pub(super) storage_gb: [f64; 2],
    /// Aurora's I/O, a million; standard and I/O-Optimized.
    pub(super) io_million: [f64; 2],
    /// RDS Data API, a million requests of 32 KiB.
    pub(super) data_api_million: f64,
    /// API Gateway, REST API, a million requests.
    pub(super) api_million: f64,
    /// Lambda, a million invocations.
    pub(super) lambda_million: f64,
    /// Lambda on arm64, a gigabyte of memory for a second.
    pub(super) lambda_gb_second: f64,
    /// Amazon S3, standard, a gigabyte for a month.
    pub(super) s3_gb: f64,
    /// CloudWatch, a metric of one's own for a month.
    pub(super) metric: f64,
    /// CloudWatch, an alarm for a month.
    pub(super) alarm: f64,
    /// CloudWatch, a dashboard for a month.
    pub(super) dashboard: f64,
    /// CloudWatch Logs, a gigabyte taken in.
    pub(super) logs_gb: f64,
    /// Secrets Manager, a secret for a month.
    pub(super) secret: f64,
}

pub(super) const PRICES: Prices = Prices {
    region: "us-east-1",
    written: "November 2026",
    capacity_hour: [0.12, 0.156],
    storage_gb: [0.10, 0.225],
    io_million: [0.20, 0.0],
    data_api_million: 0.35,
    api_million: 3.50,
    lambda_million: 0.20,
    lambda_gb_second: 0.000_013_333_4,
    s3_gb: 0.023,
    metric: 0.30,
    alarm: 0.10,
    dashboard: 3.00,
    logs_gb: 0.50,
    secret: 0.40,
};
