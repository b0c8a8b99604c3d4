//! The names by which callers tell failed invocations apart.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::workspace::{read, root, rust_files};

#[test]
fn the_page_for_operators_explains_every_error_type() -> Result<()> {
    let mut names = BTreeSet::new();
    for file in rust_files(&root().join("crates"))? {
        let text = read(&file)?;
        let found = text.split("ErrorType(\"").skip(1).filter_map(|rest| rest.split('"').next());
        names.extend(found.map(str::to_owned));
    }
    assert!(names.contains("InvalidPayload"), "{names:?}");
    let page = read(&root().join("docs/operations.md"))?;
    for name in names {
        assert_eq!(page.matches(&format!("| `{name}` |")).count(), 1, "{name} has one row");
    }
    Ok(())
}
