//! The dependencies that crates may have, and what their code must not mention.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::page;
use crate::workspace::{Package, deployed, packages};

const HEADER: &str = "| crate | subject | may depend on |";

/// The cell of crates that are never deployed.
const ANYTHING: &str = "anything; never deployed";

#[test]
fn crates_depend_on_what_the_page_allows() -> Result<()> {
    let page = page::text()?;
    let mut allowed: BTreeMap<&str, &str> = BTreeMap::new();
    for row in page::table(&page, HEADER)? {
        allowed.extend(page::code_spans(row[0]).into_iter().map(|name| (name, row[2])));
    }
    let mut wrong = Vec::new();
    for Package { name, dependencies, .. } in &packages()? {
        let Some(cell) = allowed.remove(&**name) else {
            wrong.push(format!("{name} is not in the table of crates"));
            continue;
        };
        let allowed = page::code_spans(cell);
        let is_wrong = |dependency: &str, is_for_tests: bool| {
            let is_testkit = is_for_tests && dependency == "testkit";
            cell != ANYTHING && !is_testkit && !allowed.contains(&dependency)
        };
        for dependency in dependencies.iter().filter(|dependency| dependency.is_ours()) {
            if is_wrong(&dependency.name, dependency.is_for_tests()) {
                wrong.push(format!("{name} must not depend on {}", dependency.name));
            }
        }
    }
    wrong.extend(allowed.keys().map(|name| format!("{name} is in the table of crates alone")));
    assert!(wrong.is_empty(), "docs/architecture.md: {wrong:#?}");
    Ok(())
}

#[test]
fn domain_has_no_io_no_clock_and_no_aws() -> Result<()> {
    let packages = packages()?;
    let domain: Vec<&Package> = packages.iter().filter(|package| package.name == "domain").collect();
    assert_eq!(domain.len(), 1);
    let outside =
        ["aws", "axum", "fastrand", "hyper", "lambda", "mysql", "reqwest", "rustix", "tokio", "tracing"];
    assert_eq!(dependencies(&domain, &outside), [] as [String; 0]);
    let outside = [
        "env::",
        "fs::",
        "net::",
        "process::",
        "thread::",
        "time::Instant",
        "SystemTime",
        "::now(",
        "async ",
        ".await",
        "println!",
    ];
    assert_eq!(mentions(&domain, &outside)?, [] as [String; 0]);
    Ok(())
}

#[test]
fn only_aurora_reaches_the_database() -> Result<()> {
    let packages = packages()?;
    let mut others = deployed(&packages);
    assert_eq!(dependencies(&others, &["mysql", "sqlx"]), [] as [String; 0]);
    others.retain(|package| package.name != "aurora");
    let calls = ["execute_statement(", "begin_transaction(", "commit_transaction(", "rollback_transaction("];
    assert_eq!(mentions(&others, &calls)?, [] as [String; 0]);
    Ok(())
}

#[test]
fn functions_do_not_know_that_they_run_locally() -> Result<()> {
    let packages = packages()?;
    let functions = deployed(&packages);
    assert!(functions.iter().any(|package| package.name == "loader"), "the functions are found");
    let local = [
        "localhost",
        "127.0.0.1",
        "::1",
        "ministack",
        "local-data-api",
        "local_data_api",
        "local-database",
        "mariadb",
    ];
    assert_eq!(mentions(&functions, &local)?, [] as [String; 0]);
    Ok(())
}

#[test]
fn functions_are_built_without_the_parts_that_tests_use() -> Result<()> {
    let packages = packages()?;
    let mut wrong = Vec::new();
    for Package { name, dependencies, .. } in deployed(&packages) {
        let built = dependencies.iter().filter(|dependency| !dependency.is_for_tests());
        let for_tests =
            built.filter(|dependency| dependency.features.iter().any(|feature| feature.contains("test")));
        wrong.extend(
            for_tests.map(|dependency| format!("{name}: {} {:?}", dependency.name, dependency.features)),
        );
    }
    assert!(wrong.is_empty(), "dependencies with features for tests: {wrong:#?}");
    Ok(())
}

/// The crates whose names begin with one of these words, and which are compiled into a package.
fn dependencies(packages: &[&Package], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for Package { name, dependencies, .. } in packages {
        let compiled = dependencies.iter().filter(|dependency| !dependency.is_for_tests());
        let is_meant = |dependency: &str| words.iter().any(|word| dependency.starts_with(word));
        let names = compiled.map(|dependency| &*dependency.name).filter(|dependency| is_meant(dependency));
        found.extend(names.map(|dependency| format!("{name} depends on {dependency}")));
    }
    found
}

/// The places in the code of packages that mention one of these words, in whatever case.
fn mentions(packages: &[&Package], words: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in packages {
        for (file, code) in package.code()? {
            let lines = code.lines().filter(|line| {
                let line = line.to_lowercase();
                words.iter().any(|word| line.contains(&word.to_lowercase()))
            });
            found.extend(lines.map(|line| format!("{}: {}", file.display(), line.trim())));
        }
    }
    Ok(found)
}
