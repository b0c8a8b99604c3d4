//! The SQL of a report: removes comments and finds parameters.

use std::collections::BTreeMap;

/// A report's query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The text without comments, empty lines and the last `;`.
    pub(super) sql: String,
    /// Each `:name` in it, with its first line, from 0.
    pub(super) placeholders: BTreeMap<String, usize>,
}

/// Reads a query. It removes comments, because the Data API looks for `:name` and quotes in them
/// too, and every call would send them. An error has its line (from 0) and the problem.
pub(super) fn read(text: &str) -> Result<Query, (usize, String)> {
    let mut sql = String::with_capacity(text.len());
    let mut placeholders = BTreeMap::new();
    let mut rest = text;
    let mut ended = None;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let line = || text[..at].matches('\n').count();
        let length = match first {
            '-' if is_line_comment(rest) => rest.find('\n').unwrap_or(rest.len()),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => match rest.find("*/") {
                Some(end) => end + 2,
                None => return Err((line(), "this comment never ends".to_owned())),
            },
            _ if ended.is_some() && !first.is_whitespace() => {
                return Err((line(), "a report is one statement; nothing may follow its ;".to_owned()));
            }
            '\'' | '"' | '`' => {
                let length = quoted(rest, first)
                    .ok_or_else(|| (line(), format!("the {first} here is never closed")))?;
                sql.push_str(&rest[..length]);
                length
            }
            ';' => {
                ended = Some(at);
                1
            }
            ':' => {
                let name = rest[1..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
                let name = name.unwrap_or_default();
                if name.starts_with(|c: char| !c.is_ascii_digit()) {
                    placeholders.entry(name.to_owned()).or_insert_with(line);
                }
                sql.push_str(&rest[..=name.len()]);
                1 + name.len()
            }
            other => {
                sql.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    let lines: Vec<_> = sql.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Ok(Query { sql: lines.join("\n"), placeholders })
}

/// Returns true if a query without comments has this word outside of quoted text, in backquotes or
/// none. A column of that name counts too: one table too many is better than one forgotten.
pub(super) fn names(sql: &str, table: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '\'' | '"' => ("", quoted(rest, first).unwrap_or(rest.len())),
            '`' => {
                let length = quoted(rest, first).unwrap_or(rest.len());
                (rest[..length].trim_matches('`'), length)
            }
            first if is_part(first) => {
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                (&rest[..length], length)
            }
            other => ("", other.len_utf8()),
        };
        if word.eq_ignore_ascii_case(table) {
            return true;
        }
        rest = &rest[length..];
    }
    false
}

/// Returns true for a comment: MySQL requires a space or the line's end after `--`, and `5--1` is a
/// subtraction.
fn is_line_comment(rest: &str) -> bool {
    rest.strip_prefix("--").is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}

/// Returns the length of a quoted text with its quotes; a quote in it is doubled, or escaped except
/// in an identifier.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            // A doubled quote reads as the end of one text and the start of the next, with the same
            // result.
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_comments_away_and_leaves_quoted_text_alone() {
        let text = "-- It's :one.\nSELECT '--', \"#\", `a/*`, 5--1, 'it''s', '\\'' -- a\n\n# b ;\n/* c\n:d */ FROM t\n;\n-- end";
        let query = read(text).unwrap();
        assert_eq!(query.sql, "SELECT '--', \"#\", `a/*`, 5--1, 'it''s', '\\''\n FROM t");
        assert!(query.placeholders.is_empty());
    }

    #[test]
    fn finds_each_parameter_where_it_first_stands() {
        let query = read("SELECT :a, ':b',\n:c_1, :a, @x := 1, '10:30'\nFROM t WHERE é = :é").unwrap();
        let found: Vec<_> = query.placeholders.iter().map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(found, [("a", 0), ("c_1", 1)]);
    }

    #[test]
    fn names_the_line_of_what_never_ends_or_follows_the_end() {
        for (text, line, problem) in [
            ("SELECT 1\n/* x", 1, "this comment never ends"),
            ("SELECT\n\n'x", 2, "the ' here is never closed"),
            ("SELECT 1;\nDROP TABLE t", 1, "a report is one statement; nothing may follow its ;"),
        ] {
            assert_eq!(read(text), Err((line, problem.to_owned())), "{text}");
        }
    }
}
