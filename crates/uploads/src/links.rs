//! The validity of links.

use std::time::{Duration, SystemTime};

use bucket::Validity;
use jiff::Timestamp;

/// The lifetime of a link. It ends earlier only with the function's own credentials, which last for
/// hours.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Returns the validity of links that are signed at `now`, and when they end: ISO 8601 in UTC with
/// milliseconds. Signatures know whole seconds, so the end is never later than it says.
pub(crate) fn validity(now: SystemTime) -> (Validity, String) {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
    let from = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    let end = Timestamp::from_second(now.saturating_add_unsigned(LINK_LIFETIME.as_secs()));
    let end = format!("{:.3}", end.unwrap_or(Timestamp::MAX));
    (Validity { from: from.into(), time: LINK_LIFETIME }, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_a_whole_second_and_end_a_quarter_of_an_hour_later() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_369_353_600_999);
        let (valid, end) = validity(now);
        assert_eq!(valid.from, SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600));
        assert_eq!((valid.time.as_secs(), end.as_str()), (900, "2013-05-24T00:15:00.000Z"));
    }
}
