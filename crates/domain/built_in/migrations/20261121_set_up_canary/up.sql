-- The canary's own table: it inserts and deletes a row and has a small file loaded every few
-- minutes. Hidden from users (crates/domain/built_in/dictionary.toml), and in no backup.

CREATE TABLE rowgate_canary (
    -- The canary's choice: from the current time, and random.
    id BIGINT NOT NULL,
    -- Which check it is of.
    note VARCHAR(64) NOT NULL,
    -- The time when the canary made it, by its own clock (UTC): an old row was left by a run that
    -- was cut off.
    at DATETIME NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
