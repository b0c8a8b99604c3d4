-- Requests with an Idempotency-Key: one row for each key of a caller. A request takes its key
-- before it touches a row, and writes its answer here in the transaction of its rows, so that
-- answer and rows are in together or not at all.
--
-- Kept for 24 hours; later requests delete what is older, a few at a time.

CREATE TABLE rowgate_idempotency_keys (
    -- SHA-256 of the caller and the key, in hexadecimal: what clients put into keys is not kept.
    record_id CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- SHA-256 of what makes a request the same one: method, path, preference and body.
    fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The request that has taken the key; random, new for each.
    claim CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Until when it keeps the key without an answer. A request that was cut off leaves it to the
    -- next one then.
    leased_until DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    -- The answer's HTTP status; NULL while there is none.
    status SMALLINT NULL,
    -- The answer's body, as far as it fits one row of the Data API (64 KB); the rest is in
    -- rowgate_idempotency_answers.
    answer MEDIUMTEXT NULL,
    -- The length of the whole answer.
    answer_bytes INT NULL,
    PRIMARY KEY (record_id),
    KEY rowgate_idempotency_keys_by_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- The parts of large answers that do not fit the record, in pieces that each fit one row of the
-- Data API.
CREATE TABLE rowgate_idempotency_answers (
    record_id CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- From 1; the piece before is in the record.
    piece_no INT NOT NULL,
    piece MEDIUMTEXT NOT NULL,
    PRIMARY KEY (record_id, piece_no),
    CONSTRAINT rowgate_idempotency_answers_of_keys
        FOREIGN KEY (record_id) REFERENCES rowgate_idempotency_keys (record_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
