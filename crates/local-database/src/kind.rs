//! The kinds of database that Rowgate runs on.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The environment variable that names the kind of database: `mariadb`, or `mysql`.
pub const KIND_VARIABLE: &str = "ROWGATE_DATABASE";

/// A kind of database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// MariaDB 10.6 or later, which Debian and others have.
    #[default]
    MariaDb,
    /// MySQL 8.0.30 or later.
    MySql,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::MariaDb, Self::MySql];

    /// The kind that made a data directory.
    pub fn of(data: &Path) -> Self {
        // MySQL's data dictionary; MariaDB has none.
        if data.join("mysql.ibd").exists() { Self::MySql } else { Self::MariaDb }
    }

    /// The kind that [`KIND_VARIABLE`] names; MariaDB where it is not set.
    ///
    /// # Errors
    ///
    /// [`UnknownKind`] where it names another database.
    pub fn from_env() -> Result<Self, UnknownKind> {
        match std::env::var(KIND_VARIABLE) {
            Ok(name) if !name.is_empty() => name.parse(),
            _ => Ok(Self::default()),
        }
    }

    /// Returns the name for people: `MariaDB`, `MySQL`.
    pub fn title(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        }
    }

    /// Returns the name for options: `mariadb`, `mysql`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }

    /// The option that gives the redo log this size, in MiB; 8 at least.
    pub fn redo_log(self, mib: u32) -> String {
        match self {
            Self::MariaDb => format!("--innodb-log-file-size={mib}M"),
            Self::MySql => format!("--innodb-redo-log-capacity={mib}M"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// The error of a name that is not a [`Kind`]'s.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no database that Rowgate runs on; there are `mariadb` and `mysql`")]
pub struct UnknownKind(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_from_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse::<Kind>().ok(), Some(kind));
        }
        let error = "postgres".parse::<Kind>().unwrap_err().to_string();
        assert_eq!(error, "`postgres` is no database that Rowgate runs on; there are `mariadb` and `mysql`");
    }
}
