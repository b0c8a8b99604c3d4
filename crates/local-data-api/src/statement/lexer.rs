//! Finds named parameters and a second statement in SQL text, in one pass.
//!
//! The pass skips strings, quoted identifiers, comments, `::` and `:=`. It allocates only for
//! parameters, so a bulk INSERT of literals costs one walk over its bytes.

use std::ops::Range;

/// The result of the pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The range of each `:name`, colon included, in order.
    pub(crate) parameters: Vec<Range<usize>>,
    /// The end of the statement: its semicolon, or the end of the text.
    pub(crate) end: usize,
    /// Something other than blanks and comments follows the semicolon.
    pub(crate) second_statement: bool,
    /// A `?` stands outside of strings and comments.
    pub(crate) positional: bool,
    /// The statement may change the session that runs it (variables, locks, temporary tables, ...).
    pub(crate) marks_session: bool,
    /// The text begins with SELECT, behind blanks alone.
    pub(crate) selects: bool,
}

/// The bytes that may start something; all others are skipped.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"'\"`-#/:;?@";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// Scans `sql`. `backslash_escapes` is false in sessions with NO_BACKSLASH_ESCAPES.
pub(crate) fn scan(sql: &str, backslash_escapes: bool) -> Scan {
    let bytes = sql.as_bytes();
    let body = skip_blanks(bytes, 0);
    let compound = is_routine_definition(&bytes[body..]);
    let mut found = Scan {
        end: bytes.len(),
        marks_session: marks_session(&bytes[body..]),
        selects: selects(bytes),
        ..Scan::default()
    };
    let mut at = body;
    while at < bytes.len() {
        if !STOPS[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            quote @ (b'\'' | b'"') => at = skip_quoted(bytes, at, quote, backslash_escapes),
            b'`' => at = skip_quoted(bytes, at, b'`', false),
            b'-' | b'#' | b'/' => at = skip_comment(bytes, at).unwrap_or(at + 1),
            b':' if matches!(next, Some(b':' | b'=')) => at += 2,
            b':' => {
                let end = word_end(bytes, at + 1);
                let label = at > 0 && (is_word(bytes[at - 1]) || bytes[at - 1] == b'`');
                if end > at + 1 && !label {
                    found.parameters.push(at..end);
                }
                at = end;
            }
            b';' if compound => at += 1,
            b';' => {
                found.end = at;
                found.second_statement = skip_separators(bytes, at) < bytes.len();
                return found;
            }
            b'?' => {
                found.positional = true;
                at += 1;
            }
            // b'@': a user variable or a system variable.
            _ => {
                found.marks_session = true;
                at += 1;
            }
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|&byte| !is_word(byte)).map_or(bytes.len(), |length| from + length)
}

/// Returns the position after a string or quoted identifier that opens at `at`; a doubled quote
/// does not close it.
fn skip_quoted(bytes: &[u8], at: usize, quote: u8, backslash_escapes: bool) -> usize {
    let mut at = at + 1;
    loop {
        let rest = &bytes[at..];
        let hit =
            if backslash_escapes { memchr::memchr2(quote, b'\\', rest) } else { memchr::memchr(quote, rest) };
        let Some(hit) = hit else { return bytes.len() };
        at += hit;
        if bytes[at] == b'\\' && quote != b'\\' {
            at = (at + 2).min(bytes.len());
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
}

/// Returns the position after a comment that opens at `at`, if one does.
fn skip_comment(bytes: &[u8], at: usize) -> Option<usize> {
    let line = |from: usize| memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |n| from + n + 1);
    match (bytes[at], bytes.get(at + 1), bytes.get(at + 2)) {
        (b'#', _, _) => Some(line(at)),
        // MySQL wants a blank or the end after the two dashes: `1--1` is arithmetic.
        (b'-', Some(b'-'), third)
            if third.is_none_or(|b| b.is_ascii_whitespace() || b.is_ascii_control()) =>
        {
            Some(line(at))
        }
        (b'/', Some(b'*'), _) => {
            let from = (at + 2).min(bytes.len());
            let end = bytes[from..].windows(2).position(|pair| pair == b"*/");
            Some(end.map_or(bytes.len(), |n| from + n + 2))
        }
        _ => None,
    }
}

/// Returns the position after blanks and comments. An executable comment (`/*! ... */`) is code.
fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
        } else if matches!(bytes[at], b'-' | b'#' | b'/') && !bytes[at..].starts_with(b"/*!") {
            match skip_comment(bytes, at) {
                Some(end) => at = end,
                None => return at,
            }
        } else {
            return at;
        }
    }
    at
}

/// Returns the position after semicolons, blanks and comments.
fn skip_separators(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let next = skip_blanks(bytes, at);
        if bytes.get(next) != Some(&b';') {
            return next;
        }
        at = next + 1;
    }
}

/// Returns the next keyword of `bytes`, and what follows it.
fn keyword(bytes: &[u8]) -> (&[u8], &[u8]) {
    let start = skip_blanks(bytes, 0);
    let end = word_end(bytes, start);
    (&bytes[start..end], &bytes[end..])
}

fn is_any(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|candidate| word.eq_ignore_ascii_case(candidate.as_bytes()))
}

/// Returns true if the text begins with SELECT. After a comment or a parenthesis it is another
/// statement, as `WITH`, `TABLE` and `VALUES` are.
fn selects(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    is_any(&bytes[..word_end(bytes, 0)], &["SELECT"])
}

/// Returns true if the statement defines stored code, whose body has semicolons of its own.
fn is_routine_definition(bytes: &[u8]) -> bool {
    let (first, mut rest) = keyword(bytes);
    if !is_any(first, &["CREATE", "ALTER"]) {
        return false;
    }
    // The kind comes within a few words: CREATE OR REPLACE DEFINER = `u`@`h` PROCEDURE, ...
    for _ in 0..12 {
        let (word, after) = keyword(rest);
        if is_any(word, &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"]) {
            return true;
        }
        if is_any(word, &["TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE"]) || after.is_empty()
        {
            return false;
        }
        // A byte that is not part of a word (`=`, a quote, `@`) is skipped.
        rest = if word.is_empty() { after.get(1..).unwrap_or_default() } else { after };
    }
    false
}

/// Returns true if the statement may change its session, judged by its first word. Unknown words
/// count as changes: a needless reset costs microseconds, a missing one a wrong answer.
fn marks_session(bytes: &[u8]) -> bool {
    let (first, rest) = keyword(bytes);
    if is_any(first, &["SELECT", "WITH"]) {
        return calls(rest, b"get_lock") || calls(rest, b"last_insert_id");
    }
    if is_any(first, &["CREATE"]) {
        let (second, after) = keyword(rest);
        let (fourth, _) = keyword(keyword(after).1);
        return is_any(second, &["TEMPORARY"]) || is_any(fourth, &["TEMPORARY"]);
    }
    !is_any(
        first,
        &[
            "INSERT", "UPDATE", "DELETE", "REPLACE", "SHOW", "EXPLAIN", "DESC", "DESCRIBE", "TABLE",
            "VALUES", "ALTER", "DROP", "TRUNCATE", "RENAME", "COMMIT", "ROLLBACK", "ANALYZE", "OPTIMIZE",
            "GRANT", "REVOKE",
        ],
    )
}

/// Returns true if the statement contains `function`. Searches for its underscore first, which few
/// other words have: long lists of values are crossed at the speed of memory.
fn calls(statement: &[u8], function: &[u8]) -> bool {
    let Some(before) = memchr::memchr(b'_', function) else { return false };
    memchr::memchr_iter(b'_', statement).any(|at| {
        let start = at.wrapping_sub(before);
        statement
            .get(start..start.wrapping_add(function.len()))
            .is_some_and(|word| word.eq_ignore_ascii_case(function))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<&str> {
        scan(sql, true).parameters.into_iter().map(|range| &sql[range.start + 1..range.end]).collect()
    }

    #[test]
    fn finds_parameters_where_values_stand() {
        assert_eq!(names("SELECT :a, :b2 FROM t WHERE x=:a_b AND y IN(:c,:d)"), ["a", "b2", "a_b", "c", "d"]);
        assert_eq!(names(":1"), ["1"]);
        assert_eq!(names("SELECT :größe"), ["größe"]);
    }

    #[test]
    fn leaves_strings_identifiers_and_comments_alone() {
        for sql in [
            "SELECT ':a'",
            "SELECT 'it''s :a'",
            r"SELECT 'it\'s :a'",
            "SELECT \":a \\\" :b\"",
            "SELECT `:a`` :b`",
            "SELECT 1 -- :a\n",
            "SELECT 1 # :a",
            "SELECT /* :a ' */ 1",
            "SELECT a::b",
            "SET @x := 1",
            "SELECT '12:30:00', x'3a61'",
            "lbl:LOOP",
            "SELECT ': a' : ",
        ] {
            assert_eq!(names(sql), Vec::<&str>::new(), "{sql}");
        }
        assert_eq!(names("SELECT 1--:a"), ["a"]);
        assert_eq!(names("SELECT 1 /* ' */ + :a -- '\n + :b"), ["a", "b"]);
    }

    #[test]
    fn a_backslash_is_plain_without_escapes() {
        let sql = r"SELECT '\' , :a, ''";
        assert_eq!(scan(sql, false).parameters.len(), 1);
        assert_eq!(scan(sql, true).parameters.len(), 0);
    }

    #[test]
    fn unterminated_text_ends_quietly() {
        for sql in ["'", "'\\", "\"a", "`", "/*", "/", "-", "--", ":", "::", "'a''", "a:", "/*!", "#"] {
            scan(sql, true);
            scan(sql, false);
        }
    }

    #[test]
    fn any_text_is_walked_to_its_end() {
        let pieces = [
            "'", "\"", "`", "\\", "--", "-- ", "#", "/*", "*/", "\n", ":", ":a", "?", ";", "@", "ß", "x",
            "1", " ",
        ];
        let mut dice = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let sql: String = (0..dice.usize(0..12)).filter_map(|_| dice.choice(pieces)).collect();
            for escapes in [true, false] {
                let found = scan(&sql, escapes);
                assert!(sql.is_char_boundary(found.end), "{sql}");
                for range in found.parameters {
                    assert!(sql[range].starts_with(':'), "{sql}");
                }
            }
        }
    }

    #[test]
    fn a_semicolon_may_end_but_not_join() {
        let found = scan("SELECT 1 ; ; -- done", true);
        assert!(!found.second_statement);
        assert_eq!(found.end, 9);
        assert!(scan("SELECT 1; SELECT 2", true).second_statement);
        assert!(scan("SELECT 1; /*! DROP TABLE t */", true).second_statement);
        assert!(!scan("SELECT ';'", true).second_statement);
        let body = "CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN SELECT 1; SELECT 2; END";
        let found = scan(body, true);
        assert!(!found.second_statement);
        assert_eq!(found.end, body.len());
        assert!(scan("CREATE TABLE t (a INT); DROP TABLE t", true).second_statement);
    }

    #[test]
    fn a_question_mark_counts_only_outside_of_strings() {
        assert!(scan("SELECT ?", true).positional);
        assert!(!scan("SELECT '?'", true).positional);
    }

    #[test]
    fn only_what_begins_with_select_selects() {
        for sql in ["SELECT 1", "\n\t select 1", "Select/* a */1", "SELECT(1)"] {
            assert!(scan(sql, true).selects, "{sql}");
        }
        for sql in [
            "",
            "(",
            "-- a\nSELECT 1",
            "/* a */ SELECT 1",
            "# a\nSELECT 1",
            "((SELECT 1)) UNION (SELECT 2)",
            "SHOW TABLES",
            "EXPLAIN SELECT 1",
            "DESCRIBE t",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "(WITH x AS (SELECT 1) SELECT * FROM x)",
            "TABLE t",
            "VALUES ROW(1)",
            "CALL p()",
            "INSERT INTO t SELECT 1",
            "SELECTED",
            "/*! SELECT */ 1",
        ] {
            assert!(!scan(sql, true).selects, "{sql}");
        }
    }

    #[test]
    fn knows_what_leaves_traces_in_a_session() {
        for sql in [
            "SET SESSION sql_mode = ''",
            "USE other",
            "select GET_LOCK('a', 1)",
            "SELECT LAST_INSERT_ID(7)",
            "select 1, get_Lock ('a', 1)",
            "UPDATE t SET a = @a := 1",
            "CREATE TEMPORARY TABLE t (a INT)",
            "CREATE OR REPLACE TEMPORARY TABLE t (a INT)",
            "BEGIN",
            "LOCK TABLES t READ",
            "/*! SET @a = 1 */",
        ] {
            assert!(scan(sql, true).marks_session, "{sql}");
        }
        for sql in [
            "SELECT 1",
            " /* hint */ select '@a'",
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE t (a INT)",
            "ALTER TABLE t ADD b INT",
            "SELECT _a, b_lock, ge_lock FROM t_",
            "WITH x AS (SELECT 1) SELECT * FROM x",
        ] {
            assert!(!scan(sql, true).marks_session, "{sql}");
        }
    }
}
