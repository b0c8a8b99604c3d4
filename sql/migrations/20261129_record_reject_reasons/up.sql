-- What a load tells of the records that it did not load.

ALTER TABLE rowgate_load_chunks
    -- Why its records were rejected: JSON, the commonest reasons with their counts; each record counts under its first error.
    -- NULL where none was rejected, and for chunks older than this column.
    ADD COLUMN reject_reasons TEXT NULL,
    -- Records that count for nothing: rows of empty fields, and the file's header again.
    ADD COLUMN rows_skipped BIGINT NOT NULL DEFAULT 0;

ALTER TABLE rowgate_loads
    -- The sum over its chunks, once it has ended.
    ADD COLUMN rows_skipped BIGINT NOT NULL DEFAULT 0,
    -- What of the file was not read: a JSON array of texts; NULL where all of it was.
    ADD COLUMN warnings TEXT NULL,
    -- csv, gzip, zstd, tsv, jsonl.zst, xlsx.gz, and so on; NULL for a key that cannot be loaded.
    MODIFY format VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL;
