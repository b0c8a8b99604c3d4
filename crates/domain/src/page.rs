//! How long the pages of lists may be.

use crate::report::{Parameter, ParameterType, ParameterValue};

/// How many entries a page of a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// Where the request does not say.
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

/// Days of `GET /activity`, of which each table that got something has an entry.
pub const ACTIVITY_DAYS: PageSize = PageSize { default: 30, maximum: 90 };

/// The parameter `days` of `GET /activity`.
pub fn activity_days() -> Parameter {
    let description = "How many days are told of; the first is today, in UTC.".to_owned();
    Parameter { name: "days".to_owned(), description, ..ACTIVITY_DAYS.limit() }
}

/// The parameter `counts` of `GET /tables`.
pub fn table_counts() -> Parameter {
    Parameter {
        name: "counts".to_owned(),
        parameter_type: ParameterType::Boolean,
        default: Some(ParameterValue::Boolean(false)),
        required: false,
        description: "Whether each table's rows are counted, which takes its time where there are millions."
            .to_owned(),
    }
}

impl PageSize {
    /// The parameter `limit` of a list.
    pub fn limit(self) -> Parameter {
        Parameter {
            name: "limit".to_owned(),
            parameter_type: ParameterType::Integer { minimum: 1, maximum: self.maximum },
            default: Some(ParameterValue::Integer(self.default)),
            required: false,
            description: "How many a page has at most.".to_owned(),
        }
    }
}
