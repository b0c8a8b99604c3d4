//! The groups that an operator gives an account.

use std::collections::BTreeSet;

use domain::dictionary::{Dictionary, Table};
use lambda_kit::caller::{Right, TABLE_GROUP};

/// The groups that give rights, the least first.
pub(crate) const ROLES: [&str; 3] = [Right::Read.group(), Right::Write.group(), OPERATOR];

/// The group with every right.
pub(crate) const OPERATOR: &str = Right::Operate.group();

/// The groups that exist, for the client that named another one.
const RULE: &str = "groups has at least one of reader, writer and operator, and may have table:<name> for each table that the \
                    account is to see; without one it sees every table.";

/// The groups of an account: one or more that give rights, and those of the tables that it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    roles: BTreeSet<&'static str>,
    tables: BTreeSet<String>,
}

impl Groups {
    /// Reads groups by their names. A table may be named by an alias; its group has its own name.
    ///
    /// # Errors
    /// A sentence that lists the groups.
    pub fn parse<S: AsRef<str>>(names: &[S], dictionary: &Dictionary) -> Result<Self, String> {
        let mut groups = Self { roles: BTreeSet::new(), tables: BTreeSet::new() };
        for name in names.iter().map(AsRef::as_ref) {
            if let Some(role) = ROLES.into_iter().find(|role| *role == name) {
                groups.roles.insert(role);
                continue;
            }
            let table = name.strip_prefix(TABLE_GROUP).and_then(|table| dictionary.table(table));
            // Operators do not know hidden tables.
            let Some(table) = table.filter(|table| !table.is_hidden()) else {
                let tables: Vec<&str> = dictionary.visible_tables().map(Table::name).collect();
                let name = domain::shortened(name, 60);
                return Err(format!(
                    "There is no group {name:?}: {RULE} The tables are {}.",
                    tables.join(", ")
                ));
            };
            groups.tables.insert(format!("{TABLE_GROUP}{}", table.name()));
        }
        if groups.roles.is_empty() { Err(format!("No group that gives a right: {RULE}")) } else { Ok(groups) }
    }

    /// Returns true if the groups give every right.
    pub(crate) fn operate(&self) -> bool {
        self.roles.contains(OPERATOR)
    }

    /// Returns the names of the groups that give rights.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().copied()
    }

    /// Returns the names of the groups of tables.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(String::as_str)
    }

    /// Returns all names in the order of display: the greatest right last, then tables.
    pub(crate) fn names(&self) -> Vec<String> {
        in_order(self.roles().chain(self.tables()).map(str::to_owned).collect())
    }

    /// Returns true if the account is in a group.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.roles.contains(name) || self.tables.contains(name)
    }
}

/// Returns true for a group that gives a right.
pub(crate) fn is_role(name: &str) -> bool {
    ROLES.contains(&name)
}

/// Returns true for a group of Rowgate.
pub(crate) fn is_ours(name: &str) -> bool {
    is_role(name) || name.starts_with(TABLE_GROUP)
}

/// Sorts the names of groups in the order of display.
pub(crate) fn in_order(mut names: Vec<String>) -> Vec<String> {
    let place = |name: &str| ROLES.iter().position(|role| *role == name).unwrap_or(ROLES.len());
    names.sort_by(|one, other| (place(one), one).cmp(&(place(other), other)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(names: &[&str]) -> Result<Vec<String>, String> {
        let dictionary = testkit::dictionary();
        Groups::parse(names, dictionary).map(|groups| groups.names())
    }

    #[test]
    fn takes_rights_and_tables_once_each() {
        assert_eq!(parse(&["writer"]).unwrap(), ["writer"]);
        let names =
            ["table:tags", "operator", "table:documents", "reader", "reader", "table:filed_documents"];
        assert_eq!(parse(&names).unwrap(), ["reader", "operator", "table:documents", "table:tags"]);
    }

    #[test]
    fn refuses_all_other_groups_and_none() {
        for names in [
            &[][..],
            &["table:tags"],
            &["Writer"],
            &["writer", "admin"],
            &["writer", "table:people"],
            &["writer", "table:"],
            &["writer", "tags"],
            &["writer", ""],
            &["writer", "table:rowgate_audit"],
        ] {
            let wrong = parse(names).unwrap_err();
            assert!(wrong.contains("at least one of reader, writer and operator"), "{names:?}: {wrong}");
        }
    }
}
