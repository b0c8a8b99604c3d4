-- The canary's own table: it inserts and deletes a row and has a small file loaded every few
-- minutes. Hidden from users (hidden = true in sql/dictionary.toml), and in no backup.

CREATE TABLE rowgate_canary (
    -- The canary's choice: of the moment, and random.
    id BIGINT NOT NULL,
    -- Which check it is of.
    note VARCHAR(64) NOT NULL,
    -- When the canary made it, by its own clock (UTC): what is old was left by one that did not
    -- come to its end.
    at DATETIME NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
