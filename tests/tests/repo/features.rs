//! The programs and the tests are built from the same dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::root;

/// Crates as `name version`, each with the sets of features that it is built with.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Cargo builds a crate once for each set of features. `cargo build --workspace` and the tests ask
/// for the same ones, so that the AWS SDK, and all that stands on Tokio, is compiled once.
#[test]
fn tests_are_built_with_the_features_of_the_programs() -> Result<()> {
    let programs = features("normal,build")?;
    let tests = features("normal,build,dev")?;
    assert!(programs.keys().any(|package| package.starts_with("aws-sdk-s3 ")), "the tree is read");
    let differ = programs.iter().filter(|(package, features)| tests.get(*package) != Some(*features));
    let differ: Vec<String> = differ
        .map(|(package, features)| format!("{package}: {features:?}, in tests {:?}", tests.get(package)))
        .collect();
    assert!(differ.is_empty(), "name these features in tests/Cargo.toml: {differ:#?}");
    Ok(())
}

fn features(edges: &str) -> Result<Features> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let options = ["--workspace", "--locked", "--color", "never", "--prefix", "none", "--format", "{p}|{f}"];
    let mut command = Command::new(cargo);
    command.arg("tree").args(options).args(["--edges", edges]).current_dir(root());
    let output = command.output()?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let mut found = Features::new();
    for line in str::from_utf8(&output.stdout)?.lines().filter(|line| !line.is_empty()) {
        let (package, features) = line.split_once('|').with_context(|| line.to_owned())?;
        // Behind name and version stands where it is from.
        let package = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
        found.entry(package).or_default().insert(features.trim_end_matches(" (*)").to_owned());
    }
    Ok(found)
}
