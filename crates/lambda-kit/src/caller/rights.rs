//! Rights, and the tables that they are for.

use std::collections::BTreeSet;

use axum::http::Method;
use serde::Deserialize;

/// A right of a caller. Each right includes the ones before it.
///
/// Settings of keys name it `read`, `write` or `operate`, or as its [group](Self::group).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Reads.
    #[serde(alias = "reader")]
    Read,
    /// Sends rows and files, and replaces rows.
    #[serde(alias = "writer")]
    Write,
    /// Does everything with every table: deletes rows, starts backups and restores, approves
    /// accounts.
    #[serde(alias = "operator")]
    Operate,
}

impl Right {
    /// All rights, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Operate];

    /// Returns the right that a method requires.
    pub(crate) fn of_method(method: &Method) -> Self {
        if matches!(*method, Method::GET | Method::HEAD) { Self::Read } else { Self::Write }
    }

    /// Returns the name of the group whose members have the right.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Read => "reader",
            Self::Write => "writer",
            Self::Operate => "operator",
        }
    }

    /// Returns the right that the members of a group have.
    pub(super) fn of_group(group: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.group() == group)
    }
}

/// What a key or a person may do, and with which tables. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// The rights that were given; each includes the ones below it.
    given: BTreeSet<Right>,
    /// The tables that they are for; empty: every table.
    tables: BTreeSet<String>,
}

impl Rights {
    /// Returns these rights for these tables; if there are none, for every table.
    pub(super) fn new(
        given: impl IntoIterator<Item = Right>,
        tables: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { given: given.into_iter().collect(), tables: tables.into_iter().collect() }
    }

    /// Returns the rights that were given, the least first.
    pub(super) fn given(&self) -> impl Iterator<Item = Right> {
        self.given.iter().copied()
    }

    /// Returns true if the right is among them, or included in one of them.
    pub fn may(&self, right: Right) -> bool {
        self.given.last() >= Some(&right)
    }

    /// Returns true if they allow to see the table, by the table's own name.
    pub fn sees(&self, table: &str) -> bool {
        self.sees_all() || (self.may(Right::Read) && self.tables.contains(table))
    }

    /// Returns true if they allow to see every table, as the right to operate always does.
    pub fn sees_all(&self) -> bool {
        self.may(Right::Operate) || (self.may(Right::Read) && self.tables.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(given: &[Right], tables: &[&str]) -> Rights {
        Rights::new(given.iter().copied(), tables.iter().map(ToString::to_string))
    }

    #[test]
    fn each_right_includes_the_ones_below_it() {
        for (index, given) in Right::ALL.into_iter().enumerate() {
            let rights = rights(&[given], &[]);
            for (other, right) in Right::ALL.into_iter().enumerate() {
                assert_eq!(rights.may(right), other <= index, "{given:?} {right:?}");
            }
            assert_eq!(Right::of_group(given.group()), Some(given));
        }
        assert!(rights(&[Right::Read, Right::Operate], &[]).may(Right::Write));
    }

    #[test]
    fn tables_narrow_every_right_but_that_to_operate() {
        for given in [Right::Read, Right::Write] {
            let all = rights(&[given], &[]);
            assert!(all.sees_all() && all.sees("tags"));
            let some = rights(&[given], &["documents", "tags"]);
            assert!(some.sees("tags") && some.sees("documents") && !some.sees_all());
            assert!(!some.sees("collections") && !some.sees("Tags") && !some.sees(""));
        }
        let operate = rights(&[Right::Operate], &["documents"]);
        assert!(operate.sees_all() && operate.sees("tags"));
    }

    #[test]
    fn without_a_right_there_is_nothing_to_see() {
        for none in [Rights::default(), rights(&[], &["tags"])] {
            assert!(Right::ALL.into_iter().all(|right| !none.may(right)));
            assert!(!none.sees_all() && !none.sees("tags") && !none.sees(""));
        }
    }
}
