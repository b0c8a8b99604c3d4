//! Decides when a call is repeated, and after which pause.

use std::time::Duration;

use deadline::Deadline;
use tokio::time::sleep;

use super::error::{Error, Write};
use super::limits::{CALL_TIMEOUT, FINISH_GRACE, LOGIN_TIME};

/// States if a call may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Doing it twice does the same as once: reads, BEGIN, statements marked idempotent.
    Safe,
    /// Only what proves that it did not run allows another try; anything else leaves its outcome
    /// unknown.
    Unless(Write),
    /// A statement of a transaction, which is started over as a whole: only throttled calls are
    /// repeated.
    InTransaction,
}

/// Makes a call until it succeeds, fails for good or its time is up.
///
/// It takes `Fn() -> impl Future + Send` and not `AsyncFn`, whose futures cannot be declared `Send`
/// yet: code that calls the database must run in spawned tasks.
pub(crate) async fn call<T, F>(
    deadline: Deadline,
    repeat: Repeat,
    operation: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    let mut backoff = Backoff::default();
    let mut login_until = None;
    loop {
        let Some(timeout) = timeout(deadline, repeat) else { return Err(Error::OutOfTime) };
        // The SDK's futures are deep and of some 10 KB; boxed, they stay out of the futures of
        // everything built on this.
        let error = match tokio::time::timeout(timeout, Box::pin(operation())).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => Error::Unavailable {
                message: format!("no answer after {} ms", timeout.as_millis()),
                may_have_run: true,
                source: None,
            },
        };
        let again = match repeat {
            Repeat::Unless(write) if error.may_have_run() => return Err(Error::unknown(write, error)),
            // A COMMIT that met a deadlock has lost its transaction; the transaction's runner sees
            // to it.
            Repeat::Unless(Write::Commit) => {
                matches!(
                    error,
                    Error::Resuming { .. }
                        | Error::Throttled { .. }
                        | Error::Unavailable { .. }
                        | Error::LoginRefused { .. }
                )
            }
            Repeat::Safe | Repeat::Unless(Write::Statement) => matches!(
                error,
                Error::Resuming { .. }
                    | Error::Throttled { .. }
                    | Error::Unavailable { .. }
                    | Error::LoginRefused { .. }
                    | Error::Deadlock { .. }
                    | Error::LockWaitTimeout { .. }
            ),
            Repeat::InTransaction => matches!(error, Error::Throttled { .. }),
        };
        let until = match error {
            Error::LoginRefused { .. } => {
                deadline.min(*login_until.get_or_insert_with(|| Deadline::after(LOGIN_TIME)))
            }
            _ => deadline,
        };
        if !again || !backoff.wait(&error, until).await {
            return Err(error);
        }
    }
}

/// Returns how long one try may take; `None` once nothing is left.
fn timeout(deadline: Deadline, repeat: Repeat) -> Option<Duration> {
    match repeat {
        Repeat::Unless(Write::Commit) => Some(deadline.remaining().clamp(FINISH_GRACE, CALL_TIMEOUT)),
        _ if deadline.is_over() => None,
        _ => Some(deadline.remaining().min(CALL_TIMEOUT)),
    }
}

/// The waits between the tries of one piece of work.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Waits before the next try. False, at once, where the deadline leaves no time for one.
    pub(crate) async fn wait(&mut self, error: &Error, deadline: Deadline) -> bool {
        let delay = delay(error, self.tries, fastrand::f64());
        self.tries += 1;
        if delay >= deadline.remaining() {
            return false;
        }
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            error.class = error.class(),
            retry.tries = self.tries,
            retry.delay_ms = delay_ms,
            "database call failed, trying again"
        );
        sleep(delay).await;
        true
    }

    /// Returns how many tries have failed so far.
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }
}

/// Returns an exponential pause with a cap. A resuming cluster takes some 15 s and a rotation
/// seconds, so frequent retries do not help: the pause is random between half and all of each step.
/// For errors of contention (throttling, deadlocks) it is spread over the whole step ("full
/// jitter").
fn delay(error: &Error, tries: u32, random: f64) -> Duration {
    let (first, cap, spread) = match error {
        Error::Resuming { .. } | Error::LoginRefused { .. } => {
            (Duration::from_millis(300), Duration::from_secs(3), 0.5)
        }
        Error::Deadlock { .. } | Error::LockWaitTimeout { .. } | Error::TransactionLost { .. } => {
            (Duration::from_millis(25), Duration::from_secs(1), 1.0)
        }
        _ => (Duration::from_millis(100), Duration::from_secs(5), 1.0),
    };
    let step = first.saturating_mul(1 << tries.min(16)).min(cap);
    step.mul_f64(1.0 - spread * random)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn resuming() -> Error {
        Error::Resuming { message: String::new() }
    }

    fn refused() -> Error {
        Error::LoginRefused { message: "Access denied for user 'a'@'b' (using password: YES)".to_owned() }
    }

    fn away(may_have_run: bool) -> Error {
        Error::Unavailable { message: String::new(), may_have_run, source: None }
    }

    /// Fails with `error` the first `times`, then succeeds; gives the outcome and how often it was
    /// called.
    async fn failing(
        times: u32,
        error: impl Fn() -> Error,
        deadline: Duration,
        repeat: Repeat,
    ) -> (Result<(), Error>, u32) {
        let calls = Cell::new(0);
        let result = call(Deadline::after(deadline), repeat, || {
            calls.set(calls.get() + 1);
            std::future::ready(if calls.get() <= times { Err(error()) } else { Ok(()) })
        })
        .await;
        (result, calls.get())
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn waits_for_a_resuming_database_whatever_the_call() {
        for repeat in [Repeat::Safe, Repeat::Unless(Write::Statement), Repeat::Unless(Write::Commit)] {
            let (result, calls) = failing(8, resuming, MINUTE, repeat).await;
            assert!(result.is_ok() && calls == 9, "{repeat:?}: {result:?} after {calls}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_while_a_password_is_rotated_whatever_the_call() {
        for repeat in [Repeat::Safe, Repeat::Unless(Write::Statement), Repeat::Unless(Write::Commit)] {
            let (result, calls) = failing(8, refused, MINUTE, repeat).await;
            assert!(result.is_ok() && calls == 9, "{repeat:?}: {result:?} after {calls}");
        }
        let (result, calls) = failing(1, refused, MINUTE, Repeat::InTransaction).await;
        assert!(result.is_err() && calls == 1, "it is started over as a whole");
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_that_stays_wrong_is_reported_long_before_a_late_deadline() {
        let started = tokio::time::Instant::now();
        let (result, calls) = failing(u32::MAX, refused, 15 * MINUTE, Repeat::Safe).await;
        let took = started.elapsed();
        assert!(matches!(result, Err(Error::LoginRefused { .. })) && calls > 30, "{result:?} after {calls}");
        assert!(took <= LOGIN_TIME && took >= LOGIN_TIME - Duration::from_secs(4), "{took:?}");
        let (result, _) = failing(u32::MAX, refused, Duration::from_secs(10), Repeat::Safe).await;
        assert!(matches!(result, Err(Error::LoginRefused { .. })), "{result:?}");
        assert!(started.elapsed() <= LOGIN_TIME + Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn gives_the_last_error_when_the_budget_is_used_up() {
        let started = tokio::time::Instant::now();
        let (result, calls) = failing(u32::MAX, resuming, Duration::from_secs(10), Repeat::Safe).await;
        assert!(matches!(result, Err(Error::Resuming { .. })) && calls > 3);
        assert!(started.elapsed() <= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_repeats_a_read_and_never_a_write() {
        let (result, calls) = failing(1, || away(true), MINUTE, Repeat::Safe).await;
        assert!(result.is_ok() && calls == 2);
        for write in [Write::Statement, Write::Commit] {
            let (result, calls) = failing(1, || away(true), MINUTE, Repeat::Unless(write)).await;
            assert!(
                matches!(result, Err(Error::UnknownOutcome { write: w, .. }) if w == write),
                "{result:?}"
            );
            assert_eq!(calls, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_was_provably_not_run_goes_out_again() {
        let (result, calls) = failing(2, || away(false), MINUTE, Repeat::Unless(Write::Statement)).await;
        assert!(result.is_ok() && calls == 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timed_out_write_has_an_unknown_outcome_and_a_read_is_halved() {
        let timeout = || Error::StatementTimeout { message: String::new() };
        let (result, _) = failing(1, timeout, MINUTE, Repeat::Unless(Write::Statement)).await;
        assert!(result.is_err_and(|error| error.is_unknown_outcome()));
        let (result, calls) = failing(1, timeout, MINUTE, Repeat::Safe).await;
        assert!(result.is_err_and(|error| error.wants_smaller()) && calls == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_times_out_at_the_deadline() {
        let deadline = Deadline::after(Duration::from_secs(5));
        let result =
            call(deadline, Repeat::Unless(Write::Statement), std::future::pending::<Result<(), Error>>).await;
        assert!(result.is_err_and(|error| error.is_unknown_outcome()));
        assert!(deadline.is_over());
        let result = call(deadline, Repeat::Safe, || std::future::ready(Ok(()))).await;
        assert!(matches!(result, Err(Error::OutOfTime)), "{result:?}");
    }

    #[test]
    fn delays_grow_to_a_cap_and_stay_above_zero_for_a_resuming_database() {
        for tries in 0..40 {
            assert!(delay(&resuming(), tries, 1.0) >= Duration::from_millis(150));
            assert!(delay(&resuming(), tries, 0.0) <= Duration::from_secs(3));
            assert!(delay(&away(true), tries, 0.0) <= Duration::from_secs(5));
        }
        assert_eq!(delay(&away(true), 3, 0.0), Duration::from_millis(800));
    }
}
