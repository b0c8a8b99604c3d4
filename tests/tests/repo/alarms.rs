//! `rowgate verify` looks for the alarms that the stack has.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::workspace::{read, root};

const LOOKED_FOR: &str = "crates/cli/src/commands/verify/alarms.rs";
const MADE: [&str; 3] = ["backups", "files", "service"];
/// An alarm that a setting turns off.
const OPTIONAL: &str = "CanaryFailing";

#[test]
fn verify_looks_for_every_alarm_that_each_deployment_has() -> Result<()> {
    let code = read(&root().join(LOOKED_FOR))?;
    let (_, list) = code.split_once("\nconst ALARMS").context("the list of alarms")?;
    let (list, _) = list.split_once("];").context("the end of the list")?;
    let looked_for: BTreeSet<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    let mut made = BTreeSet::new();
    for file in MADE {
        let code = read(&root().join(format!("infra/lib/monitoring/watch/{file}.ts")))?;
        made.extend(["alarms.add(\"", "    [\""].iter().flat_map(|start| named(&code, start)));
    }
    made.remove(OPTIONAL);
    assert_eq!(looked_for, made);
    Ok(())
}

/// Returns the names that follow a text, up to the end of their quotes.
fn named(code: &str, start: &str) -> BTreeSet<String> {
    code.split(start)
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect()
}
