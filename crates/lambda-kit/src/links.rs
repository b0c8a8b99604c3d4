//! The validity of the links to objects of S3 that functions sign.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The lifetime of a link: long enough to click, short for a link that leaks. It ends earlier only
/// with the function's own credentials, which last for hours.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Returns the start of the validity of links that are signed at `now`, and their expiry: ISO 8601
/// in UTC with milliseconds. Signatures have whole seconds, so the text is never later than the
/// expiry itself.
pub fn validity(now: SystemTime) -> (SystemTime, String) {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
    let from = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    let end = Timestamp::from_second(now.saturating_add_unsigned(LINK_LIFETIME.as_secs()));
    (from.into(), format!("{:.3}", end.unwrap_or(Timestamp::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_a_whole_second_and_end_a_quarter_of_an_hour_later() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_369_353_600_999);
        let (from, end) = validity(now);
        assert_eq!(from, SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600));
        assert_eq!(end, "2013-05-24T00:15:00.000Z");
    }
}
