//! Migrations: `migrations/<date>_<verb>_<noun>/up.sql`, applied once each, in the order of their
//! names.
//!
//! A file is statements of DDL and DML. A statement ends with `;` at the end of a line; a line that
//! begins with `--` is a comment. That is all the syntax there is (no lexer): a `;` within a line
//! does not end anything.
//!
//! MySQL commits every DDL statement by itself, so a migration can stop between two statements.
//! Hence the migrator records them one by one, and a checksum can be taken of the first statements
//! alone.

use sha2::{Digest, Sha256};

use crate::folder_error::FolderError;

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

impl Migration {
    /// Reads one migration from the text of its `up.sql`.
    ///
    /// # Errors
    ///
    /// The first mistake: a name of another form, a file without a statement, a statement that
    /// never ends or is neither DDL nor DML, a comment behind a `;`.
    pub fn parse(name: &str, text: &str) -> Result<Self, FolderError> {
        let file = file(name);
        if !is_name(name) {
            let problem = format!(
                "a migration is named <8 digits of a date>_<verb>_<noun>, in a-z, 0-9 and _, \
                 at most {MAX_NAME_CHARS} characters"
            );
            return Err(FolderError::of_file(file, problem));
        }
        let statements =
            statements(text).map_err(|(line, problem)| FolderError::at_line(&*file, line, problem))?;
        if statements.is_empty() {
            return Err(FolderError::of_file(file, "no statement in it"));
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

/// Reads migrations from pairs of a name and the text of its `up.sql`, and puts them in order.
///
/// # Errors
///
/// As [`Migration::parse`], for the first one that is wrong.
pub fn parse_all<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Migration>, FolderError> {
    let mut migrations =
        files.into_iter().map(|(name, text)| Migration::parse(name, text)).collect::<Result<Vec<_>, _>>()?;
    migrations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(migrations)
}

/// Returns the name of the newest migration, by the dates in their names: the version of the
/// schema. It need not be the last one that is applied.
pub fn newest(migrations: &[Migration]) -> Option<&str> {
    migrations.iter().map(Migration::name).max()
}

/// Returns the path of a migration's file in its folder of tables.
pub(crate) fn file(name: &str) -> String {
    format!("migrations/{name}/up.sql")
}

/// Returns true if a line is a comment.
pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("--")
}

/// Returns true if a comment follows a `;`, which hides that the statement ends there.
fn hides_the_end(line: &str) -> bool {
    let is_comment = |text: &str| ["--", "/*"].iter().any(|mark| text.trim_start().starts_with(mark));
    line.split(';').skip(1).any(is_comment)
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

/// A mistake, and its line, from 1.
type Mistake = (usize, String);

fn statements(text: &str) -> Result<Vec<Step>, Mistake> {
    let mut statements = Vec::new();
    let mut sql = String::new();
    let mut begins = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        let inside = !sql.is_empty();
        if is_comment(line) || (!inside && line.is_empty()) {
            continue;
        }
        if hides_the_end(line) {
            return Err((index + 1, "a comment goes on a line of its own".to_owned()));
        }
        if inside {
            sql.push('\n');
        } else {
            begins = index + 1;
        }
        if let Some(last) = line.strip_suffix(';') {
            sql.push_str(last);
            statements.push(step(std::mem::take(&mut sql)).map_err(|problem| (begins, problem))?);
        } else {
            sql.push_str(line);
        }
    }
    if sql.is_empty() {
        Ok(statements)
    } else {
        Err((begins, "the statement that begins here does not end with ; at the end of a line".to_owned()))
    }
}

fn step(sql: String) -> Result<Step, String> {
    let verb = sql.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let kind = match verb.as_str() {
        "CREATE" | "ALTER" | "DROP" | "RENAME" | "TRUNCATE" => StepKind::Definition,
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => StepKind::Data,
        _ => {
            return Err(format!(
                "a migration cannot {verb}, only create, alter, drop, rename, truncate, insert, update, delete and replace"
            ));
        }
    };
    Ok(Step { sql, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Migration, FolderError> {
        Migration::parse("20261121_add_things", text)
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

    fn assert_refused(text: &str, expected: &str) {
        assert_eq!(parse(text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn names_the_line_of_a_statement_that_never_ends() {
        assert_refused(
            "DROP TABLE a;\n\n-- The last.\nDROP TABLE c;\nDROP TABLE d\n",
            "migrations/20261121_add_things/up.sql:5: the statement that begins here does not end with ; at the end of a line",
        );
    }

    #[test]
    fn refuses_a_comment_that_hides_the_end_of_a_statement() {
        for comment in [" -- the first", "  -- the first", "\t--", "-- the first", " /* the first */"] {
            assert_refused(
                &format!("DROP TABLE a;{comment}\nDROP TABLE b;"),
                "migrations/20261121_add_things/up.sql:1: a comment goes on a line of its own",
            );
        }
        assert!(parse("-- One; -- and two.\nDROP TABLE a;").is_ok());
    }

    #[test]
    fn refuses_what_is_neither_definition_nor_data() {
        assert_refused(
            "-- Hm.\nSET NAMES utf8mb4;",
            "migrations/20261121_add_things/up.sql:2: a migration cannot SET, only create, alter, drop, rename, truncate, insert, update, delete and replace",
        );
    }

    #[test]
    fn refuses_an_empty_one_and_a_name_of_another_form() {
        assert_refused("-- Nothing.\n\n", "migrations/20261121_add_things/up.sql: no statement in it");
        let error = Migration::parse("add_things", "DROP TABLE a;").unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("migrations/add_things/up.sql", None));
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
        let names = ["20261201_a_b", "20261121_b_c", "20261121_a_c"];
        let migrations = parse_all(names.map(|name| (name, "DROP TABLE a;"))).unwrap();
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
}
