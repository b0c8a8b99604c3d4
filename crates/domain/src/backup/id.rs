use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::digest::is_hex;

/// The format of the time in an id, for jiff.
const TIME: &str = "%Y%m%d-%H%M%S";

fn write(unix_seconds: i64, random: u32) -> String {
    // Four digits of year, and no time before there were computers to back up.
    let second = unix_seconds.clamp(0, Timestamp::MAX.as_second());
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{}-{random:08x}", time.strftime(TIME))
}

/// Returns the second that an id names, in Unix time; `None` for an invalid id.
fn read(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let random = bytes.get(16..)?;
    let is_time =
        |(at, byte): (usize, &u8)| if at == 8 || at == 15 { *byte == b'-' } else { byte.is_ascii_digit() };
    if !is_hex(random, 8) || !bytes[..16].iter().enumerate().all(is_time) {
        return None;
    }
    let time = DateTime::strptime(TIME, &text[..15]).ok()?;
    // A second that does not exist, such as a leap second, does not round-trip.
    let second = time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    (write(second, 0)[..15] == text[..15]).then_some(second)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// 24 characters, `YYYYMMDD-hhmmss-xxxxxxxx`: the second in UTC in which it was asked for,
        /// and 32 random bits in lower-case hexadecimal digits. So ids sort by time, and two of the
        /// same second do not meet.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the id of what is asked for in this second of Unix time (held within the
            /// years 1970 to 9999).
            pub fn new(unix_seconds: i64, random: u32) -> Self {
                Self(write(unix_seconds, random))
            }

            /// Reads an id; `None` when the text cannot be one. What passes is safe in an object
            /// key.
            pub fn parse(text: &str) -> Option<Self> {
                read(text).map(|_| Self(text.to_owned()))
            }

            /// Returns the second in which it was asked for, in Unix time.
            pub fn unix_seconds(&self) -> i64 {
                read(&self.0).unwrap_or_default()
            }

            /// Returns the 24 characters.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text).ok_or_else(|| format!("{text:?} is no id of a {}", $what))
            }
        }
    };
}

id! {
    /// Identifies a backup.
    BackupId, "backup"
}

id! {
    /// Identifies a restore.
    RestoreId, "restore"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_second_and_sorts_by_it() {
        let id = BackupId::new(1_795_226_400, 0x1f);
        assert_eq!(id.as_str(), "20261121-020000-0000001f");
        assert_eq!(id.unix_seconds(), 1_795_226_400);
        assert_eq!(BackupId::parse(id.as_str()), Some(id.clone()));
        assert!(id < BackupId::new(1_795_226_401, 0));
        assert_eq!(BackupId::new(i64::MAX, 0).as_str(), "99991230-220000-00000000");
        assert_eq!(BackupId::new(i64::MIN, 0).as_str(), "19700101-000000-00000000");
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "latest",
            "20261121-020000-0000001F",
            "20261121-020000-000001f",
            "20261121-020000-0000001f0",
            "20261121_020000_0000001f",
            "20260229-020000-0000001f",
            "20261121-240000-0000001f",
            "20261121-235960-0000001f",
            "2026112é-02000-0000001f",
            "../../../../../../../etc",
            "19691231-235959-00000000",
        ] {
            assert_eq!(BackupId::parse(text), None, "{text}");
            assert!(serde_json::from_value::<RestoreId>(text.into()).is_err(), "{text}");
        }
    }
}
