//! POST rows: a verdict for each row.
