-- The table that `rowgate verify` proves a deployment with: it has a column for each kind of
-- reject. It is empty while no run is under way. Hidden from users
-- (crates/domain/built_in/dictionary.toml), and in no backup but those of a run. Not the canary's:
-- a run replaces and restores the whole table.

CREATE TABLE rowgate_verify (
    -- The run's choice: from the current time, and random.
    id BIGINT NOT NULL,
    -- Unique where there is a value. One value stands for the right to use the table: a run takes
    -- it with its first row, and a second run finds it taken.
    label VARCHAR(40) COLLATE utf8mb4_bin NULL,
    -- At least 0, by a rule of the dictionary.
    amount INT NOT NULL,
    -- Another row.
    parent BIGINT NULL,
    -- Which check it is of.
    note VARCHAR(64) NOT NULL,
    -- The start of the run, by its own clock (UTC).
    at DATETIME NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY rowgate_verify_by_label (label),
    KEY rowgate_verify_by_parent (parent)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
