-- The restores ledger: one row for each restore and one for each chunk of rows that it has put into
-- a table it fills; its tables are in rowgate_job_tables. A chunk's rows and its row here commit in
-- one transaction, so a restore that was killed resumes where it stopped, and two functions that
-- work on the same restore do nothing twice.
--
-- Backups have no table: what there is of a backup is in the bucket, from where it must be found
-- when this database is gone.

CREATE TABLE rowgate_restores (
    -- The time of the request and a random part: 20261121-104050-1a2b3c4d.
    restore_id CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- backup, files, put_back
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The backup's id, the key prefix of the files, or the id of the restore that is undone.
    source VARCHAR(1024) NOT NULL,
    -- replace, verify
    mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- True if a single row that breaks a rule fails the restore; only of files.
    strict BOOLEAN NOT NULL DEFAULT FALSE,
    -- running, completed, failed
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    started_at DATETIME(3) NOT NULL,
    finished_at DATETIME(3) NULL,
    -- The time when a function last worked on it.
    active_at DATETIME(3) NOT NULL,
    attempts INT NOT NULL DEFAULT 0,
    error TEXT NULL,
    PRIMARY KEY (restore_id),
    KEY rowgate_restores_by_status (status, restore_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE rowgate_restore_chunks (
    restore_id CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- From 0, through all files of the table in their order.
    chunk_no INT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_restored BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    -- Checksums of its rows as they were read, and as they went into the table.
    checksum_read CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    checksum_restored CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The key of the file with its rejected rows; NULL if there are none.
    rejects_key VARCHAR(1024) NULL,
    committed_at DATETIME(3) NOT NULL,
    PRIMARY KEY (restore_id, table_name, chunk_no)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
