//! Every invariant is held by tests that exist.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::page;
use crate::workspace::{Package, packages, read, root};

const HEADER: &str = "| invariant | held by |";
const STATEMENT: &str = "**Architecture invariant ";

#[test]
fn every_invariant_names_tests_that_exist() -> Result<()> {
    let page = page::text()?;
    let rows = page::table(&page, HEADER)?;
    let mut stated = stated(&page)?;
    stated.sort_unstable();
    let all: Vec<usize> = (1..=stated.len()).collect();
    assert_eq!(stated, all, "the invariants are numbered from 1 on, each number once");
    let in_table = rows.iter().map(|row| row[0].parse()).collect::<Result<Vec<usize>, _>>()?;
    assert_eq!(in_table, all, "the table has one row for each invariant, in order");

    let packages = packages()?;
    let mut wrong = Vec::new();
    for row in &rows {
        let tests = page::code_spans(row[1]);
        if tests.is_empty() {
            wrong.push(format!("{}: no test", row[0]));
        }
        let missing = tests.into_iter().filter_map(|test| find(&packages, test).err());
        wrong.extend(missing.map(|error| format!("{}: {error:#}", row[0])));
    }
    assert!(wrong.is_empty(), "docs/architecture.md names tests that are not there: {wrong:#?}");
    Ok(())
}

/// The numbers of the invariants, as they stand in the text.
fn stated(page: &str) -> Result<Vec<usize>> {
    let number = |rest: &str| {
        let digits = rest.split(':').next().unwrap_or_default();
        digits.parse().with_context(|| format!("{STATEMENT}{digits}"))
    };
    page.split(STATEMENT).skip(1).map(number).collect()
}

/// Finds a test by its name: `package module::tests::name` for a unit test and
/// `package::binary module::name` for an integration test, as `cargo nextest list` prints them;
/// `infra/test/file.test.ts: title` for a test of the CDK app.
fn find(packages: &[Package], test: &str) -> Result<()> {
    if test.starts_with("infra/") {
        let (file, title) = test.split_once(": ").context("a title is missing")?;
        let is_there = read(&root().join(file))?.contains(&format!("test(\"{title}\", "));
        ensure!(is_there, "{file} has no test {title:?}");
        return Ok(());
    }
    let (binary, path) = test.split_once(' ').with_context(|| format!("{test} names no package"))?;
    let (package, binary) =
        binary.split_once("::").map_or((binary, None), |(package, it)| (package, Some(it)));
    let package =
        packages.iter().find(|known| known.name == package).with_context(|| format!("no {package}"))?;
    let (modules, name) = path.rsplit_once("::").unwrap_or(("", path));
    let file = file_of(package.root_file(binary)?, modules).with_context(|| test.to_owned())?;
    let text = read(&file)?;
    let lines: Vec<&str> = text.lines().collect();
    let function = format!("fn {name}(");
    // The attribute of a test stands on the line before it: a test that is ignored has another one.
    let is_test = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let is_there = lines.windows(2).any(|pair| is_test(pair[0].trim_start()) && pair[1].contains(&function));
    ensure!(is_there, "{} has no test {name}", file.display());
    Ok(())
}

/// Follows modules from the first file of a library or an integration test; returns the file that
/// the last one is in.
fn file_of(first: &Path, modules: &str) -> Result<PathBuf> {
    let mut file = first.to_owned();
    let mut folder = first.with_file_name("");
    for module in modules.split("::").filter(|module| !module.is_empty()) {
        let files = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
        match files.into_iter().find(|file| file.is_file()) {
            Some(found) => file = found,
            None => {
                let is_inside = read(&file)?.contains(&format!("mod {module} {{"));
                ensure!(is_inside, "{} has no module {module}", file.display());
            }
        }
        folder.push(module);
    }
    Ok(file)
}
