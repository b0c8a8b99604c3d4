//! Results of one text column, read past the SDK's deserializer.
//!
//! The SDK makes a vector and a string of every row. A page of a table has some 20,000 rows, and
//! all that is wanted of them is their texts, one after the other: so the body of the answer is
//! taken from the SDK before it reads it, and read here. Everything else (signing, endpoints,
//! errors) stays the SDK's.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_rdsdata::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_rdsdata::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::Deserialize;

use super::error::{Cause, Error};

/// The texts of a result's only column, in the order of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// All texts, one after the other.
    text: String,
    /// The end of each text.
    ends: Vec<u32>,
}

impl Texts {
    /// Returns the texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        (0..self.ends.len()).map(|row| self.row(row))
    }

    /// Returns their number.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there are no texts.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns how many bytes they have together.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns the last text.
    pub fn last(&self) -> Option<&str> {
        self.ends.len().checked_sub(1).map(|row| self.row(row))
    }

    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // A result is of 1 MiB at most.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn row(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[row] as usize]
    }

    /// Reads `{"records": [[{"stringValue": "…"}], …], …}`: rows of one field, which is a text.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            records: Vec<[Field<'a>; 1]>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Field<'a> {
            #[serde(borrow)]
            string_value: Cow<'a, str>,
        }
        let Answer { records } = serde_json::from_slice(body)?;
        // With short rows, four fifths of a body are text.
        let text = String::with_capacity(body.len());
        let mut texts = Self { text, ends: Vec::with_capacity(records.len()) };
        records.iter().for_each(|[field]| texts.push(&field.string_value));
        Ok(texts)
    }
}

/// Takes the body of a successful answer, and leaves the SDK an empty one.
#[derive(Debug, Clone, Default)]
pub(super) struct TakeBody(Arc<Mutex<Option<SdkBody>>>);

impl TakeBody {
    /// Returns all of the body that was taken.
    pub(super) async fn read(&self) -> Result<Vec<u8>, Error> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut stream = ByteStream::new(body.unwrap_or_else(SdkBody::empty));
        let mut bytes = Vec::with_capacity(stream.size_hint().1.unwrap_or(0).try_into().unwrap_or(0));
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| Error::Unavailable {
                message: "the connection broke in the middle of an answer".to_owned(),
                may_have_run: true,
                source: Some(Cause::from(error)),
            })?;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

impl Intercept for TakeBody {
    fn name(&self) -> &'static str {
        "TakeBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Cause> {
        let response = context.response_mut();
        if response.status().is_success() {
            let body = std::mem::replace(response.body_mut(), SdkBody::from("{}"));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Vec<String>, Error> {
        Texts::parse(body.as_bytes()).map(|texts| texts.iter().map(ToOwned::to_owned).collect())
    }

    #[test]
    fn reads_the_texts_of_an_answer_whatever_else_is_in_it() {
        let body = "{\"numberOfRecordsUpdated\":0,\"columnMetadata\":[{\"label\":\"r\"}], \"records\" : [\n\
                    [{\"stringValue\":\"1,3:a\\\"\\u00e9\\ud83d\\ude00\\n\"}] , [{\"stringValue\":\"\"}],\
                    [{\"stringValue\":\"2,1:é\"}]],\"generatedFields\":[]}";
        assert_eq!(parse(body).unwrap(), ["1,3:a\"é😀\n", "", "2,1:é"]);
        assert!(parse("{\"records\":[]}").unwrap().is_empty());
    }

    #[test]
    fn knows_its_rows_from_both_ends() {
        let mut texts = Texts::default();
        assert_eq!(texts.last(), None);
        for row in ["a", "", "bc"] {
            texts.push(row);
        }
        assert_eq!((texts.len(), texts.bytes(), texts.last()), (3, 3, Some("bc")));
        assert_eq!(texts.iter().rev().collect::<Vec<_>>(), ["bc", "", "a"]);
    }

    #[test]
    fn refuses_what_is_no_result_of_one_text_column() {
        for body in [
            "",
            "{}",
            "[]",
            "{\"records\":[[{\"stringValue\":\"a\"}]]",
            "{\"records\":[[{\"stringValue\":\"a\"}]]} x",
            "{\"records\":[[]]}",
            "{\"records\":[[{}]]}",
            "{\"records\":[[{\"isNull\":true}]]}",
            "{\"records\":[[{\"longValue\":1}]]}",
            "{\"records\":[[{\"blobValue\":\"AP8=\"}]]}",
            "{\"records\":[[{\"stringValue\":\"a\"},{\"stringValue\":\"b\"}]]}",
            "{\"records\":[[{\"stringValue\":\"a\",\"longValue\":1}]]}",
        ] {
            assert!(matches!(parse(body), Err(Error::Answer { .. })), "{body}");
        }
        assert!(matches!(
            Texts::parse(b"{\"records\":[[{\"stringValue\":\"\xff\"}]]}"),
            Err(Error::Answer { .. })
        ));
    }
}
