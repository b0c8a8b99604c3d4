//! The limits of the RDS Data API that this crate builds around.
//!
//! Sources: the service's own model (`aws-sdk-rdsdata`, API version 2018-08-01), "Amazon RDS Data
//! API limitations" and "Troubleshooting" in the Aurora User Guide.

use std::time::Duration;

/// Longest SQL text of one call, in characters (the model's length constraint on `sql`).
pub const MAX_SQL_CHARS: usize = 65_536;

/// Largest request body, in bytes: 4 MiB for the whole HTTP request (Aurora User Guide, "Calling
/// the Data API").
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// The size of a request beside its SQL and its parameters: ARNs, database, transaction id, field
/// names. Their longest forms in the model add up to less than 1 KiB; the rest is room for HTTP
/// headers.
pub(crate) const REQUEST_ENVELOPE_BYTES: usize = 4 * 1024;

/// Largest result set, in bytes as the database sends it (1 MiB), and largest answer with
/// `records`; larger ones are errors. That the former holds with `formatRecordsAs=JSON` as well is
/// the harsher reading of the model, which makes no exception.
pub const MAX_RESULT_BYTES: usize = 1024 * 1024;

/// The timeout of one call. The service stops a statement after 45 s and says so, and AWS advises
/// clients to wait for at least 60 s: a shorter wait would turn known outcomes into unknown ones.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The timeout of a connection to the service, which is established long before or not at all.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time of a call chain whose caller gave no [`Deadline`](crate::Deadline): API Gateway times
/// out after 29 s, finishing takes up to [`FINISH_TIME`] more, and the answer must be built and
/// sent as well.
pub(crate) const DEFAULT_BUDGET: Duration = Duration::from_secs(21);

/// The time for which a call is tried again while the database refuses its login. A managed
/// rotation "typically completes within one minute", and meanwhile new connections may get the
/// password of before (Secrets Manager User Guide, "Managed rotation"); this is twice that, for a
/// service that reads the secret late.
pub(crate) const LOGIN_TIME: Duration = Duration::from_secs(120);

/// The least time that COMMIT and ROLLBACK get, even at the end of the budget: to abandon a COMMIT
/// that is under way costs far more (an unknown outcome) than a second.
pub(crate) const FINISH_GRACE: Duration = Duration::from_secs(2);

/// The least time to release the claim of an idempotency key: without it the client waits until the
/// lease ends.
pub(crate) const RELEASE_GRACE: Duration = Duration::from_secs(1);

/// The time that a write may take beyond its deadline: a COMMIT that is not answered, then its
/// ROLLBACK, then the release of the claim, one after the other. A caller that stops earlier leaves
/// locks behind, and an outcome that could have been known.
pub const FINISH_TIME: Duration = FINISH_GRACE.saturating_mul(2).saturating_add(RELEASE_GRACE);
