//! Sizes of the pages of lists.

use crate::parameter::{Parameter, ParameterType, ParameterValue};

/// The number of entries on a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// Without the parameter `limit`.
    pub default: i64,
    /// At most.
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
    let description = "How many days are told of; the first is today, in UTC.".to_owned();
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
