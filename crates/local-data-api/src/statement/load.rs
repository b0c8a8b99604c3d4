//! Recognises `LOAD DATA FROM S3`, which Aurora MySQL adds to `LOAD DATA`.

/// A statement that loads one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FromS3<'s> {
    /// The bucket.
    pub(crate) bucket: &'s str,
    /// The object's key.
    pub(crate) key: &'s str,
    /// The rest of the statement, behind the object's URI.
    pub(crate) rest: &'s str,
}

/// Returns the object that a statement loads from S3; `None` for any other statement.
///
/// ```text
/// LOAD DATA [FROM] S3 [FILE] 's3://bucket/key' …
/// ```
///
/// # Errors
/// What is wrong with one, or not served here.
pub(crate) fn from_s3(sql: &str) -> Option<Result<FromS3<'_>, &'static str>> {
    let mut rest = sql;
    for word in ["LOAD", "DATA"] {
        rest = behind(rest, word)?;
    }
    rest = behind(behind(rest, "FROM").unwrap_or(rest), "S3")?;
    if ["PREFIX", "MANIFEST"].iter().any(|word| behind(rest, word).is_some()) {
        return Some(Err("This server loads a FILE from S3, no PREFIX and no MANIFEST."));
    }
    let rest = behind(rest, "FILE").unwrap_or(rest).trim_start();
    Some(object(rest).ok_or("The URI of an object in S3 is 's3://bucket/key' or 's3-region://bucket/key'."))
}

/// Returns what follows a word that the text begins with.
fn behind<'s>(text: &'s str, word: &str) -> Option<&'s str> {
    let (start, rest) = text.trim_start().split_at_checked(word.len())?;
    let is_whole = !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
    (start.eq_ignore_ascii_case(word) && is_whole).then_some(rest)
}

fn object(text: &str) -> Option<FromS3<'_>> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (uri, rest) = text[1..].split_once(quote)?;
    let (scheme, path) = uri.split_once("://")?;
    let (bucket, key) = path.split_once('/')?;
    let is_s3 = scheme == "s3" || scheme.starts_with("s3-");
    (is_s3 && !bucket.is_empty() && !key.is_empty()).then_some(FromS3 { bucket, key, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_object_of_a_load() {
        let expected = FromS3 { bucket: "b", key: "a/1.tsv", rest: " INTO TABLE `t` (`id`)" };
        for head in [
            "LOAD DATA FROM S3 's3://b/a/1.tsv'",
            "load data s3 's3://b/a/1.tsv'",
            " Load\n Data From S3 File 's3-eu-west-1://b/a/1.tsv'",
            "LOAD DATA FROM S3 \"s3://b/a/1.tsv\"",
        ] {
            let sql = format!("{head} INTO TABLE `t` (`id`)");
            assert_eq!(from_s3(&sql), Some(Ok(expected)), "{sql}");
        }
    }

    #[test]
    fn leaves_other_statements_alone() {
        for sql in [
            "",
            "LOAD",
            "SELECT 1",
            "LOAD DATA INFILE 's3://b/k' INTO TABLE t",
            "LOAD DATA FROM S3X 's3://b/k'",
        ] {
            assert_eq!(from_s3(sql), None, "{sql}");
        }
    }

    #[test]
    fn refuses_what_names_no_object() {
        for sql in [
            "LOAD DATA FROM S3",
            "LOAD DATA FROM S3 INTO TABLE t",
            "LOAD DATA FROM S3 's3://b' INTO TABLE t",
            "LOAD DATA FROM S3 's3:///k' INTO TABLE t",
            "LOAD DATA FROM S3 'http://b/k' INTO TABLE t",
            "LOAD DATA FROM S3 's3://b/k",
            "LOAD DATA FROM S3 PREFIX 's3://b/k' INTO TABLE t",
        ] {
            assert!(matches!(from_s3(sql), Some(Err(_))), "{sql}");
        }
    }
}
