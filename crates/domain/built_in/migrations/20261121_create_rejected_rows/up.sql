-- Rows that the insert API rejected, kept with their reasons.

CREATE TABLE rowgate_rejected_rows (
    id BIGINT NOT NULL AUTO_INCREMENT,
    request_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    table_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Position in the table's rows of the request, from 0.
    row_index INT NOT NULL,
    -- The row as it came, up to the size of a request: text, because JSON columns reorder fields.
    row_json LONGTEXT NOT NULL,
    errors_json LONGTEXT NOT NULL,
    received_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY rowgate_rejected_rows_by_time (received_at),
    KEY rowgate_rejected_rows_by_request (request_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
