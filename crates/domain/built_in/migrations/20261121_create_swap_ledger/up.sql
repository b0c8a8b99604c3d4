-- Shared by loads that replace a table and by restores: the tables that they fill and swap in. The
-- protocol is in crates/aurora/src/swap/mod.rs.

-- The write fences of tables. Every chunk of an append or upsert holds a shared lock on its table's
-- row until it commits. A job that swaps a new table in writes its id here first, so no chunk is in
-- flight while tables change names.
CREATE TABLE rowgate_table_fences (
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The load or restore whose swap is under way; NULL while the table is not fenced, as are the
    -- next two.
    job_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The empty table that the RENAME of the swap renames along; its name is never used twice.
    commit_marker VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    fenced_since DATETIME(3) NULL,
    PRIMARY KEY (table_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for each table of a restore, and for the table of a load that replaces it.
CREATE TABLE rowgate_job_tables (
    -- A load_id or a restore_id.
    job_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The table it fills, or the previous table that an undo swaps in again; its name is never used
    -- twice. NULL before it is made, and once the job has ended or was sent back to its start.
    shadow_table VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- All of its rows are in the shadow table.
    is_filled BOOLEAN NOT NULL DEFAULT FALSE,
    -- The table's previous content, from before a restore's swap, until the next restore of the
    -- table. NULL if there is none (any more).
    previous_table VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- For restores; known once all rows are in and checked.
    rows_read BIGINT NULL,
    rows_restored BIGINT NULL,
    rows_rejected BIGINT NULL,
    -- Order-free checksum of the rows in the shadow table.
    checksum CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (job_id, table_name),
    -- Finds the previous tables of a table.
    KEY rowgate_job_tables_by_table (table_name, job_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
