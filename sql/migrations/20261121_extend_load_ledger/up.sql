-- Loads that resume where they stopped, in three modes and several formats.

ALTER TABLE rowgate_loads
    -- What the content was hashed as a whole for is now told by its chunks' digests: a load that resumes in the middle has read
    -- only a part of the content.
    DROP INDEX rowgate_loads_by_content,
    DROP COLUMN content_sha256,
    -- SHA-256, in hexadecimal, over the digests of the chunks in order; known once the object has been read to its end.
    ADD COLUMN content_digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- csv, gzip, zstd, xlsx; NULL for a key that cannot be loaded.
    ADD COLUMN format VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- Bytes of content that a chunk ends with. A load keeps the size that it began with, whatever is configured since.
    ADD COLUMN chunk_bytes BIGINT NOT NULL DEFAULT 262144,
    -- How often the load was sent back to its start because its table was replaced under it, or its shadow was given up.
    ADD COLUMN restarts INT NOT NULL DEFAULT 0,
    -- The table that a replace fills; its name is never used twice. NULL before it is made, and again once the load is sent back
    -- to its start.
    ADD COLUMN shadow_table VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- When a function last took the load up.
    ADD COLUMN active_at DATETIME(3) NULL,
    -- Finds earlier loads of content as large as this one.
    ADD KEY rowgate_loads_by_size (table_name, bytes),
    -- Finds the loads of an object. Keys are too long for an index as a whole.
    ADD KEY rowgate_loads_by_object (object_key(191)),
    -- Finds what ended lately.
    ADD KEY rowgate_loads_by_end (finished_at);

ALTER TABLE rowgate_load_chunks
    -- The line that the first byte after the chunk is on: where the next chunk's lines are counted from.
    ADD COLUMN end_line BIGINT NOT NULL DEFAULT 0,
    -- SHA-256 of the content it covers, in hexadecimal; NULL for chunks older than this column.
    ADD COLUMN digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL;

-- Who may write to a table. Every chunk of an append or upsert holds a shared lock on its table's row until it commits; a load that
-- swaps a new table in writes its id there first, so no chunk is under way while tables change names.
CREATE TABLE rowgate_table_gates (
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    swapping_load_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    swapping_since DATETIME(3) NULL,
    PRIMARY KEY (table_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
