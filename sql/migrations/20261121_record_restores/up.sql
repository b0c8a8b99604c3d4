-- The restores ledger: one row for each restore, one for each of its tables, one for each chunk of rows that it has brought into
-- the table it fills. A chunk's rows and its row here commit in one transaction, so a restore that was killed goes on where it
-- stopped, and two functions that work on the same restore do nothing twice.
--
-- Backups have no table: what there is of a backup is in the bucket, from where it must be found when this database is gone.

CREATE TABLE rowgate_restores (
    -- When it was asked for and a random part: 20261121-104050-1a2b3c4d.
    restore_id CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- backup, files, put_back
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The backup's id, the key prefix of the files, or the id of the restore whose former tables are put back.
    source VARCHAR(1024) NOT NULL,
    -- replace, verify
    mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- One row that breaks a rule and all of it fails; only of files.
    strict BOOLEAN NOT NULL DEFAULT FALSE,
    -- running, completed, failed
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    started_at DATETIME(3) NOT NULL,
    finished_at DATETIME(3) NULL,
    -- When a function last worked on it.
    active_at DATETIME(3) NOT NULL,
    attempts INT NOT NULL DEFAULT 0,
    error TEXT NULL,
    -- The empty table that the RENAME of its swap renames along; its name is never used twice. There while, and only while,
    -- the restore keeps the gates of its tables closed.
    swap_ticket VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (restore_id),
    KEY rowgate_restores_by_status (status, restore_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE rowgate_restore_tables (
    restore_id CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The table it fills, or the kept one that it puts back; its name is never used twice. NULL before it is made, and once the
    -- restore has ended.
    shadow_table VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- What the table was before the swap, until the next restore of the table. NULL where there is none (any more).
    kept_table VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- Known once all of its rows are in and checked.
    rows_read BIGINT NULL,
    rows_restored BIGINT NULL,
    rows_rejected BIGINT NULL,
    -- Order-free checksum of the rows in the table it filled.
    checksum CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (restore_id, table_name),
    -- Finds what is kept of a table.
    KEY rowgate_restore_tables_by_table (table_name, restore_id)
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
    -- Where its rejected rows are; NULL where it has none.
    rejects_key VARCHAR(1024) NULL,
    committed_at DATETIME(3) NOT NULL,
    PRIMARY KEY (restore_id, table_name, chunk_no)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
