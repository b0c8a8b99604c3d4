//! Answers in records: written in the transaction of the rows, read when the request comes again.

use super::{Claim, ClaimError, RETENTION_HOURS, Record};
use crate::client::Error;
use crate::ledger::Only;
use crate::{Database, Statement, Tx};

/// Bytes of an answer in one row. The Data API gives back rows of 64 KB at most.
const PIECE_BYTES: usize = 48_000;

/// Pieces written by one call: 1.4 MB, which JSON at most doubles (answers have no raw control
/// characters), of the service's 4 MiB.
const PIECES_WRITTEN: usize = 30;

/// Pieces read by one call: 960 KB of the service's 1 MiB.
const PIECES_READ: usize = 20;

/// The answer to a request, as it is given and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON text.
    pub body: String,
}

/// Writes the answer into the record of the claim.
pub(super) async fn write(tx: &Tx, claim: &Claim, answer: &StoredAnswer) -> Result<(), ClaimError> {
    let mut pieces = pieces(&answer.body);
    // The record first, which concurrent requests wait for: locks are taken in one order.
    let sql = format!(
        "UPDATE rowgate_idempotency_keys SET status = :status, answer = :answer, answer_bytes = :bytes, \
         expires_at = UTC_TIMESTAMP(3) + INTERVAL {RETENTION_HOURS} HOUR \
         WHERE record_id = :record AND claim = :claim AND status IS NULL"
    );
    let statement = Statement::new(sql)
        .bind("status", answer.status)
        .bind("answer", pieces.next().unwrap_or_default())
        .bind("bytes", answer.body.len())
        .bind("record", claim.record())
        .bind("claim", claim.token());
    if tx.execute(statement).await?.updated != 1 {
        return Err(ClaimError::Lost);
    }
    let rest: Vec<&str> = pieces.collect();
    for (group, pieces) in rest.chunks(PIECES_WRITTEN).enumerate() {
        write_pieces(tx, claim, group * PIECES_WRITTEN + 1, pieces).await?;
    }
    Ok(())
}

async fn write_pieces(tx: &Tx, claim: &Claim, first: usize, pieces: &[&str]) -> Result<(), Error> {
    let rows: Vec<String> =
        (0..pieces.len()).map(|index| format!("(:record,{},:piece{index})", first + index)).collect();
    let sql = format!(
        "INSERT INTO rowgate_idempotency_answers (record_id, piece_no, piece) VALUES {}",
        rows.join(",")
    );
    let statement =
        Statement::new(sql).bind("record", claim.record()).bind_each("piece", pieces.iter().copied());
    tx.execute(statement).await.map(|_| ())
}

/// Returns the answer of a record that has one; `None` if the record was replaced meanwhile.
pub(super) async fn complete(
    database: &Database,
    id: &str,
    record: Record,
) -> Result<Option<StoredAnswer>, Error> {
    let Record { claim, status: Some(status), answer: Some(mut body), answer_bytes: Some(bytes), .. } =
        record
    else {
        return Ok(None);
    };
    let mut next = 1;
    while body.len() < bytes {
        let sql = format!(
            "SELECT a.piece FROM rowgate_idempotency_answers a \
             JOIN rowgate_idempotency_keys k ON k.record_id = a.record_id \
             WHERE a.record_id = :record AND k.claim = :claim AND a.piece_no >= :next \
             ORDER BY a.piece_no LIMIT {PIECES_READ}"
        );
        let statement =
            Statement::new(sql).bind("record", id).bind("claim", claim.as_str()).bind("next", next);
        let rows: Vec<Only<String>> = database.query(statement).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        next += rows.len();
        body.extend(rows.into_iter().map(|Only(piece)| piece));
    }
    Ok((body.len() == bytes).then_some(StoredAnswer { status, body }))
}

/// Cuts a text into pieces of at most [`PIECE_BYTES`], between characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, later) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        rest = later;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters_and_loses_nothing() {
        for text in ["", "{}", &"é".repeat(PIECE_BYTES), &format!("a{}", "😀".repeat(PIECE_BYTES / 2))] {
            let pieces: Vec<&str> = pieces(text).collect();
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| (1..=PIECE_BYTES).contains(&piece.len())));
        }
    }
}
