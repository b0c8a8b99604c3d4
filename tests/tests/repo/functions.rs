//! The scripts build every function of the stack.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::workspace::{read, root};

const EXPECTED: &str = "infra/test/functions/expected.ts";

#[test]
fn the_scripts_find_the_functions_of_the_stack() -> Result<()> {
    assert_eq!(functions_of_the_scripts()?, functions_of_the_stack()?);
    Ok(())
}

/// The packages that `scripts/lib.sh` takes for functions.
fn functions_of_the_scripts() -> Result<BTreeSet<String>> {
    let list = r#". scripts/lib.sh && printf '%s\n' "${FUNCTIONS[@]}""#;
    let output = Command::new("bash").args(["-c", list]).current_dir(root()).output()?;
    ensure!(output.status.success(), "scripts/lib.sh: {}", String::from_utf8_lossy(&output.stderr));
    Ok(str::from_utf8(&output.stdout)?.lines().map(str::to_owned).collect())
}

/// The packages of the functions that the tests of the CDK app hold the stack to: the names, or
/// `package` where that differs.
fn functions_of_the_stack() -> Result<BTreeSet<String>> {
    let text = read(&root().join(EXPECTED))?;
    let (_, functions) = text.split_once("\nexport const FUNCTIONS").unwrap_or_default();
    let mut found = Vec::new();
    for line in functions.lines() {
        let name = line.strip_prefix("  ").and_then(|line| line.strip_suffix(": {"));
        let package = line.strip_prefix("    package: \"").and_then(|line| line.strip_suffix("\","));
        if let Some(name) = name.filter(|name| !name.starts_with(' ')) {
            found.push(name.trim_matches('"').to_owned());
        } else if let (Some(package), Some(last)) = (package, found.last_mut()) {
            package.clone_into(last);
        }
    }
    ensure!(!found.is_empty(), "{EXPECTED} has no functions");
    Ok(found.into_iter().collect())
}
