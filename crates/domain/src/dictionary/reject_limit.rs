//! The limit of rejected records: the `max_rejects` of a table, and of a load.

use std::fmt;

use super::LoadMode;

/// The most rejected records of a load; with more it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectLimit {
    /// This many records.
    Count(u64),
    /// This many of a million records read.
    Share {
        /// 0 to 1,000,000.
        per_million: u32,
    },
}

/// The error of a text that is not a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use a number of records like 100, or a share of the records from 0% to 100% like 5% or 0.5%")]
pub struct RejectLimitError;

const MILLION: u32 = 1_000_000;

impl RejectLimit {
    /// Reads `100`, `5%` or `0.5%`; a share has at most four digits after the point.
    ///
    /// # Errors
    /// [`RejectLimitError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, RejectLimitError> {
        let Some(share) = text.strip_suffix('%') else {
            return digits(text).map(Self::Count);
        };
        let (whole, fraction) = match share.split_once('.') {
            Some((whole, fraction)) if (1..=4).contains(&fraction.len()) => (whole, fraction),
            Some(_) => return Err(RejectLimitError),
            None => (share, "0"),
        };
        let scale = 10_u64.pow(4 - fraction.len() as u32);
        let percent = digits(whole)?.checked_mul(10_000).ok_or(RejectLimitError)?;
        let per_million = percent.saturating_add(digits(fraction)? * scale);
        match u32::try_from(per_million) {
            Ok(per_million @ 0..=MILLION) => Ok(Self::Share { per_million }),
            _ => Err(RejectLimitError),
        }
    }

    /// Returns the limit of a load in this mode, which may have one set. A replace without one
    /// takes all records of its file: it would leave a table that lacks some.
    pub fn in_effect(set: Option<Self>, mode: LoadMode) -> Option<Self> {
        set.or((mode == LoadMode::Replace).then_some(Self::Count(0)))
    }

    /// Returns true if `rejected` of `read` records are too many. A share is of the whole content:
    /// it holds or not only when all of it has been read.
    pub fn is_exceeded(self, rejected: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            Self::Share { per_million } => {
                u128::from(rejected) * u128::from(MILLION) > u128::from(read) * u128::from(per_million)
            }
        }
    }
}

/// Digits alone: no sign, no space.
fn digits(text: &str) -> Result<u64, RejectLimitError> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().map_err(|_| RejectLimitError) } else { Err(RejectLimitError) }
}

impl fmt::Display for RejectLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(most) => write!(f, "{most}"),
            Self::Share { per_million } => {
                let fraction = format!("{:04}", per_million % 10_000);
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                write!(f, "{}{point}{fraction}%", per_million / 10_000)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_counts_and_shares_and_writes_them_back() {
        for text in ["0", "100", "18446744073709551615", "0%", "5%", "0.5%", "12.0625%", "0.0001%", "100%"] {
            assert_eq!(RejectLimit::parse(text).map(|limit| limit.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(RejectLimit::parse("5.50%"), Ok(RejectLimit::Share { per_million: 55_000 }));
    }

    #[test]
    fn refuses_what_is_no_limit() {
        for text in [
            "",
            "%",
            "-1",
            "+1",
            " 1",
            "1.5",
            "5 %",
            ".5%",
            "5.%",
            "0.00001%",
            "100.0001%",
            "101%",
            "5%%",
            "ten",
            "18446744073709551616",
            "1844674407370955161%",
            "99999999999999999999%",
        ] {
            assert_eq!(RejectLimit::parse(text), Err(RejectLimitError), "{text}");
        }
    }

    #[test]
    fn is_exceeded_by_one_more_and_not_before() {
        let exceeded =
            |text: &str, rejected, read| RejectLimit::parse(text).unwrap().is_exceeded(rejected, read);
        assert!(!exceeded("0", 0, 0) && exceeded("0", 1, 1));
        assert!(!exceeded("100", 100, 100) && exceeded("100", 101, 1_000_000));
        assert!(!exceeded("5%", 50, 1000) && exceeded("5%", 51, 1000));
        assert!(!exceeded("0.0001%", 1, 1_000_000) && exceeded("0.0001%", 1, 999_999));
        assert!(!exceeded("0%", 0, 0) && exceeded("0%", 1, u64::MAX));
        assert!(!exceeded("100%", u64::MAX, u64::MAX));
    }
}
