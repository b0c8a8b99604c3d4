//! CSV files from S3 into tables, every row exactly once.
