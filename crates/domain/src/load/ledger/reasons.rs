//! Why the records of a load were rejected, and how many for each reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::load::check::RejectedRecord;
use crate::row::{RowCode, RowError};
use crate::shortened;

/// Reasons that are kept of a chunk at most, the commonest ones; its ledger row has them. A table
/// of five columns has some twenty, of which a chunk has one or two.
const MOST_OF_CHUNK: usize = 24;

/// Reasons that are kept of a load at most: more than a table has columns and codes, but for names
/// that it does not have, of which a file may bring any number.
const MOST_OF_LOAD: usize = 256;

/// Characters of a message, and of a column's name, at most.
const MAX_MESSAGE: usize = 200;
const MAX_COLUMN: usize = 64;

/// Why records were rejected, commonest reason first. Each record counts once, under its first
/// error; errors with the same code, of the same column, are one reason.
///
/// The ledger has those of a chunk as JSON of some hundred bytes, and of 30 KB at most. A reason
/// that is not among the 24 commonest of a chunk is not counted there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RejectReasons(Vec<RejectReason>);

/// Why some records were rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectReason {
    /// The code.
    pub code: String,
    /// The column; `None` where the record as a whole is meant.
    pub column: Option<String>,
    /// The message of the first of them, without any value. Others may differ in numbers.
    pub message: String,
    /// The number of records.
    pub count: u64,
}

impl RejectReason {
    /// Returns true if the records' ids are taken, in the table or by earlier records. This is the
    /// usual result of dropping loaded rows again.
    pub(crate) fn is_taken_id(&self) -> bool {
        [RowCode::DuplicateId, RowCode::DuplicateInBatch].iter().any(|code| code.as_str() == self.code)
    }
}

impl RejectReasons {
    /// Counts the reasons of a chunk's rejected records.
    pub fn of_chunk(rejected: &[RejectedRecord<'_>]) -> Self {
        let mut found: BTreeMap<(RowCode, Option<&str>), (&RowError<'_>, u64)> = BTreeMap::new();
        for first in rejected.iter().filter_map(|record| record.errors.first()) {
            let (_, count) = found.entry((first.code(), first.column.as_deref())).or_insert((first, 0));
            *count += 1;
        }
        let reasons = found.into_iter().map(|((code, column), (error, count))| RejectReason {
            code: code.as_str().to_owned(),
            column: column.map(|column| shortened(column, MAX_COLUMN).into_owned()),
            message: shortened(error.to_string(), MAX_MESSAGE).into_owned(),
            count,
        });
        let mut reasons = Self(reasons.collect());
        reasons.keep(MOST_OF_CHUNK);
        reasons
    }

    /// Adds the reasons of the next chunk.
    pub fn add(&mut self, chunk: Self) {
        for reason in chunk.0 {
            let is_same =
                |known: &&mut RejectReason| known.code == reason.code && known.column == reason.column;
            match self.0.iter_mut().find(is_same) {
                Some(known) => known.count += reason.count,
                None => self.0.push(reason),
            }
        }
        self.keep(MOST_OF_LOAD);
    }

    /// Returns the most common reason. Of two equally common ones, returns the one that is not a
    /// taken id.
    pub fn commonest(&self) -> Option<&RejectReason> {
        self.0.first()
    }

    /// Returns the commonest reason other than taken ids, where taken ids are not the greater part.
    pub fn commonest_fault(&self) -> Option<&RejectReason> {
        let count = |of_taken: bool| {
            let reasons = self.0.iter().filter(|reason| reason.is_taken_id() == of_taken);
            reasons.map(|reason| reason.count).sum::<u64>()
        };
        let fault = self.0.iter().find(|reason| !reason.is_taken_id());
        fault.filter(|_| count(false) >= count(true))
    }

    /// Returns true if no record was rejected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorts the reasons and keeps the commonest ones. Names decide between equally common ones, so
    /// that the order does not depend on that of the records.
    fn keep(&mut self, most: usize) {
        self.0.sort_by(|one, other| {
            let place = |reason: &RejectReason| (reason.count, !reason.is_taken_id());
            let names = |reason: &RejectReason| (reason.code.clone(), reason.column.clone());
            place(other).cmp(&place(one)).then_with(|| names(one).cmp(&names(other)))
        });
        self.0.truncate(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::LoadMode;
    use crate::library;
    use crate::load::{CheckedChunk, Chunk, Chunker, Columns, Dialect, Facts, Start};

    fn chunk(content: &str) -> Chunk {
        let mut chunker = Chunker::new(Dialect::CSV, Start::default(), u64::MAX);
        assert_eq!(chunker.feed(content.as_bytes()).unwrap().0, None);
        chunker.finish().unwrap().unwrap()
    }

    fn reasons(content: &str) -> RejectReasons {
        let table = library::dictionary().table("documents").unwrap();
        let chunk = chunk(content);
        let columns = Columns::in_dictionary_order(table);
        let checked = CheckedChunk::check(table, &columns, &chunk).unwrap();
        RejectReasons::of_chunk(&checked.judge(LoadMode::Append, &Facts::default()).rejected())
    }

    fn list(reasons: &RejectReasons) -> Vec<(&str, Option<&str>, &str, u64)> {
        reasons.0.iter().map(|r| (&*r.code, r.column.as_deref(), &*r.message, r.count)).collect()
    }

    #[test]
    fn each_record_counts_under_its_first_error() {
        let time = "2021-07-27T16:02:08Z";
        let long = "x".repeat(300);
        let longer = "x".repeat(301);
        let found = reasons(&format!(
            "x,Ada,{time},1,1\n1,,{time},y,1\n2,,{time},1,1\n3,{long},{time},1,1\n4,{longer},{time},1,1\n\
             5,Ada,{time},1,1\n5,Ada,{time},1,1\n6,Ada\n"
        ));
        assert_eq!(
            list(&found),
            [
                ("required", Some("name"), "name is required", 2),
                ("too_long", Some("name"), "name has 300 characters, at most 255 are allowed", 2),
                ("field_count", None, "the record has 2 fields instead of 5", 1),
                ("type", Some("id"), "id must be a whole number", 1),
                ("duplicate_in_batch", Some("id"), "id is already taken by an earlier row", 1),
            ]
        );
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<RejectReasons>(&json).unwrap(), found);
        assert!(reasons(&format!("1,Ada,{time},1,1\n")).is_empty());
    }

    fn reason(code: &str, column: &str, count: u64) -> RejectReason {
        let message = format!("{column} {count}");
        RejectReason { code: code.to_owned(), column: Some(column.to_owned()), message, count }
    }

    #[test]
    fn chunks_add_up_whatever_their_order() {
        let one = || RejectReasons(vec![reason("type", "id", 3), reason("required", "name", 1)]);
        let other = || RejectReasons(vec![reason("required", "name", 4), reason("type", "tag_id", 2)]);
        let mut sum = one();
        sum.add(other());
        let counts: Vec<_> =
            list(&sum).into_iter().map(|(code, _, message, count)| (code, message, count)).collect();
        assert_eq!(counts, [("required", "name 1", 5), ("type", "id 3", 3), ("type", "tag_id 2", 2)]);
        let mut backwards = other();
        backwards.add(one());
        let order = |reasons: &RejectReasons| -> Vec<_> {
            reasons
                .0
                .iter()
                .map(|reason| (reason.code.clone(), reason.column.clone(), reason.count))
                .collect()
        };
        assert_eq!(order(&backwards), order(&sum));
    }

    #[test]
    fn of_equally_common_reasons_a_taken_id_comes_last() {
        let mut reasons = RejectReasons(vec![reason("duplicate_id", "id", 2)]);
        assert!(reasons.commonest().unwrap().is_taken_id());
        reasons.add(RejectReasons(vec![reason("type", "id", 2)]));
        assert!(!reasons.commonest().unwrap().is_taken_id());
        reasons.add(RejectReasons(vec![reason("duplicate_id", "id", 1)]));
        assert!(reasons.commonest().unwrap().is_taken_id());
    }

    #[test]
    fn what_the_ledger_has_is_bounded() {
        let mut many =
            RejectReasons((0..30).map(|n| reason("unknown_column", &format!("c{n}"), n)).collect());
        many.keep(MOST_OF_CHUNK);
        assert_eq!(many.0.len(), MOST_OF_CHUNK);
        assert_eq!(many.commonest().unwrap().count, 29);
        for n in 0..1_000 {
            many.add(RejectReasons(vec![reason("unknown_column", &format!("n{n}"), 1)]));
        }
        assert_eq!(many.0.len(), MOST_OF_LOAD);
    }
}
