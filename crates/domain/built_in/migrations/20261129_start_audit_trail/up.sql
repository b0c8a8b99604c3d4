-- The audit trail of people: one row for each change, written in the transaction of the change if
-- it changes rows of tables, and before anything else otherwise. Changes by scripts with API keys
-- are not here.

CREATE TABLE rowgate_audit (
    id BIGINT NOT NULL AUTO_INCREMENT,
    at DATETIME(3) NOT NULL,
    -- The account.
    username VARCHAR(128) NOT NULL,
    -- insert-rows, put-row, delete-row, upload, start-backup, and so on.
    action VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The table and the key of the row; or what else was acted on, where that is one thing.
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    row_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The row before and after the change, as JSON objects; NULL if there was or is none.
    before_json LONGTEXT NULL,
    after_json LONGTEXT NULL,
    -- The request, if no row was changed: a JSON object.
    detail_json LONGTEXT NULL,
    request_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (id),
    KEY rowgate_audit_by_time (at),
    KEY rowgate_audit_by_username (username),
    KEY rowgate_audit_by_row (table_name, row_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
