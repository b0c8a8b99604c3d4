//! Pages of lists.

use crate::parameter::{Parameter, ParameterType, ParameterValue};

/// The number of entries on a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// Without the parameter `limit`.
    pub default: i64,
    /// The most entries.
    pub maximum: i64,
}

/// Rows of `GET /tables/{table}/rows`.
pub const ROWS: PageSize = PageSize { default: 100, maximum: 1000 };

/// Loads of `GET /loads`.
pub const LOADS: PageSize = PageSize { default: 100, maximum: 1000 };

/// Backups of `GET /backups`: each is three objects of the bucket to read.
pub const BACKUPS: PageSize = PageSize { default: 50, maximum: 100 };

/// Accounts of `GET /accounts`: Cognito lists no more at once.
pub const ACCOUNTS: PageSize = PageSize { default: 50, maximum: 60 };

/// Entries of `GET /audit`.
pub const AUDIT: PageSize = PageSize { default: 50, maximum: 100 };

/// Restores of `GET /restores`.
pub const RESTORES: PageSize = PageSize { default: 50, maximum: 100 };

/// Days of `GET /activity`: each has an entry for every table that received something.
pub const ACTIVITY_DAYS: PageSize = PageSize { default: 30, maximum: 90 };

/// Returns the parameter `days` of `GET /activity`.
pub fn activity_days() -> Parameter {
    let description = "The number of days; the first is today, in UTC.".to_owned();
    Parameter { name: "days".to_owned(), description, ..ACTIVITY_DAYS.limit() }
}

/// Returns the parameter `counts` of `GET /tables`.
pub fn table_counts() -> Parameter {
    Parameter {
        default: Some(ParameterValue::Boolean(false)),
        description: "Whether each table's rows are counted, which takes its time where there are millions."
            .to_owned(),
        ..Parameter::optional("counts", ParameterType::Boolean)
    }
}

impl PageSize {
    /// Returns the parameter `limit` of a list.
    pub fn limit(self) -> Parameter {
        Parameter {
            default: Some(ParameterValue::Integer(self.default)),
            description: "How many a page has at most.".to_owned(),
            ..Parameter::integer("limit", 1, self.maximum)
        }
    }
}

/// Cuts a list with one entry more than a page has, if there is one, to the page. Returns the key
/// of its last entry if more follow, for the next page to begin after.
pub fn cut<T, K>(entries: &mut Vec<T>, limit: usize, key: impl Fn(&T) -> K) -> Option<K> {
    let more = entries.len() > limit;
    entries.truncate(limit);
    entries.last().filter(|_| more).map(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_page_begins_after_the_last_entry() {
        let cut = |mut entries: Vec<u8>, limit| (cut(&mut entries, limit, |entry| *entry), entries);
        assert_eq!(cut(vec![1, 2, 3], 2), (Some(2), vec![1, 2]));
        assert_eq!(cut(vec![1, 2], 2), (None, vec![1, 2]));
        assert_eq!(cut(Vec::new(), 2), (None, Vec::new()));
    }
}
