//! Comments and Markdown wrap at 100 columns.

use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{read, root};

const COLUMNS: usize = 100;

#[test]
fn comments_and_markdown_wrap_at_100_columns() -> Result<()> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output()?;
    let names = String::from_utf8(listed.stdout).context("git ls-files")?;
    let mut long = Vec::new();
    for name in names.split_terminator('\0') {
        let Some(is_prose) = prose_of(name) else { continue };
        let path = root().join(name);
        // A file that is deleted and not yet committed is listed, too.
        if !path.exists() {
            continue;
        }
        let mut is_fenced = false;
        for (number, line) in read(&path)?.lines().enumerate() {
            is_fenced ^= name.ends_with(".md") && line.trim_start().starts_with("```");
            if !is_fenced && is_prose(line) && can_wrap(line) {
                long.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert!(long.is_empty(), "lines of more than {COLUMNS} columns:\n{}", long.join("\n"));
    Ok(())
}

/// Returns what tells the prose of a file from its code; `None` for a file without prose.
fn prose_of(name: &str) -> Option<fn(&str) -> bool> {
    match name.rsplit_once('.')?.1 {
        // A table's row cannot be wrapped.
        "md" => Some(|line| !line.trim_start().starts_with('|')),
        // A directive to a linter, and a table's row, cannot be wrapped either.
        "rs" | "ts" | "tsx" | "js" | "mjs" => Some(|line| {
            let line = line.trim_start();
            let is_comment = line.starts_with("//") || line.starts_with("* ");
            is_comment && !line.contains("biome-ignore") && !line.contains("//! |")
        }),
        "py" | "sh" | "toml" | "yaml" | "yml" => Some(|line| line.trim_start().starts_with("# ")),
        "sql" => Some(|line| line.trim_start().starts_with("-- ")),
        _ => None,
    }
}

/// Returns true if the line is too long and has a blank at which it can be broken.
fn can_wrap(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches(|mark: char| "/!*#->".contains(mark)).trim_start();
    line.chars().count() > COLUMNS && text.contains(' ')
}
