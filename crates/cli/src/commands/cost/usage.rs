//! What Rowgate uses of AWS's services.
//!
//! Calls of the Data API and I/O of the database are what `BENCH='--only metering' make bench`
//! prints, for employees of the HR tables; docs/costs.md has the same figures.

/// What a unit of work uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Requests of the Data API that AWS bills.
    pub(super) data_api: f64,
    /// Reads and writes of the database's storage.
    pub(super) io: f64,
    /// Gigabytes of a function's memory × its seconds.
    pub(super) gb_seconds: f64,
}

/// The bytes of a measured row in a file.
pub(super) const MEASURED_ROW_BYTES: f64 = 48.5;

/// A request of the API, whatever its rows. Its function takes 0.5 GB for a tenth of a second, and
/// its commit is one write at least.
pub(super) const REQUEST: Usage = Usage { data_api: 1.0, io: 1.0, gb_seconds: 0.05 };

/// Each row of a request beyond that.
pub(super) const REQUEST_ROW: Usage = Usage { data_api: 0.001, io: 0.0303, gb_seconds: 0.000_05 };

/// A file, whatever its rows.
pub(super) const FILE: Usage = Usage { data_api: 9.0, io: 9.0, gb_seconds: 0.5 };

/// Each row of a file. The loader takes 1.77 GB for 20 seconds for a million rows.
pub(super) const FILE_ROW: Usage = Usage { data_api: 0.00297, io: 0.0301, gb_seconds: 0.000_035 };

/// Each row of a backup and of its verification, which writes the rows into a table of its own.
/// Both functions take 1.77 GB, together 20 seconds for a million rows.
pub(super) const BACKUP_ROW: Usage = Usage { data_api: 0.00548, io: 0.0303, gb_seconds: 0.000_035 };

/// The bytes of a row in a backup.
pub(super) const BACKUP_ROW_BYTES: f64 = 12.4;

/// A run of the canary, with the load of its file; its calls were counted on the local cloud.
pub(super) const CANARY: Usage = Usage { data_api: 26.0, io: 26.0, gb_seconds: 3.0 };

/// Requests of a run of the canary.
pub(super) const CANARY_REQUESTS: f64 = 12.0;

/// Bytes of log lines for each request: the function's, Lambda's own and the access log's.
pub(super) const REQUEST_LOG_BYTES: f64 = 3000.0;

/// Alarms of the stack without the lake.
pub(super) const ALARMS: f64 = 34.0;

/// Dashboards of the stack.
pub(super) const DASHBOARDS: f64 = 1.0;

/// Secrets of the database: administrator, writer, reader.
pub(super) const SECRETS: f64 = 3.0;

/// Metrics that have data in every hour, beside the canary's.
pub(super) const METRICS: f64 = 3.0;

/// Metrics that the canary keeps with data: two for each of its checks, three or four for each
/// route that it calls, a dozen for its file.
pub(super) const CANARY_METRICS: f64 = 50.0;
