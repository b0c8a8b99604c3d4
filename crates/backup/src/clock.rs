//! Times as texts.

use jiff::Timestamp;

pub(crate) use domain::backup::time_text as text;

/// Parses a time; an invalid text gives a time long ago.
pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_milliseconds_and_reads_them_back() {
        let moment = Timestamp::from_millisecond(1_795_226_400_007).unwrap();
        assert_eq!(text(moment), "2026-11-21T02:00:00.007Z");
        assert_eq!(time(&text(moment)), moment);
        assert_eq!(time("yesterday"), Timestamp::UNIX_EPOCH);
    }
}
