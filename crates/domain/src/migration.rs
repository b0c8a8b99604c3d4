//! Migrations: `sql/migrations/<date>_<verb>_<noun>/up.sql`, applied once each, in the order of
//! their names.
//!
//! A file is statements of DDL and DML. A statement ends with `;` at the end of a line; a line that
//! begins with `--` is a comment. That is all the syntax there is (no lexer): a `;` within a line
//! does not end anything.
//!
//! MySQL commits every DDL statement by itself, so a migration can stop between two statements.
//! Hence the migrator records them one by one, and a checksum can be taken of the first statements
//! alone.

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sql/migrations");

/// The longest name of a migration, in characters.
const MAX_NAME_CHARS: usize = 191;

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    name: String,
    statements: Vec<Step>,
}

/// One statement of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The SQL text, without comments and without the `;`.
    pub sql: String,
    /// Its effect.
    pub kind: StepKind,
}

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// CREATE, ALTER, DROP, RENAME, TRUNCATE: by itself and at once, whatever transaction it is
    /// sent in.
    Definition,
    /// INSERT, UPDATE, DELETE, REPLACE: with the transaction it runs in.
    Data,
}

/// An error in a migration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The folder's name.
    #[error(
        "sql/migrations/{name}: a migration is named <8 digits of a date>_<verb>_<noun>, in a-z, 0-9 and _, at most {MAX_NAME_CHARS} characters"
    )]
    Name {
        /// The name found.
        name: String,
    },
    /// There is no readable `up.sql`.
    #[error("sql/migrations/{name}: up.sql is missing or not UTF-8")]
    NoFile {
        /// The migration.
        name: String,
    },
    /// The file is empty.
    #[error("sql/migrations/{name}/up.sql: no statement in it")]
    Empty {
        /// The migration.
        name: String,
    },
    /// Text after the last `;`.
    #[error(
        "sql/migrations/{name}/up.sql:{line}: the statement that begins here does not end with ; at the end of a line"
    )]
    Open {
        /// The migration.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// A comment after a `;`, which would hide that the statement ends there.
    #[error("sql/migrations/{name}/up.sql:{line}: a comment goes on a line of its own")]
    TrailingComment {
        /// The migration.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// A statement that is neither DDL nor DML.
    #[error(
        "sql/migrations/{name}/up.sql:{line}: a migration cannot {verb}, only create, alter, drop, rename, truncate, insert, update, delete and replace"
    )]
    Verb {
        /// The migration.
        name: String,
        /// The line, from 1.
        line: usize,
        /// Its first word.
        verb: String,
    },
}

impl Migration {
    /// Reads one migration from the text of its `up.sql`.
    ///
    /// # Errors
    ///
    /// A [`MigrationError`] that names the place.
    pub fn parse(name: &str, text: &str) -> Result<Self, MigrationError> {
        if !is_name(name) {
            return Err(MigrationError::Name { name: name.to_owned() });
        }
        let statements = statements(name, text)?;
        if statements.is_empty() {
            return Err(MigrationError::Empty { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), statements })
    }

    /// Returns the name, which is that of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Step] {
        &self.statements
    }

    /// Returns the checksum of the whole migration: SHA-256 in hexadecimal, over the statements.
    /// Comments do not count, so that they can be corrected later.
    pub fn checksum(&self) -> String {
        self.checksum_of_first(self.statements.len())
    }

    /// Returns the checksum of its first `count` statements (all, when it has fewer).
    pub fn checksum_of_first(&self, count: usize) -> String {
        let mut hash = Sha256::new();
        for statement in self.statements.iter().take(count) {
            hash.update(statement.sql.as_bytes());
            hash.update(b";\n");
        }
        hex::encode(hash.finalize())
    }
}

/// Returns the migrations that are compiled in, in order.
///
/// # Errors
///
/// A [`MigrationError`] for the first one that is wrong.
pub fn shipped() -> Result<Vec<Migration>, MigrationError> {
    let folders = SHIPPED.dirs().map(|folder| {
        let name = folder.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let file = folder.get_file(folder.path().join("up.sql"));
        (name, file.and_then(|file| file.contents_utf8()))
    });
    parse_all(folders)
}

/// Reads migrations from pairs of a name and the text of its `up.sql` (`None` where there is none),
/// and puts them in order.
///
/// # Errors
///
/// A [`MigrationError`] for the first one that is wrong.
pub fn parse_all<'a>(
    files: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Vec<Migration>, MigrationError> {
    let mut migrations = files
        .into_iter()
        .map(|(name, text)| match text {
            Some(text) => Migration::parse(name, text),
            None => Err(MigrationError::NoFile { name: name.to_owned() }),
        })
        .collect::<Result<Vec<_>, _>>()?;
    migrations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(migrations)
}

fn is_name(name: &str) -> bool {
    let Some((date, words)) = name.split_at_checked(8) else { return false };
    name.len() <= MAX_NAME_CHARS
        && date.bytes().all(|b| b.is_ascii_digit())
        && words.strip_prefix('_').is_some_and(|words| {
            words.split('_').count() >= 2
                && words.split('_').all(|word| {
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                })
        })
}

fn statements(name: &str, text: &str) -> Result<Vec<Step>, MigrationError> {
    let mut statements = Vec::new();
    let mut sql = String::new();
    let mut begins = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.contains("; --") {
            return Err(MigrationError::TrailingComment { name: name.to_owned(), line: index + 1 });
        }
        let inside = !sql.is_empty();
        if line.trim_start().starts_with("--") || (!inside && line.is_empty()) {
            continue;
        }
        if inside {
            sql.push('\n');
        } else {
            begins = index + 1;
        }
        if let Some(last) = line.strip_suffix(';') {
            sql.push_str(last);
            statements.push(step(name, begins, std::mem::take(&mut sql))?);
        } else {
            sql.push_str(line);
        }
    }
    if sql.is_empty() {
        Ok(statements)
    } else {
        Err(MigrationError::Open { name: name.to_owned(), line: begins })
    }
}

fn step(name: &str, line: usize, sql: String) -> Result<Step, MigrationError> {
    let verb = sql.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let kind = match verb.as_str() {
        "CREATE" | "ALTER" | "DROP" | "RENAME" | "TRUNCATE" => StepKind::Definition,
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => StepKind::Data,
        _ => return Err(MigrationError::Verb { name: name.to_owned(), line, verb }),
    };
    Ok(Step { sql, kind })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn parse(text: &str) -> Result<Migration, MigrationError> {
        Migration::parse("20261121_add_things", text)
    }

    #[test]
    fn each_migration_has_a_day_of_its_own_so_that_the_last_one_sorts_last() {
        let mut days = BTreeMap::<_, Vec<_>>::new();
        for migration in shipped().unwrap() {
            days.entry(migration.name()[..8].to_owned()).or_default().push(migration.name().to_owned());
        }
        // The first ones are older than the rule.
        for (day, count) in [("20261121", 7), ("20261129", 2)] {
            assert!(days.remove(day).is_some_and(|names| names.len() == count), "{day} takes no other");
        }
        for (day, names) in days {
            assert!(
                day.as_str() > "20261129" && names.len() == 1,
                "name the new one after a later day: {names:?}"
            );
        }
    }

    #[test]
    fn splits_at_semicolons_that_end_a_line() {
        let text = "-- Why.\nCREATE TABLE a (\n    -- A key.\n    id INT\n);\r\n\nINSERT INTO a VALUES ('x;y');  \nDROP TABLE b;";
        let migration = parse(text).unwrap();
        let sql: Vec<_> = migration.statements().iter().map(|s| (s.sql.as_str(), s.kind)).collect();
        assert_eq!(
            sql,
            [
                ("CREATE TABLE a (\n    id INT\n)", StepKind::Definition),
                ("INSERT INTO a VALUES ('x;y')", StepKind::Data),
                ("DROP TABLE b", StepKind::Definition),
            ]
        );
    }

    #[test]
    fn names_the_line_of_a_statement_that_never_ends() {
        let error = parse("DROP TABLE a;\n\n-- The last.\nDROP TABLE c;\nDROP TABLE d\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "sql/migrations/20261121_add_things/up.sql:5: the statement that begins here does not end with ; at the end of a line"
        );
    }

    #[test]
    fn refuses_a_comment_that_hides_the_end_of_a_statement() {
        let error = parse("DROP TABLE a; -- the first\nDROP TABLE b;").unwrap_err();
        assert!(matches!(error, MigrationError::TrailingComment { line: 1, .. }), "{error}");
    }

    #[test]
    fn refuses_what_is_neither_definition_nor_data() {
        let error = parse("-- Hm.\nSET NAMES utf8mb4;").unwrap_err();
        assert!(matches!(&error, MigrationError::Verb { line: 2, verb, .. } if verb == "SET"), "{error}");
    }

    #[test]
    fn refuses_an_empty_one_and_a_missing_file() {
        assert!(matches!(parse("-- Nothing.\n\n"), Err(MigrationError::Empty { .. })));
        let missing = parse_all([("20261121_add_things", None)]);
        assert!(matches!(missing, Err(MigrationError::NoFile { .. })));
    }

    #[test]
    fn accepts_dated_names_alone() {
        for name in ["20261121_create_hr_tables", "20261121_add_b2"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "create_tables",
            "2026112_add_x",
            "20261121",
            "20261121_add",
            "20261121_Add_x",
            "20261121_add__x",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn puts_migrations_in_the_order_of_their_names() {
        let sql = Some("DROP TABLE a;");
        let names = ["20261201_a_b", "20261121_b_c", "20261121_a_c"];
        let migrations = parse_all(names.map(|name| (name, sql))).unwrap();
        let order: Vec<_> = migrations.iter().map(Migration::name).collect();
        assert_eq!(order, ["20261121_a_c", "20261121_b_c", "20261201_a_b"]);
    }

    #[test]
    fn the_checksum_follows_the_statements_and_not_the_comments() {
        let one = parse("DROP TABLE a;\nDROP TABLE b;").unwrap();
        let commented = parse("-- Why.\nDROP TABLE a;\r\n\nDROP TABLE b;\n").unwrap();
        let other = parse("DROP TABLE a;\nDROP TABLE c;").unwrap();
        assert_eq!(one.checksum(), commented.checksum());
        assert_ne!(one.checksum(), other.checksum());
        assert_eq!(one.checksum_of_first(1), other.checksum_of_first(1));
        assert_eq!(one.checksum().len(), 64);
    }

    #[test]
    fn what_ships_can_be_read() {
        let migrations = shipped().unwrap();
        assert!(migrations.iter().any(|migration| migration.name().ends_with("_create_hr_tables")));
    }
}
