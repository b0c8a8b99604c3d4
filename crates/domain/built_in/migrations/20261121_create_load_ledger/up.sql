-- The loads ledger: one row for each version of an object that was dropped to be loaded, one row
-- for each of its committed chunks. A chunk's rows and its ledger row commit in one transaction.
--
-- utf8mb4_bin: S3 keys differ in case, and two keys are the same only when their bytes are.
-- object_key holds up to 1024 bytes, too long for an index as a whole (3072 bytes at 4 a
-- character): load_id, the hash of bucket, key and version, is how a load is found. Identifiers and
-- words of ours are ascii.

CREATE TABLE rowgate_loads (
    -- First 32 hexadecimal digits of the hash of bucket, key and version.
    load_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- In order of arrival: newest first, page by page.
    seq BIGINT NOT NULL AUTO_INCREMENT,
    bucket VARCHAR(63) NOT NULL,
    object_key VARCHAR(1024) NOT NULL,
    object_version VARCHAR(1024) NOT NULL,
    etag VARCHAR(128) NULL,
    -- The load that this one is a part of.
    parent_load_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The earlier load of the same bytes, if this one was skipped for it.
    same_as_load_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- append, upsert, replace
    mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- csv, gzip, zstd, tsv, jsonl.zst, xlsx.gz, and so on; NULL for a key that cannot be loaded.
    format VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- running, completed, failed, skipped
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- SHA-256, in hexadecimal, over the digests of the chunks in order; known once the object has
    -- been read to its end.
    content_digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    rows_read BIGINT NOT NULL DEFAULT 0,
    rows_loaded BIGINT NOT NULL DEFAULT 0,
    rows_rejected BIGINT NOT NULL DEFAULT 0,
    unknown_references BIGINT NOT NULL DEFAULT 0,
    -- Records that count for nothing: rows of empty fields, and the file's header again.
    rows_skipped BIGINT NOT NULL DEFAULT 0,
    bytes BIGINT NOT NULL DEFAULT 0,
    -- Bytes of content that a chunk ends with. A load keeps the size that it began with, whatever
    -- is configured since.
    chunk_bytes BIGINT NOT NULL DEFAULT 262144,
    started_at DATETIME(3) NOT NULL,
    -- The time when a function last took the load up.
    active_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    finished_at DATETIME(3) NULL,
    attempts INT NOT NULL DEFAULT 0,
    -- The number of times that the load was sent back to its start, because its table was replaced
    -- under it or its shadow table was lost.
    restarts INT NOT NULL DEFAULT 0,
    error TEXT NULL,
    -- Notes on what was not read of the file: a JSON array of texts; NULL if all of it was.
    warnings TEXT NULL,
    -- Failed for a reason that may pass: a message from the dead-letter queue makes it resume.
    given_up BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (load_id),
    UNIQUE KEY rowgate_loads_by_seq (seq),
    KEY rowgate_loads_by_table (table_name, seq),
    KEY rowgate_loads_by_status (status, seq),
    -- Finds earlier loads of content as large as this one.
    KEY rowgate_loads_by_size (table_name, bytes),
    -- Finds the loads of an object. Keys are too long for an index as a whole.
    KEY rowgate_loads_by_object (object_key(191)),
    KEY rowgate_loads_by_start (started_at),
    KEY rowgate_loads_by_end (finished_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE rowgate_load_chunks (
    load_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- From 0, in the order of the content.
    chunk_no INT NOT NULL,
    -- The line of the file that its first record starts on, from 1.
    first_line BIGINT NOT NULL,
    -- The line that the first byte after the chunk is on: where the next chunk's lines are counted
    -- from.
    end_line BIGINT NOT NULL,
    -- The bytes of the (uncompressed) content it covers; end_byte is the first one after it.
    start_byte BIGINT NOT NULL,
    end_byte BIGINT NOT NULL,
    -- SHA-256 of the content it covers, in hexadecimal.
    digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_loaded BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    unknown_references BIGINT NOT NULL,
    rows_skipped BIGINT NOT NULL DEFAULT 0,
    -- The key of the file with its rejected records; NULL if there are none.
    rejects_key VARCHAR(1024) NULL,
    -- Why its records were rejected: JSON, the commonest reasons with their counts; each record
    -- counts under its first error. NULL where none was rejected.
    reject_reasons TEXT NULL,
    committed_at DATETIME(3) NOT NULL,
    PRIMARY KEY (load_id, chunk_no)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
