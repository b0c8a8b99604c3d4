//! `rowgate tables check`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::folder::TableFolder;
use domain::migration::Migration;
use domain::schema::{QUERIES, TextRows, differences};
use local_database::Kind;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, from_value};
use serde::Serialize;

use super::database::TemporaryDatabase;
use super::reports;
use crate::arguments::{database_kind, read_folder};
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Checks the dictionary, the migrations and the reports of a folder against each other, and
/// against a real database that it starts for the purpose.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The folder of tables.
    folder: PathBuf,
    /// Starts no database: reads the files alone.
    #[arg(long)]
    offline: bool,
    /// The database to check with, mariadb or mysql, whose mysqld is on the PATH or named in
    /// ROWGATE_MYSQLD. Aurora is a MySQL.
    #[arg(long, value_name = "KIND", default_value = Kind::default().name(), conflicts_with = "offline", value_parser = database_kind())]
    database: Kind,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What was checked, and the problem that it has, if any.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// `table`, `migration` or `report`.
    what: &'static str,
    name: String,
    problem: Option<String>,
}

impl Finding {
    /// Returns a finding for each problem, or one without.
    fn all(what: &'static str, name: &str, problems: Vec<String>) -> Vec<Self> {
        let found = |problem| Self { what, name: name.to_owned(), problem };
        if problems.is_empty() {
            return vec![found(None)];
        }
        problems.into_iter().map(|problem| found(Some(problem))).collect()
    }

    /// Returns the problem, if there is one, behind the file in the folder that it is in.
    fn sentence(&self) -> Option<String> {
        let Self { what, name, problem } = self;
        let problem = problem.as_ref()?;
        Some(match *what {
            "migration" => format!("migrations/{name}/up.sql: {problem}"),
            "report" => format!("reports/{name}.sql: {problem}"),
            _ => format!("dictionary.toml: table {name}: {problem}"),
        })
    }
}

impl Verb for Check {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let folder = read_folder(&self.folder)?;
        let findings = if self.offline {
            offline(&folder)
        } else {
            tokio::select! {
                findings = online(&folder, self.database, printer) => findings?,
                // The database ends as well.
                _ = tokio::signal::ctrl_c() => return Err(user_error("The check was interrupted.")),
            }
        };
        if self.json {
            printer.line(serde_json::to_string_pretty(&findings)?)?;
        } else {
            printer.result(&shown(&findings))?;
        }
        let mut problems = findings.iter().filter_map(Finding::sentence);
        let Some(first) = problems.next() else { return Ok(ExitStatus::Success) };
        let more = match problems.count() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Err(user_error(format!("{}{more}.", self.folder.join(first).display())))
    }
}

fn shown(findings: &[Finding]) -> String {
    let mut table = Table::new(["what", "name", "result"]);
    for Finding { what, name, problem } in findings {
        table.push([(*what).to_owned(), name.clone(), problem.clone().unwrap_or_else(|| "ok".to_owned())]);
    }
    table.render()
}

/// Checks what the files show by themselves.
fn offline(folder: &TableFolder) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in folder.dictionary.visible_tables() {
        let is_named = folder.migrations.iter().any(|migration| names(migration, table.name()));
        let problem = "is in the dictionary, but no migration names it".to_owned();
        let problems = if is_named { Vec::new() } else { vec![problem] };
        findings.extend(Finding::all("table", table.name(), problems));
    }
    for report in &folder.reports {
        findings.extend(Finding::all("report", &report.name, Vec::new()));
    }
    findings
}

/// Returns true if a migration has this word.
fn names(migration: &Migration, table: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$');
    migration.statements().iter().any(|step| {
        step.sql.split(|character| !is_part(character)).any(|word| word.eq_ignore_ascii_case(table))
    })
}

/// Applies the migrations to a new database, and compares it with the dictionary and the reports.
async fn online(folder: &TableFolder, kind: Kind, printer: Printer) -> Result<Vec<Finding>> {
    let database = TemporaryDatabase::start(kind, printer).await?;
    let mut conn = database.connect().await?;
    let mut findings = Vec::new();
    for migration in &folder.migrations {
        if let Some(problem) = apply(&mut conn, migration).await {
            findings.extend(Finding::all("migration", migration.name(), vec![problem]));
            // All else would follow from it.
            return Ok(findings);
        }
    }
    let mut different = differences(&folder.dictionary, rows(&mut conn).await?);
    for table in folder.dictionary.visible_tables() {
        let mut problems = Vec::new();
        for difference in different.extract_if(.., |difference| difference.table == table.name()) {
            problems.push(match difference.column {
                Some(column) => format!("{column} {}", difference.problem),
                None => difference.problem,
            });
        }
        findings.extend(Finding::all("table", table.name(), problems));
    }
    for difference in different {
        findings.extend(Finding::all("table", &difference.table, vec![difference.problem]));
    }
    for report in &folder.reports {
        let problems = reports::problems(&mut conn, report).await;
        findings.extend(Finding::all("report", &report.name, problems));
    }
    conn.disconnect().await?;
    Ok(findings)
}

/// Runs the statements of a migration, and returns why one of them failed.
async fn apply(conn: &mut Conn, migration: &Migration) -> Option<String> {
    for (index, step) in migration.statements().iter().enumerate() {
        if let Err(error) = conn.query_drop(&step.sql).await {
            let first_line = step.sql.lines().next().unwrap_or_default();
            return Some(format!("statement {}, {first_line}: {error}", index + 1));
        }
    }
    None
}

/// Returns the rows that describe the database.
async fn rows(conn: &mut Conn) -> Result<[TextRows; 4]> {
    let mut all: [TextRows; 4] = Default::default();
    for (rows, query) in all.iter_mut().zip(QUERIES) {
        let found: Vec<Row> = conn.query(query).await?;
        *rows = found.into_iter().map(|row| row.unwrap().into_iter().map(from_value).collect()).collect();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TABLE: &str =
        "[[table]]\nname = \"things\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }]";

    fn folder(migration: &str) -> TableFolder {
        let files = [("dictionary.toml", TABLE), ("migrations/20261121_create_things/up.sql", migration)];
        let files: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        TableFolder::parse("sql", &files).unwrap()
    }

    #[test]
    fn a_table_that_no_migration_names_is_found_without_a_database() {
        let findings = offline(&folder("CREATE TABLE things_of_old (id INT PRIMARY KEY);"));
        let problem = "is in the dictionary, but no migration names it".to_owned();
        assert_eq!(findings, Finding::all("table", "things", vec![problem]));
        let findings = offline(&folder("CREATE TABLE `Things` (id INT PRIMARY KEY);"));
        assert_eq!(findings, Finding::all("table", "things", Vec::new()));
    }

    #[test]
    fn problems_are_listed_beside_what_has_them() {
        let mut findings = Finding::all("table", "things", Vec::new());
        findings.extend(Finding::all("report", "all-things", vec!["a".to_owned(), "b".to_owned()]));
        insta::assert_snapshot!(shown(&findings), @r"
          what    name        result
          ------  ----------  ------
          table   things      ok
          report  all-things  a
          report  all-things  b
        ");
    }
}
