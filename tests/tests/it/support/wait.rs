//! Waiting for what the cloud does in its own time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(120);

/// Polls until `find` finds something, and returns it. After `limit` the test fails, and shows the
/// state that `find` returned last.
pub(crate) async fn until<T, S: Debug>(
    what: &str,
    limit: Duration,
    find: impl AsyncFn() -> Result<T, S>,
) -> T {
    let started = Instant::now();
    loop {
        match find().await {
            Ok(found) => return found,
            Err(state) => {
                assert!(started.elapsed() < limit, "not within {} s: {what}: {state:?}", limit.as_secs());
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Polls until something holds.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    until(what, LIMIT, async || if holds().await { Ok(()) } else { Err("it does not hold") }).await;
}
