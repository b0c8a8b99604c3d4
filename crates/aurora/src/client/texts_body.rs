//! A result of one text column as it came: enough is known of it to ask for what follows, before it
//! is read.

use memchr::memmem;
use serde::Deserialize;

use super::error::Error;
use super::texts::Texts;

/// The beginning of a row's only field, up to its text. No text contains it: in JSON, a quote
/// inside a text has a backslash before it. So a quote right behind it ends an empty text.
const FIELD: &[u8] = b"{\"stringValue\":\"";

/// The bytes that the service puts around each text: `[{"stringValue":""}],`.
pub(crate) const AROUND_BYTES: usize = 21;

/// The answer to a page's query, read or not.
///
/// A page is read where the processor is free for it, while the next one is on its way, which is
/// asked for by the last key of this one: so that is looked up from the end.
#[derive(Debug)]
pub(crate) struct TextsBody {
    content: Content,
    rows: usize,
    bytes: usize,
    last: Option<String>,
}

#[derive(Debug)]
enum Content {
    Unread {
        body: Vec<u8>,
        /// Where the field of the first row begins whose text is empty.
        empty: Option<usize>,
    },
    Read(Texts),
}

impl TextsBody {
    /// Takes an answer's body.
    ///
    /// # Errors
    /// [`Error::Answer`] for what is no result of one text column, as far as it is looked at here.
    pub(crate) fn new(body: Vec<u8>) -> Result<Self, Error> {
        let (mut rows, mut empty) = (0, None);
        // One pass for both: the next page waits for it.
        for at in memmem::find_iter(&body, FIELD) {
            rows += 1;
            if body.get(at + FIELD.len()) == Some(&b'"') {
                empty = empty.or(Some(at));
            }
        }
        match last(&body) {
            Some(last) => {
                let bytes = body.len();
                Ok(Self { content: Content::Unread { body, empty }, rows, bytes, last: Some(last) })
            }
            // No rows, or written in another way than the service does today.
            None => Ok(Self::from(Texts::parse(&body)?)),
        }
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns how many bytes the answer has.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the last row's text.
    pub(crate) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Leaves out the first row whose text is empty, and all rows behind it.
    ///
    /// # Errors
    /// [`Error::Answer`] for what is no result of one text column, as far as it is looked at here.
    pub(crate) fn before_empty(self) -> Result<Self, Error> {
        match &self.content {
            Content::Read(all) => {
                let Some(end) = all.iter().position(str::is_empty) else { return Ok(self) };
                let mut texts = Texts::default();
                all.iter().take(end).for_each(|text| texts.push(text));
                Ok(texts.into())
            }
            Content::Unread { body, empty } => {
                let Some(at) = *empty else { return Ok(self) };
                // Without the row's bracket, and the comma before it.
                let rows = body[..at].trim_ascii_end();
                let rows = rows.strip_suffix(b"[").unwrap_or(rows).trim_ascii_end();
                Self::new([rows.strip_suffix(b",").unwrap_or(rows), b"]}"].concat())
            }
        }
    }

    /// Returns all texts.
    ///
    /// # Errors
    /// [`Error::Answer`] for what is no result of one text column, or not what it looked like.
    pub(crate) fn read(self) -> Result<Texts, Error> {
        match self.content {
            Content::Read(texts) => Ok(texts),
            Content::Unread { body, .. } => {
                let texts = Texts::parse(&body)?;
                if texts.len() == self.rows && texts.last() == self.last.as_deref() {
                    return Ok(texts);
                }
                Err(Error::unreadable("texts beside those of the rows"))
            }
        }
    }
}

impl From<Texts> for TextsBody {
    fn from(texts: Texts) -> Self {
        let last = texts.last().map(ToOwned::to_owned);
        let bytes = texts.bytes() + texts.len() * AROUND_BYTES;
        Self { rows: texts.len(), bytes, last, content: Content::Read(texts) }
    }
}

/// Returns the text of the last row.
fn last(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Field {
        string_value: String,
    }
    let field = body.get(memmem::rfind(body, FIELD)?..)?;
    // The bytes after the field are left alone.
    let mut fields = serde_json::Deserializer::from_slice(field).into_iter::<Field>();
    Some(fields.next()?.ok()?.string_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> TextsBody {
        TextsBody::new(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn knows_number_and_last_row_before_it_is_read() {
        let text = r#"{"numberOfRecordsUpdated":0,"records":[[{"stringValue":"1,2:ab"}],[{"stringValue":"2,17:{\"stringValue\":\n"}]]}"#;
        let page = body(text);
        assert!(matches!(page.content, Content::Unread { .. }));
        assert_eq!((page.rows(), page.last()), (2, Some("2,17:{\"stringValue\":\n")));
        assert_eq!(page.bytes(), text.len());
        assert_eq!(page.read().unwrap().iter().collect::<Vec<_>>(), ["1,2:ab", "2,17:{\"stringValue\":\n"]);
    }

    #[test]
    fn reads_at_once_what_is_empty_or_written_with_spaces() {
        assert_eq!((body(r#"{"records":[]}"#).rows(), body(r#"{"records":[]}"#).last()), (0, None));
        let spaced = body(r#"{"records": [[ { "stringValue": "1" } ], [ { "stringValue": "2" } ]]}"#);
        assert_eq!((spaced.rows(), spaced.last()), (2, Some("2")));
    }

    #[test]
    fn ends_before_the_first_row_without_a_text() {
        let before = |rows: &str| {
            let page = body(&format!("{{\"numberOfRecordsUpdated\":0,\"records\":[{rows}],\"b\":[]}}"));
            let page = page.before_empty().unwrap();
            let (rows, last) = (page.rows(), page.last().map(ToOwned::to_owned));
            let texts: Vec<String> = page.read().unwrap().iter().map(ToOwned::to_owned).collect();
            assert_eq!((rows, last.as_ref()), (texts.len(), texts.last()));
            texts.join("|")
        };
        let [one, two, none] = ["1", "2", ""].map(|text| format!("[{{\"stringValue\":\"{text}\"}}]"));
        let spaced = one.replace(':', ": ");
        let tricky = r#"[{"stringValue":"{\"stringValue\":\"\"}"}]"#;
        let quoted = r#"[{"stringValue":"\"\""}]"#;
        for (rows, expected) in [
            (String::new(), ""),
            (format!("{one},{two}"), "1|2"),
            (format!("{one},{two},{none}"), "1|2"),
            (format!("{one},{none},{two},{none}"), "1"),
            (format!("{none},{one}"), ""),
            (format!("{tricky},{none}"), r#"{"stringValue":""}"#),
            (format!("{quoted},{none},{one}"), r#""""#),
            (format!("{quoted},{one}"), r#"""|1"#),
            (format!("{spaced},{spaced}"), "1|1"),
            (spaced.clone() + r#",[{"stringValue": ""}],"# + &spaced, "1"),
            (format!(r#"{one} , [ {{"stringValue":"" }} ]"#), "1"),
        ] {
            assert_eq!(before(&rows), expected, "{rows}");
        }
        // Spaces in some rows alone, which are not found then: nothing is lost in silence.
        let page = body(&format!("{{\"records\":[{one},{spaced},{two},{none}]}}"));
        assert!(matches!(page.before_empty().unwrap().read(), Err(Error::Answer { .. })));
    }

    #[test]
    fn refuses_what_is_not_what_it_looked_like() {
        for text in [
            r#"{"records":[[{"stringValue":"1"}],[{"isNull":true}],[{"stringValue":"2"}]]}"#,
            r#"{"records":[[{"stringValue":"1"}]],"generatedFields":[{"stringValue":"2"}]}"#,
            r#"{"records":[[{"stringValue":"1"}]"#,
        ] {
            assert!(matches!(body(text).read(), Err(Error::Answer { .. })), "{text}");
        }
        assert!(matches!(TextsBody::new(b"no answer".to_vec()), Err(Error::Answer { .. })));
    }
}
