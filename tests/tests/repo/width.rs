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
        let path = root().join(name);
        // A file that is deleted and not yet committed is listed, too.
        let Some(marks) = marks(name).filter(|_| path.exists()) else { continue };
        let mut is_code = false;
        for (number, line) in read(&path)?.lines().enumerate() {
            let Some(text) = prose(line, marks) else { continue };
            is_code ^= text.starts_with("```");
            if line.chars().count() > COLUMNS && !is_code && can_wrap(text) {
                long.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert!(long.is_empty(), "lines of more than {COLUMNS} columns:\n{}", long.join("\n"));
    Ok(())
}

/// Returns what begins a line of prose in a file of this name; `None` for a file without prose.
fn marks(name: &str) -> Option<&'static [&'static str]> {
    match name.rsplit_once('.')?.1 {
        "md" => Some(&[""]),
        "rs" | "ts" | "tsx" | "js" | "mjs" => Some(&["//", "* "]),
        "py" | "sh" | "toml" | "yaml" | "yml" => Some(&["# "]),
        "sql" => Some(&["-- "]),
        _ => None,
    }
}

/// Returns the text of a line of prose, without what marks it.
fn prose<'l>(line: &'l str, marks: &[&str]) -> Option<&'l str> {
    let line = line.trim_start();
    let text = marks.iter().find_map(|mark| line.strip_prefix(mark))?;
    Some(text.trim_start_matches(['/', '!', '-', ' ']))
}

/// Returns true for text that is not a row of a table, an address or a directive to a linter.
fn can_wrap(text: &str) -> bool {
    !text.starts_with(['|', '`', '[']) && !text.contains("biome-ignore") && !text.contains(".com/")
}
