//! The condition of an insert that its references name rows.

use std::collections::BTreeSet;

use super::keys::push_in;
use crate::dictionary::Table;
use crate::value::{Key, Value, push_number};

/// The condition of an insert that every one of these references names a row: otherwise the
/// statement fails with MySQL error 1242 ([`GUARD_FAILED`]) and inserts nothing. So a batch without
/// a fault needs no query before it.
///
/// It is a factor of the first value of the first row's key, or a condition of it where that is no
/// number: a subquery that gives the one row `1` when all references are there, and a second row
/// otherwise, which a scalar subquery must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceGuard {
    factors: String,
}

/// The MySQL error of a failed [`ReferenceGuard`]: `ER_SUBQUERY_NO_1_ROW`.
pub const GUARD_FAILED: u32 = 1242;

impl ReferenceGuard {
    /// Demands that every one of `keys` is a key of `table`. No keys, no demand.
    pub(crate) fn demand(&mut self, table: &Table, keys: &BTreeSet<Key>) {
        if keys.is_empty() {
            return;
        }
        let factors = &mut self.factors;
        factors.push_str("*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `");
        factors.push_str(table.name());
        factors.push_str("` WHERE ");
        push_in(factors, table.key_columns(), keys);
        factors.push_str(") AS `guard` WHERE `found`<>");
        push_number(factors, keys.len());
        factors.push(')');
    }

    /// Returns the texts before and behind a value that make it depend on the guard.
    pub(super) fn around(&self, value: &Value<'_>) -> (String, String) {
        let factors = &self.factors;
        match value {
            _ if factors.is_empty() => (String::new(), String::new()),
            // NULL is a number that the database gives itself.
            Value::Integer(_) | Value::Null => (String::new(), factors.clone()),
            _ => (format!("IF(1{factors},"), ",NULL)".to_owned()),
        }
    }
}
